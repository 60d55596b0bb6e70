#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# export-c of every program of corpus/ and repro/ that system calls can express
# compiles without a warning; where it may, each is run once in its order.
# Usage: export_all.sh SWAPRACE, from the root of the sources. CC: the compiler (gcc).
set -u
swaprace=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-gcc}
command -v "$cc" >/dev/null || cc=cc
exported=0 refused=0 ran=0

may_run() {
	[ "$(id -u)" -eq 0 ] && [ -w /sys/class/zram-control/hot_remove ] &&
		[ "$(wc -l </proc/swaps)" -le 1 ]
}

for program in corpus/*/*.prog repro/*.prog; do
	if ! "$swaprace" export-c "$program" -o "$work/prog.c" 2>"$work/why"; then
		grep -q 'no system call\|makes a report' "$work/why" || {
			cat "$work/why"
			exit 1
		}
		refused=$((refused + 1))
		continue
	fi
	exported=$((exported + 1))
	"$cc" -O1 -Wall -Wextra -Werror -pthread -o "$work/prog" "$work/prog.c" || {
		echo "FAILED: $program does not compile"
		exit 1
	}
	may_run || continue
	timeout 60 "$work/prog" >"$work/out" 2>&1 || {
		echo "FAILED: $program: exit $?"
		cat "$work/out"
		exit 1
	}
	ran=$((ran + 1))
done
echo "export-c: $exported programs compiled, $ran run clean, $refused cannot be expressed"
[ "$exported" -gt 0 ]
