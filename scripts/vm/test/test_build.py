#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: an own kernel is built of what was asked for, once, and the user's tree stays as it is.
Method: a small tree of our own whose Makefile does what a kernel's would; the real thing is in
boots.sh."""
import os
import re
import shutil
import struct
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from command import Failure  # noqa: E402
from vm import build, confirm, fix, kernels, sources  # noqa: E402
from texts import read_finding  # noqa: E402

# An image is the head of a bzImage with the text of mm/swapfile.c as its version.
MAKEFILE = '''VERSION = 7
PATCHLEVEL = 3
SUBLEVEL = 4
allnoconfig:
	cp $(KCONFIG_ALLCONFIG) $(O)/.config
	cat scripts/kconfig/more >>$(O)/.config
bzImage:
	@mkdir -p $(O)/arch/x86/boot
	@echo compiled >>$(O)/compiled
	@if grep -q wrong mm/swapfile.c; then echo "mm/swapfile.c:1: error: no such thing" >&2; exit 1; fi
	@cat boot/head mm/swapfile.c >$(O)/arch/x86/boot/bzImage
	@cp mm/swapfile.c $(O)/vmlinux
'''
FILES = {'Makefile': MAKEFILE, 'mm/swapfile.c': '7.3.4-own (x)', 'mm/ksm.c': 'int ksm;\n',
         'scripts/kconfig/Makefile': '', 'scripts/kconfig/more': '', 'arch/x86/Kconfig': ''}


class Folder(unittest.TestCase):
    """A tree, and work/vm of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.tree = os.path.join(self.folder, 'linux')
        for name, text in FILES.items():
            self.write(name, text)
        head = bytearray(0x400)
        head[0x202:0x206] = b'HdrS'
        struct.pack_into('<H', head, 0x20e, 0x200)
        self.write('boot/head', bytes(head).decode('latin-1'))
        work = os.path.join(self.folder, 'vm')
        for name, value in (('KERNELS', work), ('BUILDS', os.path.join(work, '.build'))):
            patched = mock.patch.object(kernels, name, value)
            patched.start()
            self.addCleanup(patched.stop)

    def write(self, name, text):
        path = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='latin-1') as f:
            f.write(text)

    def build(self, kind='plain'):
        return build.Build('own', kind, self.tree, 1)

    def compiled(self):
        """How often make was asked for an image."""
        with open(os.path.join(kernels.BUILDS, 'own', 'tree', 'build', 'compiled'), encoding='utf-8') as f:
            return len(f.read().split())

    def snapshot(self):
        return sorted((path, entry.stat(follow_symlinks=False).st_mtime_ns)
                      for path, entry in build.files_of(self.tree))


class Builds(Folder):
    def test_once(self):
        before, said = self.snapshot(), []
        one = self.build()
        self.assertTrue(one.run(said.append))
        self.assertEqual(before, self.snapshot())
        self.assertIn('--config=plain', said[0])
        self.assertEqual(one.kernel.version, '7.3.4-own')
        self.assertEqual(one.kernel.config()['FAILSLAB'], 'y')
        self.assertNotIn('KASAN', one.kernel.config())
        self.assertEqual(one.kernel.origin, f'built: plain, {os.path.realpath(self.tree)}')
        with open(one.kernel.path('vmlinux'), encoding='utf-8') as f:
            self.assertEqual(f.read(), FILES['mm/swapfile.c'])
        self.assertFalse(self.build().run(said.append))
        self.assertEqual((self.compiled(), len(said)), (1, 1))

    def test_again_after_a_change(self):
        self.build().run(str)
        self.write('mm/swapfile.c', '7.3.4-new (x)')
        self.write('mm/new.c', '')
        os.remove(os.path.join(self.tree, 'mm', 'ksm.c'))
        one = self.build()
        self.assertTrue(one.run(str))
        self.assertEqual(one.kernel.version, '7.3.4-new')
        self.assertEqual(sorted(os.listdir(os.path.join(one.tree, 'mm'))), ['new.c', 'swapfile.c'])
        self.assertTrue(self.build('kasan').run(str))
        self.assertEqual(self.compiled(), 3)
        kernels.remove('own')
        self.assertFalse(os.path.exists(one.folder))

    def test_what_does_not_compile(self):
        self.write('mm/swapfile.c', 'wrong')
        with self.assertRaisesRegex(Failure, r'make bzImage: mm/swapfile.c:1: error: no such thing '
                                             r'\(all of it: .*/log\)') as caught:
            self.build().run(str)
        self.assertEqual(caught.exception.status, 3)
        self.assertFalse(os.path.exists(os.path.join(kernels.KERNELS, 'own')))

    def test_a_wish_that_is_refused(self):
        self.write('scripts/kconfig/more', 'CONFIG_KSM=m\n')
        with self.assertRaisesRegex(Failure, r'did not choose: KSM=y \(is m\)'):
            self.build().run(str)

    def test_a_kernel_of_another_origin(self):
        os.makedirs(os.path.join(kernels.KERNELS, 'own'))
        with open(os.path.join(kernels.KERNELS, 'own', 'kernel.json'), 'w', encoding='utf-8') as f:
            f.write('{"version": "7.3.4", "package": "linux"}')
        with self.assertRaisesRegex(Failure, '"vm remove own" first') as caught:
            self.build().run(str)
        self.assertEqual(caught.exception.status, 2)

    def test_no_tree(self):
        for name, error in (('.config', 'has been built in'), ('arch/x86/Kconfig', 'no whole kernel tree'),
                            ('Makefile', 'it has no Makefile')):
            if os.path.exists(os.path.join(self.tree, name)):
                os.remove(os.path.join(self.tree, name))
            else:
                self.write(name, '')
            with self.assertRaisesRegex(Failure, error) as caught:
                self.build()
            self.assertEqual(caught.exception.status, 2)
            self.write(name, FILES.get(name, ''))
            if name not in FILES:
                os.remove(os.path.join(self.tree, name))
        with self.assertRaisesRegex(Failure, 'plain, kasan or kcsan'):
            self.build('fast')


