# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside gdb, attached to a guest that has not begun yet (vm/holds.py): makes the holds.

The holds of a plan are taken one after the other, in its order, then from the first one on
again. While nothing is held, both virtual CPUs run, and the next hold's place has a hardware
breakpoint. When its task comes there, its CPU stays where it is, and the other one runs alone
until the event that ends the hold. The guest's kernel is not changed: no byte of it is written.
A plan: {"stub", "monitor": sockets of qemu, "events": where a line is written for each thing
that happens, "running": [pointer, offset] (places.py), "holds": [{"at": address, "who": name,
"until": address or 0, "by": name, "seconds": N}, ...]}. A name that ends with '*' is the
beginning of one.
"""
import json
import os
import socket
import threading
import time

import gdb

NAME_MAX = 16


def is_named(task, name):
    return task.startswith(name[:-1]) if name.endswith('*') else task == name


class Clock:
    """Stops the guest after some seconds, by qemu's monitor; gdb sees it stop. A stop of a
    guest that stands already does nothing."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.send('qmp_capabilities')
        self.timer = None
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        while self.socket.recv(1 << 16):
            pass

    def send(self, command):
        self.socket.sendall(json.dumps({'execute': command}).encode() + b'\n')

    def start(self, seconds):
        self.timer = threading.Timer(seconds, self.send, ['stop'])
        self.timer.daemon = True
        self.timer.start()

    def cancel(self):
        if self.timer:
            self.timer.cancel()
            self.timer = None


class Guest:
    def __init__(self, plan):
        self.pointer, self.name_at = plan['running']
        self.clock = Clock(plan['monitor'])
        self.points = {}
        gdb.execute(f'target remote {plan["stub"]}', to_string=True)
        self.cpus = [thread.num for thread in gdb.selected_inferior().threads()]

    def plant(self, addresses):
        """Breakpoints at these addresses, and nowhere else."""
        for address in set(self.points) - set(addresses):
            self.points.pop(address).delete()
        for address in set(addresses) - set(self.points):
            point = gdb.Breakpoint(f'*{address:#x}', type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
            point.silent = True
            self.points[address] = point

    def select(self, cpu):
        gdb.execute(f'thread {cpu}', to_string=True)

    def run(self, alone=None, seconds=None):
        """Both CPUs, or one alone, until one stops, or so long. (CPU, its address)."""
        gdb.execute(f'set scheduler-locking {"on" if alone else "off"}')
        if alone:
            self.select(alone)
            # The clock's stop comes as one of the CPU that qemu has for the current one, and gdb
            # does not expect any of a CPU that it has not let go.
            process, cpu, _ = gdb.selected_thread().ptid
            gdb.execute(f'maint packet Hcp{process:x}.{cpu:x}', to_string=True)
        if seconds:
            self.clock.start(seconds)
        try:
            gdb.execute('continue', to_string=True)
        finally:
            self.clock.cancel()
        if not gdb.selected_thread():
            raise gdb.error('the guest has ended')
        return gdb.selected_thread().num, self.value('$pc')

    def step(self, cpu):
        """One instruction of this CPU, which stands at a breakpoint that is no more."""
        gdb.execute('set scheduler-locking on')
        self.select(cpu)
        gdb.execute('stepi', to_string=True)

    @staticmethod
    def value(text):
        return int(gdb.parse_and_eval(f'(unsigned long long){text}'))

    def running(self):
        """The name of the task on the selected CPU; '' where there is none to be read."""
        memory = gdb.selected_inferior()
        where = (self.value('$gs_base') + self.pointer) % (1 << 64)
        try:
            task = int.from_bytes(bytes(memory.read_memory(where, 8)), 'little')
            raw = bytes(memory.read_memory(task + self.name_at, NAME_MAX))
        except gdb.MemoryError:
            return ''
        return raw.split(b'\0')[0].decode(errors='replace')


class Holds:
    """next: of the hold that is due. held: the CPU that is held, with left: how long yet."""

    def __init__(self, plan, say):
        self.holds, self.say = plan['holds'], say
        self.guest = Guest(plan)
        self.next, self.held = 0, None

    def run(self):
        while True:
            if self.held is None:
                self.wait()
            else:
                self.hold()

    def wait(self):
        """Until the task comes to the place of the hold that is due."""
        one = self.holds[self.next]
        self.guest.plant([one['at']])
        cpu, address = self.guest.run()
        if address == one['at'] and is_named(self.guest.running(), one['who']):
            self.take(cpu)

    def take(self, cpu):
        self.held = cpu
        self.say(f'taken {self.next}')

    def hold(self):
        """The other CPU runs alone until the event, or for so long."""
        one, left, is_event = self.holds[self.next], self.holds[self.next]['seconds'], False
        other = next(cpu for cpu in self.guest.cpus if cpu != self.held)
        self.guest.plant([one['until']] if one['until'] else [])
        while left > 0 and not is_event:
            start = time.monotonic()
            _, address = self.guest.run(other, left)
            left -= time.monotonic() - start
            is_event = address == one['until'] and is_named(self.guest.running(), one['by'])
        is_late = one['until'] and not is_event
        # Where the other CPU is instead: what it waits for may be the one that is held.
        self.say(f'late {self.next} {address:#x} {self.guest.running()}' if is_late else
                 f'ended {self.next}')
        self.release(other if is_event else None)

    def release(self, other):
        """other: the CPU that stands at the event; it may be the one that is held next."""
        done, self.held = self.held, None
        ended, self.next = self.holds[self.next], (self.next + 1) % len(self.holds)
        due = self.holds[self.next]
        self.guest.plant([])
        self.guest.step(done)
        if other and (due['at'], due['who']) == (ended['until'], ended['by']):
            self.take(other)
        elif other:
            self.guest.step(other)


def main():
    with open(os.environ['SWAPRACE_PLAN'], encoding='utf-8') as f:
        plan = json.load(f)
    with open(plan['events'], 'w', encoding='utf-8', buffering=1) as events:
        def say(text):
            events.write(text + '\n')

        holds = Holds(plan, say)
        say('ready')
        try:
            holds.run()
        except gdb.error as error:
            # The guest has gone, as it does in the end.
            say(f'gone {error}')


for setting in ('pagination off', 'confirm off', 'tcp auto-retry off', 'print thread-events off'):
    gdb.execute('set ' + setting)
main()
