# SPDX-License-Identifier: GPL-2.0-or-later
"""swaprace confirm: a finding shown on a real kernel, or not.

Each run boots the kernel anew, because what is shown may take it along. The evidence is
named in the finding's file before the run. The controls are the same program where nothing
may go wrong: each is clean CONTROL_RUNS times, or the verdict is void.
"""
import os
import shlex
import subprocess
import tempfile
import time

from command import Failure, first_error

from . import initramfs, machine, report

CONTROL_RUNS = 10


def build(finding, folder):
    """The path of the finding's C program; the guest gets its libraries with it."""
    path = os.path.join(folder, finding.name)
    command = ['cc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-pthread', '-o', path, finding.source]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failure('no C compiler here (cc); scripts/setup.sh installs one') from None
    if done.returncode != 0:
        raise Failure(f'{finding.source} does not compile: {first_error(done.stderr)}')
    return path


class Collector(machine.Listener):
    def __init__(self, is_shown):
        self.text, self.is_shown = bytearray(), is_shown

    def output(self, data):
        self.text += data
        if self.is_shown:
            super().output(data)


class Confirmation:
    def __init__(self, kernel, options, finding, is_shown):
        self.kernel, self.options, self.finding = kernel, options, finding
        self.is_shown = is_shown
        options.cpus = int(finding.field['cpus'])
        options.parallel = finding.field['parallel'] == 'yes'

    def boot(self, program, arguments, times):
        """(evidence or None, how it ended, seconds)."""
        command = shlex.join([os.path.basename(program), *shlex.split(arguments)])
        text = ''.join(f'{command} || exit $?\n' for _ in range(times))
        start = time.monotonic()
        listener = Collector(self.is_shown)
        boot = machine.boot(self.kernel, initramfs.make(self.kernel, [program], [], text),
                            self.options, listener)
        seconds = time.monotonic() - start
        reports = report.find_all(boot.console)
        seen = self.finding.is_seen(listener.text.decode(errors='replace'), reports)
        how = f'{boot.how}, status {boot.code}' if boot.how == 'ended' else boot.how
        if not seen and reports:
            how += f'; another report: {reports[0][0]}'
        return seen, how, boot.code == 0 and not reports, seconds

    def run(self, runs):
        """The exit status: 0 confirmed, 1 not."""
        f, shown, clean = self.finding, 0, True
        print(f'{f.name}: {f.field["title"]} (finding {f.field["finding"]})\n'
              f'  on Linux {self.kernel.version} ({self.options.accel}), {self.options.cpus} CPUs; '
              f'needs: {f.field["needs"]}', flush=True)
        with tempfile.TemporaryDirectory() as folder:
            program = build(f, folder)
            for n in range(runs):
                seen, how, _, seconds = self.boot(program, f.field['run'], 1)
                shown += seen is not None
                print(f'  run {n + 1} of {runs}: ' + (f'seen: {seen}' if seen else f'not seen ({how})')
                      + f' ({seconds:.0f} s)', flush=True)
            for control in f.field['control'] if shown else []:
                seen, how, is_clean, seconds = self.boot(program, control, CONTROL_RUNS)
                good = is_clean and not seen
                clean = clean and good
                print(f'  control "{control}", {CONTROL_RUNS} times: ' +
                      ('clean' if good else f'NOT CLEAN: {seen or how}') + f' ({seconds:.0f} s)',
                      flush=True)
        if shown and clean:
            print(f'{f.name}: confirmed, {shown} of {runs}')
            return 0
        print(f'{f.name}: ' + ('void: a control is not clean' if shown else f'not shown, 0 of {runs}'))
        return 1
