#!/bin/sh
# Makes a throw-away Windows: prefix.sh FOLDER. The folder is not there yet.
# It reports Windows 10 and can start Go programs. Needs the Debian packages
# wine and gcc-mingw-w64-x86-64.
#
# Making one takes ten times as long as copying it, so the first one that this
# Wine makes stays in build/ for the others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] && [ ! -e "$1" ] || { echo "usage: prefix.sh NEW-FOLDER" >&2; exit 2; }
mkdir -p "$(dirname "$1")" "$here/../../build"
to=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
. "$here/env.sh"

# create makes a Windows in $WINEPREFIX.
create() {
	HOME=$WINEPREFIX # where Wine links the documents and the desktop to
	export WINEPREFIX HOME
	trap 'wineserver -k 2>/dev/null || true; rm -rf "$WINEPREFIX"' EXIT
	trap 'exit 130' INT TERM
	wine wineboot -i >/dev/null 2>&1
	system32=$WINEPREFIX/drive_c/windows/system32
	[ -d "$system32" ] || { echo "wineboot made no Windows in $WINEPREFIX" >&2; exit 1; }
	if [ ! -e "$system32/bcryptprimitives.dll" ]; then
		x86_64-w64-mingw32-gcc -O2 -shared -nostdlib -e DllMain -o "$system32/bcryptprimitives.dll" \
			"$here/bcryptprimitives.c" -ladvapi32 -lkernel32
	fi
	wine winecfg -v win10 >/dev/null 2>&1
	wineserver -w
	find "$WINEPREFIX" -type l -lname "$WINEPREFIX" -exec ln -sfn "$kept" {} \;
	trap - EXIT
	mv -T "$WINEPREFIX" "$kept" 2>/dev/null || rm -rf "$WINEPREFIX" # another was quicker
}

# The name changes with all that such a Windows is made of.
build=$(cd "$here/../../build" && pwd)
kept=$build/.windows-$( (wine --version 2>/dev/null; cat "$here/prefix.sh" "$here/env.sh" "$here/bcryptprimitives.c") | cksum | cut -d' ' -f1)
if [ ! -d "$kept" ]; then
	(WINEPREFIX=$(mktemp -d "$build/.windows.XXXXXX"); create)
fi
cp -a "$kept" "$to"
find "$to" -type l -lname "$kept" -exec ln -sfn "$to" {} \;