DIFF = """--- a/mm/swapfile.c
+++ b/mm/swapfile.c
@@ -1 +1 @@
-7.3.4-own (x)
\\ No newline at end of file
+7.3.4-fixed (x)
\\ No newline at end of file
--- a/mm/ksm.c
+++ /dev/null
@@ -1 +0,0 @@
-int ksm;
--- /dev/null
+++ b/mm/fix.c
@@ -0,0 +1 @@
+int fix;
"""


class Fixes(Folder):
    def diff(self, text=DIFF):
        path = os.path.join(self.folder, 'fix.diff')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return path

    def test_a_kernel_with_it(self):
        before, said = self.snapshot(), []
        base = fix.base_kernel(None, self.tree, 1, said.append)
        self.assertEqual(base.kernel.name, 'own-7.3.4')
        kernel = fix.build_patched(base, self.diff(), said.append)
        self.assertEqual((kernel.name, kernel.version), ('own-7.3.4-patched', '7.3.4-fixed'))
        self.assertEqual(base.kernel.load().version, '7.3.4-own')
        self.assertEqual(before, self.snapshot())
        self.assertEqual(sorted(os.listdir(kernels.BUILDS)), ['own-7.3.4'])
        self.assertFalse(os.path.exists(base.aside))
        self.assertTrue(os.path.exists(os.path.join(base.tree, 'mm', 'ksm.c')))
        self.assertIn('mm/swapfile.c mm/ksm.c mm/fix.c', said[-1])
        said.clear()
        again = fix.base_kernel('own-7.3.4', None, 1, said.append)
        fix.build_patched(again, self.diff(), said.append)
        self.assertEqual(fix.base_kernel(None, self.tree, 1, said.append).kernel.name, 'own-7.3.4')
        self.assertEqual(said, [])
        fix.build_patched(again, self.diff(DIFF.replace('int fix', 'int more')), said.append)
        self.assertEqual(len(said), 1)

    def test_what_the_build_gets(self):
        base = fix.base_kernel('own', self.tree, 1, str)
        with mock.patch.object(build.Make, 'run', lambda make, *_: self.look_at(make.folder)), \
                mock.patch.object(build, 'install'):
            fix.build_patched(base, self.diff(), str)

    def look_at(self, tree):
        self.assertEqual(sorted(os.listdir(os.path.join(tree, 'mm'))), ['fix.c', 'swapfile.c'])
        self.assertFalse(os.path.islink(os.path.join(tree, 'mm', 'swapfile.c')))
        self.assertTrue(os.path.islink(os.path.join(tree, 'Makefile')))
        self.assertTrue(os.path.exists(os.path.join(tree, 'build', '.config')))

    def test_one_that_was_killed(self):
        base = fix.base_kernel('own', self.tree, 1, str)
        base.set_aside()
        os.makedirs(base.out)
        self.assertFalse(self.build().run(str))
        self.assertTrue(os.path.exists(os.path.join(base.out, '.config')))

    def test_bad_ones(self):
        base = fix.base_kernel('own', self.tree, 1, str)
        for text, error in ((DIFF.replace('-int ksm', '-long ksm'), 'hunk 1 of mm/ksm.c does not apply'),
                            ('no diff', 'no unified diff'),
                            (DIFF.replace('b/mm/fix.c', 'b/../fix.c'), 'outside of the tree')):
            with self.assertRaisesRegex(Failure, error) as caught:
                fix.build_patched(base, self.diff(text), str)
            self.assertEqual(caught.exception.status, 2)
        with self.assertRaisesRegex(Failure, 'nothing.diff: no such file'):
            fix.build_patched(base, os.path.join(self.folder, 'nothing.diff'), str)
        for name, tree, error in (('other', None, 'for an own kernel'), (None, None, 'for an own kernel'),
                                  (None, '/nothing', 'no such folder')):
            with self.assertRaisesRegex(Failure, error) as caught:
                fix.base_kernel(name, tree, 1, str)
            self.assertEqual(caught.exception.status, 2)


