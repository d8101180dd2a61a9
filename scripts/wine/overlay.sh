#!/bin/sh
# Writes a `go build -overlay` file into FOLDER and prints its path. Wine before
# version 9 answers STATUS_NOT_IMPLEMENTED where Go expects the answers of old
# Windows versions, and os.RemoveAll, by which tests clean up, then fails. With
# the overlay it falls back as it does there. For tests only: the programs that
# are shipped, and those of the end-to-end tests, are built without.
set -eu
folder=$(cd "$1" && pwd)
go=$(cd "$(dirname "$0")/../setup" && pwd)/go.sh
source=$("$go" env GOROOT)/src/internal/syscall/windows/at_windows.go
sed 's/^\tcase STATUS_INVALID_INFO_CLASS,/\tcase NTStatus(0xC0000002), STATUS_INVALID_INFO_CLASS,/' "$source" >"$folder/at_windows.go"
if cmp -s "$source" "$folder/at_windows.go"; then
	echo "overlay.sh: this Go's os.RemoveAll is written in another way" >&2
	exit 1
fi
printf '{"Replace": {"%s": "%s"}}\n' "$source" "$folder/at_windows.go" >"$folder/overlay.json"
echo "$folder/overlay.json"
