#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# On a kernel that never maps the zero page the comparison says so in one line and
# compares nothing, its test skips, and --runs works. Such a kernel is played by
# no_zero_page.c, which is loaded into swaprace.
# Usage: no_zero_page.sh SWAPRACE, from the root of the sources. Skips (77) where the
# comparison cannot run at all.
set -u
swaprace=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-gcc}
command -v "$cc" >/dev/null || cc=cc

fail() {
	echo "FAILED: $*"
	exit 1
}

"$swaprace" kernel --runs=1 corpus/kernel/wp-after-fork.prog >"$work/runs" 2>&1
status=$?
if [ $status -eq 2 ]; then
	cat "$work/runs"
	echo "skipped: the running kernel cannot be used here"
	exit 77
fi
[ $status -eq 0 ] || { cat "$work/runs"; fail "--runs"; }

"$cc" -O1 -Wall -Wextra -Werror -shared -fPIC -o "$work/no_zero_page.so" \
	fuzz/kernel/test/no_zero_page.c || fail "no_zero_page.c does not compile"
LD_PRELOAD=$work/no_zero_page.so
export LD_PRELOAD
"$swaprace" kernel corpus/kernel/wp-after-fork.prog >"$work/out" 2>&1
[ $? -eq 2 ] || { cat "$work/out"; fail "the comparison was not refused"; }
[ "$(wc -l <"$work/out")" -eq 1 ] || { cat "$work/out"; fail "not one line"; }
grep -q 'never maps the zero page' "$work/out" || { cat "$work/out"; fail "another line"; }
"$swaprace" kernel --runs=1 corpus/kernel/wp-after-fork.prog >"$work/out" 2>&1 || {
	cat "$work/out"
	fail "--runs does not work there"
}
fuzz/kernel/test/compare.sh "$swaprace" >"$work/out" 2>&1
[ $? -eq 77 ] || { cat "$work/out"; fail "compare.sh does not skip"; }
echo "no_zero_page.sh: passed"
