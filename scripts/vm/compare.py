# SPDX-License-Identifier: GPL-2.0-or-later
"""swaprace kernel --vm: the comparison of the model with a kernel that is booted for it.

Many programs a boot. The guest writes a journal, a line when a program begins and one when
it has ended; a program that takes the guest with it (it hangs, or its kernel reports) is
known by that, is counted, and the next boot goes on after it. The journal stays in the
kernel's folder, so that --resume goes on where an earlier run was ended.
"""
import hashlib
import os
import shlex
import time

from command import Failure

from . import initramfs, machine, report

KINDS = ('contents', 'results', 'page states', 'counters')
BOOTS_IN_VAIN_MAX = 3


class Journal:
    """What the guests have told: {name: status}, sums of what was compared and was equal."""

    def __init__(self, path, resume):
        self.status, self.begun = {}, None
        self.equal, self.compared = [0] * len(KINDS), [0] * len(KINDS)
        self.path = path
        if resume and os.path.exists(path):
            with open(path, encoding='utf-8') as f:
                for line in f:
                    self.take(line.rstrip('\n'))
        self.file = open(path, 'a' if resume else 'w', encoding='utf-8')

    def add(self, line):
        self.file.write(line + '\n')
        self.file.flush()
        self.take(line)

    def take(self, line):
        """'begin NAME' or 'end NAME STATUS equal/compared...'; others are not for us."""
        words = line.split()
        if words[:1] == ['begin'] and len(words) == 2:
            self.begun = words[1]
        elif words[:1] == ['end'] and len(words) >= 3 and words[1] not in self.status:
            self.begun = None
            self.status[words[1]] = words[2]
            for n, share in enumerate(words[3:3 + len(KINDS)]):
                equal, compared = share.split('/')
                self.equal[n] += int(equal)
                self.compared[n] += int(compared)

    def lost(self, how):
        """The guest has gone: the program that it was at is the one that did it."""
        name = self.begun
        if name is not None:
            self.add(f'end {name} {how}')
        return name

    def count(self, *names):
        return sum(status in names for status in self.status.values())


class Comparison(machine.Listener):
    def __init__(self, kernel, options, args, say):
        self.kernel, self.options, self.args, self.say = kernel, options, args, say
        self.known, self.reports, self.during, self.looked = report.read_known(), [], [], 0
        digest = hashlib.sha256('\0'.join(args.guest + args.file).encode()).hexdigest()[:12]
        self.boots, self.code = 0, 0
        self.notes = Journal(kernel.path(f'compare-{digest}.journal'), args.resume)

    def journal(self, line):
        self.notes.add(line)

    def console(self, said):
        """Reports go with the program that is running when they begin."""
        new = said[said.rfind(b'\n', 0, self.looked) + 1:]
        self.looked = len(said)
        if report.has_heading(new):
            self.during += [self.notes.begun] * (len(report.find_all(said)) - len(self.during))

    def left(self):
        """[first, how many] of the seeds, or the names of the files, of which nothing is known;
        [] at the end."""
        done = self.notes.status
        if self.args.file:
            return [name for name in self.names() if name not in done]
        first, end = self.args.seed, self.args.seed + self.args.programs
        while first < end and str(first) in done:
            first += 1
        return [first, end - first] if first < end else []

    def names(self):
        """The guest's names of the files: unlike ones, without blanks."""
        return [f'{n:03}-{os.path.basename(path).replace(" ", "_")}'
                for n, path in enumerate(self.args.file)]

    def command(self, left):
        words = ['swaprace', 'kernel', *self.args.guest, '--journal=/port/journal']
        if self.args.file:
            return shlex.join([*words, *left]) + '\n'
        return shlex.join([*words, '--random', '--out=/out', f'--seed={left[0]}',
                           f'--programs={left[1]}']) + '\n'

    def boot(self, left):
        archive = initramfs.make(self.kernel, [self.args.swaprace],
                                 list(zip(self.args.file, self.names())), self.command(left))
        self.boots, self.during, self.looked = self.boots + 1, [], 0
        boot = machine.boot(self.kernel, archive, self.options, self)
        self.reports += zip(self.during, report.find_all(boot.console))
        return boot

    def run(self, on_files):
        """The exit status."""
        start, vain = time.monotonic(), 0
        while left := self.left():
            known = len(self.notes.status)
            boot = self.boot(left)
            on_files(boot.files)
            if boot.how == 'ended':
                self.code = max(self.code, boot.code)
                break
            self.tell(boot)
            vain = vain + 1 if len(self.notes.status) == known else 0
            if vain == BOOTS_IN_VAIN_MAX:
                raise Failure('the guest goes off before it has run a program '
                              f'(what it said: {self.kernel.path("console.log")})')
        self.sum(time.monotonic() - start)
        bad = self.notes.count('DIFFERS', 'report', 'hung', 'panicked')
        return 1 if bad + self.tell_reports() else self.code

    def tell(self, boot):
        """The guest has gone with a program in it."""
        name = self.notes.lost('hung' if boot.how == 'hung' else 'panicked') or 'no program'
        if boot.stacks:
            print('\n'.join(boot.stacks))
        self.say(f'{name}: the guest ' + ('hangs' if boot.how == 'hung' else 'went off'))

    def tell_reports(self):
        """The kernel's reports; how many of them are new."""
        known = {}
        for name, found in self.reports:
            reason = report.known_reason(self.known, found)
            if reason:
                known[reason] = known.get(reason, 0) + 1
                continue
            print('\n'.join(found[1]))
            self.say(f'{name}: the kernel has reported: {found[0]}')
        for reason, count in known.items():
            self.say(f'known reports of the kernel: {count} x {reason}')
        return len(self.reports) - sum(known.values())

    def sum(self, seconds):
        journal, total = self.notes, len(self.notes.status)
        for n, kind in enumerate(KINDS):
            if journal.compared[n] and self.boots != 1:
                print(f'  {kind:12} {journal.equal[n]:10} of {journal.compared[n]:10} agree  '
                      f'{100 * journal.equal[n] / journal.compared[n]:7.3f} %')
        rest = (f'{total} programs' if self.args.file else
                f'seeds {self.args.seed} to {self.args.seed + self.args.programs - 1}')
        agree = journal.count('agrees', 'unsteady', 'checked')
        differ = journal.count('DIFFERS', 'report')
        gone = journal.count('hung', 'panicked')
        self.say(f'Linux {self.kernel.version} ({self.options.accel}): {rest}: {agree} agree, '
                 f'{differ} differ, {total - agree - differ - gone} without a result, '
                 f'{gone} took the guest with them; {self.boots} boots, {seconds:.0f} s, '
                 f'{total / seconds:.1f} programs/s')
