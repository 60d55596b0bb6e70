#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: determinism as promised. The same program gives the same trace hash twice in
one process and in two processes, under each policy; and a seeded bug changes nothing
before its condition is first evaluated: up to there the hash is that of the run
without it, for the same seed. Method: repro/ and corpus/ through `swaprace run
--json`. The JSON files stay in OUT_DIR: scripts/compare_hashes.py compares those of
several builds.

Usage: test_hashes.py SWAPRACE OUT_DIR SCHEDULES
"""
import glob
import json
import os
import subprocess
import sys

swaprace, out_dir, schedules = sys.argv[1:4]


def for_the_model(path):
    """Programs for other worlds are skipped and have no result."""
    with open(path, encoding='utf-8') as f:
        return not any(line.startswith('world:') and 'model' not in line for line in f)


repro = sorted(glob.glob('repro/*.prog'))
corpus = sorted(filter(for_the_model, glob.glob('corpus/*/*.prog')))
differences = []


def run(name, files, *options):
    path = os.path.join(out_dir, name + '.json')
    got = subprocess.run([swaprace, 'run', '--quiet', f'--json={path}', *options, *files],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if got.returncode not in (0, 1):
        print(got.stderr[-2000:])
        sys.exit(f'{name}: swaprace run ended with status {got.returncode}')
    with open(path) as f:
        return json.load(f)


def same(what, a, b, field):
    if len(a) != len(b):
        differences.append(f'{what}: {len(a)} and {len(b)} results')
    for x, y in zip(a, b):
        if x[field] != y[field]:
            differences.append(f'{what}: {x["file"]}: {field} {x[field]} and {y[field]}')


def main():
    os.makedirs(out_dir, exist_ok=True)
    policies = [['--policy=replay'],
                ['--policy=random', '--seed=1', f'--schedules={schedules}'],
                ['--policy=pct', '--seed=1', f'--schedules={schedules}']]
    at_bug = 0
    for policy in policies:
        name = policy[0][9:]
        on = run(f'repro-{name}', repro, *policy, '--check')
        off = run(f'repro-none-{name}', repro, *policy, '--bug=none', '--check')
        # Twice in one process: the second time with other programs before it.
        seeds = run(f'corpus-{name}', corpus + corpus, *policy, '--check')
        same('before the bug is evaluated', on, off, 'hash_at_bug')
        half = len(corpus)
        same('twice in one process', seeds[:half], seeds[half:], 'hashes')
        again = run(f'corpus-{name}', corpus, *policy, '--check')
        same('in two processes', seeds[:half], again, 'hashes')
        at_bug += sum(int(r['hash_at_bug'], 16) != 0 for r in on)
    # What would be compared must be there: most conditions are evaluated.
    if at_bug < len(repro):
        differences.append(f'only {at_bug} hashes at a bug for {len(repro)} programs')
    for difference in differences:
        print(difference)
    print(f'{len(repro)} + {len(corpus)} programs, {at_bug} hashes at a bug, '
          f'{len(differences)} differences')
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())
