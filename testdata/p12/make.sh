#!/bin/sh
# Makes the PKCS#12 files of this folder again: sh testdata/p12/make.sh
# Needs OpenSSL 3 with its legacy provider, keytool (Java 17) and NSS's
# certutil and pk12util. Keys are throw-away keys, made here and not kept.
set -eu
cd "$(dirname "$0")"
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
PASS=motdepasse
NAME="Clé d'Élodie"

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$W/ca.key" -out "$W/ca.pem" -days 36500 -utf8 -subj "/C=FR/O=Scellé, essais/CN=AC de test" 2>/dev/null
# pair NAME KEYOPTIONS...: a key and a certificate signed by the CA
pair() {
	n=$1
	shift
	openssl genpkey "$@" -out "$W/$n.key" 2>/dev/null
	openssl req -new -key "$W/$n.key" -utf8 -subj "/C=FR/CN=$n é" -out "$W/$n.csr"
	openssl x509 -req -in "$W/$n.csr" -CA "$W/ca.pem" -CAkey "$W/ca.key" -days 36500 -out "$W/$n.pem" 2>/dev/null
}
pair rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
pair rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
pair e3 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
pair p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve
pair p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:named_curve
pair p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -pkeyopt ec_param_enc:named_curve
pair brainpool -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 -pkeyopt ec_param_enc:named_curve
pair explicit -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit
pair ed25519 -algorithm ED25519
pair pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048

# out FILE PAIR OPTIONS...
out() {
	f=$1 p=$2
	shift 2
	openssl pkcs12 -export -inkey "$W/$p.key" -in "$W/$p.pem" -out "$f.p12" "$@"
}
out openssl-modern rsa -name "$NAME" -passout "pass:$PASS"
out openssl-legacy rsa -legacy -name "$NAME" -passout "pass:$PASS"
out openssl-3des rsa -name "$NAME" -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1 -passout "pass:$PASS"
out openssl-2des rsa -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-2DES -passout "pass:$PASS"
out openssl-aes128-sha512 rsa -certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512 -passout "pass:$PASS"
out openssl-sha224 p256 -macalg sha224 -passout "pass:$PASS"
out openssl-sha384 p256 -macalg sha384 -passout "pass:$PASS"
out openssl-plain-cert rsa -certpbe NONE -passout "pass:$PASS"
out openssl-plain-key rsa -certpbe NONE -keypbe NONE -passout "pass:$PASS"
out openssl-pbes2-3des rsa -certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC -passout "pass:$PASS"
out openssl-rc4 rsa -legacy -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-128 -passout "pass:$PASS"
out openssl-accent rsa -passout "pass:pâssé € 😀"
out openssl-accent-legacy rsa -legacy -passout "pass:pâssé € 😀"
# OpenSSL 3 reads a password that is not UTF-8 byte by byte, as all versions
# before 1.1 did; \377 makes it so, and the rest is "é" in UTF-8.
out openssl-bytes rsa -legacy -passout "pass:$(printf 'caf\303\251\377')"
out openssl-latin1 rsa -passout "pass:$(printf 'caf\351')"
out openssl-empty rsa -passout pass:
out openssl-empty-legacy rsa -legacy -passout pass:
out openssl-chain rsa -certfile "$W/ca.pem" -name "$NAME" -passout "pass:$PASS"
out openssl-nomac rsa -nomac -passout "pass:$PASS"
out openssl-nokey rsa -nokeys -passout "pass:$PASS"
out openssl-nocert rsa -nocerts -passout "pass:$PASS"
for p in rsa1024 e3 p256 p384 p521 brainpool explicit ed25519 pss; do
	out "openssl-$p" "$p" -passout "pass:$PASS"
done

# Java: keytool makes its own key. keytool-two holds two.
java() {
	f=$1
	shift
	rm -f "$f.p12"
	keytool -genkeypair -keyalg RSA -keysize 2048 -storetype PKCS12 -keystore "$f.p12" -storepass "$PASS" -validity 36500 -alias "clé java" -dname "CN=Clé Java" "$@" 2>/dev/null
}
java keytool-modern
java keytool-legacy -J-Dkeystore.pkcs12.legacy
java keytool-two
keytool -genkeypair -keyalg RSA -keysize 2048 -storetype PKCS12 -keystore keytool-two.p12 -storepass "$PASS" -validity 36500 -alias autre -dname "CN=Autre" 2>/dev/null
openssl x509 -in "$W/ca.pem" -outform DER -out "$W/ca.der"
rm -f keytool-trust.p12
keytool -importcert -noprompt -storetype PKCS12 -keystore keytool-trust.p12 -storepass "$PASS" -alias ac -file "$W/ca.der" 2>/dev/null

# NSS: BER with indefinite lengths.
mkdir "$W/db"
certutil -N -d "sql:$W/db" --empty-password
pk12util -i openssl-chain.p12 -d "sql:$W/db" -W "$PASS" -K '' >/dev/null
nss() {
	f=$1 pass=$2
	shift 2
	pk12util -o "$f.p12" -n "$NAME" -d "sql:$W/db" -W "$pass" -K '' "$@" >/dev/null
}
nss nss-modern "$PASS"
nss nss-accent "pâssé €"
nss nss-legacy "$PASS" -c 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-cbc' -C 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC' -M SHA-1
chmod 644 ./*.p12
