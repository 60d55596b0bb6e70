#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# export-c --kernel-delays: its patch applies to a tree (a small one of our own), what it
# adds compiles without a warning over stubs, and waits where it should (delays_driver.c);
# every patch that corpus/ and repro/ give compiles. An edge that has no place is named.
# Usage: delays.sh SWAPRACE, from the root of the sources.
set -eu
swaprace=$1
here=$PWD/fuzz/kernel/test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-gcc}
command -v "$cc" >/dev/null || cc=cc
command -v patch >/dev/null || { echo "skipped: no patch(1)"; exit 77; }

mkdir -p "$work/include/linux"
for header in delay kprobes module sched string; do
	echo '#include "fuzz/kernel/test/kernel_stubs.h"' >"$work/include/linux/$header.h"
done

compile() { # patch out source...
	rm -rf "$work/tree"
	mkdir -p "$work/tree/mm"
	echo 'obj-y += swapfile.o' >"$work/tree/mm/Makefile"
	echo 'int swap_writepage(void);' >"$work/tree/mm/swapfile.c"
	patch -p1 --dry-run -s -d "$work/tree" <"$1"
	patch -p1 -s -d "$work/tree" <"$1"
	[ -f "$work/tree/mm/swaprace_delays/Makefile" ]
	# A kernel has neither of these two warnings.
	"$cc" -O1 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -I"$work/include" \
		-I. -DDELAYS="\"$work/tree/mm/swaprace_delays/delays.c\"" -o "$work/driver" \
		"$here/delays_driver.c"
}

cat >"$work/edges.prog" <<'END'
machine: dev0=async,32

task A cpu=0 mm=1
  1  mmap r0 1
  2  write r0+0 0x11
  3  madv_pageout r0 1
  4  read r0+0

task B cpu=1 mm=1
  1  read r0+0
  2  read r0+0

schedule
  B1 folio_lock@do_swap_page#1 after A3 folio_unlock@__swap_writepage#1
  B2 after A4 folio_lock@do_swap_page#1
  A4 folio_lock@do_swap_page#2 after B1
  B2 folio_lock@do_swap_page#1 after irq0.1
END
"$swaprace" export-c "$work/edges.prog" -o "$work/edges.c" --kernel-delays="$work/edges.patch"
grep -q '^  mm/memory.c: do_swap_page()$' "$work/edges.patch"
grep -q '^  left out, has no place in a kernel: B2 folio_lock@do_swap_page#1 after irq0.1$' \
	"$work/edges.patch"
compile "$work/edges.patch"
"$work/driver"

n=0
for program in corpus/*/*.prog repro/*.prog; do
	"$swaprace" export-c "$program" -o "$work/p.c" --kernel-delays="$work/p.patch" \
		2>/dev/null || continue
	compile "$work/p.patch"
	n=$((n + 1))
done
echo "delays.sh: passed: $n patches of corpus/ and repro/ apply and compile"
[ $n -ge 10 ]
