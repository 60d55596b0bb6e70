#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: one bug, one finding at the top of the list, under however many titles it shows; and a
second bug is not taken for a sign of the first one. Method: each seeded bug is searched
for with all its titles; each is minimised and looked at as the service does it, and then listed as the
service lists findings (scripts/service/groups.py).

Usage: measure_causes.py [--schedules=30000] [--bugs=A,B] [--beside=C] [--keep=FOLDER] BUILD_FOLDER
--beside=C     with the bug C on as well: of the titles that seeded_bug.def has for a bug, and
               that C alone did not give, how many stand at the top, and how many beneath
               one of C's, where they are hard to see
--keep=FOLDER  what was found and learnt; what stands there is not done again
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import bench
from service import files, groups, options, triage


def search(build, bugs, schedules, folder):
    """A program of each title, in the folder."""
    subprocess.run([os.path.join(build, 'swaprace'), 'search', f'--bug={bugs}', '--seed=1', '--keep-going', '--jobs=1',
                    f'--schedules={schedules}', f'--out={folder}'], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)


def look_at(program, bugs, root, folder):
    """What triage learns of a program: a finding."""
    with open(program, encoding='utf-8') as f:
        text = f.read()
    title = re.search(r'^expect: *(?:\[[^]]*\] *)?(.+)$', text, re.M).group(1)
    facts = {'slug': files.slug(title), 'title': title, 'name': title, 'state': 'new', 'target': 'mm', 'build': 'release'}
    os.makedirs(folder, exist_ok=True)
    files.write_whole(os.path.join(folder, 'finding.json'), json.dumps(facts))
    files.write_whole(os.path.join(folder, 'program.prog'), text)
    look = triage.Triage(root, folder, ['release'], bugs, 'model')
    minimal = look.minimize('release') or 'could not be minimised'
    return dict(facts, first=os.path.getmtime(program), triage={'minimal': minimal, 'also': look.also('release')})


def findings_of(build, bugs, given, scratch):
    """All findings of these bugs: searched for, or as they were kept."""
    kept = os.path.join(given.keep, f'{bugs}.json') if given.keep else ''
    if kept and os.path.exists(kept):
        with open(kept, encoding='utf-8') as f:
            return json.load(f)
    found = os.path.join(given.keep or scratch, f'{bugs}.found')
    root = bench.Root(builds={'release': build})
    try:
        if not os.path.isdir(found):
            search(build, bugs, given.schedules, found)
        facts = [look_at(program, bugs, root.path, os.path.join(scratch, f'looked-{n}'))
                 for n, program in enumerate(sorted(glob.glob(f'{found}/*.prog')))]
    finally:
        root.close()
    if kept:
        files.write_whole(kept, json.dumps(facts, indent=1))
    return facts


def titles_of(bug):
    """What the table of seeded bugs says that a bug gives."""
    text = files.read_text(os.path.join(bench.SOURCE, 'core', 'base', 'seeded_bug.def'), 1 << 20)
    row = re.search(rf'^SEEDED_BUG\(\w+, "{re.escape(bug)}",(.*?)\)$', text, re.M | re.S).group(1)
    return ''.join(re.findall(r'"([^"]*)"', row)[3:-1]).split('|')


def measure(build, bug, given, alone):
    """(titles, findings at the top), after a line about the bug."""
    with tempfile.TemporaryDirectory() as scratch:
        found = findings_of(build, ','.join(filter(None, (bug, given.beside))), given, scratch)
    lists = groups.grouped(found)
    row = f'{bug:<30}{len(found):>8}{len(lists):>8}'
    if given.beside:
        own = [title for title in titles_of(bug) if title not in alone]
        above = sum(head['title'] in own for head, _ in lists)
        under = [f['title'] for head, below in lists for f in below if f['title'] in own and head['title'] not in own]
        row += f'{above:>8}{len(under):>8}' + ('  hidden' if under and not above else '')
    print(row, flush=True)
    for head, below in lists:
        if below:
            print(f'    {head["title"]}: {groups.size_of(head)} ops and edges; beneath it ' +
                  ', '.join(f['title'] for f in below), flush=True)
    return len(found), len(lists)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--schedules', type=int, default=30000)
    parser.add_argument('--bugs', default='')
    parser.add_argument('--beside', default='')
    parser.add_argument('--keep', default='')
    given = parser.parse_args()
    build, given.keep = os.path.abspath(given.build), given.keep and os.path.abspath(given.keep)
    if given.keep:
        os.makedirs(given.keep, exist_ok=True)
    all_bugs = options.seeded_bugs(bench.SOURCE)
    bugs = given.bugs.split(',') if given.bugs else [b for b in all_bugs if b != given.beside]
    for bug in bugs + [b for b in [given.beside] if b]:
        if bug not in all_bugs:
            parser.error(f'no seeded bug {bug}')
    alone = []
    if given.beside:
        with tempfile.TemporaryDirectory() as scratch:
            alone = [f['title'] for f in findings_of(build, given.beside, given, scratch)]
    print(f'{"bug":<30}{"titles":>8}{"listed":>8}' + (f'{"own":>8}{"beneath":>8}' if given.beside else ''))
    rows = [row for row in (measure(build, bug, given, alone) for bug in bugs) if row[0]]
    if not rows:
        print('no bug gave a report')
        return 1
    for n, what in enumerate(('titles', 'findings at the top of the list')):
        counts = sorted(row[n] for row in rows)
        print(f'{what}: median {counts[(len(counts) - 1) // 2]}, at most {counts[-1]}; '
              f'{sum(c <= 3 for c in counts)} of {len(counts)} bugs have 3 or fewer')
    return 0


if __name__ == '__main__':
    sys.exit(main())
