#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A small comparison with the running kernel, and that it can fail: corpus/kernel
# and some generated programs, on both kinds of device; a program under a seeded
# bug of the model must differ; real threads; the machine is as before.
# Usage: compare.sh SWAPRACE, from the root of the sources. Skips (77) where it may not.
set -u
swaprace=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

state() {
	cat /proc/swaps
	ls /sys/block
	cat /sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/sleep_millisecs \
		/sys/kernel/mm/ksm/pages_to_scan /proc/sys/vm/page-cluster /proc/sys/vm/swappiness
}

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

# Interrupted in the middle.
timeout -s INT 1 "$swaprace" kernel --random --programs=1000000 --quiet >/dev/null
state >"$work/after"
cmp "$work/before" "$work/after" || fail "the machine is not as before"
echo "compare.sh: passed"
