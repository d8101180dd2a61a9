#!/bin/sh
# Makes a throw-away Windows: prefix.sh FOLDER. The folder is not there yet.
# It reports Windows 10 and can start Go programs. Needs the Debian packages
# wine and gcc-mingw-w64-x86-64.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] && [ ! -e "$1" ] || { echo "usage: prefix.sh NEW-FOLDER" >&2; exit 2; }
mkdir -p "$(dirname "$1")"
WINEPREFIX=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export WINEPREFIX
export HOME="$WINEPREFIX" # where Wine would link the documents and the desktop to
. "$here/env.sh"
trap 'wineserver -k 2>/dev/null || true' EXIT
wine wineboot -i >/dev/null 2>&1
system32=$WINEPREFIX/drive_c/windows/system32
[ -d "$system32" ] || { echo "wineboot made no Windows in $WINEPREFIX" >&2; exit 1; }
if [ ! -e "$system32/bcryptprimitives.dll" ]; then
	x86_64-w64-mingw32-gcc -O2 -shared -nostdlib -e DllMain -o "$system32/bcryptprimitives.dll" \
		"$here/bcryptprimitives.c" -ladvapi32 -lkernel32
fi
wine winecfg -v win10 >/dev/null 2>&1
wineserver -w
