#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a report leaves nothing behind. After the report of each seeded bug, further
programs in the same process have the trace hashes that they have in a fresh one. This is
what lets a target go on. Method: `swaprace run` over corpus/ with the bug on, with and
without the bug's own program in front.

Usage: test_after_report.py SWAPRACE SCHEDULES [BUG...]
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

swaprace, schedules = os.path.abspath(sys.argv[1]), int(sys.argv[2])


def hashes(files, bug):
    with tempfile.NamedTemporaryFile(suffix='.json') as out:
        subprocess.run([swaprace, 'run', '--check', '--quiet', '--seed=7',
                        f'--schedules={schedules}', f'--bug={bug}', f'--json={out.name}', *files],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return {r['file']: (r['hashes'], r['title']) for r in json.load(open(out.name))}


def corpus_in(folder):
    """Copies of the model's programs in which the policy is one that takes seeds."""
    copies = []
    for path in sorted(glob.glob('corpus/*/*.prog')):
        text = open(path).read()
        if re.search(r'^(world|policy):', text, re.M):
            continue
        copies.append(f'{folder}/{path.replace("/", "-")}')
        with open(copies[-1], 'w') as f:
            f.write('policy: random\n' + text)
    return copies


def main():
    programs = {}
    for path in sorted(glob.glob('repro/*.prog')):
        match = re.search(r'^bug: *(\S+)', open(path).read(), re.M)
        if match:
            programs.setdefault(match.group(1), path)
    differences, reported, runs = 0, 0, 0
    folder = tempfile.TemporaryDirectory()
    corpus = corpus_in(folder.name)
    for bug in sys.argv[3:] or programs:
        fresh, after = hashes(corpus, bug), hashes([programs[bug], *corpus], bug)
        reported += bool(after[programs[bug]][1])
        runs += len(corpus) * schedules
        for path in corpus:
            if fresh[path] != after[path]:
                differences += 1
                print(f'{bug}: {path}: {fresh[path]} in a fresh process, {after[path]} after a report')
    print(f'{reported} of {len(programs)} bugs reported; {runs} further runs, {differences} differences')
    return 1 if differences or not reported else 0


if __name__ == '__main__':
    sys.exit(main())
