#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Determinism across builds: compares the trace hashes that `swaprace run --json`
gave in several builds. The same program, bug, policy and seeds must give the same
hashes, up to the first report, in each of them. (A sanitizer's own report ends a run
in its build alone, and TSan misses a race now and then. Where a sanitizer's title was
reported in another number of runs, or TSan's bound ended a run early, the runs are
compared up to the first evaluation of the bug's condition.)

Usage: compare_hashes.py DIR DIR...   (folders with the same *.json, one a build)
Exit status: 0 all equal, 1 a difference, 2 a file is missing or unreadable.
"""
import glob
import json
import os
import sys

FIELDS = ('hash', 'hashes', 'hash_at_bug')
# Reports that only one build can make: there its run ends earlier than elsewhere.
SANITIZER_TITLES = ('data-race in ', 'use-after-poison in ', 'heap-', 'stack-', 'global-')


def load(path):
    try:
        with open(path) as f:
            return {(r['file'], r['bug']): r for r in json.load(f)}
    except (OSError, ValueError, KeyError) as e:
        print(f'compare_hashes: {path}: {e}', file=sys.stderr)
        sys.exit(2)


def sanitizer_differs(a, b):
    """A and B: the number of runs that reported each title, in two builds."""
    return any(a.get(title) != b.get(title)
               for title in {*a, *b} if title.startswith(SANITIZER_TITLES))


def compare(name, base, other, base_dir, other_dir):
    differences = 0
    for key in sorted(set(base) | set(other)):
        if key not in base or key not in other:
            print(f'{name}: {key[0]}: only in {base_dir if key in base else other_dir}')
            differences += 1
            continue
        alone = (sanitizer_differs(base[key]['titles'], other[key]['titles']) or
                 base[key]['truncated'] != other[key]['truncated'])
        for field in FIELDS[-1:] if alone else FIELDS:
            if base[key].get(field) != other[key].get(field):
                print(f'{name}: {key[0]} (bug {key[1]}): {field} is {base[key].get(field)} in '
                      f'{base_dir}, {other[key].get(field)} in {other_dir}')
                differences += 1
                break
    return differences


def main():
    dirs = sys.argv[1:]
    if len(dirs) < 2:
        print('usage: compare_hashes.py DIR DIR...', file=sys.stderr)
        return 2
    names = sorted({os.path.basename(p) for d in dirs for p in glob.glob(f'{d}/*.json')})
    if not names:
        print(f'compare_hashes: no *.json in {" ".join(dirs)}', file=sys.stderr)
        return 2
    differences = compared = 0
    for name in names:
        base = load(f'{dirs[0]}/{name}')
        compared += len(base)
        for other in dirs[1:]:
            differences += compare(name, base, load(f'{other}/{name}'), dirs[0], other)
    print(f'trace hashes: {compared} programs in {len(dirs)} builds, {differences} differences')
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())
