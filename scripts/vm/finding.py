# SPDX-License-Identifier: GPL-2.0-or-later
"""A finding about the kernel that can be shown on a booted one: repro/findings/NAME.confirm.

Lines "key: value", comments after '#':
  title     what goes wrong, in one line
  finding   its number in core/README.md
  program   the swaprace program that shows it, from the root of the sources
  source    the C program that shows it on a kernel, beside this file
  files     of the kernel, that it is about: whom get_maintainer.pl is asked for
  suspect   the commit that is thought to have brought it
  run       its arguments
  control   arguments with which the same program must stay clean; one line for each control
  evidence  "report PATTERN": a line of a report on the kernel's console; "state PATTERN": a
            line that the program prints after it has looked at the kernel's state. Nothing
            else confirms: no stall and no hung task.
  needs     what makes it possible, in one line ("nothing": a task and two CPUs do)
  who       who can trigger it: root, or any user
  security  why the kernel's security list has to hear of it before any open one: any user can
            lose or read another one's memory by it, or hang the machine
  cpus      of the guest (2)
  memory    of the guest, in MB; as the command says where there is none
  parallel  yes: two CPUs have to meet by chance, so they have to run at once (no)
  append    words for the kernel's command line
  config    what has to be set in the kernel's configuration: "DEBUG_VM FAIL_PAGE_ALLOC"; on another
            kernel it is not tried
  injected  the failure that the program has the kernel inject (/proc/PID/fail-nth), in one line
  seen      one line for each kernel on which the command has shown it, or has not
What takes a CPU that stands still for a while, so that two tasks meet, has holds (holds.py):
  hold          one line for each, in order; the guest has two CPUs, which run at once
  because       what makes the holds possible in reality: a preemption, an interrupt, a host that
                runs the virtual CPU no further
  control-held  arguments with which the program must stay clean under the same holds; there
                may be no such order
  elsewhere     holds at other places, under which "run" must stay clean
Without holds, "run" must stay clean as well.
"""
import os
import re

from command import ROOT, Failure

from . import holds

FOLDER = os.path.join(ROOT, 'repro', 'findings')
ONCE = {'title', 'finding', 'program', 'source', 'files', 'suspect', 'run', 'evidence', 'needs', 'who',
        'cpus', 'memory', 'security', 'parallel', 'append', 'because', 'config', 'injected'}
OFTEN = {'control', 'control-held', 'elsewhere', 'hold', 'seen'}
REQUIRED = ('title', 'finding', 'source', 'files', 'evidence', 'control', 'needs', 'who')


class Finding:
    def __init__(self, path):
        self.path, self.name = path, os.path.splitext(os.path.basename(path))[0]
        self.field = {'run': '', 'cpus': '2', 'parallel': 'no', 'security': '', 'program': '',
                      'memory': '', 'append': '', 'suspect': '', 'config': '', 'injected': ''}
        self.field.update({key: [] for key in OFTEN})
        self.holds, self.elsewhere = [], []
        try:
            with open(path, encoding='utf-8') as f:
                for n, line in enumerate(f, 1):
                    self.take(n, line.rstrip('\n'))
        except FileNotFoundError:
            raise Failure(f'{path}: there is no such file', 2) from None
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f'{path}: {error}', 2) from None
        for key in REQUIRED:
            if not self.field.get(key) and not (key == 'control' and self.holds):
                raise Failure(f'{path}: no "{key}:"', 2)
        kind, _, pattern = self.field['evidence'].partition(' ')
        if kind not in ('report', 'state') or not pattern:
            raise Failure(f'{path}: evidence: "report PATTERN" or "state PATTERN"', 2)
        try:
            self.evidence = kind, re.compile(pattern)
        except re.error as error:
            raise Failure(f'{path}: evidence: {error}', 2) from None
        if not os.path.exists(self.source):
            raise Failure(f'{path}: source: {self.source} is not there', 2)
        if not re.fullmatch(r'[1-8]', self.field['cpus']):
            raise Failure(f'{path}: cpus: 1 to 8', 2)
        if not re.fullmatch(r'([1-9]\d{2,4})?', self.field['memory']):
            raise Failure(f'{path}: memory: 100 to 99999', 2)
        if self.field['parallel'] not in ('yes', 'no'):
            raise Failure(f'{path}: parallel: yes or no', 2)
        for name in self.field['config'].split():
            if not re.fullmatch(r'[A-Z][A-Z0-9_]*', name):
                raise Failure(f'{path}: config: {name!r} is no name of an option', 2)
        self.check_holds()

    def lacks(self, config):
        """The options that it needs and a configuration ({symbol: value}) has not."""
        return [name for name in self.field['config'].split() if config.get(name) != 'y']

    @property
    def means(self):
        """What was done so that it shows, as the verdict has it."""
        means = [word for word, is_used in (('delays', self.holds),
                                            ('a failure injected', self.field['injected'])) if is_used]
        return ' with ' + ' and '.join(means) if means else ''

    def check_holds(self):
        f = self.field
        if not self.holds:
            for key in ('because', 'control-held', 'elsewhere'):
                if f.get(key):
                    raise Failure(f'{self.path}: "{key}:" without a "hold:"', 2)
            return
        if not f.get('because'):
            raise Failure(f'{self.path}: holds, but no "because:" says what makes them possible', 2)
        if not f['elsewhere']:
            raise Failure(f'{self.path}: holds, but no "elsewhere:" that has to be clean', 2)
        if f['cpus'] != '2':
            raise Failure(f'{self.path}: cpus: 2 where CPUs are held', 2)
        f['parallel'] = 'yes'

    def take(self, n, line):
        if not line.strip() or line.startswith('#'):
            return
        key, colon, value = (part.strip() for part in line.partition(':'))
        if not colon or key not in ONCE | OFTEN:
            raise Failure(f'{self.path}:{n}: {line.strip()[:40]!r} is no "key: value" that is known', 2)
        if key in ('hold', 'elsewhere'):
            try:
                (self.holds if key == 'hold' else self.elsewhere).append(holds.Hold(value))
            except Failure as error:
                raise Failure(f'{self.path}:{n}: {error}', 2) from None
        if key in OFTEN:
            self.field[key].append(value)
        else:
            self.field[key] = value

    @property
    def source(self):
        return os.path.join(os.path.dirname(self.path), self.field['source'])

    def is_seen(self, output, reports):
        """The line that is the evidence, or None. output: the program's text; reports: of the
        kernel."""
        kind, pattern = self.evidence
        lines = output.splitlines() if kind == 'state' else [line for _, body in reports for line in body]
        return next((line.strip() for line in lines if pattern.search(line)), None)


