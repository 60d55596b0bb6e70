#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: with SWAPRACE_RECORD a target goes on after a report and loses none: it counts
all, keeps inputs under the hash of their content, each with its text, and each gives its
title again by `swaprace run`; without, the same input aborts. A folder that is not there
is status 3. Method: a target with a shallow seeded bug on, whose corpus has the bug's program.

Usage: test_record.py MM_FUZZER SWAPRACE
"""
import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile

BUG = 'wp-no-recheck'
RUNS = 1000
fuzzer, swaprace = map(os.path.abspath, sys.argv[1:3])
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)


def run(command, **environment):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', env=dict(os.environ, SWAPRACE_BUG=BUG, **environment))


def check_inputs(folder, log):
    kept = [p for p in glob.glob(f'{folder}/report-*') if not p.endswith('.txt')]
    check(kept, 'no input was kept')
    logged = dict(line.split(' ', 1) for line in open(log).read().splitlines())
    check(len(logged) == len(kept), f'{len(kept)} inputs are kept, {len(logged)} are in the log')
    for path in kept:
        with open(path, 'rb') as f:
            digest = hashlib.sha1(f.read()).hexdigest()
        check(path.endswith(digest), f'{path} has the hash {digest}')
        title, _, text = open(path + '.txt').read().partition('\n')
        check(title == logged.get(digest), f'{path}: {title}, the log says {logged.get(digest)}')
        check('---- program' in text, f'{path}.txt is without its program')
    again = run([swaprace, 'run', f'--bug={BUG}', kept[0]])
    check(f'report: {open(kept[0] + ".txt").readline().strip()}\n' in again.stdout,
          f'{kept[0]} does not give its title again:\n{again.stdout[:400]}')
    alone = run([fuzzer, kept[0]])
    check(alone.returncode not in (0, 3) and 'Assertion' in alone.stdout,
          f'without SWAPRACE_RECORD the target ended with status {alone.returncode}')
    return {open(path + '.txt').readline().strip() for path in kept}


def main():
    with tempfile.TemporaryDirectory() as top:
        folder, log = f'{top}/record', f'{top}/log'
        os.mkdir(folder)
        os.mkdir(f'{top}/corpus')
        run([swaprace, 'encode', f'repro/{BUG}.prog', '-o', f'{top}/corpus/{BUG}'])
        got = run([fuzzer, '-seed=1', f'-runs={RUNS}', '-max_len=4096', f'-artifact_prefix={top}/', f'{top}/corpus'],
                  SWAPRACE_RECORD=folder, SWAPRACE_RECORD_LOG=log)
        check(got.returncode == 0, f'status {got.returncode}:\n{got.stdout[-2000:]}')
        check(f'Done {RUNS} runs' in got.stdout, 'it did not go on to its last run')
        titles = dict(re.fullmatch(r' *(\d+) (.+)', line).groups()[::-1]
                      for line in open(f'{folder}/titles').read().splitlines())
        kept = check_inputs(folder, log)
        check(set(titles) == kept, f'titles counted: {titles}; kept: {kept}')
        check(sum(map(int, titles.values())) >= len(glob.glob(f'{folder}/report-*.txt')),
              f'fewer were counted than kept: {titles}')
        check(not glob.glob(f'{top}/crash-*') and not glob.glob(f'{folder}/.*'), 'something is left over')
        none = run([fuzzer, '-runs=1'], SWAPRACE_RECORD=f'{top}/none')
        check(none.returncode == 3 and 'No such file' in none.stdout, f'no folder: {none.stdout}')
    for failure in failures:
        print(failure)
    print(f'{sum(map(int, titles.values()))} reports in {RUNS} runs, {len(titles)} titles')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
