#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: an order edge or choice that is not met is said, under every policy, with the
nearest name, and fails `run --check`; one that is met is silent. Method: one program
and many schedules for it, each with what must be said.

Usage: test_run_edges.py SWAPRACE
"""
import os
import subprocess
import sys
import tempfile

swaprace = os.path.abspath(sys.argv[1])
failures = []

PROGRAM = '''machine: dev0=sync,8
{policy}task A cpu=0 mm=1
  1  mmap r0 1
  2  write r0 0x11
  3  madv_pageout r0 1
  4  read r0
task B cpu=1 mm=2
  1  mmap r0 1
  2  write r0 0x22
schedule
  {line}
'''
FAULT = 'pte_offset_map_lock@do_anonymous_page'


def check(name, holds, why=''):
    print(f'{"ok    " if holds else "FAILED"} {name}{"" if holds else ": " + why}')
    if not holds:
        failures.append(name)


def run(line, *options, policy=''):
    with open('p.prog', 'w') as f:
        f.write(PROGRAM.format(line=line, policy=policy))
    got = subprocess.run([swaprace, 'run', *options, 'p.prog'], capture_output=True, text=True,
                         timeout=100)
    return got.returncode, got.stdout


def unmet(name, line, says, **more):
    """Said with and without --check, and a failure with it."""
    status, out = run(line, '--check', **more)
    check(f'{name}: fails', status == 1, f'status {status}: {out}')
    check(f'{name}: is said', says in out and 'FAILED' in out, out)
    status, out = run(line, **more)
    check(f'{name}: is said without --check', status == 0 and says in out, f'status {status}: {out}')
    status, out = run(line, '--check', '--edges=may', **more)
    check(f'{name}: --edges=may', status == 0 and says in out, f'status {status}: {out}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for policy in '', 'policy: random seed=3\n', 'policy: pct seed=3\n':
            named = f' ({policy.split()[1]})' if policy else ''
            status, out = run(f'A4 after B2 {FAULT}#1', '--check', policy=policy)
            check(f'met{named}', status == 0 and 'not met' not in out and 'order edge' not in out, out)
            unmet(f'no such site, later{named}', 'A4 pte_offset_map_lock@do_swap_pag#1 after B2',
                  "no site 'pte_offset_map_lock@do_swap_pag'; did you mean "
                  "'pte_offset_map_lock@do_swap_page'?", policy=policy)
            unmet(f'no such site, earlier{named}', 'A4 after B2 pte_offset_map_lok@do_anonymous_page#1',
                  f"did you mean '{FAULT}'?", policy=policy)
            unmet(f'no such site, nothing near{named}', 'A4 after B2 x@y#1', "no site 'x@y'",
                  policy=policy)
            unmet(f'no such hash{named}', 'A4 after B2 0xdeadbeef#1', 'no site with the hash 0xdeadbeef',
                  policy=policy)
            unmet(f'too few, later{named}', f'B2 {FAULT}#9 after A1',
                  f'B2 {FAULT}#9 did not come, 4 such events did', policy=policy)
            unmet(f'too few, earlier{named}', f'A4 after B2 {FAULT}#9',
                  f'B2 {FAULT}#9 did not come, 4 such events did', policy=policy)
            unmet(f'other object, later{named}', f'B2 {FAULT}(pt mm1.0)#1 after A1',
                  f'B2 {FAULT}(pt mm1.0)#1 did not come', policy=policy)
            unmet(f'other op, earlier{named}', f'A4 after B1 {FAULT}#1',
                  f'B1 {FAULT}#1 did not come', policy=policy)
            unmet(f'no such interrupt{named}', 'A4 after irq0.9', 'irq0.9 had not come', policy=policy)
            unmet(f'choice that does not come{named}', 'B1 vma_alloc_folio@folio_prealloc#1 = 0',
                  'choice 1 of 1, "B1 vma_alloc_folio@folio_prealloc#1 = 0": ', policy=policy)
        unmet('a circle', 'A1 after B1\n  B1 after A1', 'all that could run was held by edges')
        status, out = run(f'A4 after B2 {FAULT}#9', '--check', '--policy=random', '--schedules=5')
        check('how often, and the first seed', 'not met in 5 of 5 schedules (first: --seed=0)' in out, out)
        os.chdir('/')
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
