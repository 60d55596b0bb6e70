#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel tree's own code as a world, through the command as people use it.

Goal: it is deterministic, equal in all builds, and finds what was planted.
Method: a fixed list of programs runs twice in each build of the tree that is there: no
report, and one hash for all of these runs, also over random schedules. A search finds
nothing but what core/tree/known.txt and repro/findings have (in the tsan build races too: none
but those that races.def judges), and says what ran. Where the tree TREE-edits is
built, a search of an edit's program finds the edit, and what it recorded is replayed and
minimised.
Usage: test_tree.py SWAPRACE TREE
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILDS = ('release', 'asan', 'tsan')
PROGRAMS = [f'corpus/{name}.prog' for name in '''
codec/tasks ksm/merge-then-reclaim ksm/unmerge ksm/write-while-merging migrate/compact
migrate/fork-and-zap migrate/huge migrate/swap-cache mm/anon-fault mm/device-full
mm/fork-cow mm/ksm-and-swapoff mm/same-page-faults reclaim/direct reclaim/kswapd reclaim/shared
reclaim/second-chance swap/async-round-trip swap/io-errors swap/readahead swap/slot-reuse
swap/sync-round-trip swap/two-devices swapoff/against-fault swapoff/against-fork-and-exit
swapoff/against-zap swapoff/no-memory swapoff/signal swapoff/type-reused-smaller'''.split()]
SCHEDULES = 4
# Edits of repro/tree that a search of their program finds within some hundred schedules.
PLANTED = ('fault-large-no-recheck', 'free-swap-in-use', 'rmap-walk-no-range',
           'unuse-no-recheck')
# What a search may find in an unmodified tree.
KNOWN = os.path.join(ROOT, 'repro', 'findings', 'known.txt')

failed = 0


def check(good, what):
    global failed
    if not good:
        failed += 1
        print('test_tree: ' + what)


def run(binary, *words):
    return subprocess.run([binary, *words], cwd=ROOT, capture_output=True, text=True, timeout=300,
                          check=False)


def hashes_of(binary, *words):
    """{program: (title, hash of the last run, hash over all)}."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out.json')
        done = run(binary, 'run', *PROGRAMS, '--bug=none', '--quiet', '--json=' + out, *words)
        check(done.returncode in (0, 1), f'{binary} run: {done.stderr[-300:]}')
        with open(out, encoding='utf-8') as f:
            return {row['file']: (row['title'], row['hash'], row['hashes']) for row in json.load(f)}


def identity_of(binary):
    """Of what it was made: tree, configuration, shim. Others may have other hashes."""
    with open(os.path.join(os.path.dirname(binary), 'identity'), encoding='utf-8') as f:
        return f.read().strip()


def check_hashes(binaries):
    """Each build, twice, gives what the first run of the first build gave."""
    random = ('--policy=random', '--seed=5', f'--schedules={SCHEDULES}')
    for words in ((), random):
        first = None
        for build, binary in binaries.items():
            for turn in (1, 2):
                got = hashes_of(binary, *words)
                first = first or got
                check(len(got) == len(PROGRAMS), f'{build}: {len(got)} programs ran')
                for name, (title, *_) in got.items():
                    check(not title, f'{build}: {name}: {title}')
                    check(got[name] == first.get(name),
                          f'{build}, run {turn}: {name} has another hash than in '
                          f'{next(iter(binaries))}: {got[name]} {first.get(name)}')


def check_search(build, binary, schedules):
    done = run(binary, 'search', f'--schedules={schedules}', '--seed=11', '--keep-going',
               f'--known={KNOWN}')
    check(done.returncode == 0, f'{build}: search ended with {done.returncode}: {done.stdout[-300:]}')


def check_fuzzers(folder):
    """The tree's libFuzzer targets run, see the edges of its code, and are chosen by name."""
    done = run(os.path.join(folder, 'mm_fuzzer'), '-runs=3000', '-seed=1', '-max_len=4096',
               '-print_final_stats=1')
    covered = [int(n) for n in re.findall(r' cov: (\d+) ', done.stderr)]
    check(done.returncode == 0 and covered and covered[-1] > 2000,
          f'mm_fuzzer ended with {done.returncode}: {done.stderr[-300:]}')
    for name in ('swapoff_fuzzer', 'ksm_fuzzer'):
        done = subprocess.run([os.path.join(folder, name), '-runs=0'], capture_output=True, text=True,
                              timeout=60, check=False, env=dict(os.environ, SWAPRACE_BUG='wp-no-recheck'))
        check(done.returncode == 2 and done.stderr.startswith(name + ': SWAPRACE_BUG='),
              f'{name} does not refuse a bug of the model: {done.returncode} {done.stderr[-200:]}')


