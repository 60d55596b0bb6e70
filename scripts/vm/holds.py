# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds: a virtual CPU stays where it is while the other one goes on, as if the host had taken
it away. They are made from outside of the guest, by gdb on qemu's stub (gdb/hold.py), so the
guest's kernel is the one that is shipped.

A hold in a finding's file is one line:
  TASK at PLACE until TASK at PLACE | for N s
TASK is a thread's name (comm), or the beginning of one and '*'; PLACE as in places.py. The holds
of a file are taken in its order, again from the first one after the last. An event that does not come ends the hold
after LATE seconds, and is said.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from command import Failure, first_error

from . import places

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'gdb', 'hold.py')
LATE = 30.0
COME_UP_MAX = 120.0
HOLD = re.compile(r'(?P<who>\S+) at (?P<at>.+?) '
                  r'(?:until (?P<by>\S+) at (?P<until>.+)|for (?P<seconds>[\d.]+) s)')


class Hold:
    def __init__(self, text):
        found = HOLD.fullmatch(' '.join(text.split()))
        if not found:
            raise Failure(f'{text!r} is no hold: "TASK at PLACE until TASK at PLACE" or '
                          '"TASK at PLACE for N s" is one', 2)
        self.text = found[0]
        self.who, self.by = found['who'], found['by'] or ''
        self.at = places.parse(found['at'])['text']
        self.until = places.parse(found['until'])['text'] if found['until'] else ''
        for name in (self.who, self.by):
            if len(name.encode()) > 15:
                raise Failure(f'{text!r} is no hold: a task\'s name has at most 15 bytes, '
                              f'{name!r} has more', 2)
        try:
            self.seconds = float(found['seconds']) if found['seconds'] else LATE
        except ValueError:
            self.seconds = 0.0
        if not 0 < self.seconds <= LATE:
            raise Failure(f'{text!r} is no hold: for more than 0 and at most {LATE:g} s', 2)
        if self.by == self.who:
            raise Failure(f'{text!r} is no hold: {self.who} cannot go on while it is held', 2)

    def plan(self, addresses):
        return {'at': addresses[self.at], 'who': self.who, 'by': self.by, 'seconds': self.seconds,
                'until': addresses[self.until] if self.until else 0}


class Holder:
    """The holds of one boot. taken: how often each was. late: where its event did not come, the
    address and the task at which the other CPU was instead."""

    def __init__(self, holds, table):
        self.holds = holds
        texts = [text for one in holds for text in (one.at, one.until) if text]
        addresses = table.addresses(texts)
        self.plan = {'running': table.running(), 'holds': [one.plan(addresses) for one in holds]}
        self.folder, self.gdb, self.log = None, None, table.kernel.path('gdb.log')
        self.symbols = table.kernel.symbols()
        self.taken, self.late = [0] * len(holds), [None] * len(holds)

    def arguments(self):
        """Of qemu: it waits for gdb, and has a second monitor."""
        self.folder = tempfile.mkdtemp(prefix='swaprace-holds-')
        for name in ('stub', 'monitor', 'events'):
            self.plan[name] = os.path.join(self.folder, name)
        return ['-S', '-chardev', f'socket,id=stub,path={self.plan["stub"]},server=on,wait=off',
                '-gdb', 'chardev:stub',
                '-chardev', f'socket,id=clock,path={self.plan["monitor"]},server=on,wait=off',
                '-mon', 'chardev=clock,mode=control']

    def start(self):
        """gdb takes the guest over and lets it go."""
        if not shutil.which('gdb'):
            raise Failure('no gdb here; scripts/setup.sh --vm installs it')
        path = os.path.join(self.folder, 'plan')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump(self.plan, f)
        start = time.monotonic()
        while not os.path.exists(self.plan['monitor']) or not os.path.exists(self.plan['stub']):
            if time.monotonic() - start > COME_UP_MAX:
                return  # qemu itself says why
            time.sleep(0.01)
        with open(self.log, 'wb') as log:
            self.gdb = subprocess.Popen(
                ['setpriv', '--pdeathsig', 'KILL', 'gdb', '-nx', '-q', '-batch', '-x', SCRIPT],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, 'SWAPRACE_PLAN': path})
        while 'ready' not in self.events():
            if self.gdb.poll() is not None or time.monotonic() - start > COME_UP_MAX:
                raise Failure(f'gdb does not get hold of the guest: {self.error()}')
            time.sleep(0.05)

    def has_failed(self):
        return self.gdb is not None and self.gdb.poll() is not None and not any(
            line.startswith('gone') for line in self.events())

    def events(self):
        try:
            with open(self.plan['events'], encoding='utf-8') as f:
                return f.read().splitlines()
        except OSError:
            return []

    def error(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return first_error(f.read())

    def stop(self):
        """After the guest; what has happened is counted."""
        try:
            if self.gdb:
                self.gdb.kill()
                self.gdb.wait()
            for line in self.events():
                word, *rest = line.split(' ', 3)
                if word == 'taken':
                    self.taken[int(rest[0])] += 1
                elif word == 'late':
                    self.late[int(rest[0])] = tuple(rest[1:])
        finally:
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)
            self.folder, self.gdb = None, None

    def missed(self, times=1):
        """What did not happen so many times, in words, or None."""
        for one, taken, late in zip(self.holds, self.taken, self.late):
            if taken < times:
                often = f'came only {taken} of {times} times' if taken else 'never came'
                return f'{one.who} {often} to "{one.at}"'
            if late:
                return (f'while {one.who} was held at "{one.at}", {one.by} did not come to '
                        f'"{one.until}" in {one.seconds:g} s: the other CPU was at '
                        f'{self.symbols.name(int(late[0], 16)) or late[0]}, in {late[1]}')
        return None
