#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: whatever happens to the service, it loses nothing and leaves nothing behind.
Method: it runs with a shallow seeded bug on, and is ended by SIGKILL, SIGTERM and SIGHUP at
random; its children are killed; a second one is started beside it; its database is
overwritten; its disk fills and empties (as root: a tmpfs); a build beside has targets
that do not start. The targets write each input that they keep to a log elsewhere
(SWAPRACE_RECORD_LOG): in the end each must be filed, under the title that the log says.

Usage: torture.py BUILD_FOLDER [--seconds=25] [--every=5] [--seed=N] [--disk=96]   (MB)
"""
import argparse
import glob
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import bench
from service import lock, titles

BUG = 'wp-no-recheck'
BALLAST_MB = 8
NO_START = '#!/bin/sh\necho "cannot map memory" >&2\nexit 5\n'
OPTIONS = ['--builds=release,asan', f'--bug={BUG}', '--jobs=2', '--slice=4', f'--ballast={BALLAST_MB}']


class Torture:
    def __init__(self, build, seed, disk):
        broken = {os.path.basename(path): NO_START for path in glob.glob(f'{build}/*_fuzzer')}
        self.root = bench.Root(builds={'release': build}, scripts={'asan': {**broken, 'swaprace': NO_START}})
        self.random = random.Random(seed)
        self.log = os.path.join(self.root.outside, '..', 'log')
        self.failures, self.counts, self.runs_before = [], {}, 0
        os.mkdir(self.root.work)
        self.is_small = os.geteuid() == 0 and subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', f'size={disk}m', 'swaprace', self.root.work],
            stderr=subprocess.DEVNULL).returncode == 0

    def check(self, condition, what):
        if not condition:
            self.failures.append(what)
            print(f'FAILED: {what}', flush=True)

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def start(self, *options):
        return self.root.start(*OPTIONS, *options, SWAPRACE_RECORD_LOG=self.log)

    # ---- what happens to it ----

    def wait_for_fuzzing(self, service):
        """It has the folder (a second one could be faster) and a process that fuzzes."""
        def is_ready():
            owner = lock.owner_of(os.path.join(self.root.work, 'lock'))
            return owner == service.pid and glob.glob(f'{self.root.work}/run/*/log')

        bench.wait_until(lambda: service.poll() is not None or is_ready(), 20)
        time.sleep(self.random.uniform(0.0, 2.0))

    def is_lost(self, service, output):
        self.check(False, f'the service ended by itself, status {service.returncode}:\n{output[-2000:]}')

    def end(self, service, number):
        if service.poll() is not None:
            self.is_lost(service, service.communicate()[0])
            return
        service.send_signal(number)
        try:
            output = service.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            service.kill()
            self.check(False, f'signal {number} does not end it:\n{service.communicate()[0][-2000:]}')
            return
        name = signal.Signals(number).name
        self.count(name)
        if number != signal.SIGKILL:
            self.check(service.returncode in (0, 1), f'{name}: status {service.returncode}:\n{output[-2000:]}')
            self.check('runs in' in output and 'findings: ' in output, f'{name}: no summary:\n{output[-2000:]}')
        gone = bench.wait_until(lambda: not bench.processes_with(self.root.path), 20)
        self.check(gone, f'{name} left {bench.processes_with(self.root.path)}')

    def second(self, service):
        status, out, err = self.root.run(*OPTIONS, '--time=1')
        if service.poll() is None:
            self.count('second instance')
            self.check(status == 3 and out == '' and len(err.splitlines()) == 1 and 'is in use by' in err,
                       f'a second instance: status {status}: {out}{err}')

    def kill_a_child(self, service):
        children = [pid for pid in bench.processes_with(self.root.path) if pid != service.pid]
        if children:
            self.count('killed child')
            try:
                os.kill(self.random.choice(children), signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.5)

    def fill(self, service):
        if not self.is_small:
            return
        path = os.path.join(self.root.work, 'filler')
        try:
            with open(path, 'wb') as f:
                while True:
                    f.write(b'x' * (1 << 18))
                    f.flush()
        except OSError:
            pass
        self.count('full disk')
        time.sleep(self.random.uniform(1.0, 4.0))
        self.check(service.poll() is None, 'a full disk ends the service')
        os.unlink(path)
        time.sleep(self.random.uniform(0.0, 3.0))

    def damage(self):
        path = os.path.join(self.root.work, 'state.db')
        if not os.path.exists(path):
            return
        with open(path, 'r+b') as f:
            f.seek(self.random.choice([0, 100, 4096]))
            f.write(bytes(self.random.randrange(256) for _ in range(6000)))
        self.count('damaged database')

    # ---- what must hold ----

    def numbers(self):
        """(runs in all, {filed hash: titles of its findings})"""
        database = sqlite3.connect(f'{self.root.work}/state.db')
        runs = database.execute('SELECT sum(runs) FROM total').fetchone()[0] or 0
        filed = {}
        for digest, title in database.execute('SELECT hash, title FROM artifact JOIN finding USING (slug)'):
            filed.setdefault(digest, set()).add(title)
        database.close()
        return runs, filed

    def check_files(self):
        logged = {}
        if os.path.exists(self.log):
            logged = dict(line.split(' ', 1) for line in open(self.log).read().splitlines())
        runs, filed = self.numbers()
        missing = set(logged) - set(filed)
        self.check(not missing, f'{len(missing)} of {len(logged)} inputs are not filed: {sorted(missing)[:5]}')
        wrong = {h: (logged[h], filed[h]) for h in set(logged) & set(filed)
                 if not any(titles.same(logged[h], title) for title in filed[h])}
        self.check(not wrong, f'{len(wrong)} inputs are filed under another title: {sorted(wrong.items())[:3]}')
        self.check(logged, 'nothing was found at all: this test tests nothing')
        self.check(not os.listdir(f'{self.root.work}/run'), f'run/: {os.listdir(f"{self.root.work}/run")}')
        self.check(not os.listdir(f'{self.root.work}/tmp'), f'tmp/: {os.listdir(f"{self.root.work}/tmp")}')
        self.check(not os.listdir(self.root.outside), f'outside: {os.listdir(self.root.outside)}')
        for folder in glob.glob(f'{self.root.work}/findings/*'):
            for name in ('finding.json', 'input', 'report.txt'):
                path = os.path.join(folder, name)
                self.check(os.path.exists(path) and os.path.getsize(path), f'{path} is missing or empty')
        return len(logged), runs, len(glob.glob(f'{self.root.work}/findings/*'))

    def round(self, ends):
        """ends: when the service is ended, if it still runs."""
        service = self.start('--time=forever')
        self.wait_for_fuzzing(service)
        for step in self.random.sample([self.second, self.kill_a_child, self.fill], 2):
            if service.poll() is None:
                step(service)
        try:
            service.wait(max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        self.end(service, self.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP]))
        if self.random.random() < 0.25:
            self.damage()

    def run(self, seconds, every):
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.failures) < 5:
            self.round(min(time.monotonic() + every, end))
        status, out, err = self.root.run(*OPTIONS, '--time=2', '--no-triage', timeout=300)
        self.check(status in (0, 1), f'the last run: status {status}: {out[-1500:]}{err}')
        logged, runs, findings = self.check_files()
        done = ', '.join(f'{count} {what}' for what, count in sorted(self.counts.items()))
        print(f'{done}; {logged} inputs kept by the targets, all filed under {findings} titles; '
              f'{runs} runs' + ('' if self.is_small else '; no small disk (not root)'))

    def close(self):
        for pid in bench.processes_with(self.root.path):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.is_small:
            subprocess.run(['umount', '-l', self.root.work])
        self.root.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--seconds', type=float, default=25)
    parser.add_argument('--every', type=float, default=5)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--disk', type=int, default=96)
    arguments = parser.parse_args()
    torture = Torture(arguments.build, arguments.seed, arguments.disk)
    try:
        torture.run(arguments.seconds, arguments.every)
    finally:
        torture.close()
    return 1 if torture.failures else 0


if __name__ == '__main__':
    sys.exit(main())
