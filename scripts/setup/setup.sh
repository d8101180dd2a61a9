#!/bin/sh
# Installs what is missing on a Debian machine: setup.sh build|demo|dist|test
#
# Debian packages come from apt. Go, where it is absent or older than go.mod
# asks, comes as the golang.org/toolchain module through the Go module proxy,
# fetched by Debian's own (older) Go, and lives below build/. Without root and
# without sudo the exact line to run is printed and nothing is changed.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
what=${1:-build}

# A package is missing when its witness is: a command, or a file.
packages_build="gcc:gcc make:make git:git libc6-dev:/usr/include/stdio.h ca-certificates:/etc/ssl/certs/ca-certificates.crt libnss3:libsoftokn3.so"
packages_demo="chromium:chromium fonts-dejavu-core:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
packages_dist="nsis:makensis wixl:wixl msitools:msibuild osslsigncode:osslsigncode"
packages_test="libnss3-tools:certutil openssl:openssl zip:zip unzip:unzip nodejs:node npm:npm xvfb:xvfb-run xdotool:xdotool procps:ps strace:strace iproute2:ss default-jdk-headless:javac libbcpkix-java:/usr/share/java/bcpkix.jar firefox-esr:firefox-esr wine:wine rpm:rpm libsofthsm2:libsofthsm2.so softhsm2:softhsm2-util p11-kit-modules:p11-kit-proxy.so opensc:pkcs11-tool opensc-pkcs11:opensc-pkcs11.so pcscd:/usr/sbin/pcscd vsmartcard-vpcd:libifdvpcd.so gnutls-bin:certtool zenity:zenity gcc-mingw-w64-x86-64:x86_64-w64-mingw32-gcc binutils-mingw-w64-x86-64:x86_64-w64-mingw32-windres libssl-dev:/usr/include/openssl/evp.h php-cli:php php-sqlite3:pdo_sqlite.so"

present() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*.so) find /usr/lib /usr/lib64 -name "$1" 2>/dev/null | grep -q . ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

# The Go that go.mod asks for, such as 1.26.8.
wanted=$(sed -n 's/^go //p' "$root/go.mod")

# at_least A B: is version A at least version B?
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

go_version() { "$1" version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p'; }

# Go 1.21 and later fetch the toolchain of go.mod by themselves.
go_is_enough() {
	[ -x "$root/build/toolchain/bin/go" ] && at_least "$(go_version "$root/build/toolchain/bin/go")" "$wanted" && return 0
	v=$(cd / && go_version go) || return 1
	[ -n "$v" ] && at_least "$v" "$wanted"
}

missing=
list="$packages_build"
case $what in
build) ;;
demo) list="$list $packages_demo" ;;
dist) list="$list $packages_dist" ;;
test) list="$list $packages_demo $packages_dist $packages_test" ;;
*)
	echo "usage: setup.sh build|demo|dist|test" >&2
	exit 2
	;;
esac
for entry in $list; do
	present "${entry#*:}" || missing="$missing ${entry%%:*}"
done
need_go=
if ! go_is_enough; then
	need_go=yes
	command -v go >/dev/null 2>&1 || missing="$missing golang-go"
fi

if [ -n "$missing" ]; then
	line="apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends$missing"
	if [ "$(id -u)" = 0 ]; then
		sh -c "$line"
	elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		sudo sh -c "$line"
	else
		echo "Il manque des paquets. Lancez / Packages are missing. Run:" >&2
		echo "  sudo sh -c '$line'" >&2
		exit 1
	fi
fi

if [ -n "$need_go" ]; then
	arch=$(dpkg --print-architecture)
	module="golang.org/toolchain@v0.0.1-go$wanted.linux-$arch"
	echo "Go $wanted : $module"
	tmp=$(mktemp -d)
	trap 'chmod -R u+w "$tmp" 2>/dev/null; rm -rf "$tmp"' EXIT
	(cd "$tmp" && GOFLAGS=-modcacherw GOPATH="$tmp/gopath" GO111MODULE=on GOTOOLCHAIN=local go mod download "$module")
	rm -rf "$root/build/toolchain"
	mkdir -p "$root/build"
	mv "$tmp/gopath/pkg/mod/$module" "$root/build/toolchain"
	chmod -R u+w "$root/build/toolchain"
	chmod +x "$root"/build/toolchain/bin/* "$root"/build/toolchain/pkg/tool/*/*
	"$root/build/toolchain/bin/go" version
fi
