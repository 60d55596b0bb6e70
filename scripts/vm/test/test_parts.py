#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the parts of a virtual machine that need none: modules in their order, the root file
system, which package is taken, what counts as a report, stacks, the journal.
Method: files and texts of our own."""
import contextlib
import gzip
import importlib.util
import io
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from command import ROOT, Failure  # noqa: E402
from vm import compare, finding, initramfs, kernels, modules, report, stacks  # noqa: E402
from texts import read_finding  # noqa: E402


class Modules(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def module(self, name, needs, opener=open, suffix='.ko'):
        with opener(os.path.join(self.folder, name + suffix), 'wb') as f:
            f.write(b'\x7fELF\0license=GPL\0depends=' + needs + b'\0name=' + name.encode() + b'\0')

    def test_after_those_that_they_need(self):
        self.module('zram', b'lz4-x,other', lzma.open, '.ko.xz')
        self.module('other', b'lz4-x', gzip.open, '.ko.gz')
        self.module('lz4-x', b'')
        self.module('unwanted', b'')
        self.assertEqual([name for name, _ in modules.in_order(self.folder)],
                         ['lz4_x', 'other', 'zram'])

    def test_a_damaged_one(self):
        with open(os.path.join(self.folder, 'loop.ko.xz'), 'wb') as f:
            f.write(b'no xz')
        with self.assertRaisesRegex(Failure, 'loop.ko.xz'):
            modules.in_order(self.folder)


def command_line():
    """scripts/vm.py, which has the name of the package that it uses."""
    path = os.path.join(ROOT, 'scripts', 'vm.py')
    spec = importlib.util.spec_from_file_location('vm_command', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Words(unittest.TestCase):
    """What a command is told stands in any order."""

    def setUp(self):
        self.parse = command_line().parse

    def test_options_anywhere(self):
        for line in ('build n /x --config=kasan -j 3', 'build n --config=kasan -j3 /x',
                     'build --config kasan n -j 3 /x', 'build -j 3 --config=kasan -- n /x'):
            args = self.parse(line.split())
            self.assertEqual((args.name, args.tree, args.config, args.jobs), ('n', '/x', 'kasan', 3), line)
        args = self.parse('build n --debian=7.3 -j1'.split())
        self.assertEqual((args.name, args.tree, args.debian), ('n', None, '7.3'))
        args = self.parse('add n --modules=/d /image'.split())
        self.assertEqual((args.name, args.image, args.modules), ('n', '/image', '/d'))
        args = self.parse('confirm a --runs=3 b --verbose c'.split())
        self.assertEqual((args.file, args.runs, args.verbose), (['a', 'b', 'c'], 3, True))

    def test_a_command_keeps_its_own(self):
        args = self.parse('run --time=7 -- sh --time=8 -c x'.split())
        self.assertEqual((args.command, args.time), (['sh', '--time=8', '-c', 'x'], 7))

    def test_what_is_wrong(self):
        for line, error in (('build', 'required: name'), ('build n /x /y', 'unrecognized arguments: /y'),
                            ('build n --fast /x', 'unrecognized arguments: --fast'),
                            ('build n -j x /x', 'invalid int value')):
            said = io.StringIO()
            with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as caught:
                self.parse(line.split())
            self.assertEqual(caught.exception.code, 2)
            self.assertRegex(said.getvalue(), '^vm.py: .*' + error)


class Kernels(unittest.TestCase):
    def names(self, *suffixes):
        return [f'linux-{part}-{s}-cloud-amd64' for s in suffixes for part in ('binary', 'modules')]

    def test_the_newest_with_its_modules(self):
        names = self.names('7.2.12+deb13', '7.10.1+deb14', '7.3.4+deb13')
        names.append('linux-binary-7.11.0+deb14-cloud-amd64')  # its modules have gone
        self.assertEqual(kernels.choose(names, None), '7.10.1+deb14-cloud-amd64')
        self.assertEqual(kernels.choose(names, '7.2'), '7.2.12+deb13-cloud-amd64')
        with self.assertRaisesRegex(Failure, r'Linux 8.1 here; it has: 7.2.12 7.3.4 7.10.1'):
            kernels.choose(names, '8.1')

    def test_an_image(self):
        with tempfile.NamedTemporaryFile() as f:
            f.write(b'\0' * 0x400)
            f.flush()
            with self.assertRaisesRegex(Failure, 'no bzImage') as caught:
                kernels.image_version(f.name)
            self.assertEqual(caught.exception.status, 2)
            f.seek(0x202)
            f.write(b'HdrS\0\0\0\0\0\0\0\0\x00\x01')
            f.seek(0x300)
            f.write(b'7.3.4 (who@where) #1\0')
            f.flush()
            self.assertEqual(kernels.image_version(f.name), '7.3.4')


class Initramfs(unittest.TestCase):
    @unittest.skipUnless(shutil.which('cpio'), 'no cpio here')
    def test_cpio_reads_it(self):
        archive = initramfs.Archive()
        archive.file('a/b/text', b'five\n', 0o755)
        archive.copy(os.path.dirname(os.path.abspath(__file__)), 'job/test')
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(['cpio', '-idm', '--quiet'], input=archive.finish(), cwd=folder, check=True)
            with open(f'{folder}/a/b/text', 'rb') as f:
                self.assertEqual(f.read(), b'five\n')
            self.assertTrue(os.access(f'{folder}/a/b/text', os.X_OK))
            self.assertTrue(os.path.isfile(f'{folder}/job/test/test_parts.py'))

    def test_a_file_that_is_not_there(self):
        with self.assertRaisesRegex(Failure, 'nothing-here'):
            initramfs.Archive().copy('/nothing-here', 'job/x')


class Reports(unittest.TestCase):
    def test_reports(self):
        for line in ('BUG: Bad page state in process a  pfn:1', 'WARNING: CPU: 1 PID: 2 at mm/x.c:1',
                     'kernel BUG at mm/swapfile.c:10!', 'Kernel panic - not syncing: x',
                     'UBSAN: array-index-out-of-bounds in mm/swapfile.c:3567:52'):
            console = f'[    0.1] hello\n[    1.25][  T12] {line}\r\n[    1.3] more\n'.encode()
            self.assertTrue(report.has_heading(console))
            heading, lines = report.find(console)
            self.assertEqual(heading, line)
            self.assertEqual(lines[1], 'more')

    def test_two_and_their_panic(self):
        found = report.find_all(b'WARNING: CPU: 0 at one\n a\n---[ end trace 0 ]---\nother\n'
                                b'UBSAN: two\n b\n---[ end trace ]---\n'
                                b'Kernel panic - not syncing: UBSAN: panic_on_warn set ...\n')
        self.assertEqual([heading for heading, _ in found], ['WARNING: CPU: 0 at one', 'UBSAN: two'])
        self.assertEqual(found[0][1], ['WARNING: CPU: 0 at one', ' a', '---[ end trace 0 ]---'])

    def test_known(self):
        known = report.read_known()
        heading = 'UBSAN: array-index-out-of-bounds in /b/mm/swapfile.c:3567:52'
        swapon = ' __do_sys_swapon+0xf81/0x10e0'
        self.assertIn('bad pages', report.known_reason(known, (heading, [heading, swapon])))
        self.assertIsNone(report.known_reason(known, (heading, [heading, ' swap_show+0x1/0x2'])))
        self.assertIsNone(report.known_reason(known, ('WARNING: x', ['WARNING: x', swapon])))

    def test_no_reports(self):
        self.assertIsNone(report.find(b'[ 1.0] rcu: INFO: rcu_preempt self-detected stall on CPU\n'
                                      b'[ 2.0] watchdog: BUG: soft lockup - CPU#1 stuck\n'
                                      b'[ 3.0] INFO: task a blocked for more than 120 seconds\n'))


class Stacks(unittest.TestCase):
    SYMBOLS = gzip.compress(b'ffffffff81000000 T first\nffffffff81000100 t second\n'
                            b'ffffffff81000180 D data\n0000000000000000 t hidden\n')

    def test_names(self):
        symbols = stacks.Symbols(self.SYMBOLS)
        self.assertEqual(symbols.name(0xffffffff81000102), 'second+0x2')
        self.assertIsNone(symbols.name(0x1234))
        self.assertIsNone(symbols.name(0xffffffff91000000))
        self.assertIsNone(stacks.Symbols(b'').name(0xffffffff81000102))

    def test_a_cpu(self):
        def monitor(line, cpu):
            if line == 'info registers':
                return ('RSP=ffffc90000000000\nRIP=ffffffff81000004 HLT=0' if cpu == 0 else
                        'RSP=0000000000000000\nRIP=0000000000401000 HLT=0')
            return 'ffffc90000000000: 0xffffffff81000110 0x0000000000000001\n'
        self.assertEqual(stacks.of_all(monitor, 2, stacks.Symbols(self.SYMBOLS)),
                         ['CPU 0: first+0x4', '  ? second+0x10', 'CPU 1: in user mode'])


class Journal(unittest.TestCase):
    def test_lost_and_resumed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'journal')
            journal = compare.Journal(path, False)
            for line in ('begin 1', 'end 1 agrees 2/2 3/3 4/4 5/6', 'begin 2', 'rubbish', ''):
                journal.add(line)
            self.assertEqual(journal.lost('hung'), '2')
            journal.add('begin 3')
            journal.file.close()
            again = compare.Journal(path, True)
            again.file.close()
            self.assertEqual(again.status, {'1': 'agrees', '2': 'hung'})
            self.assertEqual((again.equal, again.compared), ([2, 3, 4, 5], [2, 3, 4, 6]))
            self.assertEqual(again.begun, '3')
            self.assertEqual(again.count('hung', 'panicked'), 1)
            fresh = compare.Journal(path, False)
            fresh.file.close()
            self.assertEqual(fresh.status, {})


class Findings(unittest.TestCase):
    TEXT = ('title: t\nfinding: 1\nsource: a.c\nfiles: mm/a.c\nevidence: state ^evidence: \ncontrol: no\n'
            'control: never\nneeds: nothing\nwho: root\n')

    def test_evidence(self):
        one = read_finding(self.TEXT)
        self.assertEqual(one.field['control'], ['no', 'never'])
        self.assertEqual(one.is_seen('a\nevidence: b\n', []), 'evidence: b')
        self.assertIsNone(one.is_seen('no evidence: b\n', [('BUG: x', ['BUG: x'])]))
        one = read_finding(self.TEXT.replace('state ^evidence: ', 'report BUG: Bad'))
        self.assertEqual(one.is_seen('', [('x', ['x', ' BUG: Bad page'])]), 'BUG: Bad page')
        self.assertIsNone(one.is_seen('BUG: Bad page', [('x', ['BUG: other'])]))

    def test_bad_ones(self):
        for old, new, error in (('who: root\n', '', 'no "who:"'), ('title', 'titel', 'titel'),
                                ('state ^', 'guess ', 'evidence'), ('state ^', 'state (', 'evidence'),
                                ('a.c', 'b.c', 'b.c is not there'), ('needs:', 'cpus: 9\nneeds:', '1 to 8'),
                                ('needs:', 'memory: 4G\nneeds:', '100 to 99999')):
            with self.assertRaisesRegex(Failure, re.escape(error)) as caught:
                read_finding(self.TEXT.replace(old, new))
            self.assertEqual(caught.exception.status, 2)

    def test_those_that_are_there(self):
        for one in finding.all_findings():
            self.assertTrue(os.path.exists(os.path.join(ROOT, one.field['program'])), one.path)

    def test_the_table(self):
        first = read_finding(self.TEXT.replace('title: t', 'title: a|b\nseen: 7.3: yes\nseen: 7.2: no'))
        later = read_finding(self.TEXT.replace('finding: 1', 'finding: 10'))
        other = read_finding(self.TEXT.replace('finding: 1', 'finding: new'))
        text = finding.table([other, later, first])
        self.assertEqual(text[len(finding.TABLE_HEAD):].splitlines(),
                         [r'| [a](a.c) | 1 | a\|b | nothing | root | 7.3: yes; 7.2: no |',
                          '| [a](a.c) | 10 | t | nothing | root | not yet |',
                          '| [a](a.c) |  | t | nothing | root | not yet |'])

    def test_the_table_is_up_to_date(self):
        with open(os.path.join(finding.FOLDER, 'README.md'), encoding='utf-8') as f:
            self.assertEqual(f.read(), finding.table(finding.all_findings()),
                             'python3 scripts/vm.py findings >repro/findings/README.md')


if __name__ == '__main__':
    unittest.main()
