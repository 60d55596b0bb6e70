# SPDX-License-Identifier: GPL-2.0-or-later
"""One boot of a kernel in qemu, and what comes out of it.

With KVM where this machine offers it, else emulated: then the guest's time follows the
instructions that it runs (-icount) and not the load of the host. All that comes out goes
through pipes that are open before qemu starts; nothing is parsed from the console, which is
kept for what the kernel itself has to say. qemu dies with this process.
"""
import fcntl
import json
import os
import selectors
import shutil
import socket
import subprocess
import sys
import time

from command import WORK, Failure

from . import stacks

QEMU = 'qemu-system-x86_64'
PORTS = ('status', 'output', 'journal', 'symbols', 'files')
KVM_FAILED = os.path.join(WORK, 'vm', '.kvm-failed')
KVM_GET_API_VERSION, KVM_CREATE_VM = 0xAE00, 0xAE01
APPEND = ('console=ttyS0 loglevel=5 panic=-1 nokaslr random.trust_cpu=on mitigations=off '
          'rcupdate.rcu_cpu_stall_suppress=1')
APPEND_TCG = 'no_timer_check tsc=unstable'
# The first report of the kernel ends the guest.
APPEND_STRICT = 'panic_on_warn=1 oops=panic'


def kvm_works():
    """Can a virtual machine be made here? The device alone does not say so."""
    try:
        device = os.open('/dev/kvm', os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if fcntl.ioctl(device, KVM_GET_API_VERSION) != 12:
            return False
        os.close(fcntl.ioctl(device, KVM_CREATE_VM, 0))
        return True
    except OSError:
        return False
    finally:
        os.close(device)


def host_boot():
    with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as f:
        return f.read().strip()


def kvm_has_failed():
    """Has a guest not come up with KVM since this host was booted?"""
    try:
        with open(KVM_FAILED, encoding='ascii') as f:
            return f.read().strip() == host_boot()
    except OSError:
        return False


def boot(kernel, initramfs, options, listener):
    """One boot, which came up; where KVM turns out not to work, emulated, then and from then
    on."""
    result = Machine(kernel, initramfs, options, listener).run()
    if result.how == 'never' and options.accel == 'kvm' and not options.is_asked:
        print('vm.py: no guest comes up with the KVM of this machine'
              f'{": " + result.error if result.error else ""}; emulated instead', flush=True)
        with open(KVM_FAILED, 'w', encoding='ascii') as f:
            f.write(host_boot())
        options.accel = 'tcg'
        result = Machine(kernel, initramfs, options, listener).run()
    if result.how == 'never':
        raise Failure(f'qemu: {result.error}' if result.error else
                      f'Linux {kernel.version} did not come up (what it said: '
                      f'{os.path.relpath(kernel.path("console.log"))})')
    return result


class Options:
    """How to boot. quiet_max: seconds without a word after which the guest hangs. parallel:
    emulated CPUs run at once, and the guest's time is the host's; otherwise one after the
    other, by turns. disk: a file that is the guest's /dev/vda. holder: of CPUs (holds.py)."""

    def __init__(self, accel=None, cpus=2, memory=1024, append='', strict=True, limit=3600,
                 quiet_max=None):
        self.is_asked = accel is not None
        self.accel = accel or ('kvm' if kvm_works() and not kvm_has_failed() else 'tcg')
        self.cpus, self.memory, self.limit, self.quiet_asked = cpus, memory, limit, quiet_max
        self.parallel, self.disk, self.holder = False, None, None
        self.words = [APPEND, APPEND_STRICT if strict else '', append]

    @property
    def append(self):
        emulated = [APPEND_TCG] if self.accel == 'tcg' else []
        return ' '.join(word for word in self.words + emulated if word)

    @property
    def quiet_max(self):
        return self.quiet_asked or (120 if self.accel == 'kvm' else 600)

    @property
    def come_up_max(self):
        """Where it was us who chose KVM, it has to show that it works: some hosts offer it
        and can run no kernel in it."""
        return 30 if self.accel == 'kvm' and not self.is_asked else 600


class Boot:
    """How one boot went. how: ended, panicked, hung, stopped (it went off without a word) or
    never (it did not come up)."""

    def __init__(self):
        self.how, self.code, self.version, self.up = 'never', None, None, None
        self.console, self.files, self.symbols = bytearray(), bytearray(), bytearray()
        self.stacks, self.failed, self.error = [], [], ''


class Monitor:
    """qemu's machine protocol: one JSON object a line."""

    def __init__(self, end):
        self.socket, self.text = end, b''
        self.events = []

    def send(self, command, **arguments):
        message = {'execute': command}
        if arguments:
            message['arguments'] = arguments
        self.socket.sendall(json.dumps(message).encode() + b'\n')

    def receive(self):
        """What has come since the last call; None when qemu has closed its end."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b''
        if not data:
            return None
        *whole, self.text = (self.text + data).split(b'\n')
        messages = [json.loads(line) for line in whole if line.strip()]
        self.events += [m['event'] for m in messages if 'event' in m]
        return messages

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        while True:
            for message in self.receive() or [{'error': 'closed'}]:
                if 'return' in message or 'error' in message:
                    return message.get('return')

    def human(self, line, cpu):
        return self.ask('human-monitor-command', **{'command-line': line, 'cpu-index': cpu}) or ''


class Listener:
    """Gets what comes out of a guest, as it comes."""

    def output(self, data):
        """Of its command."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def journal(self, line):
        """Of its command."""

    def console(self, said):
        """All that its kernel has said until now."""


class Machine:
    def __init__(self, kernel, initramfs, options, listener):
        if not shutil.which(QEMU):
            raise Failure(f'no {QEMU} here; scripts/setup.sh --vm installs it')
        self.kernel, self.options, self.listener = kernel, options, listener
        self.boot, self.partial = Boot(), {'status': b'', 'journal': b''}
        self.initramfs = os.memfd_create('initramfs', 0)
        with os.fdopen(os.dup(self.initramfs), 'wb') as f:
            f.write(initramfs)
        self.monitor_end, self.qemu_end = socket.socketpair()
        self.pipes = {name: os.pipe() for name in ('console', 'error', *PORTS)}

    def command(self):
        o = self.options
        # mem-merge=off: the guest's memory is none of the host's KSM, which tests compare.
        args = ['setpriv', '--pdeathsig', 'KILL', QEMU, '-nodefaults', '-no-user-config',
                '-machine', 'mem-merge=off',
                '-display', 'none', '-no-reboot', '-m', str(o.memory), '-smp', str(o.cpus),
                '-kernel', self.kernel.image, '-initrd', f'/proc/self/fd/{self.initramfs}',
                '-append', o.append, '-device', 'virtio-serial-pci', '-device', 'pvpanic-pci',
                '-chardev', f'socket,id=monitor,fd={self.qemu_end.fileno()}',
                '-mon', 'chardev=monitor,mode=control']
        args += (['-accel', 'kvm', '-cpu', 'host,arch-capabilities=off'] if o.accel == 'kvm' else
                 ['-accel', 'tcg,thread=multi', '-cpu', 'max'] if o.parallel else
                 ['-accel', 'tcg', '-cpu', 'max', '-icount', 'shift=1,sleep=off'])
        if o.holder:
            args += o.holder.arguments()
        if o.disk:
            args += ['-drive', f'file={o.disk},format=raw,if=virtio,cache=unsafe']
        names = ['console'] + [p for p in PORTS if p != 'symbols' or self.wants_symbols()]
        for n, name in enumerate(names):
            args += ['-add-fd', f'fd={self.pipes[name][1]},set={n}',
                     '-chardev', f'file,id={name},path=/dev/fdset/{n},append=on']
            args += (['-serial', 'chardev:console'] if name == 'console' else
                     ['-device', f'virtserialport,chardev={name},name={name}'])
        return args

    def wants_symbols(self):
        return not os.path.exists(self.kernel.path('symbols.gz'))

    def run(self):
        ours = [end for end, _ in self.pipes.values()]
        theirs = [end for _, end in self.pipes.values()]
        qemu = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                stdout=self.pipes['error'][1], stderr=self.pipes['error'][1],
                                pass_fds=[*theirs, self.qemu_end.fileno(), self.initramfs])
        try:
            for end in theirs:
                os.close(end)
            self.qemu_end.close()
            if self.options.holder:
                self.options.holder.start()
            self.follow(qemu)
        finally:
            qemu.kill()
            qemu.wait()
            if self.options.holder:
                self.options.holder.stop()
            for end in ours:
                os.close(end)
            os.close(self.initramfs)
            self.monitor_end.close()
        self.keep()
        return self.boot

    def follow(self, qemu):
        """Takes what comes until qemu has gone, or the guest's time is over."""
        monitor = Monitor(self.monitor_end)
        monitor.send('qmp_capabilities')
        errors = bytearray()
        start = heard = time.monotonic()
        with selectors.DefaultSelector() as ready:
            for name, (end, _) in self.pipes.items():
                ready.register(end, selectors.EVENT_READ, name)
            ready.register(self.monitor_end, selectors.EVENT_READ, 'monitor')
            while len(ready.get_map()) > 0:
                for key, _ in ready.select(timeout=1):
                    if key.data == 'monitor':
                        if not self.take_events(monitor):
                            ready.unregister(key.fileobj)
                        continue
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        ready.unregister(key.fileobj)
                        continue
                    heard = time.monotonic()
                    if key.data == 'error':
                        errors += data
                    else:
                        self.take(key.data, data)
                if self.options.holder and self.options.holder.has_failed():
                    raise Failure(f'gdb has let go of the guest: {self.options.holder.error()}')
                now = time.monotonic()
                patience = (self.options.come_up_max if self.boot.how == 'never' else
                            self.options.quiet_max)
                if now - heard > patience or now - start > self.options.limit:
                    self.diagnose(monitor)
                    return
        if qemu.wait():
            self.boot.error = (errors.decode(errors='replace').strip().split('\n')[0]
                               or f'it ended with status {qemu.returncode}')

    def take_events(self, monitor):
        if monitor.receive() is None:
            return False
        if 'GUEST_PANICKED' in monitor.events:
            self.boot.how = 'panicked'
        return True

    def take(self, name, data):
        boot = self.boot
        if name == 'output':
            self.listener.output(data)
        elif name in ('console', 'files', 'symbols'):
            getattr(boot, name).extend(data)
            if name == 'console':
                self.listener.console(boot.console)
        else:
            *whole, self.partial[name] = (self.partial[name] + data).split(b'\n')
            for line in whole:
                text = line.decode(errors='replace')
                if name == 'journal':
                    self.listener.journal(text)
                else:
                    self.take_status(text.split())

    def take_status(self, words):
        boot = self.boot
        if words[:1] == ['booted'] and len(words) == 3:
            boot.how, boot.version, boot.up = 'stopped', words[1], float(words[2])
        elif words[:1] == ['ended'] and len(words) == 3:
            boot.how, boot.code = 'ended', int(words[1])
        elif words[:1] == ['failed']:
            boot.failed.append(' '.join(words[1:]))

    def diagnose(self, monitor):
        """The guest hangs: where are its CPUs?"""
        if self.boot.how == 'stopped':
            self.boot.how = 'hung'
        monitor.socket.settimeout(10)
        try:
            monitor.ask('stop')
            self.boot.stacks = stacks.of_all(monitor.human, self.options.cpus, self.symbols())
        except OSError:
            self.boot.stacks = ['(qemu itself does not answer)']

    def symbols(self):
        known = self.kernel.symbols()
        return known if known.table else stacks.Symbols(bytes(self.boot.symbols))

    def keep(self):
        """What belongs to the kernel and not to the run."""
        with open(self.kernel.path('console.log'), 'wb') as f:
            f.write(self.boot.console)
        if self.boot.symbols and self.boot.how == 'ended':
            with open(self.kernel.path('symbols.new'), 'wb') as f:
                f.write(self.boot.symbols)
            os.replace(self.kernel.path('symbols.new'), self.kernel.path('symbols.gz'))
