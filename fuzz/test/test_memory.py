#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: memory stays flat over many runs of one process. The bound is 1 MiB from run
10^4 to run 10^6; here the first tenth of that distance is run, and held to a tenth of
the bound and a few pages. The whole:
swaprace search --keep-going --rss --schedules=1000000 [PROGRAM]

Usage: test_memory.py SWAPRACE PROGRAM
"""
import re
import subprocess
import sys

RUNS = 100000
BOUND_KIB = 1024 // 10 + 32


def main():
    got = subprocess.run([sys.argv[1], 'search', sys.argv[2], '--keep-going', '--rss', '--seed=1',
                          f'--schedules={RUNS}'], stdout=subprocess.PIPE, text=True)
    print(got.stdout)
    in_use = {int(runs): int(kib)
                for runs, kib in re.findall(r'^(\d+) runs: (\d+) KiB of memory', got.stdout, re.M)}
    if got.returncode != 0:
        print(f'swaprace search ended with status {got.returncode}')
        return 1
    if 10000 not in in_use or RUNS not in in_use:
        print('no figures after 10^4 and 10^5 runs')
        return 1
    grown = in_use[RUNS] - in_use[10000]
    print(f'{grown} KiB more after {RUNS} runs than after 10000; the bound is {BOUND_KIB} KiB')
    return 1 if grown > BOUND_KIB else 0


if __name__ == '__main__':
    sys.exit(main())
