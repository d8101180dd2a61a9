#!/bin/sh
# Makes the certificates of this folder again: sh testdata/certs/make.sh
# Needs OpenSSL 3. Keys are throw-away keys, made here and not kept.
set -eu
cd "$(dirname "$0")"
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
DAYS=36500

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$W/ca.key" -out ca.pem -days $DAYS -utf8 -subj "/C=FR/O=Scellé, essais/CN=AC de test" 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$W/rsa.key" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$W/p256.key"

# leaf FILE KEY SUBJECT EXTENSIONS [OPTIONS of openssl x509...]
leaf() {
	f=$1 key=$2 subject=$3
	printf '%s\n' "$4" >"$W/ext"
	shift 4
	openssl req -new -key "$W/$key.key" -utf8 -nameopt utf8 -subj "$subject" -out "$W/csr"
	openssl x509 -req -in "$W/csr" -CA ca.pem -CAkey "$W/ca.key" -days $DAYS -extfile "$W/ext" -out "$f.pem" "$@" 2>/dev/null
}
gen() {
	n=$1
	shift
	openssl genpkey "$@" -out "$W/$n.key" 2>/dev/null
}
ENC='keyUsage=critical,keyEncipherment
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'
AGREE='keyUsage=critical,keyAgreement
subjectKeyIdentifier=hash'

leaf rsa-encipherment rsa "/C=FR/O=Mairie de Léger/CN=Élodie Martin" "$ENC" -set_serial 0x1234
leaf rsa-no-usage rsa "/C=FR/CN=Sans usage" "subjectKeyIdentifier=hash"
leaf rsa-signature-only rsa "/CN=Signature" "keyUsage=digitalSignature,nonRepudiation"
leaf rsa-signs-too rsa "/CN=Double usage" "keyUsage=digitalSignature,keyEncipherment"
leaf rsa-sha1 rsa "/CN=SHA-1" "$ENC" -sha1
leaf rsa-pss-signed rsa "/CN=Signé PSS" "$ENC" -sigopt rsa_padding_mode:pss -sha384
leaf rsa-negative-serial rsa "/CN=Série négative" "$ENC" -set_serial -123456
leaf rsa-long-serial rsa "/CN=Série longue" "$ENC" -set_serial 0xf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b
leaf rsa-no-cn rsa "/C=FR/O=Organisation seule" "$ENC"
leaf rsa-only-ou rsa "/C=FR/OU=0002 12345678900011/serialNumber=42" "$ENC"
leaf rsa-two-cn rsa "/CN=Premier/CN=Second" "$ENC"
leaf rsa-bidi rsa "/CN=$(printf 'facture\342\200\256fdp.exe')" "$ENC"
leaf ec-agreement p256 "/CN=Courbe P-256" "$AGREE"
leaf ec-encipherment p256 "/CN=Courbe, mauvais usage" "$ENC"

gen rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
leaf rsa-1024 rsa1024 "/CN=RSA 1024" "$ENC"
gen rsa3 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
leaf rsa-e3 rsa3 "/CN=Exposant 3" "$ENC"
gen rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
leaf rsa-3072 rsa3072 "/CN=RSA 3072" "$ENC"
gen p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:named_curve
leaf ec-p384 p384 "/CN=P-384" "$AGREE"
gen p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -pkeyopt ec_param_enc:named_curve
leaf ec-p521 p521 "/CN=P-521" "$AGREE"
gen brainpool -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 -pkeyopt ec_param_enc:named_curve
leaf ec-brainpool brainpool "/CN=Brainpool" "$AGREE"
gen explicit -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit
leaf ec-explicit explicit "/CN=Explicite" "$AGREE"
openssl ec -in "$W/p256.key" -conv_form compressed -out "$W/compressed.key" 2>/dev/null
leaf ec-compressed compressed "/CN=Compressé" "$AGREE"
gen ed25519 -algorithm ED25519
leaf ed25519 ed25519 "/CN=Ed25519" "keyUsage=digitalSignature"
gen pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
leaf rsa-pss-key pss "/CN=Clé PSS" "keyUsage=digitalSignature"

# Names in other string types.
for type in bmp t61 utf8only; do
	case $type in
	bmp) mask=MASK:0x800 ;;
	t61) mask=MASK:0x4 ;;
	*) mask=utf8only ;;
	esac
	cat >"$W/conf" <<-CONF
	[req]
	string_mask = $mask
	distinguished_name = dn
	prompt = no
	utf8 = yes
	[dn]
	CN = Gérard Noël
	CONF
	openssl req -new -x509 -key "$W/rsa.key" -config "$W/conf" -days $DAYS -out "name-$type.pem"
done

# A version 1 certificate: no extensions at all.
openssl req -new -key "$W/rsa.key" -subj "/CN=Version 1" -out "$W/csr"
openssl x509 -req -in "$W/csr" -CA ca.pem -CAkey "$W/ca.key" -days $DAYS -out v1.pem 2>/dev/null

# Dates: expired, not yet valid, over the year 2050 (GeneralizedTime).
mkdir "$W/ca"
: >"$W/ca/index.txt"
cat >"$W/ca.conf" <<CONF
[ca]
default_ca = x
[x]
database = $W/ca/index.txt
new_certs_dir = $W/ca
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
x509_extensions = ext
[any]
commonName = supplied
[ext]
keyUsage = critical,keyEncipherment
CONF
dated() {
	openssl req -new -key "$W/rsa.key" -utf8 -subj "/CN=$1" -out "$W/csr"
	openssl ca -batch -notext -config "$W/ca.conf" -cert ca.pem -keyfile "$W/ca.key" -in "$W/csr" -startdate "$2" -enddate "$3" -out "$1.pem" 2>/dev/null
}
dated expired 20200101000000Z 20230101000000Z
dated future 20900101000000Z 20930101000000Z
dated generalized 20200101120000Z 20551231235959Z
chmod 644 ./*.pem