class Verdicts(unittest.TestCase):
    """Of a fix: (shown, missed, bad) without it and with it."""

    class Tried:
        def __init__(self, outcome):
            self.outcome, self.finding = outcome, mock.Mock()
            self.finding.name, self.kernel = 'a', mock.Mock(version='7')

        def introduce(self):
            pass

        def show(self, _program, _runs):
            return self.outcome

    def test_each(self):
        for without, fixed, status, text in (
                ((3, None, None), (0, None, None), 0, 'not shown with the patch, 0 of 3: the fix holds'),
                ((1, None, None), (0, 'b never came', None), 0, r'the fix holds \(b never came\)'),
                ((3, None, None), (1, None, None), 1, 'shown with the patch, 1 of 3: it does not help'),
                ((3, None, None), (0, None, 'panicked'), 1, r'went wrong otherwise \(panicked\)'),
                ((0, None, None), (0, None, None), 1, 'not shown without the patch, 0 of 3')):
            with mock.patch.object(confirm, 'build'), mock.patch('builtins.print') as said:
                self.assertEqual(confirm.try_fix(self.Tried(without), self.Tried(fixed), 3), status)
            self.assertRegex(said.call_args.args[0], '^a: .*' + text)


class Wishes(unittest.TestCase):
    def test_each_kind(self):
        for kind in build.KINDS:
            wanted = build.wishes(kind)
            names = [symbol for symbol, _, _ in wanted]
            self.assertEqual(len(names), len(set(names)), kind)
            chosen = {symbol: value for symbol, value, optional in wanted if value != 'n' and not optional}
            build.check_wishes(wanted, chosen)
            self.assertEqual(chosen.get('KASAN') == 'y', kind == 'kasan')
            self.assertEqual(chosen.get('KCSAN') == 'y', kind == 'kcsan')
            with self.assertRaisesRegex(Failure, r'SWAP=y \(is n\), MODULES=n \(is y\)|'
                                                 r'MODULES=n \(is y\).*SWAP=y \(is n\)'):
                build.check_wishes(wanted, {**chosen, 'SWAP': 'n', 'MODULES': 'y'})

    def test_every_line_is_one(self):
        for kind in ('base', *build.KINDS):
            with open(os.path.join(build.FOLDER, kind), encoding='utf-8') as f:
                for line in f:
                    self.assertTrue(build.WISH.fullmatch(line) or re.match(r'# [^C]|\n', line), line)


class Sources(unittest.TestCase):
    OFFERED = {(7, 2): '7.2.13-1', (7, 3): '7.3.4-1~bpo13+1', (7, 10): None}

    def test_which(self):
        for wanted, release in ((None, (7, 3)), ('7.2', (7, 2)), ('7.2.13', (7, 2)), ('7', (7, 3))):
            self.assertEqual(sources.choose(self.OFFERED, wanted), release)
        with self.assertRaisesRegex(Failure, 'no source of Linux 7.2.1 here; it has: 7.2.13 7.3.4'):
            sources.choose(self.OFFERED, '7.2.1')


class Needs(Folder):
    TEXT = ('title: t\nfinding: 1\nsource: a.c\nfiles: mm/a.c\nevidence: state ^evidence: \ncontrol: no\n'
            'needs: nothing\nwho: root\nconfig: FAILSLAB KASAN\n')

    def test_a_kernel_without(self):
        one = self.build()
        one.run(str)
        with self.assertRaisesRegex(Failure, '^not shown here: needs CONFIG_KASAN, which Linux 7.3.4-own '
                                             'has not ') as caught:
            confirm.check_config(one.kernel, read_finding(self.TEXT))
        self.assertEqual(caught.exception.status, confirm.SKIPPED)
        confirm.check_config(one.kernel, read_finding(self.TEXT.replace(' KASAN', '')))
        os.remove(one.kernel.path('config'))
        with self.assertRaisesRegex(Failure, 'CONFIG_FAILSLAB CONFIG_KASAN, .* is not known'):
            confirm.check_config(one.kernel, read_finding(self.TEXT))
        with self.assertRaisesRegex(Failure, "'failslab' is no name"):
            read_finding(self.TEXT.replace('FAILSLAB', 'failslab'))

    def test_the_verdict_names_the_means(self):
        self.assertEqual(read_finding(self.TEXT).means, '')
        injected = read_finding(self.TEXT + 'injected: a\n')
        self.assertEqual(injected.means, ' with a failure injected')
        held = read_finding(self.TEXT + 'injected: a\nbecause: b\nhold: a at b for 1 s\n'
                            'elsewhere: a at c for 1 s\n')
        self.assertEqual(held.means, ' with delays and a failure injected')


if __name__ == '__main__':
    unittest.main()
