#!/bin/sh
# Runs the project's Go: the toolchain that setup.sh put below build/ where
# the machine's own Go was missing or too old, otherwise the machine's own.
root=$(cd "$(dirname "$0")/../.." && pwd)
own="$root/build/toolchain/bin"
if [ -x "$own/go" ]; then
	PATH="$own:$PATH" GOTOOLCHAIN=local
	export PATH GOTOOLCHAIN
fi
exec go "$@"
