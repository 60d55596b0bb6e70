#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes the built targets in rotation and groups what they find by title.

Usage: scripts/fuzz.sh [options]     (sets up and builds first)

  --time=SECONDS|forever  how long (default 60)
  --jobs=N                processes at once (default: all cores)
  --slice=SECONDS         one target's turn (default: time/6, 5 to 300)
  --targets=a,b           e.g. mm,swapoff (default: all but the canary)
  --builds=a,b            of asan, tsan, release (default: all three)
  --bug=ID                with a seeded bug on (swaprace bugs lists them)
  --work=DIR              corpora, findings, state (default: work)

Corpora lie in WORK/corpus/TARGET, findings in WORK/findings/TITLE/ with the
program as text, the report, the input's bytes and the command that replays it.
Exit status: 0 nothing found, 1 findings, 2 bad usage or a missing build.
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TARGETS = ['mm', 'swap', 'swapoff', 'ksm', 'hibernate', 'reclaim', 'codec']
BUILDS = ['asan', 'tsan', 'release']
INPUT_MAX = 4096


def fail(text):
    print(f'fuzz: {text}', file=sys.stderr)
    sys.exit(2)


def parse_arguments(argv):
    options = {'time': '60', 'jobs': str(os.cpu_count() or 1), 'slice': '', 'bug': '',
               'targets': ','.join(TARGETS), 'builds': ','.join(BUILDS), 'work': 'work'}
    for arg in argv:
        if arg in ('-h', '--help'):
            print(__doc__.strip())
            sys.exit(0)
        match = re.fullmatch(r'--([a-z]+)=(.+)', arg)
        if not match or match.group(1) not in options:
            fail(f"unknown option '{arg}' (see --help)")
        options[match.group(1)] = match.group(2)
    for key in ('jobs', 'slice'):
        if options[key] and not re.fullmatch(r'[1-9][0-9]*', options[key]):
            fail(f"--{key}={options[key]}: a number of 1 or more is wanted")
    if options['time'] != 'forever' and not re.fullmatch(r'[1-9][0-9]*', options['time']):
        fail(f"--time={options['time']}: seconds or 'forever' are wanted")
    for target in options['targets'].split(','):
        if target not in TARGETS + ['canary']:
            fail(f"no target '{target}'; there are {' '.join(TARGETS)} canary")
    for build in options['builds'].split(','):
        if build not in BUILDS:
            fail(f"no build '{build}'; there are {' '.join(BUILDS)}")
    return options


def write_atomically(path, data):
    """Writes bytes or text to a temporary file beside path, then renames."""
    mode = 'wb' if isinstance(data, bytes) else 'w'
    fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or '.')
    try:
        with os.fdopen(fd, mode) as f:
            f.write(data)
        os.replace(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        fail(f'cannot write {path}: {error.strerror}; nothing was lost, free some room')


def slug(title):
    return re.sub(r'[^A-Za-z0-9._-]+', '-', title).strip('-')[:100] or 'untitled'


class Turn:
    """One run of one target in one build."""

    def __init__(self, build, target, seconds, work, bug):
        self.build, self.target, self.seconds = build, target, seconds
        self.work, self.bug = work, bug
        self.corpus = os.path.join(work, 'corpus', target)
        self.artifacts = tempfile.mkdtemp(prefix=f'swaprace-{target}-')
        self.log = os.path.join(self.artifacts, 'log')
        self.deadline = time.monotonic() + seconds
        self.runs = 0
        self.coverage = 0
        self.process = None
        os.makedirs(self.corpus, exist_ok=True)

    def start(self):
        left = max(1, int(self.deadline - time.monotonic()))
        seeds = f'build/{self.build}/corpus/{self.target}'
        command = [f'build/{self.build}/{self.target}_fuzzer', f'-max_total_time={left}',
                   f'-artifact_prefix={self.artifacts}/', '-print_final_stats=1',
                   f'-max_len={INPUT_MAX}', '-timeout=20', '-rss_limit_mb=2048',
                   '-reload=0', self.corpus]
        if os.path.isdir(seeds):
            command.append(seeds)
        env = dict(os.environ)
        if self.bug:
            env['SWAPRACE_BUG'] = self.bug
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=env,
                                            start_new_session=True)

    def read_log(self):
        with open(self.log, errors='replace') as f:
            text = f.read()
        runs = re.findall(r'number_of_executed_units:\s*(\d+)', text)
        if len(runs) == 0:
            runs = re.findall(r'^#(\d+)\t', text, re.M)[-1:]
        self.runs = sum(int(r) for r in runs)
        covered = re.findall(r'cov: (\d+)', text)
        self.coverage = int(covered[-1]) if covered else 0
        return text

    def found(self):
        return sorted(p for p in glob.glob(os.path.join(self.artifacts, '*'))
                      if os.path.basename(p).split('-')[0] in ('crash', 'timeout', 'oom', 'leak'))

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def title_of(build, artifact, bug, log_text):
    """The title that the command gives this input, and its whole output."""
    kind = os.path.basename(artifact).split('-')[0]
    command = [f'build/{build}/swaprace', 'run', artifact]
    if bug:
        command.append(f'--bug={bug}')
    output = ''
    if os.path.exists(command[0]):
        try:
            run = subprocess.run(command, capture_output=True, text=True, errors='replace',
                                 timeout=120)
            output = run.stdout + run.stderr
        except subprocess.TimeoutExpired:
            output = 'timeout\n'
    match = re.search(r'report: (.+)', output) or re.search(r'^report: (.+)', log_text, re.M)
    if not match:
        match = re.search(r'SUMMARY: (.+)', log_text)
    title = match.group(1).strip() if match else f'{kind} without a report'
    return title, output or log_text[-20000:], command


