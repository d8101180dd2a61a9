#!/bin/sh
# Runs the Windows builds of the host's packages under Wine, in a Windows made
# for this run and removed after it. Further arguments are go test's, such as
# -race (which needs cgo: CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc) or -v -run X.
# PACKAGES replaces the list.
#
# Needs the Debian packages wine and gcc-mingw-w64-x86-64.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
for tool in wine wineserver x86_64-w64-mingw32-gcc; do
	command -v $tool >/dev/null || { echo "$tool is missing: apt-get install wine gcc-mingw-w64-x86-64" >&2; exit 1; }
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/scelle-wine.XXXXXX")
WINEPREFIX=$folder/prefix
export WINEPREFIX
server=
finish() {
	# Only this prefix's server, and with it all its Windows programs.
	wineserver -k 2>/dev/null || true
	[ -z "$server" ] || wait "$server" 2>/dev/null || true
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM
sh "$here/prefix.sh" "$WINEPREFIX"
. "$here/env.sh"
# One warm server for all tests. Windows's services start here and not below
# go test, which would wait for them to close its pipes.
wineserver -f -p >/dev/null 2>&1 &
server=$!
wine cmd /c exit >/dev/null 2>&1 </dev/null
cd "$here/../.."
overlay=$(sh "$here/overlay.sh" "$folder")
GOOS=windows GOARCH=amd64 CGO_ENABLED=${CGO_ENABLED:-0} scripts/setup/go.sh test \
	-overlay "$overlay" -exec "sh $here/run.sh" -timeout 10m "$@" \
	${PACKAGES:-./host/internal/keystore/... ./host/internal/unwrap ./host/internal/wire ./host/internal/serve \
	./host/internal/cli ./host/internal/doctor ./host/internal/install ./host/internal/selfsign ./host/internal/journal \
	./host/internal/managed ./host/internal/plist}
