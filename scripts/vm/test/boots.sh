#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel in a virtual machine: the comparison of generated programs, of a file under a
# seeded bug of the model (which must differ), a finding confirmed, CPUs that are held, a finding on an
# own kernel where one is there, a run that is ended and resumed; a guest that panics, one that hangs,
# one whose command fails; swaprace killed: no process is left.
# Usage: boots.sh SWAPRACE, from the root of the sources. Skips (77) where no qemu or no kernel
# can be had.
set -u
swaprace=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*"
	exit 1
}

# expect NAME STATUS PATTERN COMMAND...: what a command prints, and how it ends.
expect() {
	name=$1 want=$2 pattern=$3
	shift 3
	"$@" >"$work/out" 2>&1
	status=$?
	if [ $status -ne "$want" ] || ! grep -q -- "$pattern" "$work/out"; then
		cat "$work/out"
		fail "$name: status $status"
	fi
	echo "ok: $name"
}

scripts/setup.sh --vm || {
	echo "SKIPPED: qemu cannot be had here"
	exit 77
}
if [ ! -e work/vm/debian/kernel.json ] && ! python3 scripts/vm.py add debian --debian; then
	echo "SKIPPED: no kernel image can be had here"
	exit 77
fi

expect "20 programs" 0 ' 20 agree, 0 differ' "$swaprace" kernel --vm --random --programs=20
sed -n '$p' "$work/out"
cp corpus/kernel/wp-after-fork.prog "$work/a file.prog"
expect "a seeded bug of the model differs" 1 'copied or reused' \
	"$swaprace" kernel --vm --bug=wp-no-drain "$work/a file.prog"

expect "a finding is confirmed" 0 'ksm-uffd-wp: confirmed, 1 of 1' "$swaprace" confirm ksm-uffd-wp

python3 scripts/vm/test/hold_guest.py
status=$?
[ $status -eq 0 ] || [ $status -eq 77 ] || fail "holds: status $status"

# An own kernel takes too long to build here.
if [ -e work/vm/plain/kernel.json ]; then
	expect "a finding on an own kernel" 0 'populate-unlocked-fail: confirmed with delays and a failure' \
		python3 scripts/vm.py confirm populate-unlocked-fail --kernel=plain
else
	echo 'SKIPPED: no own kernel here: "vm build plain TREE" makes it'
fi

# Killed in the middle of its programs: nothing is left, and --resume goes on.
"$swaprace" kernel --vm --random --programs=400 --seed=1000 --quiet >"$work/killed" 2>&1 &
run=$!
journal=
tries=0
while [ $tries -lt 1200 ]; do
	tries=$((tries + 1))
	journal=$(grep -ls 'end 1003 ' work/vm/debian/*.journal)
	[ -z "$journal" ] || break
	sleep 0.1
done
[ -n "$journal" ] || fail "the programs before the kill"
qemu=$(cat /proc/$run/task/$run/children)
kill -KILL $run
tries=0
# Gone, or a zombie that process 1 has not looked at yet.
lives() { [ -n "$1" ] && grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"; }
while lives "${qemu%% *}" && [ $tries -lt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
! lives "${qemu%% *}" || fail "qemu outlives swaprace"
echo "ok: killed"
before=$(wc -l <"$journal")
expect "resumed" 0 'seeds 1000 to 1007: ' \
	"$swaprace" kernel --vm --random --programs=8 --seed=1000 --quiet --resume
[ "$(wc -l <"$journal")" -ge "$before" ] || fail "the journal was begun anew"

expect "a guest that panics" 1 'the kernel has reported: Kernel panic' \
	python3 scripts/vm.py run -- 'echo c >/proc/sysrq-trigger'
# A look at the CPUs may meet an interrupt; it is said where, and looked again.
for look in 1 2 3; do
	expect "a guest that hangs" 1 'the guest hangs' \
		python3 scripts/vm.py run --quiet-max=5 -- 'while :; do :; done'
	! grep -q '^CPU [01]: in user mode' "$work/out" || break
	grep '^CPU' "$work/out" || true
	[ "$look" -lt 3 ] || fail "where its CPUs are"
done
expect "a command that fails" 7 '^hello' python3 scripts/vm.py run -- 'echo hello; exit 7'
expect "no such kernel" 2 'no kernel of the name nothing' "$swaprace" kernel --vm=nothing --random
expect "no image" 2 'is no bzImage' python3 scripts/vm.py add mine README.md
for left in work/vm/.new-*; do
	[ ! -e "$left" ] || fail "$left is left"
done
echo "boots.sh: passed"
