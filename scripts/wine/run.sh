#!/bin/sh
# Runs a Windows program in the prefix $WINEPREFIX: go test -exec "sh run.sh".
set -eu
. "$(cd "$(dirname "$0")" && pwd)/env.sh"
: "${WINEPREFIX:?names the prefix that prefix.sh made}"
HOME=$WINEPREFIX # no cache of a library of Wine's goes into the real home
export HOME
exec wine "$@"
