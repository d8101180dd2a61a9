#!/bin/sh
# Checks of the extension's JavaScript: js.sh install|lint|test
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root/extension"
install() {
	if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
		npm ci --no-audit --no-fund --ignore-scripts
		touch node_modules
	fi
}
case ${1:-} in
install)
	install
	;;
lint)
	install
	npm run --silent check
	;;
test)
	node --test test/
	;;
*)
	echo "usage: js.sh install|lint|test" >&2
	exit 2
	;;
esac
