#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the fuzz targets for OSS-Fuzz and ClusterFuzzLite and puts them into $OUT: each with
# its options, dictionary and seed corpus beside it, without the canary, which must fail.
# Takes SRC OUT WORK SANITIZER FUZZING_ENGINE LIB_FUZZING_ENGINE CC CXX CFLAGS CXXFLAGS, as these
# services set them (CFLAGS has the sanitizer); run in the source folder.
set -euo pipefail

refuse() { echo "build.sh: $*" >&2; exit 2; }

: "${OUT:?}" "${LIB_FUZZING_ENGINE:?}" "${CC:?}" "${CXX:?}" "${CFLAGS?}" "${CXXFLAGS?}"
[ -e CMakeLists.txt ] || cd "${SRC:?}/swaprace"
engine=${FUZZING_ENGINE:-libfuzzer}
sanitizer=${SANITIZER:-address}
[ "$engine" = libfuzzer ] ||
	refuse "FUZZING_ENGINE=$engine: libfuzzer alone is known (for AFL++: fuzz/README.md)"
case "$sanitizer" in
address | undefined | coverage | none) ;;
thread) refuse "SANITIZER=thread: ThreadSanitizer is for a box of your own (scripts/fuzz.sh)" ;;
*) refuse "SANITIZER=$sanitizer: address, undefined, coverage and none are known" ;;
esac

# Not in the source folder: it may have builds of another kind.
build=${WORK:-$(mktemp -d)}/swaprace-$sanitizer
rm -rf "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DSWAPRACE_SANITIZER=flags \
	-DSWAPRACE_STATIC_URCU=ON -DSWAPRACE_WERROR=OFF -DSWAPRACE_FUZZERS=ON
cmake --build "$build" --target fuzz_targets -j "$(nproc)"

for options in "$build"/*_fuzzer.options; do
	target=$(basename "$options" .options)
	cp "$build/$target" "$build/$target".{options,dict} "$build/${target}_seed_corpus.zip" "$OUT/"
done