def keep_finding(turn, artifact, log_text):
    """Files one artifact under its title; returns (title, folder, new)."""
    title, output, command = title_of(turn.build, artifact, turn.bug, log_text)
    folder = os.path.join(turn.work, 'findings', slug(title))
    new = not os.path.isdir(folder)
    os.makedirs(folder, exist_ok=True)
    if new:
        with open(artifact, 'rb') as f:
            write_atomically(os.path.join(folder, 'input'), f.read())
        command[2] = os.path.join(folder, 'input')
        write_atomically(os.path.join(folder, 'command'), ' '.join(command) + '\n')
        write_atomically(os.path.join(folder, 'report.txt'), output)
        show = subprocess.run([f'build/{turn.build}/swaprace', 'show', artifact],
                              capture_output=True, text=True, errors='replace')
        if show.returncode == 0:
            write_atomically(os.path.join(folder, 'program.prog'), show.stdout)
    count_path = os.path.join(folder, 'count')
    count = int(open(count_path).read()) if os.path.exists(count_path) else 0
    write_atomically(count_path, f'{count + 1}\n')
    return title, folder, new


def rotation(options, state_path):
    """The endless list of (build, target), going on where the last call stopped."""
    pairs = [(b, t) for t in options['targets'].split(',')
             for b in options['builds'].split(',')]
    state = {}
    if os.path.exists(state_path):
        try:
            with open(state_path) as f:
                state = json.load(f)
        except (OSError, ValueError):
            print(f'fuzz: {state_path} is damaged, the rotation starts anew')
    at = int(state.get('next', 0)) % len(pairs)
    while True:
        yield pairs[at]
        at = (at + 1) % len(pairs)
        write_atomically(state_path, json.dumps({'next': at}) + '\n')


def print_summary(totals, findings, work, elapsed):
    print(f'\n{"target":<12}{"build":<10}{"runs":>12}{"runs/s":>10}{"coverage":>10}')
    for (target, build), (runs, seconds, coverage) in sorted(totals.items()):
        rate = runs / seconds if seconds else 0
        print(f'{target:<12}{build:<10}{runs:>12}{rate:>10.0f}{coverage:>10}')
    runs = sum(t[0] for t in totals.values())
    print(f'{runs} runs in {elapsed:.0f} s')
    if findings:
        print(f'\n{len(findings)} finding(s):')
        for title, (folder, count) in sorted(findings.items()):
            print(f'  {title}\n    {count} time(s); {folder}/  replay: $(cat {folder}/command)')
    else:
        print('nothing found')
    print(f'corpora: {work}/corpus  findings: {work}/findings')


def finish_turn(turn, totals, findings):
    """Accounts for an ended process; returns True if the turn shall go on."""
    text = turn.read_log()
    artifacts = turn.found()
    for artifact in artifacts:
        title, folder, new = keep_finding(turn, artifact, text)
        os.unlink(artifact)
        count = findings.get(title, (folder, 0))[1] + 1
        findings[title] = (folder, count)
        if new:
            print(f'NEW {title}\n    {folder}/', flush=True)
    if not artifacts and turn.process.returncode not in (0, None, -signal.SIGTERM):
        print(f'fuzz: {turn.target} ({turn.build}) ended with status '
              f'{turn.process.returncode} and left no input; its log ends:\n'
              + '\n'.join(text.splitlines()[-5:]))
    elif artifacts and time.monotonic() + 2 < turn.deadline:
        return True
    seconds = turn.seconds
    runs, before, coverage = totals.get((turn.target, turn.build), (0, 0, 0))
    totals[(turn.target, turn.build)] = (runs + turn.runs, before + seconds,
                                         max(coverage, turn.coverage))
    shutil.rmtree(turn.artifacts, ignore_errors=True)
    return False


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    options = parse_arguments(sys.argv[1:])
    work, jobs = options['work'], int(options['jobs'])
    limit = None if options['time'] == 'forever' else int(options['time'])
    slice_seconds = int(options['slice'] or max(5, min(300, (limit or 1800) // 6)))
    for build in options['builds'].split(','):
        for target in options['targets'].split(','):
            if not os.path.exists(f'build/{build}/{target}_fuzzer'):
                fail(f'build/{build}/{target}_fuzzer is missing; scripts/fuzz.sh builds it')
    os.makedirs(os.path.join(work, 'findings'), exist_ok=True)
    pairs = rotation(options, os.path.join(work, 'state.json'))
    start, totals, findings, running = time.monotonic(), {}, {}, []
    print(f'fuzzing for {options["time"]} s, {jobs} at once, {slice_seconds} s a turn', flush=True)
    try:
        while running or limit is None or time.monotonic() - start < limit:
            left = None if limit is None else limit - (time.monotonic() - start)
            while len(running) < jobs and (left is None or left >= 2):
                build, target = next(pairs)
                seconds = slice_seconds if left is None else min(slice_seconds, int(left))
                turn = Turn(build, target, seconds, work, options['bug'])
                turn.start()
                running.append(turn)
            time.sleep(0.2)
            for turn in list(running):
                if turn.process.poll() is None:
                    if time.monotonic() > turn.deadline + 20:
                        turn.stop()
                    continue
                if finish_turn(turn, totals, findings):
                    turn.start()
                else:
                    running.remove(turn)
    except KeyboardInterrupt:
        print('\nfuzz: stopped')
        for turn in running:
            turn.stop()
            finish_turn(turn, totals, findings)
    print_summary(totals, findings, work, time.monotonic() - start)
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
