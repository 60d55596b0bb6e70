#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All tests: builds release, ASan+UBSan and TSan (and what is not a fuzzer with
# gcc), checks layers, style and shell scripts, replays repro/ and corpus/ in
# each build; takes a kernel source from Debian, if one can be had, and tests that as
# a world, and a kernel image, which it boots in a virtual machine. Sets up a bare Debian
# by itself. Ends in ctest's own summary.
# Usage: scripts/check.sh [--fast]
# --fast: the release build alone, without a tree, virtual machines, the running kernel,
# the builds of fuzzing services, and the tests that have the label long: AFL++, the service
# under torture, following a branch, in CI, and what goes on after each report.
set -euo pipefail
cd "$(dirname "$0")/.."

fast=no
for arg in "$@"; do
	case "$arg" in
	--fast) fast=yes ;;
	-h | --help) sed -n '3,11s/^# //p' "$0"; exit 0 ;;
	*) echo "check.sh: unknown option '$arg' (see --help)" >&2; exit 2 ;;
	esac
done

scripts/setup.sh
jobs=$(nproc)

say() { printf '\n== %s\n' "$*"; }

build() { # preset
	say "build $1"
	cmake --preset "$1" >/dev/null
	cmake --build --preset "$1" -j "$jobs" -- --quiet
}

run_tests() { # preset
	local without=()
	[ "$fast" = no ] || without=(--label-exclude '^(tree|vm|kernel|oss|long)$')
	say "test $1"
	# One more than there are cores: several tests wait most of their time.
	ctest --test-dir "build/$1" -j "$((jobs + 1))" --output-on-failure --no-tests=error "${without[@]}"
}

if [ "$fast" = no ]; then
	# Where that fails the tests say so and skip.
	scripts/setup.sh --tree || true
	scripts/setup.sh --vm || true
	say "build gcc (all but the fuzz targets)"
	CC=gcc cmake -S . -B build/gcc -G Ninja -DCMAKE_BUILD_TYPE=Release -DSWAPRACE_FUZZERS=OFF >/dev/null
	cmake --build build/gcc -j "$jobs" -- --quiet
	build fine
	build asan
	run_tests asan
	build tsan
	run_tests tsan
fi
build release
run_tests release
if [ "$fast" = no ]; then
	say "trace hashes, equal in all builds"
	scripts/compare_hashes.py build/release/hashes build/asan/hashes build/tsan/hashes
fi
