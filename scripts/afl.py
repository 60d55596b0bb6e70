#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""AFL++ beside libFuzzer: how long each takes to find seeded bugs, from the same seeds, one
core each, one after the other. What AFL++ found is replayed by the libFuzzer target and by
`swaprace run`, and must give the same title there, and none without the bug.

Usage: scripts/afl.py [--build=build/release] [--bugs=BUG:TARGET,...] [--time=SECONDS]
                      [--trials=N] [--seed=N]
Builds the AFL++ targets (fuzz/README.md) if they are not there.
Exit status: 0 AFL++ found all and all replays, 1 not so, 2 bad usage, 3 no AFL++.
"""
import argparse
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUGS = ('hib-recursive-lock:hibernate,ksm-copy-swap-count:ksm,unmap-dup-after-publish:swap,'
        'fork-keeps-swp-exclusive:swap,swapin-no-device-ref:swapoff')
# afl-fuzz on a machine that was not set up for it. Mutation of programs, not of bytes; a
# run repeats itself, so that few are needed to know its map.
AFL = {'AFL_NO_UI': '1', 'AFL_NO_AFFINITY': '1', 'AFL_SKIP_CPUFREQ': '1',
       'AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES': '1', 'AFL_CUSTOM_MUTATOR_ONLY': '1',
       'AFL_DISABLE_TRIM': '1', 'AFL_FAST_CAL': '1'}
EXTRA = 60  # seconds that a fuzzer may take to start and to end


def run(command, environment=None, timeout=None):
    """Output and status; None for the status of a command that had to be ended."""
    with subprocess.Popen(command, env=dict(os.environ, **environment or {}), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace') as child:
        try:
            return child.communicate(timeout=timeout)[0], child.returncode
        except subprocess.TimeoutExpired:
            child.kill()
            return child.communicate()[0], None


def build_targets(build):
    """Why they cannot be built, or None."""
    if not shutil.which('afl-fuzz'):
        return 'afl-fuzz is not installed (Debian: apt-get install afl++)'
    out, status = run(['cmake', '--build', build, '--target', 'afl'])
    if status and 'unknown target' in out:  # configured before AFL++ was installed
        run(['cmake', build])
        out, status = run(['cmake', '--build', build, '--target', 'afl'])
    return None if status == 0 else f'cmake --build {build} --target afl:\n{out[-3000:]}'


def titles_of(out):
    return re.findall(r'^(?:.*: )?report: (.+)$', out, re.M)


def clean_seeds(build, target, bug, folder):
    """The seeds that do not report under the bug by themselves."""
    os.makedirs(folder)
    for path in glob.glob(f'{build}/corpus/{target}/*.bin'):
        if run([f'{build}/swaprace', 'run', f'--bug={bug}', path])[1] == 0:
            shutil.copy(path, folder)


def stats_of(out):
    """afl-fuzz's fuzzer_stats as a dict."""
    with open(f'{out}/default/fuzzer_stats') as f:
        return {key.strip(): value.strip() for key, _, value in (line.partition(':') for line in f)}


def fuzz_afl(build, target, bug, seeds, out, seconds, seed):
    """Seconds, runs, the first crash or None; afl-fuzz's own words when it did not run."""
    environment = dict(AFL, AFL_BENCH_UNTIL_CRASH='1',
                       AFL_CUSTOM_MUTATOR_LIBRARY=f'{build}/afl/{target}_mutator.so')
    if bug != 'none':
        environment['SWAPRACE_BUG'] = bug
    began = time.monotonic()
    text, _ = run(['afl-fuzz', '-i', seeds, '-o', out, '-V', str(seconds), '-s', str(seed), '-m', 'none',
                   '-t', '10000', '--', f'{build}/afl/{target}_fuzzer'], environment, seconds + EXTRA)
    took = time.monotonic() - began
    if not os.path.exists(f'{out}/default/fuzzer_stats'):
        raise RuntimeError(f'afl-fuzz did not start:\n{text[-3000:]}')
    crashes = sorted(glob.glob(f'{out}/default/crashes/id*'))
    return took, int(stats_of(out)['execs_done']), crashes[0] if crashes else None


