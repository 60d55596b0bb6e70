#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine is as before after a comparison that was ended in the middle: by a
# signal, by kill -9 of its worker, of its parent, or of both (and then the next run,
# or --undo, takes away what was left). At several moments, set-up included, on both
# kinds of device.
# Usage: killed.sh SWAPRACE, from the root of the sources. Skips (77) where it may not.
set -u
swaprace=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

. fuzz/kernel/test/machine_state.sh

fail() {
	echo "FAILED: $*"
	[ ! -s "$work/diff" ] || cat "$work/diff"
	"$swaprace" kernel --undo
	exit 1
}

as_before() { # what was done
	state >"$work/after"
	diff "$work/before" "$work/after" >"$work/diff" || fail "the machine is not as before: $1"
}

# The worker is the parent's child; agents are the worker's. "" when there is none yet.
child_of() {
	cut -d' ' -f1 "/proc/$1/task/$1/children" 2>/dev/null
}

start() { # device; sets parent
	# shellcheck disable=SC2086 # how: an option, or none
	"$swaprace" kernel --device="$1" $how --random --programs=1000000 --quiet --profile="$2" \
		>/dev/null 2>"$work/err" &
	parent=$!
}

# Ends when neither the parent nor what it started is there.
await_end() { # pids
	for pid in "$@"; do
		tries=0
		while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do
			tries=$((tries + 1))
			[ $tries -lt 200 ] || fail "process $pid does not end"
			sleep 0.05
		done
	done
}

swaprace_kernel() {
	# shellcheck disable=SC2086
	"$swaprace" kernel --device="$1" $how corpus/kernel/ksm-merge-write.prog >"$work/next" 2>&1
}

state >"$work/before"
how=
swaprace_kernel zram
status=$?
# Where only contents can be checked, they are: what is changed and undone is the same.
if [ $status -eq 2 ] && grep -q 'never maps the zero page' "$work/next"; then
	cat "$work/next"
	how=--runs=1
	swaprace_kernel zram
	status=$?
fi
if [ $status -eq 2 ]; then
	cat "$work/next"
	echo "skipped: the running kernel cannot be compared with here"
	exit 77
fi
[ $status -eq 0 ] || { cat "$work/next"; fail "the first program"; }
as_before "a run that ended by itself"

left=0 kills=0
for device in zram file; do
	for moment in 0.02 0.05 0.1 0.2 0.5 0.9; do
		for victim in worker parent both int; do
			start $device ksm
			sleep $moment
			worker=$(child_of $parent)
			case $victim in
			worker) [ -z "$worker" ] || kill -9 "$worker" ;;
			parent) kill -9 $parent ;;
			both)
				# The worker first, or it would hear of its parent's end.
				kill -STOP $parent
				kill -9 ${worker:+"$worker"} $parent ;;
			int) kill -INT $parent ;;
			esac
			kills=$((kills + 1))
			# It may have been too early for a worker: then it goes on.
			if [ $victim = worker ] && [ -z "$worker" ]; then kill $parent; fi
			await_end $parent ${worker:+"$worker"}
			wait $parent 2>/dev/null
			if [ $victim = both ]; then
				if [ -s /run/swaprace-kernel ]; then left=$((left + 1)); fi
				if [ $moment = 0.2 ]; then
					"$swaprace" kernel --undo 2>/dev/null || fail "--undo"
				else
					swaprace_kernel $device || {
						cat "$work/next"
						fail "the run after kill -9 on $device"
					}
				fi
			fi
			as_before "$victim killed after $moment s on $device"
		done
	done
done
# It is no test if nothing was ever left to undo.
[ $left -ge 4 ] || fail "kill -9 has left something $left times only"
echo "killed.sh: passed: $kills ended in the middle, $left left something to the next run"
