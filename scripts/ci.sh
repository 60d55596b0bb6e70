#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a CI job calls: known.txt, the regression programs (repro/, corpus/), then a fuzz
# budget on the restored corpus. Results: JUnit and SARIF in --out, annotations and a
# summary on GitHub. Examples: scripts/ci/.
# Usage: scripts/ci.sh [--minutes=N | --seconds=N] [--builds=release,asan] [--work=DIR]
#                      [--out=DIR] [--no-build] [further options of scripts/fuzz.sh]
#   --minutes=N  of fuzzing (default 10; 0: the regression programs alone)
#   --out=DIR    where the results go (default: work/ci)
# Exit status: 0 nothing, 1 a program that fails, an expired entry of known.txt or a new
# finding, 2 bad usage, 3 the host's fault.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=600
builds=release,asan
work=work
out=
build=yes
more=()
known=()
for arg in "$@"; do
	case "$arg" in
	-h | --help) sed -n '3,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
	--minutes=* | --seconds=*)
		number=${arg#*=}
		if ! [[ "$number" =~ ^[0-9]{1,6}$ ]]; then
			echo "ci.sh: $arg: a whole number is wanted" >&2
			exit 2
		fi
		seconds=$((10#$number))
		case "$arg" in --minutes=*) seconds=$((seconds * 60)) ;; esac ;;
	--builds=*) builds=${arg#*=} ;;
	--work=*) work=${arg#*=} ;;
	--out=*) out=${arg#*=} ;;
	--no-build) build=no ;;
	--time=*) echo "ci.sh: $arg: --minutes says how long" >&2; exit 2 ;;
	--known=* | --world=*) known+=("$arg") more+=("$arg") ;;
	*) more+=("$arg") ;;
	esac
done
out=${out:-$work/ci}
if ! [[ "$builds" =~ ^(release|asan|tsan)(,(release|asan|tsan))*$ ]]; then
	echo "ci.sh: --builds=$builds: of release, asan, tsan" >&2
	exit 2
fi

# 1 beats 3, 3 beats 2, 2 beats 0. 77 (skipped) counts as 0, and any other status as 3.
worst=0
note() { # status
	case "$1" in
	1) worst=1 ;;
	0 | 77) ;;
	2) [ "$worst" != 0 ] || worst=2 ;;
	*) [ "$worst" = 1 ] || worst=3 ;;
	esac
}
try() { # command...
	local status=0
	"$@" || status=$?
	note "$status"
	return 0
}

if ! why=$(mkdir -p "$out" 2>&1); then
	echo "ci.sh: $out cannot be made:${why##*:}" >&2
	exit 3
fi
[ "$build" = no ] || scripts/setup.sh || exit 3
python3 scripts/fuzz.py options "${more[@]}" || exit $? # a wrong one, before anything is built or run
if [ "$build" = yes ]; then
	for preset in ${builds//,/ }; do
		echo "== build $preset"
		if ! { cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" -- --quiet; }; then
			echo "ci.sh: the build $preset failed" >&2
			exit 3
		fi
	done
fi

echo "== known findings"
try python3 scripts/fuzz.py known "${known[@]}"
for preset in ${builds//,/ }; do
	echo "== regression programs, $preset"
	try "build/$preset/swaprace" run --check --quiet "--junit=$out/regression-$preset.xml" \
		"--sarif=$out/regression-$preset.sarif" repro/*.prog corpus/*/*.prog
done
if [ "$seconds" -gt 0 ]; then
	echo "== fuzzing for $seconds s"
	try python3 scripts/fuzz.py "--time=$seconds" "--builds=$builds" "--work=$work" --no-build "${more[@]}"
	# Where fuzzing was refused there is no work folder, and it has said why.
	[ ! -d "$work/findings" ] || try python3 scripts/fuzz.py results "--work=$work" "--out=$out"
fi
echo "== status $worst; results: $out"
exit "$worst"
