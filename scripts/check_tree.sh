#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel tree's own code, tested: takes the newest source that Debian has and the
# shim knows, builds it (release, and asan, tsan and fine where their libraries are), runs the
# tests of the shim, corpus/ and repro/ on it, finds planted bugs by their programs, compares it with
# itself and with the model.
# Usage: scripts/check_tree.sh SWAPRACE [TREE]   (TREE: one that is there; default: Debian's)
# Exit status: 0 passed, 1 failed, 77 no source can be had.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
swaprace=$1
tree=${2:-debian}

say() { printf -- '-- %s\n' "$*"; }
fail() { echo "FAILED: $*"; exit 1; }

if [ ! -e "work/trees/$tree/tree.json" ]; then
	if ! python3 scripts/tree.py add "$tree" --debian; then
		[ ! -e "work/trees/$tree/tree.json" ] || fail "$tree cannot be configured"
		echo "SKIPPED: no source of a kernel that the shim knows can be had here"
		exit 77
	fi
fi

shopt -s nullglob
findings=(repro/findings/*.prog)
builds=
for build in release asan tsan fine; do
	[ -e "build/$build/libengine.a" ] || continue
	say "build $tree $build"
	fuzzers=
	[ $build != release ] || fuzzers=--fuzzers
	python3 scripts/tree.py build "$tree" $build $fuzzers || fail "$tree does not build for $build"
	builds="$builds $build"
done

say "tests of the shim on $tree"
"work/trees/$tree/release/swaprace" selftest >"work/trees/$tree/release/selftest.log" 2>&1
status=$?
grep -v '^ok ' "work/trees/$tree/release/selftest.log"
[ $status -eq 0 ] || fail "a test of the shim on $tree"

# Edges of the findings' programs are between events of this release.
if ! grep -q ': Linux 7\.3\.4 ' "work/trees/$tree/release/identity"; then
	say "$tree is not Linux 7.3.4: the programs of findings are not run"
	findings=()
fi
for build in $builds; do
	say "corpus and repro on $tree, $build"
	# Edges between events of the model have no place in a tree: that is no failure here.
	"work/trees/$tree/$build/swaprace" run --check --quiet --edges=may repro/*.prog \
		corpus/*/*.prog >"work/trees/$tree/$build/check.log" 2>&1
	status=$?
	# In fine, with points that the other builds lack, a finding may end in another title.
	if [ ${#findings[@]} -gt 0 ] && [ "$build" != fine ]; then
		"work/trees/$tree/$build/swaprace" run --check --quiet "${findings[@]}" \
			>"work/trees/$tree/$build/findings.log" 2>&1 || status=$?
		cat "work/trees/$tree/$build/findings.log" >>"work/trees/$tree/$build/check.log"
		[ "$(grep -c ': ok: ' "work/trees/$tree/$build/findings.log")" -gt $((${#findings[@]} / 2)) ] ||
			fail "most programs of findings were skipped on $tree, $build"
	fi
	grep -v ': ok: \|: skipped: \|: order edge \|: choice \|: not met in ' "work/trees/$tree/$build/check.log"
	[ $status -eq 0 ] || [ $status -eq 77 ] || fail "a program on $tree, $build"
	grep -c ': ok: ' "work/trees/$tree/$build/check.log" | sed 's/$/ programs as expected/'
done

# One build has all edits, each under a switch (tree:NAME+EDIT): 20 edits cost little more
# than one. It is made anew when the list of edits is another one.
say "planted bugs"
edits=(repro/tree/*.edit)
list=work/trees/$tree-edits.list
if [ "$(cat "$list" 2>/dev/null)" != "${edits[*]}" ]; then
	[ ! -e "work/trees/$tree-edits/tree.json" ] || python3 scripts/tree.py remove "$tree-edits"
	python3 scripts/tree.py add "$tree-edits" --of="$tree" --switch "${edits[@]/#/--edit=}" ||
		fail "an edit cannot be applied"
	echo "${edits[*]}" >"$list"
fi
python3 scripts/tree.py build "$tree-edits" || fail "$tree-edits does not build"
for edit in "${edits[@]}"; do
	name=$(basename "$edit" .edit)
	"$swaprace" "--world=tree:$tree-edits+$name" run --check --quiet --schedules=20 \
		"repro/tree/$name.prog" || fail "$name is not reported"
done
for world in "$tree" "$tree-edits"; do
	"$swaprace" "--world=tree:$world" run --quiet --schedules=20 repro/tree/*.prog ||
		fail "a program of repro/tree reports without its bug on $world"
done

if [ -e "work/trees/$tree/fine/swaprace" ] && [ -e build/fine/libengine.a ]; then
	say "plain accesses are events in the fine build, and in no other"
	for build in release fine; do
		"work/trees/$tree/$build/swaprace" trace corpus/mm/anon-fault.prog >"work/trees/$tree/$build/trace.log" ||
			fail "trace, $build"
	done
	grep -q ' plain@handle_mm_fault' "work/trees/$tree/fine/trace.log" || fail "no plain access is an event in fine"
	! grep -q ' plain@' "work/trees/$tree/release/trace.log" || fail "a plain access is an event in release"
fi

if [ -e fuzz/test/test_tree.py ]; then
	say "hashes, replay"
	python3 fuzz/test/test_tree.py "$swaprace" "$tree" || fail "test_tree.py"
	python3 fuzz/test/test_tree_hashes.py "$tree" 100 || fail "test_tree_hashes.py"
fi

say "compared with itself"
out=$("$swaprace" compare --base="tree:$tree" --with="tree:$tree" --programs=20 --schedules=20) ||
	fail "$tree differs from itself"
echo "$out" | tail -n 2
echo "$out" | grep -q '^no difference$' || fail "$tree differs from itself"

say "the model compared with it"
"$swaprace" compare --base=model --with="tree:$tree" --programs=500 --profile=kernel >work/trees/compare.log
tail -n 6 work/trees/compare.log
echo "check_tree.sh: passed"
