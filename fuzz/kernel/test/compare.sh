#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A small comparison with the running kernel, and that it can fail: corpus/kernel
# and some generated programs, on both kinds of device; a program under a seeded
# bug of the model must differ; real threads, whose oracle must see what was put into a
# page from outside; the machine is as before.
# Usage: compare.sh SWAPRACE, from the root of the sources. Skips (77) where it may not.
set -u
swaprace=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

. fuzz/kernel/test/machine_state.sh

fail() {
	echo "FAILED: $*"
	exit 1
}

"$swaprace" kernel corpus/kernel/wp-after-fork.prog >"$work/first" 2>&1
status=$?
if [ $status -eq 2 ]; then
	cat "$work/first"
	echo "skipped: the running kernel cannot be compared with here"
	exit 77
fi
cat "$work/first"
[ $status -eq 0 ] || fail "the first program"
state >"$work/before"
for device in zram file; do
	"$swaprace" kernel --device=$device corpus/kernel/*.prog || fail "corpus/kernel on $device"
	"$swaprace" kernel --device=$device --random --programs=60 --seed=1 >"$work/random"
	status=$?
	cat "$work/random"
	[ $status -eq 0 ] || fail "generated programs on $device"
	grep -q 'contents .* 100.000 %' "$work/random" || fail "contents on $device"
done
"$swaprace" kernel --bug=wp-no-drain corpus/kernel/wp-after-fork.prog >"$work/bug"
[ $? -eq 1 ] || fail "a seeded bug was not seen"
grep -q 'copied or reused' "$work/bug" || fail "the difference is not named"
"$swaprace" kernel --runs=10 corpus/kernel/threads.prog || fail "real threads"
"$swaprace" kernel --random --programs=20 --runs=5 || fail "generated programs with threads"

# What nobody wrote, put into the processes' pages from outside: the oracle must say so.
{
	echo 'task A cpu=0 mm=1'
	echo ' mmap r0 1'
	for op in 1 2 3 4 5 6 7 8 9 10 11 12; do echo " read r0 # $op"; done
} >"$work/reads.prog"
"$swaprace" kernel --runs=100000 "$work/reads.prog" >"$work/foreign" 2>&1 &
run=$!
tries=0
while [ -d /proc/$run ] && [ $tries -lt 2000 ]; do
	tries=$((tries + 1))
	worker=$(cut -d' ' -f1 /proc/$run/task/$run/children 2>/dev/null)
	[ -n "$worker" ] || continue
	# shellcheck disable=SC2013 # words: pids
	for agent in $(cat /proc/"$worker"/task/*/children 2>/dev/null); do
		printf 'ZZZZZZZZ' | dd of=/proc/"$agent"/mem bs=8 seek=$((0x200000000 / 8)) \
			conv=notrunc 2>/dev/null
	done
	if grep -q '^State:.Z' /proc/$run/status 2>/dev/null; then break; fi
done
kill -INT $run 2>/dev/null
wait $run
[ $? -eq 1 ] || fail "foreign data in a process was not seen"
grep -q 'report: contents: foreign data' "$work/foreign" || {
	cat "$work/foreign"
	fail "foreign data has another name"
}

# Interrupted in the middle.
timeout -s INT 1 "$swaprace" kernel --random --programs=1000000 --quiet >/dev/null
state >"$work/after"
cmp "$work/before" "$work/after" || fail "the machine is not as before"
echo "compare.sh: passed"
