#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: `swaprace search` loses nothing: a finding never replaces an earlier one, SIGTERM
and SIGINT end it in an orderly way with what was found, a night without --seed is
a new one and says which; a seed gives the same with any number of processes; what is
known does not end it; and neither it nor `matrix` leaves a process behind.
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
source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
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


def without_times(out):
    return re.sub(r'in [0-9.]+ s \(\d+ a second\)', '', out)


def check_jobs():
    """The same seed and budget: the same titles, schedules and programs, however many processes."""
    for name, arguments in (('to the first', [BUG, '--seed=5']),
                            ('--keep-going', [BUG, '--seed=5', '--keep-going', '--schedules=1001']),
                            ('two bugs', [BUG + ',wp-no-recheck', '--seed=6', '--keep-going',
                                          '--schedules=500']),
                            ('one file', ['two.prog', '--seed=7', '--schedules=300']),
                            ('--schedules=1', ['--seed=8', '--schedules=1']),
                            ('nothing found', ['--seed=9', '--schedules=750'])):
        outs = {}
        for jobs in (1, 2, 3, 8):
            folder = f'jobs-{jobs}-{name}'.replace(' ', '-')
            status, out = run('search', *arguments, f'--jobs={jobs}', f'--out={folder}')
            files = [open(f'{folder}/{n}').read() for n in sorted(os.listdir(folder))]
            outs[jobs] = status, without_times(out).replace(folder, 'DIR'), files
        for jobs in (2, 3, 8):
            check(f'{jobs} processes, {name}', outs[jobs] == outs[1], (outs[jobs], outs[1]))
    check('something was found', outs[1][0] == 0 and os.listdir('jobs-8---keep-going'))
    for option in '--rss', '--backend=native':
        got = subprocess.run([swaprace, 'search', option, '--jobs=2'], capture_output=True, text=True)
        check(f'{option} is one process', got.returncode == 2 and got.stderr.count('\n') == 1, got.stderr)


def check_coverage():
    """What the processes have covered is added up: no op is missing."""
    ran = {}
    for jobs in (1, 3):
        status, out = run('search', '--seed=1', '--schedules=1000', '--coverage', f'--jobs={jobs}')
        ran[jobs] = {m[0]: int(m[1]) for m in re.findall(r'^(\w+) +(\d+) +\d+$', out, re.M)}
        check(f'--coverage, {jobs} processes', status == 0 and len(ran[jobs]) > 10, out[-2000:])
    few = [op for op, n in ran[1].items() if ran[3].get(op, 0) < n]
    check('--coverage: as much as in one process', not few, (few, ran))


def check_known():
    title = 'invariant: mm with swap entries is not on mmlist'
    entries = {'known': (f'title:  {title}\nreason: a test\n', 0),
               'any-rest': ('title: invariant: mm*\nreason: a test\nuntil: 2999-01-01\n', 0),
               'expired': (f'title: {title}\nreason: a test\nuntil: 2020-01-01\n', 1),
               'another-stack': (f'title: {title}\nreason: a test\nstack: no_such_function\n', 1),
               'this-object': (f'title: {title}\nreason: a test\nobject: mm\n', 0),
               'another-object': (f'title: {title}\nreason: a test\nobject: no such thing\n', 1),
               'another': ('# nothing\n\ntitle: another\nreason: x\n', 1)}
    for name, (text, wanted) in entries.items():
        with open(f'{name}.txt', 'w') as f:
            f.write(text)
        status, out = run('search', BUG, '--seed=5', '--schedules=600', f'--known={name}.txt')
        check(f'known: {name}', status == wanted and ('(known; first after' in out) == (not wanted), out)
    with open('both.txt', 'w') as f:
        f.write(entries['another'][0] + '\n' + entries['known'][0])
    status, out = run('search', BUG + ',hib-extent-off-by-one', '--seed=5', '--known=both.txt')
    check('another one behind a known one', status == 1 and f'x {title} (known' in out and
          'report: leak: swap slot in use' in out, out)
    for text, why in (('title: x\n', r'^bad.txt:1: an entry without "reason:"$'),
                      ('title: x\nreason: y\nuntil: soon\n', r'^bad.txt:3: "soon" is no date'),
                      ('\nnonsense\n', r'^bad.txt:2: "nonsense": wanted one of title:')):
        with open('bad.txt', 'w') as f:
            f.write(text)
        got = subprocess.run([swaprace, 'search', '--known=bad.txt', '--schedules=1'],
                             capture_output=True, text=True)
        check(f'known: {why}', got.returncode == 2 and re.search(why, got.stderr) and
              got.stderr.count('\n') == 1, got.stderr)


