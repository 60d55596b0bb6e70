#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One program, one trace: on a kernel tree, with all that is hard to keep equal.

Goal: the same program and seed give the same trace hash, title and length in each build of a
tree, and twice in each.
Method: N generated programs that have KSM's ops and a swap device, all with large folios and
with asynchronous devices, each under a few policies; half of the seeds fail choices. Where a
sanitizer itself reported something, which ends the run in its build alone, the program is
counted and not compared; more than one in fifty is a failure.
Usage: test_tree_hashes.py TREE [N]   (default: 100)
Exit status: 0 all equal, 1 a difference, 77 the tree is not built.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILDS = ('release', 'asan', 'tsan')
TURNS = 2
POLICIES = (('--policy=replay',), ('--policy=random', '--seed=3'),
            ('--policy=delay', '--seed=9'))
KSM_OPS = re.compile(r'^ +\d+ +(ksm_scan|ksm_unmerge|madv_mergeable|mmap .*mergeable)', re.M)
# Titles that one build alone can give.
SANITIZER_TITLES = ('data-race in ', 'use-after-poison in ', 'heap-', 'stack-', 'global-')
FIELDS = ('title', 'titles', 'points', 'hash', 'hashes')
MAX_FILES = 500  # of one command


def with_large_folios_and_async(text):
    """The program with thp=1 and asynchronous devices; None: it has no device, or no KSM."""
    machine = re.search(r'^machine:.*$', text, re.M)
    if not machine or not KSM_OPS.search(text) or ' dev' not in machine[0]:
        return None
    line = re.sub(r' thp=\d', '', machine[0])
    line = re.sub(r'(dev\d=)(sync|async)\b', r'\1async', line)
    line = re.sub(r'(dev\d=)(?!async)', r'\1async,', line)
    return text.replace(machine[0], line.replace(' dev', ' thp=1 dev', 1))


def generate(binary, folder, count):
    """Paths of COUNT programs, the first that suit."""
    paths, seed, step = [], 1, 500
    while len(paths) < count:
        done = subprocess.run([binary, 'show', f'--programs={step}', f'--seed={seed}'],
                              capture_output=True, text=True, check=True)
        for text in done.stdout.split('# seed ')[1:]:
            number, _, program = text.partition('\n')
            program = with_large_folios_and_async(program)
            if program and len(paths) < count:
                paths.append(os.path.join(folder, f'seed-{number}.prog'))
                with open(paths[-1], 'w', encoding='utf-8') as f:
                    f.write(program)
        seed += step
    return paths


def run(binary, paths, policy):
    """{(program, policy): result}."""
    rows, out = [], os.path.join(os.path.dirname(paths[0]), 'out.json')
    for start in range(0, len(paths), MAX_FILES):
        done = subprocess.run([binary, 'run', '--quiet', '--json=' + out, *policy,
                               *paths[start:start + MAX_FILES]], cwd=ROOT, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f'{binary} run: {done.returncode}: {done.stderr[-300:]}')
        with open(out, encoding='utf-8') as f:
            rows += json.load(f)
    assert len(rows) == len(paths) and all('hash' in row for row in rows), 'a program was skipped'
    return {(os.path.basename(row['file']), policy[0]): row for row in rows}


def by_sanitizer(row):
    return any(title.startswith(SANITIZER_TITLES) for title in row['titles'])


def built(tree):
    """{build: executable} of those that were made of what the newest one was made of."""
    found = {}
    for build in BUILDS:
        folder = os.path.join(ROOT, 'work/trees', tree, build)
        if os.path.exists(os.path.join(folder, 'identity')):
            with open(os.path.join(folder, 'identity'), encoding='utf-8') as f:
                found[build] = (os.path.join(folder, 'swaprace'), f.read())
    newest = max(found.values(), key=lambda b: os.path.getmtime(b[0]))[1] if found else ''
    for build in [build for build in found if found[build][1] != newest]:
        print(f'test_tree_hashes: {build} is older than the rest and was left out')
        del found[build]
    return {build: binary for build, (binary, _) in found.items()}


def main():
    tree, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    binaries = built(tree)
    if not binaries:
        print(f'test_tree_hashes: skipped: the tree {tree} is not built')
        return 77
    differences, alone, first = [], {}, {}
    with tempfile.TemporaryDirectory() as programs:
        paths = generate(next(iter(binaries.values())), programs, count)
        for build, binary in binaries.items():
            for turn in range(TURNS):
                for policy in POLICIES:
                    for key, row in run(binary, paths, policy).items():
                        base = first.setdefault(key, row)
                        if by_sanitizer(row) or by_sanitizer(base):
                            alone[key] = f'{build}: {row["title"] or base["title"]}'
                        elif any(row[field] != base[field] for field in FIELDS):
                            differences.append(f'{build}, run {turn + 1}: {key[0]} {key[1]}: '
                                               f'{[row[f] for f in FIELDS]}, in the first '
                                               f'{[base[f] for f in FIELDS]}')
    for line in differences[:20]:
        print('test_tree_hashes: ' + line)
    for (name, policy), what in sorted(alone.items()):
        print(f'test_tree_hashes: not compared: {name} {policy}: {what}')
    print(f'test_tree_hashes: {count} programs, {len(POLICIES)} policies, {len(binaries)} builds '
          f'({", ".join(binaries)}), {TURNS} times each: {len(first)} results, '
          f'{len(alone)} ended by a sanitizer, {len(differences)} differences')
    return 1 if differences or len(alone) * 50 > len(first) else 0


if __name__ == '__main__':
    sys.exit(main())
