#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the targets for AFL++ run in persistent mode, the same input gives AFL++ the same map
(its "stability"), the features that libFuzzer has as extra counters are in that map, and what
it finds replays with libFuzzer's target and with `swaprace run`. Method: some seconds of
afl-fuzz without a bug, one map, then one seeded bug. Skipped (77) without AFL++.

Usage: test_afl.py BUILD_FOLDER
"""
import glob
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../scripts'))
import afl  # pylint: disable=wrong-import-position

FEATURES = 8192  # FEEDBACK_FEATURES of fuzz/exec/run.h
SECONDS = 5


def check(condition, what):
    if not condition:
        sys.exit(f'test_afl.py: {what}')


def without_a_bug(build, folder):
    seeds, out = f'{folder}/seeds', f'{folder}/out'
    afl.clean_seeds(build, 'swapoff', 'none', seeds)
    _, _, crash = afl.fuzz_afl(build, 'swapoff', 'none', seeds, out, SECONDS, 1)
    stats = afl.stats_of(out)
    check(crash is None, f'a report without a bug: {crash}')
    for mode in ('persistent', 'shmem_testcase'):
        check(mode in stats['target_mode'], f'mode: {stats["target_mode"]}')
    check(stats['stability'] == '100.00%', f'the same input gives other maps: {stats["stability"]}')
    check(int(stats['corpus_found']) > 0, 'afl-fuzz kept no input')
    kept = glob.glob(f'{out}/default/queue/id*op:*')
    check(kept, 'no input was made by a mutator')
    _, status = afl.run([f'{build}/swaprace', 'run', '--quiet', '--edges=may', *kept])
    check(status == 0, f'of the inputs that afl-fuzz kept, swaprace run refuses some: {status}')


def places(build):
    """The first place of the features in the map, and the last."""
    out, _ = afl.run([f'{build}/afl/swapoff_fuzzer', '/dev/null'], {'AFL_DEBUG': '1'})
    check(f'({FEATURES} edges)' in out, f'no places for {FEATURES} features:\n{out}')
    last = int(re.search(rf'\({FEATURES} edges\).*\n.*__afl_final_loc = (\d+)', out).group(1))
    return last - FEATURES + 1, last


def features_in_map(build, folder):
    first, last = places(build)
    counts = {}
    for name in ('against-fault', 'one-page'):
        path = f'{folder}/map'
        out, status = afl.run(['afl-showmap', '-q', '-o', path, '-m', 'none', '--',
                               f'{build}/afl/swapoff_fuzzer', f'{build}/corpus/swapoff/{name}.bin'])
        check(status == 0, f'afl-showmap: {status}\n{out}')
        with open(path) as f:
            at = [int(line.split(':')[0]) for line in f]
        counts[name] = sum(first <= place <= last for place in at)
        check(counts[name] < len(at), 'the map has features alone, no edges')
    check(all(n > 10 for n in counts.values()), f'features in the map: {counts}')


def with_a_bug(build, folder):
    bug, target = 'wp-no-recheck', 'swap'
    seeds = f'{folder}/seeds'
    afl.clean_seeds(build, target, bug, seeds)
    _, runs, crash = afl.fuzz_afl(build, target, bug, seeds, f'{folder}/out', 120, 1)
    check(crash, f'{bug} not found in {runs} runs')
    title, why = afl.replay(build, target, bug, crash)
    check(why is None, f'{crash}: {why}')
    print(f'{bug}: found after {runs} runs, and replayed: {title}')


def main():
    build = os.path.abspath(sys.argv[1])
    if afl.shutil.which('afl-fuzz') is None:
        print('skipped: afl-fuzz is not installed (Debian: apt-get install afl++)')
        return 77
    why = afl.build_targets(build)
    check(why is None, why)
    with tempfile.TemporaryDirectory() as folder:
        for test in (without_a_bug, features_in_map, with_a_bug):
            os.mkdir(f'{folder}/{test.__name__}')
            test(build, f'{folder}/{test.__name__}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
