#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what building and checking need on a bare Debian 12 (or newer), if it
# is missing. Does nothing where all is there. Needs root or sudo to install.
#
# Usage: scripts/setup.sh [--tree | --vm]
# --tree: also what building a kernel tree needs; --vm: what building and booting one
# in a virtual machine needs
# Exit status: 0 all is there, 2 an unknown option, 3 it cannot be installed.
set -euo pipefail

case "${1:-}" in
'' | --tree | --vm) ;;
*) echo "setup.sh: unknown option '$1' (--tree or --vm)" >&2; exit 2 ;;
esac
declare -A need=(
	[clang-19]=clang-19
	[llvm-symbolizer-19]=llvm-19
	[cmake]=cmake
	[ninja]=ninja-build
	[pkg-config]=pkg-config
	[python3]=python3
	[shellcheck]=shellcheck
	[gcc]=gcc
	[git]=git
)
if [ "${1:-}" = --tree ]; then
	need+=([flex]=flex [bison]=bison [patch]=patch [bc]=bc [xz]=xz-utils [objcopy]=binutils)
fi
if [ "${1:-}" = --vm ]; then
	need+=([qemu-system-x86_64]=qemu-system-x86 [busybox]=busybox-static [setpriv]=util-linux
		[gdb]=gdb [make]=make [flex]=flex [bison]=bison [bc]=bc [perl]=perl [patch]=patch)
fi
missing=()
for tool in "${!need[@]}"; do
	command -v "$tool" >/dev/null 2>&1 || missing+=("${need[$tool]}")
done
if ! ls /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1; then
	missing+=(libclang-rt-19-dev)
fi
if ! pkg-config --exists liburcu-memb 2>/dev/null; then
	missing+=(liburcu-dev)
fi
if [ "${1:-}" = --vm ] && ! pkg-config --exists libelf 2>/dev/null; then
	missing+=(libelf-dev)
fi
[ "${#missing[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "setup.sh: missing: ${missing[*]}; no apt-get here, install them by hand" >&2
	exit 3
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup.sh: missing: ${missing[*]}; run as root, or install sudo" >&2
		exit 3
	fi
	sudo=(sudo)
fi
echo "setup.sh: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { "${sudo[@]}" apt-get update && "${sudo[@]}" apt-get install -y --no-install-recommends \
	libc6-dev "${missing[@]}"; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "setup.sh: apt-get failed (see above; whole log: $log)" >&2
	exit 3
fi
rm -f "$log"