# A title of today, and names that it had: see core/base/title_alias.def.
RENAMED = 'leak: kmalloc of swap_extend_table_alloc at teardown'
OLD = ('leak: kmalloc-32 of swap_extend_table_alloc at teardown', 'leak: kmalloc-16 in use at teardown')
LEAK = '''bug:     extend-no-recheck
expect:  {title}
machine: cpus=2 count_bits=2 dev0=sync,8
task A cpu=0 mm=1
  1  mmap r0+0 1
  2  write r0+0 0x11
  3  madv_pageout r0+0 1
  4  fork mm2
  5  fork mm4
task B cpu=1 mm=2
  1  fork mm3
schedule
  A5 spin_lock@swap_extend_table_alloc(cluster dev0.0)#1 after B1 rcu_dereference@swap_entry_swapped(cluster dev0.0)#1
  B1 spin_lock@swap_dup_entries_cluster(cluster dev0.0)#1 after A5
'''


def check_old_titles():
    for title, wanted in [(t, 0) for t in (RENAMED, *OLD)] + [(OLD[0].replace('extend', 'other'), 1)]:
        with open('leak.prog', 'w') as f:
            f.write(LEAK.format(title=title))
        status, out = run('run', '--check', 'leak.prog')
        check(f'expect: {title}', status == wanted, out)
    for title in OLD:
        status, out = run('minimize', 'leak.prog', f'--title={title}', '-o', 'renamed.prog')
        check(f'minimize --title="{title}" says what it is called now', status == 0 and
              f'report: {RENAMED}' in out, out)
        with open('old.txt', 'w') as f:
            f.write(f'title: {title}\nreason: a test\n')
        status, out = run('search', 'leak.prog', '--bug=extend-no-recheck', '--policy=pos', '--seed=5',
                          '--schedules=5000', '--keep-going', '--known=old.txt')
        check(f'known: {title}', f'x {RENAMED} (known; ' in out, out)


def is_gone(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rpartition(')')[2].split()[0] == 'Z'
    except OSError:
        return True


def check_orphans():
    for sig in signal.SIGKILL, signal.SIGTERM, signal.SIGINT:
        p = subprocess.Popen([swaprace, 'search', '--jobs=3', '--seed=1', '--time=600'],
                             stdout=subprocess.PIPE, text=True)
        check(f'{sig.name}: three processes', wait_for(lambda: len(children(p.pid)) == 3))
        workers = children(p.pid)
        time.sleep(0.5)
        p.send_signal(sig)
        out, _ = p.communicate(timeout=60)
        check(f'{sig.name}: the end', p.returncode == -9 if sig == signal.SIGKILL else
              p.returncode == 0 and 'ended by a signal: nothing found after' in out, (p.returncode, out))
        check(f'{sig.name}: no process is left',
              wait_for(lambda: all(is_gone(w) for w in workers), 5), workers)
    # as from a terminal: the signal comes to all of the group
    p = subprocess.Popen([swaprace, 'search', '--jobs=3', '--seed=1', '--time=600'],
                         stdout=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: len(children(p.pid)) == 3)
    time.sleep(0.5)
    os.killpg(p.pid, signal.SIGINT)
    out, _ = p.communicate(timeout=60)
    check('SIGINT to the group', p.returncode == 0 and 'ended by a signal' in out, (p.returncode, out))
    # one of them is taken away
    p = subprocess.Popen([swaprace, 'search', '--jobs=3', '--seed=1', '--time=600'],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(children(p.pid)) == 3)
    workers = children(p.pid)
    os.kill(int(workers[1]), signal.SIGKILL)
    _, err = p.communicate(timeout=60)
    check('a process is killed: status 3, one line', p.returncode == 3 and err.count('\n') == 1 and
          'ended by signal 9' in err, (p.returncode, err))
    check('... and the others end', wait_for(lambda: all(is_gone(w) for w in workers), 5), workers)


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
    check('matrix: no trial is left', wait_for(lambda: all(is_gone(t) for t in trials), 20), trials)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_out()
        check_two_bugs()
        check_signal(signal.SIGTERM)
        check_signal(signal.SIGINT)
        check_seed()
        with open('two.prog', 'w') as f:
            f.write(open(f'{source}/corpus/swap/sync-round-trip.prog').read())
        check_jobs()
        check_coverage()
        check_known()
        check_old_titles()
        check_orphans()
        check_matrix()
        os.chdir('/')
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
