#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/drift.sh on a small tree and a map of our own: comments and white space are no
# change; a changed body, a function that moved, was renamed or is gone is each named,
# with our file; a reason explains one body and no other; a function of ours with a kernel
# function's name and no line is named; and the real map has a hash or a reason for each line.
# Usage: drift.sh, from the root of the sources.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export KERNEL_MAP="$work/map.tsv"
tree=$work/tree
mkdir -p "$tree/mm"

fail() {
	echo "FAILED: $*"
	cat "$work/out"
	exit 1
}

cat >"$tree/mm/memory.c" <<'END'
/* one() { is no function here */
static int one(int a)
{
	return a + 1; /* one more */
}

#define TWICE(f) \
	f(); f()

int two(void) { return '{' + 2; }
SYSCALL_DEFINE1(three, int, x)
{
	if (x) {
		return 3;
	}
	return 4;
}
void four(void) { do_it("/* no comment */"); }
void five(void) { do_it("five"); }
struct six { int a; };
int seven(void)
{
#ifdef CONFIG_SEVEN
	return 7;
#endif
	return 0;
}
END
for name in one two three four five seven; do
	printf 'core/mm/%s.c\tour_%s\tmm/memory.c\t%s\t-\t-\n' $name $name $name
done | sort >"$KERNEL_MAP"
scripts/drift.sh "$tree" >"$work/out" || fail "a map without hashes"
grep -q '^drift: 0 changed, 0 moved, 0 renamed, 0 gone, 6 without' "$work/out" || fail "without hashes"
scripts/kernel_map.py fill "$tree" "a small tree"
scripts/drift.sh "$tree" >"$work/out" || fail "the tree itself"
grep -q '^drift: 0 changed, 0 moved, 0 renamed, 0 gone, 0 without' "$work/out" || fail "the tree itself"

# A reason for three(), and for nine(), of which there is no body.
sed -i "/our_three/s/\$/\tthe model has no x/; \$a core/mm/three.c\tour_nine\tmm/memory.c\tnine\t-\t-\tours alone" \
	"$KERNEL_MAP"
scripts/drift.sh "$tree" >"$work/out" || fail "reasons"
for line in 'explained mm/memory.c:three  (core/mm/three.c:our_three): the model has no x' \
	'explained mm/memory.c:nine  (core/mm/three.c:our_nine): ours alone' \
	'drift: 0 changed, 0 moved, 0 renamed, 0 gone, 0 without a recorded body, 0 unwatched, 2 explained'; do
	grep -qxF "$line" "$work/out" || fail "no line: $line"
done
scripts/kernel_map.py fill "$tree" "one line" our_two >"$work/out" || fail "fill of one line"
[ "$(grep -c 'one line' "$KERNEL_MAP")" -eq 1 ] || fail "fill of one line"
if scripts/kernel_map.py fill "$tree" "no line" our_ten 2>"$work/out"; then fail "fill of no line"; fi
grep -q 'our_ten' "$work/out" || fail "fill of no line"

# A function of the model's, in a header, that the map does not have.
mkdir -p "$tree/include/linux"
echo 'static inline int swp_type(int entry) { return entry >> 8; }' >"$tree/include/linux/swapops.h"
if scripts/drift.sh "$tree" >"$work/out"; then fail "unwatched is status 1"; fi
grep -qxF 'unwatched include/linux/swapops.h:swp_type  (core/page/swapops.h:swp_type)' "$work/out" ||
	fail "unwatched"
rm "$tree/include/linux/swapops.h"

# Nothing but comments, white space and what is around the functions.
sed -i 's,/\* one more \*/,// and\n\n\t/* more */,; s/a + 1/a+1/; s/int x)/ int  y)/; s/struct six/struct sixth/' \
	"$tree/mm/memory.c"
scripts/drift.sh "$tree" >"$work/out" || fail "comments are no change"

# A string and a preprocessor line are.
sed -i 's/CONFIG_SEVEN/CONFIG_EIGHT/; s,/\* no comment \*/,a string,; s/return 3/return 33/' \
	"$tree/mm/memory.c"
sed -i '/^int two/d; s/^void five/void fifth/; /^static int one/,/^}/d' "$tree/mm/memory.c"
echo "int two(void) { return '{' + 2; }" >"$tree/mm/swap.c"
if scripts/drift.sh "$tree" --bodies >"$work/out"; then fail "changes are status 1"; fi
for line in 'changed  mm/memory.c:three  (core/mm/three.c:our_three)' \
	'changed  mm/memory.c:four  (core/mm/four.c:our_four)' \
	'changed  mm/memory.c:seven  (core/mm/seven.c:our_seven)' \
	'moved    mm/memory.c:two -> mm/swap.c:two  (core/mm/two.c:our_two)' \
	'renamed  mm/memory.c:five -> mm/memory.c:fifth  (core/mm/five.c:our_five)' \
	'gone     mm/memory.c:one  (core/mm/one.c:our_one)' \
	'==== mm/memory.c: three' '		return 33;' \
	'drift: 3 changed, 1 moved, 1 renamed, 1 gone, 0 without a recorded body, 0 unwatched, 1 explained'; do
	grep -qxF "$line" "$work/out" || fail "no line: $line"
done
if scripts/drift.sh "$work" >"$work/out" 2>&1; then fail "no kernel tree"; fi
grep -q 'not a kernel tree' "$work/out" || fail "no kernel tree"

# Only what was read in a tree of which there is no copy may lack both a hash and a reason.
lacking=$(awk -F'\t' '!/^#/ && $6 == "-" && $7 == "" && $5 !~ /after 7.0/' core/kernel-map.tsv | wc -l)
[ "$lacking" -le 1 ] || fail "$lacking functions of the map have no hash"
echo "drift.sh: passed"