def fuzz_libfuzzer(build, target, bug, seeds, out, seconds, seed):
    """Seconds, runs, the crash or None."""
    os.makedirs(f'{out}/corpus')
    began = time.monotonic()
    text, _ = run([f'{build}/{target}_fuzzer', f'-seed={seed}', f'-max_total_time={seconds}',
                   '-max_len=4096', '-print_final_stats=1', f'-artifact_prefix={out}/', f'{out}/corpus',
                   seeds], {'SWAPRACE_BUG': bug}, seconds + EXTRA)
    took = time.monotonic() - began
    runs = re.search(r'^stat::number_of_executed_units: (\d+)', text, re.M)
    crashes = glob.glob(f'{out}/crash-*')
    return took, int(runs.group(1)) if runs else 0, crashes[0] if crashes else None


def replay(build, target, bug, path):
    """The title that both give, and none without the bug; else an error in words."""
    by_target = titles_of(run([f'{build}/{target}_fuzzer', path], {'SWAPRACE_BUG': bug})[0])
    by_run = titles_of(run([f'{build}/swaprace', 'run', f'--bug={bug}', path])[0])
    without = run([f'{build}/swaprace', 'run', '--bug=none', path])
    if len(by_target) != 1 or by_target != by_run:
        return None, f'{target}_fuzzer gives {by_target}, swaprace run {by_run}'
    if without[1] != 0:
        return None, f'reports without the bug: {titles_of(without[0])}'
    return by_target[0], None


def one_bug(options, bug, target, folder):
    """A line of the table; false if AFL++ did not find it or its input does not replay."""
    seeds = f'{folder}/seeds'
    clean_seeds(options.build, target, bug, seeds)
    afl, other, titles = [], [], set()
    for trial in range(options.trials):
        seed = options.seed + trial
        took, runs, crash = fuzz_afl(options.build, target, bug, seeds, f'{folder}/afl{trial}',
                                     options.time, seed)
        if crash:
            title, why = replay(options.build, target, bug, crash)
            if why:
                print(f'{bug}: {crash} does not replay: {why}')
                return False
            titles.add(title)
            afl.append((took, runs))
        took, runs, crash = fuzz_libfuzzer(options.build, target, bug, seeds,
                                           f'{folder}/libfuzzer{trial}', options.time, seed)
        if crash:
            other.append((took, runs))
    columns = [f'{bug:<26} {target:<10}']
    for found in (afl, other):
        median = [statistics.median(value[i] for value in found) if found else 0 for i in (0, 1)]
        columns.append(f'{len(found)}/{options.trials} {median[0]:8.1f} {median[1]:8.0f}  ')
    print(' '.join(columns), ' | '.join(sorted(titles)), flush=True)
    return len(afl) == options.trials


def main():
    parser = argparse.ArgumentParser(description='see the head of this file')
    parser.add_argument('--build', default=f'{SOURCE}/build/release', type=os.path.abspath)
    parser.add_argument('--bugs', default=BUGS)
    parser.add_argument('--time', default=120, type=int)
    parser.add_argument('--trials', default=3, type=int)
    parser.add_argument('--seed', default=1, type=int)
    options = parser.parse_args()
    pairs = [pair.split(':') for pair in options.bugs.split(',')]
    if options.time < 1 or options.trials < 1 or any(len(pair) != 2 for pair in pairs):
        parser.error('--time and --trials are positive; --bugs=BUG:TARGET,...')
    for bug, target in pairs:
        if not os.path.exists(f'{options.build}/corpus/{target}'):
            parser.error(f'{bug}:{target}: no target of that name')
    why = build_targets(options.build)
    if why:
        print(f'afl.py: {why}', file=sys.stderr)
        return 3
    print(f'{"bug":<26} {"target":<10} AFL++  seconds     runs   libFuzzer s     runs   title', flush=True)
    with tempfile.TemporaryDirectory() as folder:
        good = [one_bug(options, bug, target, f'{folder}/{bug}') for bug, target in pairs]
    print(f'medians of what was found within {options.time} s; AFL++: {sum(good)} of {len(good)} in all '
          'trials, each input replayed')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