def find(word):
    """By the path of its .confirm or of its program, or by its name."""
    if word.endswith('.confirm'):
        return Finding(word)
    name = os.path.splitext(os.path.basename(word))[0]
    path = os.path.join(FOLDER, name + '.confirm')
    if not os.path.exists(path):
        raise Failure(f'{word}: no {os.path.relpath(path, ROOT)} says how to show it on a kernel', 2)
    return Finding(path)


def all_findings():
    return [Finding(os.path.join(FOLDER, name)) for name in sorted(os.listdir(FOLDER))
            if name.endswith('.confirm')]


TABLE_HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Findings on a booted kernel

Each of these C programs shows a finding about the kernel ([core/README.md](../../core/README.md#findings))
on a booted one, in a virtual machine: `swaprace confirm NAME`. What counts as evidence, and the controls
that have to stay clean, are in NAME.confirm. Never run one of them on a machine that you need.
`python3 scripts/vm.py findings` prints this file.

Where two tasks have to meet within a few instructions, NAME.confirm has holds: a virtual CPU stands
still at a named place until another task has come to another one, as if the host had taken the CPU
away. gdb makes them from outside of the guest ([scripts/vm/holds.py](../../scripts/vm/holds.py)); the
kernel is the one that is shipped, and none of its memory is written. The last column has "with
delays" then. What makes a hold possible without a debugger is in NAME.confirm (`because:`). Besides
the other controls, the program has to stay clean without holds, with holds elsewhere in the same
functions, and, where there is one, in an order that passes under the same holds.

A finding that takes a kernel with DEBUG_VM, or with fault injection, is shown on an own one (`swaprace
vm build`); 7.3.4-plain is such. "with a failure injected": the program has told the kernel which of its
allocations fails.

| name | finding | what goes wrong | needs | who | seen |
| --- | --- | --- | --- | --- | --- |
"""


def table(findings):
    """The text of repro/findings/README.md: by number, then those that have none yet."""
    def order(one):
        number = one.field['finding']
        return (0, int(number), one.name) if number.isdigit() else (1, 0, one.name)

    rows = []
    for one in sorted(findings, key=order):
        f = one.field
        cells = (f'[{one.name}]({f["source"]})', f['finding'] if f['finding'].isdigit() else '',
                 f['title'], f['needs'],
                 f['who'] + ('; **security list first**' if f['security'] else ''),
                 '; '.join(f['seen']) or 'not yet')
        rows.append('| ' + ' | '.join(cell.replace('|', r'\|') for cell in cells) + ' |\n')
    return TABLE_HEAD + ''.join(rows)
