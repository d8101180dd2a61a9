#!/bin/sh
# Runs every fuzz target of the project, one after another: fuzz.sh TIME
# TIME is Go's, for each target: 60s, 10m, 2h.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
time=${1:-60s}
count=0
for file in $(git grep -l '^func Fuzz' -- '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "fuzz $target in $(dirname "$file") for $time"
		scripts/setup/go.sh test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "./$(dirname "$file")"
		count=$((count + 1))
	done
done
[ "$count" -gt 0 ] || {
	echo "no fuzz target was found" >&2
	exit 1
}
echo "$count fuzz targets ran"
