#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a minimised program has no unmet edge, and gives the same title, or the same
counter, in 100 of 100 runs. Method: the programs of repro/, without their schedules
where a search finds another one, are minimised and run with --check.

Usage: test_minimize.py SWAPRACE [--all | PROGRAM...]   (default: a sample; --all: all of repro/)
"""
import glob
import os
import subprocess
import sys
import tempfile

swaprace = os.path.abspath(sys.argv[1])
SAMPLE = ['swapcache-bypass', 'swapoff-no-wait-for-allocation', 'unmap-dup-after-publish',
          'table-alloc-foreign-cluster', 'wp-no-drain', 'swapin-drain-always', 'ksm-dirty-lost',
          'relocate-populating']
failures = []


def run(*arguments):
    got = subprocess.run([swaprace, *arguments], capture_output=True, text=True, errors='replace',
                         timeout=600)
    return got.returncode, got.stdout + got.stderr


def search(program):
    """A program that a search over schedules found, with the schedule of the finding."""
    os.makedirs('found', exist_ok=True)
    for name in os.listdir('found'):
        os.unlink(os.path.join('found', name))
    run('search', program, '--seed=1', '--schedules=400', '--out=found')
    found = glob.glob('found/*.prog')
    return found[0] if found else None


def minimised(program, name, how):
    status, out = run('minimize', program, '--time=60', '-o', 'small.prog')
    if status != 0:
        failures.append(name)
        print(f'FAILED {name} ({how}): minimize ends in {status}: {out.strip()[-300:]}')
        return
    status, checked = run('run', '--check', '--quiet', '--schedules=100', 'small.prog')
    size = next((l for l in out.splitlines() if ' -> ' in l), '')
    if status != 0 or '(100 of 100)' not in checked or 'not met' in checked:
        failures.append(name)
        print(f'FAILED {name} ({how}): {checked.strip()[-500:]}')
    else:
        print(f'ok     {name} ({how}): {size}')


def main():
    wanted = sys.argv[2:] or [f'repro/{name}.prog' for name in SAMPLE]
    if wanted == ['--all']:
        wanted = sorted(glob.glob('repro/*.prog'))
    programs = [os.path.abspath(p) for p in wanted]
    tried = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for program in programs:
            name = os.path.basename(program)
            if ': clean (' in run('run', '--check', '--quiet', program)[1] and \
                    'expect:  counter' not in open(program).read():
                print(f'       {name}: its report is another build\'s')
                continue
            tried += 1
            minimised(program, name, 'as it is')
            found = search(program)
            if found:
                minimised(found, name, 'as a search found it')
        os.chdir('/')
    print(f'{tried} programs, {len(failures)} failures')
    return 1 if failures or not tried else 0


if __name__ == '__main__':
    sys.exit(main())
