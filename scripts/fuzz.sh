#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job: sets up, builds, and fuzzes all targets in release, ASan and TSan
# in turn on all cores; files what it finds. Corpora and findings stay in work/
# between calls; a call goes on where the last one stopped, however it ended. Fit
# to be left running: --time=forever. Options and exit status: --help.
set -euo pipefail
cd "$(dirname "$0")/.."

setup=yes
for arg in "$@"; do
	case "$arg" in
	-h | --help | --no-build | dashboard | known | results) setup=no ;;
	esac
done
if [ "$setup" = yes ] && ! scripts/setup.sh; then
	echo "fuzz.sh: what building needs is missing (see above)" >&2
	exit 3
fi
exec python3 scripts/fuzz.py "$@"
