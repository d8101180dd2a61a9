#!/bin/sh
# Makes the databases of this folder again. They are for tests only and protect
# nothing. Needs certutil and pk12util of NSS 3.87 (Debian 12's libnss3-tools),
# Firefox 153 ESR in /usr/lib/firefox-esr (NSS 3.125) and openssl.
#
#   newer-nss/  password « été 2026 », set by NSS 3.125: its salt has 48 bytes
#   older-nss/  the same with NSS 3.87: 20 bytes
#   legacy/     the format before SQLite (cert8.db, key3.db), without password
#
# Each holds one RSA 2048 key with its self-signed certificate.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
printf 'été 2026\n' > "$work/password"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
  -subj '/CN=Anne Léger' -utf8 -days 36500 -addext keyUsage=keyEncipherment
openssl pkcs12 -export -inkey "$work/key.pem" -in "$work/cert.pem" -name 'Anne Léger' -passout pass:p12 -out "$work/anne.p12"
make() { # name, scheme, files
  name=$1 scheme=$2
  mkdir "$work/$name"
  if [ "$scheme" = dbm ]; then
    certutil -N -d "dbm:$work/$name" --empty-password
    pk12util -i "$work/anne.p12" -d "dbm:$work/$name" -W p12
  else
    certutil -N -d "sql:$work/$name" -f "$work/password"
    pk12util -i "$work/anne.p12" -d "sql:$work/$name" -k "$work/password" -W p12
  fi
  rm -rf "$name" && mkdir "$name"
  for file in "$work/$name"/cert?.db "$work/$name"/key?.db; do gzip -9nc "$file" > "$name/$(basename "$file").gz"; done
}
(export LD_LIBRARY_PATH=/usr/lib/firefox-esr; make newer-nss sql)
make older-nss sql
make legacy dbm
