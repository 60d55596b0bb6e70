#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: `swaprace search` loses nothing: a finding never replaces an earlier one, SIGTERM
and SIGINT end it in an orderly way with what was found, a night without --seed is
a new one and says which; and `matrix` leaves no process behind.
Method: each is done once, with a bug that is found at once.

Usage: test_search.py SWAPRACE
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

swaprace = os.path.abspath(sys.argv[1])
failures = []
BUG = '--bug=fork-skips-mmlist'


def check(name, holds, why=''):
    print(f'{"ok    " if holds else "FAILED"} {name}{"" if holds else f": {why}"}')
    if not holds:
        failures.append(name)


def run(*arguments):
    got = subprocess.run([swaprace, *arguments], capture_output=True, text=True, timeout=300)
    return got.returncode, got.stdout


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def check_out():
    for n in range(3):
        status, out = run('search', BUG, '--seed=7', '--out=found')
        check(f'finding {n + 1}: status', status == 1, out)
    names = sorted(os.listdir('found'))
    check('three findings, three files', len(names) == 3, names)
    check('numbered', any(n.endswith('-2.prog') for n in names) and
          any(n.endswith('-3.prog') for n in names), names)
    check('each replays', run('run', '--check', '--quiet', *[f'found/{n}' for n in names])[0] == 0)


def check_two_bugs():
    """What is found with two bugs on replays with both, and is minimised with both."""
    status, out = run('search', '--bug=swapin-no-device-ref,fork-skips-mmlist', '--seed=1', '--out=two')
    check('two bugs: found', status == 1, out)
    found = [f'two/{n}' for n in os.listdir('two')]
    check('two bugs: the text has both', found and re.search(
        r'^bug: +fork-skips-mmlist,swapin-no-device-ref$|^bug: +swapin-no-device-ref,fork-skips-mmlist$',
        open(found[0]).read(), re.M), found)
    status, out = run('run', '--check', '--quiet', *found)
    check('two bugs: it replays', status == 0, out)
    status, out = run('minimize', found[0], '-o', 'smallest.prog')
    check('two bugs: it is minimised', status == 0, out)
    status, out = run('run', '--check', 'smallest.prog')
    check('two bugs: the smallest replays', status == 0 and 'fork-skips-mmlist' in out and
          'swapin-no-device-ref' in out, out)


def check_signal(sig):
    with open('log', 'w') as log:
        p = subprocess.Popen([swaprace, 'search', '--keep-going', BUG, '--seed=1', '--time=600'],
                             stdout=log)
    check(f'{sig.name}: titles come as they are found',
          wait_for(lambda: 'report: ' in open('log').read()))
    p.send_signal(sig)
    status = p.wait(60)
    text = open('log').read()
    check(f'{sig.name}: status of findings', status == 1, status)
    check(f'{sig.name}: the sums', re.search(r'^ +\d+ x .* \(first after', text, re.M) and
          'ended by a signal: found after' in text, text[-500:])
    p = subprocess.Popen([swaprace, 'search', '--seed=1', '--time=600'], stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    p.send_signal(sig)
    out, _ = p.communicate(timeout=60)
    check(f'{sig.name}: nothing found', p.returncode == 0 and 'ended by a signal: nothing' in out, out)


def check_seed():
    seeds = set()
    for _ in range(2):
        status, out = run('search', '--schedules=3')
        seeds.add(re.search(r'^seed: (\d+)$', out, re.M).group(1))
        check('a search without a seed', status == 0, out)
    check('is a new one', len(seeds) == 2, seeds)
    check('with a seed it is not printed', 'seed: ' not in run('search', '--schedules=3', '--seed=4')[1])


def children(pid):
    with open(f'/proc/{pid}/task/{pid}/children') as f:
        return f.read().split()


def check_matrix():
    p = subprocess.Popen([swaprace, 'matrix', '--bugs=ksm-stale-head', '--jobs=2', '--time=600'],
                         stdout=subprocess.DEVNULL)
    if not wait_for(lambda: len(children(p.pid)) == 2):
        check('matrix: two trials', False)
    trials = children(p.pid)
    p.kill()
    p.wait(60)
    check('matrix: no trial is left', wait_for(lambda: not any(os.path.exists(f'/proc/{t}') and
          'Z' not in open(f'/proc/{t}/stat').read().split()[2] for t in trials), 20), trials)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_out()
        check_two_bugs()
        check_signal(signal.SIGTERM)
        check_signal(signal.SIGINT)
        check_seed()
        check_matrix()
        os.chdir('/')
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