def check_coverage(tree, binary):
    """A search says what ran: faults and swap-ins did, and nothing that no op leads to."""
    with tempfile.TemporaryDirectory() as folder:
        edges = os.path.join(folder, 'edges')
        run(binary, 'search', '--schedules=200', '--seed=3', '--edges=' + edges)
        done = run(sys.argv[1], 'tree', 'coverage', tree, edges)
        rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()[1:]}
        check(int(rows.get('mm/memory.c', '- 0 0 0'.split())[1]) > 20,
              f'coverage: {done.stdout[:200]}{done.stderr}')
        check('do_swap_page' not in rows.get('mm/memory.c', ['do_swap_page']),
              'coverage: no search swaps in')
        check('generic_swapfile_activate' in rows.get('mm/page_io.c', []),
              'coverage: a swap file was switched on, and there is none')


def planted_bugs(tree):
    """[(binary, world, program)] of the edits in PLANTED, if the tree NAME-edits is built,
    which has each of them under a switch."""
    name = f'{tree}-edits'
    binary = os.path.join(ROOT, 'work/trees', name, 'release/swaprace')
    if not os.path.exists(binary):
        return []
    return [(binary, f'tree:{name}+{edit}', os.path.join(ROOT, 'repro/tree', edit + '.prog'))
            for edit in PLANTED]


def check_planted(binary, world, program):
    """search records edges that run meets, and minimize keeps the title."""
    with open(program, encoding='utf-8') as f:
        expected = re.search(r'^expect: *(?:\[.*?\] *)?(.*)$', f.read(), re.M).group(1)
    with tempfile.TemporaryDirectory() as folder:
        option = '--world=' + world
        done = run(binary, 'search', program, option, '--time=20', '--out=' + folder)
        kept = glob.glob(os.path.join(folder, '*.prog'))
        check(done.returncode == 1 and len(kept) == 1, f'{program}: search found nothing')
        if len(kept) != 1:
            return
        done = run(binary, 'run', kept[0], option)
        check(expected in done.stdout, f'{program}: the recorded program does not replay')
        small = os.path.join(folder, 'small')
        run(binary, 'minimize', kept[0], option, '-o', small, '--time=10')
        done = run(binary, 'run', small, option)
        check(expected in done.stdout, f'{program}: the minimised program does not replay')


def main():
    tree = sys.argv[2]
    binaries = {}
    for build in BUILDS:
        path = os.path.join(ROOT, 'work/trees', tree, build, 'swaprace')
        if os.path.exists(path):
            binaries[build] = path
    if not binaries:
        print(f'test_tree: skipped: the tree {tree} is not built (scripts/tree.py build {tree})')
        return 77
    newest = identity_of(max(binaries.values(), key=os.path.getmtime))
    stale = [build for build in binaries if identity_of(binaries[build]) != newest]
    for build in stale:
        print(f'test_tree: {build} is older than the rest and was left out')
        del binaries[build]
    check_hashes(binaries)
    for build, binary in binaries.items():
        check_search(build, binary, 1000 if build == 'tsan' else 2000)
    # The command goes on in the tree's own executable.
    if 'release' in binaries:
        done = run(sys.argv[1], f'--world=tree:{tree}', 'run', PROGRAMS[0], '--bug=none', '--quiet')
        check(done.returncode == 0, f'--world=tree:{tree}: {done.stdout}{done.stderr}')
        check_coverage(tree, binaries['release'])
        if os.path.exists(os.path.join(os.path.dirname(binaries['release']), 'fuzzer')):
            check_fuzzers(os.path.dirname(binaries['release']))
    planted = planted_bugs(tree)
    for binary, world, program in planted:
        check_planted(binary, world, program)
    for binary, *_ in planted[:1]:
        done = run(binary, 'run', f'--world=tree:{tree}-edits+none-such', PROGRAMS[0])
        check(done.returncode == 2 and "no edit 'none-such'" in done.stderr,
              f'an edit that is not there: {done.returncode} {done.stderr}')
    print(f'test_tree: {len(binaries)} builds, {len(PROGRAMS)} programs, '
          f'{len(planted)} planted bugs, {failed} failures')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
