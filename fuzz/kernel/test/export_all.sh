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
# The same for a kernel's selftests: KTAP says ok, and not ok where a read gives something else.
cp corpus/mm/fork-cow.prog "$work/a \"b\\.prog"
"$swaprace" export-c "$work/a \"b\\.prog" --kselftest -o "$work/prog.c" || exit 1
sed 's/\(op_read("[A-Z0-9]*", [0-9]*, \)\([0-9]*\))/\1(\2 ^ 1))/' "$work/prog.c" >"$work/wrong.c"
for name in prog wrong; do
	"$cc" -O1 -Wall -Wextra -Werror -pthread -I fuzz/kernel/test -o "$work/$name" "$work/$name.c" || {
		echo "FAILED: --kselftest does not compile"
		exit 1
	}
	may_run || continue
	timeout 60 "$work/$name" >"$work/$name.tap" 2>&1
done
if may_run && ! { grep -q '^ok 1 a__b_.prog$' "$work/prog.tap" && grep -q '^# ' "$work/wrong.tap" &&
	grep -q '^not ok 1 ' "$work/wrong.tap"; }; then
	echo "FAILED: --kselftest"
	cat "$work/prog.tap" "$work/wrong.tap"
	exit 1
fi

echo "export-c: $exported programs compiled, $ran run clean, $refused cannot be expressed"
[ "$exported" -gt 0 ]
