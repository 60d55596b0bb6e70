# SPDX-License-Identifier: GPL-2.0-or-later
"""One process of a target, and what its log says."""
import json
import os
import re
import time

from service import child, files

INPUT_MAX = 4096
READ_GRACES = 15
KILLED = 128 + 9


def numbers_in(log):
    """runs, coverage, features and corpus size by the last words of libFuzzer's log."""
    final = re.findall(r'number_of_executed_units:\s*(\d+)', log)
    lines = re.findall(r'^#(\d+)\t', log, re.M)
    runs = int(final[-1]) if final else int(lines[-1]) if lines else 0

    def last(pattern):
        found = re.findall(pattern, log)
        return int(found[-1]) if found else 0

    return {'runs': runs, 'coverage': last(r' cov: (\d+)'), 'features': last(r' ft: (\d+)'),
            'corpus': last(r' corp: (\d+)')}


def make_folder(work, target, build, bug, revision, end):
    """run/ID/ with its meta.json: what is in it can be filed from now on. Returns the ID."""
    name = f'{int(time.time() * 1000):x}-{os.getpid():x}-{end}'
    folder = os.path.join(work, 'run', name)
    os.makedirs(os.path.join(folder, 'tmp'))
    files.write_whole(os.path.join(folder, 'meta.json'), json.dumps({
        'target': target, 'build': build, 'bug': bug, 'revision': revision,
        'started': time.time()}) + '\n')
    return name


def environment(bug, folder):
    """A target's: it records its reports in folder, where its temporary files go, too. The
    titles come from the target's own symbols, so neither the sanitizers nor libFuzzer
    (-print_funcs=0) start a symbolizer, which would take more memory than the target."""
    return child.environment(
        SWAPRACE_BUG=bug or None, SWAPRACE_RECORD=folder, TMPDIR=os.path.join(folder, 'tmp'),
        TSAN_OPTIONS='symbolize=0', ASAN_OPTIONS='symbolize=0')


class Process:
    """A target that fuzzes for some seconds, in run/ID/ of the work folder."""

    def __init__(self, work, builds, target, build, seconds, options, serial):
        self.work, self.target, self.build, self.seconds = work, target, build, seconds
        self.grace, bug = options['grace'], options['bug']
        self.id = make_folder(work, target, build, bug, builds.revision, serial)
        self.folder = os.path.join(work, 'run', self.id)
        self.corpus = os.path.join(work, 'corpus', target)
        self.started, self.hung, self.asked = time.monotonic(), False, False
        os.makedirs(self.corpus, exist_ok=True)
        folder = os.path.abspath(self.folder)
        command = [builds.target(build, target), f'-max_total_time={seconds}',
                   f'-artifact_prefix={folder}/', '-print_final_stats=1', f'-max_len={INPUT_MAX}',
                   '-timeout=20', '-rss_limit_mb=2048', '-reload=0', '-print_funcs=0', os.path.abspath(self.corpus)]
        seeds = builds.seeds(build, target)
        if os.path.isdir(seeds):
            command.append(seeds)
        env = environment(bug, folder)
        self.child = child.Child(command, os.path.join(self.folder, 'log'), env=env,
                                 cwd=folder, nice=5)

    def age(self):
        return time.monotonic() - self.started

    def poll(self):
        """None while it runs. One that hangs is ended here: it did not make a run in its time and
        the grace, or it reads its corpus for READ_GRACES times as long. (One that hangs in an
        input is libFuzzer's: -timeout.)"""
        status = self.child.poll()
        over = self.age() - self.seconds
        if status is None and not self.asked and over > self.grace:
            if over > READ_GRACES * self.grace or not numbers_in(self.child.output())['runs']:
                self.hung = self.asked = True
                self.child.ask_to_stop()
        return status

    def ask_to_stop(self):
        self.asked = True
        self.child.ask_to_stop()

    def was_killed(self, result):
        """Not by us: for its memory, or by somebody."""
        return result['status'] == KILLED and not self.asked

    def result(self):
        """What filing needs. To be called after its end."""
        return result_of(self.folder, self.child.poll(), self.age())

    def trouble(self, result):
        """Why this process did no work, in one line; None if it did."""
        if result['runs'] > 0 and not self.hung:
            return None
        if self.was_killed(result):
            return f'{self.target} ({self.build}) was killed before its first run'
        if self.hung and result['runs'] > 0:
            return f'{self.target} ({self.build}) did not end in its time, after {result["runs"]} runs'
        if self.asked and not self.hung:
            return None
        last = [line for line in result['log'].splitlines() if line.strip()][-1:] or ['no output']
        what = 'hangs at its start' if self.hung else f'ended with status {result["status"]} before its first run'
        return f'{self.target} ({self.build}) {what}: {last[0].strip()[:200]}'


def result_of(folder, status, seconds):
    log = child.read_log(os.path.join(folder, 'log'))
    ended_by_itself = status in (0, None, 72, 128 + 15, KILLED)
    return dict(numbers_in(log), log=log, status=-1 if status is None else status,
                seconds=round(seconds, 1), died=0 if ended_by_itself else 1)


def leftover_result(folder):
    """For a folder that a killed service has left: its time is that between its files."""
    try:
        started = os.path.getmtime(os.path.join(folder, 'meta.json'))
        seconds = max(0.0, os.path.getmtime(os.path.join(folder, 'log')) - started)
    except OSError:
        seconds = 0.0
    return result_of(folder, None, seconds)
