#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a minimised program has no unmet edge, and gives the same title, or the same
counter, in 100 of 100 runs; it is the same with any number of processes, and none of
them is left behind. Method: the programs of repro/, without their schedules where a
search finds another one, are minimised and run with --check.

Usage: test_minimize.py SWAPRACE [--all | PROGRAM...]   (default: a sample; --all: all of repro/)
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

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


def same_with_more_processes(program, name):
    """The same program and the same number of runs."""
    outs = []
    for jobs in 1, 2, 5:
        status, out = run('minimize', program, '--time=60', '-o', 'jobs.prog', f'--jobs={jobs}')
        with open('jobs.prog') as f:
            outs.append((status, re.sub(r' in [0-9.]+ s', '', out), f.read()))
    if outs[1] != outs[0] or outs[2] != outs[0]:
        failures.append(name)
        print(f'FAILED {name}: differs with the number of processes: {outs}')
    else:
        print(f'ok     {name}: 1, 2 and 5 processes')


def runs(pid):
    try:
        return os.readlink(f'/proc/{pid}/exe') == swaprace
    except OSError:  # it has ended, perhaps just now
        return False


def no_process_is_left(program):
    p = subprocess.Popen([swaprace, 'minimize', program, '--jobs=3', '-o', 'killed.prog'],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = f'/proc/{p.pid}/task/{p.pid}/children'
    end, workers = time.monotonic() + 60, []
    while not workers and p.poll() is None and time.monotonic() < end:
        with open(path) as f:
            workers = f.read().split()
    p.kill()
    p.wait(60)
    end = time.monotonic() + 5
    while any(runs(w) for w in workers) and time.monotonic() < end:
        time.sleep(0.05)
    if not workers or time.monotonic() >= end:
        failures.append('killed')
        print(f'FAILED a killed one: processes {workers}')
    else:
        print('ok     a killed one leaves no process')


def main():
    wanted = sys.argv[2:] or [f'repro/{name}.prog' for name in SAMPLE]
    if wanted == ['--all']:
        wanted = sorted(glob.glob('repro/*.prog'))
    programs = [os.path.abspath(p) for p in wanted]
    tried, found = 0, None
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
                same_with_more_processes(found, name)
        no_process_is_left(found or programs[-1])
        os.chdir('/')
    print(f'{tried} programs, {len(failures)} failures')
    return 1 if failures or not tried else 0


if __name__ == '__main__':
    sys.exit(main())
