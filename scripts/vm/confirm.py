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

from . import holds, initramfs, kernels, machine, mail, places, report

CONTROL_RUNS = 10
SKIPPED = 77


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


def check_config(kernel, finding):
    """A Failure with status 77 where the kernel cannot show it: it was built without what that
    takes."""
    if not finding.field['config']:
        return
    config = kernel.config()
    missing = finding.lacks(config or {})
    if missing:
        words = ' '.join('CONFIG_' + name for name in missing)
        why = 'has not' if config is not None else 'may have or not: its configuration is not known'
        raise Failure(f'not shown here: needs {words}, which Linux {kernel.version} {why} '
                      '("vm build NAME TREE" makes a kernel that has)', SKIPPED)


class Collector(machine.Listener):
    def __init__(self, is_shown):
        self.text, self.is_shown = bytearray(), is_shown

    def output(self, data):
        self.text += data
        if self.is_shown:
            super().output(data)


class Result:
    """Of one boot. seen: the evidence or None; missed: a hold that was not made as it should."""

    def __init__(self):
        self.seen, self.how, self.is_clean, self.missed, self.seconds = None, '', False, None, 0.0


class Confirmation:
    def __init__(self, kernel, options, finding, is_shown):
        check_config(kernel, finding)
        self.kernel, self.options, self.finding = kernel, options, finding
        self.is_shown = is_shown
        options.cpus = int(finding.field['cpus'])
        options.memory = int(finding.field['memory'] or options.memory)
        options.parallel = finding.field['parallel'] == 'yes'
        options.words.append(finding.field['append'])
        self.table = places.Table(kernel, lambda: kernels.debug_image(kernel))
        self.mail, self.tree, self.letter = None, None, None

    def boot(self, program, arguments, times, held=()):
        """A Result. held: what is held meanwhile."""
        command = shlex.join([os.path.basename(program), *shlex.split(arguments)])
        text = (mail.ASK if self.mail else '') + ''.join(f'{command} || exit $?\n' for _ in range(times))
        self.options.holder = holds.Holder(held, self.table) if held else None
        start = time.monotonic()
        listener = Collector(self.is_shown)
        boot = machine.boot(self.kernel, initramfs.make(self.kernel, [program], [], text),
                            self.options, listener)
        result = Result()
        result.seconds = time.monotonic() - start
        reports = report.find_all(boot.console)
        result.seen = self.finding.is_seen(listener.text.decode(errors='replace'), reports)
        if self.mail and result.seen and not self.letter:
            self.letter = {'seen': result.seen, 'output': listener.text.decode(errors='replace'),
                           'report': reports[0][1] if reports else [],
                           'built': self.kernel.built,
                           'words': f'qemu, {self.options.cpus} CPUs, {self.options.memory} MB, '
                                    f'{"KVM" if self.options.accel == "kvm" else "emulated"}'}
        result.how = f'{boot.how}, status {boot.code}' if boot.how == 'ended' else boot.how
        if not result.seen and reports:
            result.how += f'; another report: {reports[0][0]}'
        result.is_clean = boot.code == 0 and not reports and not result.seen
        result.missed = self.options.holder.missed(times) if held else None
        return result

    def show(self, program, runs):
        """How often it was seen, and what was missed where it was not; how a run ended that neither
        showed it nor went well, or None."""
        shown, missed, bad = 0, None, None
        for n in range(runs):
            result = self.boot(program, self.finding.field['run'], 1, self.finding.holds)
            shown += result.seen is not None
            missed = missed or (None if result.seen else result.missed)
            bad = bad or (None if result.seen or result.is_clean else result.how)
            why = f'{result.how}; {result.missed}' if result.missed else result.how
            print(f'  run {n + 1} of {runs}: '
                  f'{f"seen: {result.seen}" if result.seen else f"not seen ({why})"}'
                  f' ({result.seconds:.0f} s)', flush=True)
        return shown, missed, bad

    def controls(self):
        """[(what, arguments, holds), ...]"""
        f = self.finding.field
        listed = [(f'"{words}"', words, ()) for words in f['control']]
        if self.finding.holds:
            listed.append((f'"{f["run"]}", nothing held', f['run'], ()))
            listed += [(f'"{words}", held', words, self.finding.holds)
                       for words in f['control-held']]
            listed.append((f'"{f["run"]}", held elsewhere', f['run'], self.finding.elsewhere))
        return listed

    def is_void(self, program):
        """Is a control not clean?"""
        void = False
        for what, words, held in self.controls():
            result = self.boot(program, words, CONTROL_RUNS, held)
            # Where the kernel has failed, what was not held any more is no news.
            bad = (result.seen or result.how) if not result.is_clean else result.missed
            void = void or bad is not None
            verdict = f'NOT CLEAN: {bad}' if bad else 'clean'
            print(f'  control {what}, {CONTROL_RUNS} times: {verdict} ({result.seconds:.0f} s)',
                  flush=True)
        return void

    def introduce(self):
        f = self.finding
        print(f'{f.name}: {f.field["title"]} (finding {f.field["finding"]})\n'
              f'  on Linux {self.kernel.version} ({self.options.accel}), {self.options.cpus} CPUs; '
              f'needs: {f.field["needs"]}', flush=True)
        for one in f.holds:
            print(f'  held: {one.text}')
        if f.holds:
            print(f'  possible by {f.field["because"]}', flush=True)
        if f.field['injected']:
            print(f'  injected: {f.field["injected"]}', flush=True)

    def run(self, runs):
        """The exit status: 0 confirmed, 1 not."""
        f = self.finding
        self.introduce()
        with tempfile.TemporaryDirectory() as folder:
            program = build(f, folder)
            shown, missed, _ = self.show(program, runs)
            void = shown > 0 and self.is_void(program)
        if shown and not void:
            if self.mail:
                mail.write(f, self.kernel.version, self.letter, self.tree, self.mail)
                print(f'  mail: {self.mail}; read it before you send it')
            print(f'{f.name}: confirmed{f.means}, {shown} of {runs}')
            return 0
        why = f'not shown, 0 of {runs}' + (f': {missed}' if missed else '')
        print(f'{f.name}: {"void: a control is not clean" if shown else why}')
        return 1


def try_fix(base, fixed, runs):
    """Two Confirmations of one finding, on a kernel without and with a fix. The exit status: 0 the
    fix holds, 1 it does not, or nothing can be said."""
    name = base.finding.name
    with tempfile.TemporaryDirectory() as folder:
        program = build(base.finding, folder)
        base.introduce()
        if not base.show(program, runs)[0]:
            print(f'{name}: not shown without the patch, 0 of {runs}: that says nothing about it')
            return 1
        print(f'  with the patch: Linux {fixed.kernel.version}', flush=True)
        shown, missed, bad = fixed.show(program, runs)
    if shown:
        print(f'{name}: shown with the patch, {shown} of {runs}: it does not help')
    elif bad:
        print(f'{name}: with the patch, the run went wrong otherwise ({bad}): that says nothing about it')
    else:
        print(f'{name}: not shown with the patch, 0 of {runs}: the fix holds'
              + (f' ({missed})' if missed else ''))
        return 0
    return 1
