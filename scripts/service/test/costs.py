#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: what a shallow bug that nobody has mended costs the service that goes on fuzzing.
Method: three services by turns on one core, each with a work folder of its own: without a bug, with
it, and with it once all its titles are known. Turns are short and go round, so that what
else the machine does falls on all three alike.

Usage: costs.py BUILD_FOLDER [--seconds=600] [--round=60] [--bug=wp-no-recheck] [--core=N]

SECONDS are those of each service; nothing may be built in BUILD_FOLDER meanwhile. Printed beside
their aims: runs a second with the bug, coverage with the bug at the end, runs a second with known
titles; each as a share of that without the bug. A second is one of the clock, and, as a check on a
busy machine, one of CPU time of all that the service started. Exit status: 0 all aims are met, 1
one is not.
"""
import argparse
import glob
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time

import bench

AIM_BUG, AIM_COVERAGE, AIM_KNOWN = 0.5, 0.9, 0.9
START_MAX = 60


class Service:
    """One of the three: its folder, and what it has done so far."""

    def __init__(self, name, build, options):
        self.name, self.options = name, options
        self.root = bench.Root(builds={'release': build})
        self.clock = self.cpu = 0.0

    def round(self, seconds):
        before, began = cpu_seconds(), time.monotonic()
        service = self.root.start('--builds=release', '--jobs=1', '--time=forever', *self.options)
        try:
            service.wait(seconds)
        except subprocess.TimeoutExpired:
            service.send_signal(signal.SIGTERM)
        output = service.communicate(timeout=START_MAX)[0]
        if service.returncode not in (0, 1):
            sys.exit(f'costs.py: {self.name}: status {service.returncode}:\n{output[-2000:]}')
        self.clock += time.monotonic() - began
        self.cpu += cpu_seconds() - before

    def row(self, query):
        with sqlite3.connect(f'{self.root.work}/state.db') as database:
            return database.execute(query).fetchone()

    def runs(self):
        return self.row('SELECT sum(runs) FROM total')[0] or 0

    def coverage(self):
        """Of all targets together: the best turn of each, edges and features."""
        return self.row('SELECT sum(c), sum(f) FROM (SELECT max(coverage) c, max(features) f '
                        'FROM turn GROUP BY target)')

    def reports(self):
        return self.row('SELECT sum(reports) FROM total')[0] or 0

    def titles(self):
        return len(glob.glob(f'{self.root.work}/findings/*'))


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(services):
    print(f'{"service":<14}{"runs":>10}{"seconds":>9}{"runs/s":>9}{"CPU s":>8}{"runs/CPU s":>12}'
          f'{"reports":>9}{"titles":>8}{"coverage":>10}{"features":>10}')
    for s in services:
        coverage, features = s.coverage()
        print(f'{s.name:<14}{s.runs():>10}{s.clock:>9.0f}{s.runs() / s.clock:>9.0f}{s.cpu:>8.0f}'
              f'{s.runs() / s.cpu:>12.0f}{s.reports():>9}{s.titles():>8}{coverage:>10}{features:>10}')


def judge(without, with_bug, known):
    """Prints each share beside its aim: whether all are met."""
    def rate(service):
        return service.runs() / service.clock

    def rate_of_cpu(service):
        return service.runs() / service.cpu

    met = True
    for what, share, check, aim in (
            ('runs/s with the bug', rate(with_bug) / rate(without),
             f'{rate_of_cpu(with_bug) / rate_of_cpu(without):.2f} by CPU time', AIM_BUG),
            ('coverage with the bug', with_bug.coverage()[0] / without.coverage()[0],
             f'{with_bug.coverage()[1] / without.coverage()[1]:.2f} of the features', AIM_COVERAGE),
            ('runs/s with known titles', rate(known) / rate(without),
             f'{rate_of_cpu(known) / rate_of_cpu(without):.2f} by CPU time', AIM_KNOWN)):
        met = met and share >= aim
        print(f'{what:<26}{share:>6.2f} of that without ({check}); aim {aim:.2f}: '
              f'{"met" if share >= aim else "MISSED"}')
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--seconds', type=float, default=600)
    parser.add_argument('--round', type=float, default=60)
    parser.add_argument('--bug', default='wp-no-recheck')
    parser.add_argument('--core', type=int, default=min(os.sched_getaffinity(0)))
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    bug = f'--bug={given.bug}'
    services = [Service('without', given.build, []), Service('bug', given.build, [bug])]
    known = Service('bug, known', given.build, [bug])
    services.append(known)
    list_of_all = os.path.join(known.root.path, 'known.txt')
    with open(list_of_all, 'w', encoding='utf-8') as f:
        f.write('title: *\nreason: somebody works on it\n')
    known.options.append(f'--known={list_of_all}')
    try:
        rounds = max(1, round(given.seconds / given.round))
        for n in range(rounds):
            for turn in range(len(services)):
                services[(n + turn) % len(services)].round(given.seconds / rounds)
            print(f'after {n + 1} of {rounds} rounds:', flush=True)
            show(services)
        return 0 if judge(*services) else 1
    finally:
        for service in services:
            service.root.close()


if __name__ == '__main__':
    sys.exit(main())
