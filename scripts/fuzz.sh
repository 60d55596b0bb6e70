#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job: sets up, builds, and fuzzes all targets in ASan, TSan and release
# in turn on all cores. Corpora and findings stay in work/ between calls; a call
# goes on where the last one stopped. Fit to be left running: --time=forever.
# Options (see scripts/fuzz.py --help): --time=SECONDS|forever --jobs=N
# --targets=a,b --builds=asan,tsan,release --bug=ID --work=DIR
set -euo pipefail
cd "$(dirname "$0")/.."

builds=asan,tsan,release
for arg in "$@"; do
	case "$arg" in
	--builds=*) builds=${arg#--builds=} ;;
	-h | --help) exec python3 scripts/fuzz.py --help ;;
	esac
done
scripts/setup.sh
for preset in ${builds//,/ }; do
	if [ ! -f "build/$preset/build.ninja" ]; then
		echo "fuzz.sh: first build of $preset"
	fi
	cmake --preset "$preset" >/dev/null
	cmake --build --preset "$preset" -j "$(nproc)" -- --quiet
done
exec python3 scripts/fuzz.py "$@"
