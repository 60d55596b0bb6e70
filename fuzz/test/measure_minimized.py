#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: what the minimiser makes of a finding is as small as what a person writes, and repeats
everywhere. Method: each seeded bug is searched for from nothing, in the first build that finds
it, and what was found is minimised; the ops and order edges that are left stand beside those
of the program in repro/. Then it runs 100 times in each build. A bug that no search
reports (a counter is no report) has its own program minimised.

Usage: measure_minimized.py [--time=30] [--bugs=A,B] SWAPRACE...
Exit status: 0 all repeat 100 of 100, without an unmet edge, where "expect:" applies; 1 not.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile


def run(*command):
    got = subprocess.run(command, capture_output=True, text=True, errors='replace', timeout=900,
                         check=False)
    return got.returncode, got.stdout + got.stderr


def size_of(path):
    """(ops, edges) of a program's text."""
    with open(path, encoding='utf-8') as f:
        before, _, schedule = re.sub(r'#.*', '', f.read()).partition('\nschedule')
    return (len(re.findall(r'^ +\d+ +[a-z]', before, re.M)),
            len(re.findall(r'^.*\bafter\b', schedule, re.M)))


def found_by(builds, bug, seconds):
    """(build, program) of the first that finds it."""
    for build in builds:
        with tempfile.TemporaryDirectory() as out:
            run(build, 'search', f'--bug={bug}', '--seed=1', f'--time={seconds}', '--jobs=1', f'--out={out}')
            for path in glob.glob(f'{out}/*.prog'):
                with open(path, encoding='utf-8') as f:
                    text = f.read()
                with open('found.prog', 'w', encoding='utf-8') as f:
                    f.write(text)
                return build, 'found.prog'
    return None, None


def good_runs(build):
    """"100", or what went wrong; "" where the program's expect: is not about this build, "own"
    where a sanitizer sees the same earlier, under a title of its own."""
    status, out = run(build, 'run', '--check', '--quiet', '--schedules=100', 'small.prog')
    if status == 77 or re.search(r': ok: .*: clean \(100 of 100\)', out) and 'expect:  counter' not in \
            open('small.prog', encoding='utf-8').read():
        return ''
    match = re.search(r'\((\d+) of 100\)', out)
    if status == 0 and match and 'not met' not in out:
        return match.group(1)
    if match and re.search(r'(Sanitizer|data-race|use-after|overflow)[^;]*; not met: ', out):
        return 'own'
    return f'{match.group(1) if match else 0}!'


def measure(builds, bug, by_hand, seconds):
    """Prints the bug's line; True if all is well."""
    build, program = found_by(builds, bug, seconds)
    how = 'found' if build else 'by hand'
    build, program = build or builds[0], program or by_hand
    status, out = run(build, 'minimize', program, '--time=60', '--jobs=1', '-o', 'small.prog')
    took = re.search(r'in ([0-9.]+) s', out)
    if status != 0 or not took:
        print(f'{bug:<28} {how:<8} minimize ends in {status}: {out.strip()[-200:]}', flush=True)
        return False
    ops, edges = size_of('small.prog')
    hand_ops, hand_edges = size_of(by_hand)
    goods = [good_runs(b) for b in builds]
    print(f'{bug:<28} {how:<8}{ops:>4}{edges:>7}{took.group(1):>7}{hand_ops:>9}{hand_edges:>7}  '
          + ' '.join(f'{good:>8}' for good in goods), flush=True)
    return all(good in ('', 'own', '100') for good in goods) and '100' in goods


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('builds', nargs='+')
    parser.add_argument('--time', type=int, default=30)
    parser.add_argument('--bugs', default='')
    given = parser.parse_args()
    builds = [os.path.abspath(b) for b in given.builds]
    programs = {}
    for path in sorted(glob.glob('repro/*.prog')):
        with open(path, encoding='utf-8') as f:
            match = re.search(r'^bug: *(\S+)', f.read(), re.M)
        if match:
            programs.setdefault(match.group(1), os.path.abspath(path))
    bugs = given.bugs.split(',') if given.bugs else list(programs)
    print(f'{"":<37}minimised{"":>9}by hand{"":>9}good of 100')
    print(f'{"bug":<28} {"how":<8}{"ops":>4}{"edges":>7}{"s":>7}{"ops":>9}{"edges":>7}  '
          + ' '.join(f'{os.path.basename(os.path.dirname(b)):>8}' for b in builds))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for bug in bugs:
            wrong += not measure(builds, bug, programs[bug], given.time)
        os.chdir('/')
    print(f'{len(bugs)} bugs, {wrong} are not 100 of 100 where they should be')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
