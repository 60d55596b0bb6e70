#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: scripts/compare_hashes.py finds what differs between two builds, and excuses what
a sanitizer alone reports, whatever the number of runs in which it does so.
Method: two folders with one result each, one field changed at a time.
"""
import json
import os
import subprocess
import sys
import tempfile

BASE = {'file': 'a.prog', 'bug': 'none', 'titles': {}, 'truncated': 0,
        'hash': '1', 'hashes': '2', 'hash_at_bug': '3'}
RACE = {'data-race in f / g': 2}
# What the second build gives instead, and whether that is a difference.
CASES = [
    ('the same', {}, False),
    ('another hash', {'hash': '9'}, True),
    ('another hash of all runs', {'hashes': '9'}, True),
    ('another title, another hash', {'hash': '9', 'titles': {'deadlock': 1}}, True),
    ('a race in the last run', {'hash': '9', 'hashes': '9', 'titles': RACE}, False),
    ('a race, and another hash at the bug', {'hash_at_bug': '9', 'titles': RACE}, True),
    ('a run that TSan cut short', {'hash': '9', 'hashes': '9', 'truncated': 1}, False),
    ('another file', {'file': 'b.prog'}, True),
]


def compare(folder, other):
    for build, result in (('release', BASE), ('tsan', {**BASE, **other})):
        os.makedirs(f'{folder}/{build}', exist_ok=True)
        with open(f'{folder}/{build}/repro.json', 'w') as f:
            json.dump([result], f)
    return subprocess.run([sys.executable, 'scripts/compare_hashes.py', f'{folder}/release',
                           f'{folder}/tsan'], stdout=subprocess.PIPE).returncode


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, other, differs in CASES:
            got = compare(folder, other)
            failures += got != differs
            print(f'{"ok    " if got == differs else "FAILED"} {name}: status {got}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
