#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the catalogue of seeded bugs and repro/ agree. Each bug of `swaprace bugs` has
a program of its name, which names it and expects one of the titles that
core/base/seeded_bug.def gives; and there is no program of a bug that doesn't exist.

Usage: test_catalogue.py SWAPRACE
"""
import glob
import os
import re
import subprocess
import sys

DEFINITION = re.compile(r'SEEDED_BUG\((\w+),\s*"([^"]+)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",'
                        r'\s*((?:"(?:[^"\\]|\\.)*"\s*)+),', re.S)


def titles_by_bug():
    with open('core/base/seeded_bug.def') as f:
        text = f.read()
    return {m.group(2): ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', m.group(6))).split('|')
            for m in DEFINITION.finditer(text)}


def main():
    listed = subprocess.run([sys.argv[1], 'bugs'], stdout=subprocess.PIPE, text=True, check=True)
    bugs = [line.split()[0] for line in listed.stdout.splitlines()[1:]]
    titles, errors = titles_by_bug(), []
    programs = {os.path.basename(p)[:-5]: p for p in glob.glob('repro/*.prog')}
    for bug in bugs:
        if bug not in programs:
            errors.append(f'{bug}: no repro/{bug}.prog')
            continue
        with open(programs[bug]) as f:
            text = f.read()
        named = re.findall(r'^bug:\s*(\S+)$', text, re.M)
        expected = re.findall(r'^expect:\s*(?:\[[^\]]+\]\s*)?(.+)$', text, re.M)
        if named != [bug]:
            errors.append(f'{programs[bug]}: names {named}')
        if not expected:
            errors.append(f'{programs[bug]}: expects nothing')
        for title in expected:
            if title not in titles.get(bug, []):
                errors.append(f'{programs[bug]}: expects "{title}", the catalogue has '
                              f'{titles.get(bug)}')
        if not text.startswith('# '):
            errors.append(f'{programs[bug]}: no opening comment')
    errors += [f'{p}: no seeded bug of that name' for b, p in programs.items() if b not in bugs]
    for error in errors:
        print(error)
    print(f'{len(bugs)} seeded bugs, {len(programs)} programs, {len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
