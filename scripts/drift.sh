#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which modelled functions of the kernel have changed since core/kernel-map.tsv was
# written, each with our file that models it. Comments and white space don't count.
# A function that is not in its file any more is looked for in mm/ and in the map's
# other files, by its name and by its body. "explained": the body is the one that was
# read, and the map says what the model does differently. "unwatched": a function of
# ours, in a header or not, that has a kernel function's name and no line in the map.
#
# Usage: scripts/drift.sh KERNEL_TREE [--bodies]
#   --bodies   also prints what the tree has now, function by function: read it
#              beside our file, then `scripts/kernel_map.py fill KERNEL_TREE SOURCE FUNCTION`
#              when the model follows it, or with a reason as the line's last field.
# Exit status: 0 nothing has changed, 1 something has, 2 bad usage.
# With KERNEL_MAP=FILE in the environment: another map (for tests).
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage() {
	echo "usage: scripts/drift.sh KERNEL_TREE [--bodies]" >&2
	exit 2
}

if [ $# -lt 1 ] || [ $# -gt 2 ]; then usage; fi
tree=$1
[ $# -eq 1 ] || [ "$2" = --bodies ] || usage
if [ ! -f "$tree/mm/memory.c" ]; then
	echo "drift.sh: $tree: not a kernel tree (no mm/memory.c)" >&2
	exit 2
fi

list=$(mktemp)
trap 'rm -f "$list"' EXIT
status=0
python3 "$here/kernel_map.py" verify "$tree" >"$list" || status=$?
[ "$status" -le 1 ] || exit 2

# "changed  mm/memory.c:do_swap_page  (core/mm/swap_fault.c:do_swap_page)"
# "moved    mm/swap.h:f -> mm/swapfile.c:f  (core/swap/entries.c:f)"
grep -v '^unknown' "$list" || true
if [ $# -eq 2 ]; then
	awk '$1 == "changed" { print $2 }' "$list" | sort -u | while IFS=: read -r file function; do
		printf '\n==== %s: %s\n' "$file" "$function"
		python3 "$here/kernel_map.py" body "$tree" "$file" "$function"
	done
fi
awk '{ n[$1]++ }
	END {
		printf "drift: %d changed, %d moved, %d renamed, %d gone, %d without a recorded body, ",
			n["changed"], n["moved"] + n["moved,"], n["renamed"], n["gone"], n["unknown"]
		printf "%d unwatched, %d explained\n", n["unwatched"], n["explained"]
	}' "$list"
exit "$status"
