#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: sites get the names that the source has; the checks of a build fire and stay
silent. Method: chains and objects of our own, without a kernel tree."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from tree import configure, coverage, partial, sites, source_package, state  # noqa: E402
from tree.state import OURS, TreeError  # noqa: E402

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
KERNEL = '/k/linux/'
SHIM = os.path.join(OURS, 'shim', 'spinlock.c')


def chain(*frames):
    return [(name, path if path.startswith('/') else KERNEL + path) for name, path in frames]


class Coverage(unittest.TestCase):
    def test_files_add_up(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in 'ab']
            for path, text in zip(paths, ('10 2\n20 0\n', '10 1\n20 0\n')):
                with open(path, 'w', encoding='utf-8') as f:
                    f.write(text)
            self.assertEqual(coverage.read_edges(paths), {0x10: 3, 0x20: 0})

    def test_rubbish_is_named(self):
        with tempfile.NamedTemporaryFile('w', suffix='.edges') as f:
            f.write('10 2\nhello\n')
            f.flush()
            with self.assertRaisesRegex(TreeError, f'{f.name}:2: not an address'):
                coverage.read_edges([f.name])

    def test_table(self):
        lines = list(coverage.table({'mm/a.c': {'ran': 3, 'never': 0}, 'mm/b.c': {'both': 1}}))
        self.assertRegex(lines[1], r'^mm/a\.c +1 +2 +50  never$')
        self.assertRegex(lines[2], r'^mm/b\.c +1 +1 +100 *$')
        self.assertRegex(lines[3], r'^all +2 +3 +67$')


class State(unittest.TestCase):
    def test_a_damaged_tree_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = state.Tree('mine')
            tree.folder = folder
            with self.assertRaisesRegex(TreeError, 'no tree of the name mine') as caught:
                tree.load()
            self.assertEqual(caught.exception.status, 2)
            with open(os.path.join(folder, 'tree.json'), 'w', encoding='utf-8') as f:
                f.write('{')
            with self.assertRaisesRegex(TreeError, 'tree.json is damaged') as caught:
                tree.load()
            self.assertEqual(caught.exception.status, 3)

    def test_a_defect_of_ours_is_no_finding(self):
        for text, status in (('return 1', 1), ('return 0', 0), ('raise KeyError(1)', 3)):
            got = subprocess.run([sys.executable, '-c', f'import command\ndef main(): {text}\ncommand.exit_with(main)'],
                                 cwd=SCRIPTS, capture_output=True, text=True, check=False)
            self.assertEqual((got.returncode, 'Traceback' in got.stderr), (status, status == 3), got.stderr)


class Sites(unittest.TestCase):
    def test_primitive_of_a_header(self):
        frames = chain(('arch_test_bit', OURS + '/include/asm/bitops.h'),
                       ('test_bit', 'include/asm-generic/bitops/instrumented.h'),
                       ('folio_test_locked', 'include/linux/page-flags.h'),
                       ('do_swap_page', 'mm/memory.c'), ('handle_mm_fault', 'mm/memory.c'))
        self.assertEqual(sites.site_name('seam_load', frames),
                         ('folio_test_locked', 'do_swap_page'))

    def test_plumbing_alone(self):
        frames = chain(('__pgtable_load', OURS + '/include/asm/pgtable_access.h'),
                       ('ptep_get', OURS + '/include/asm/pgtable_access.h'),
                       ('zap_pte', 'mm/memory.c'))
        self.assertEqual(sites.site_name('seam_pte', frames), ('ptep_get', 'zap_pte'))

    def test_hook_and_lock(self):
        self.assertEqual(sites.site_name('seam_load', chain(('mas_root', 'lib/maple_tree.c'))),
                         ('READ_ONCE', 'mas_root'))
        self.assertEqual(sites.site_name('_raw_spin_lock', chain(('f', 'mm/rmap.c'))),
                         ('spin_lock', 'f'))

    def test_no_shim_function(self):
        inside = [('lock_slowly', SHIM)]
        self.assertEqual(sites.site_name('seam_load', inside), ('READ_ONCE', sites.OUTSIDE))
        self.assertEqual(sites.site_name('down_read', [('tree_write', SHIM)]),
                         ('down_read', 'write'))


class Writable(unittest.TestCase):
    def compile(self, text):
        folder = tempfile.mkdtemp()
        source, made = os.path.join(folder, 'a.c'), os.path.join(folder, 'a.o')
        with open(source, 'w', encoding='utf-8') as f:
            f.write(text)
        subprocess.run(['clang-19', '-c', '-fno-pic', source, '-o', made], check=True)
        return made

    def test_data_outside_of_the_world(self):
        made = self.compile('int stray = 1;\n')
        with self.assertRaisesRegex(TreeError, 'stray'):
            partial.check_writable(made)

    def test_data_of_the_world(self):
        partial.check_writable(self.compile(
            '__attribute__((section("swaprace_world"))) int kept = 1;\nconst int fixed = 2;\n'))

    def test_undefined_variable(self):
        made = self.compile('extern int gone; void called(void);\n'
                            'int f(void) { called(); return gone; }\n')
        self.assertEqual(partial.undefined(made), ['called', 'gone'])
        self.assertEqual(partial.not_called(made, partial.undefined(made)), ['gone'])


class Choices(unittest.TestCase):
    def test_wish_that_was_not_granted(self):
        granted = ''.join(f'CONFIG_{s}={v}\n' for s, v, _ in configure.read_wishes() if v != 'n')
        configure.check_wishes(granted)
        with self.assertRaisesRegex(TreeError, 'SWAP=y'):
            configure.check_wishes(granted.replace('CONFIG_SWAP=y\n', ''))

    def test_debian_release(self):
        have = {(6, 12): '6.12.1-1', (7, 2): '7.2.13-1', (7, 3): '7.3.4-1', (9, 0): '9.0.1-1'}
        self.assertEqual(source_package.choose(have, None), ((7, 3), '7.3.4-1'))
        self.assertEqual(source_package.choose(have, '7.2'), ((7, 2), '7.2.13-1'))
        with self.assertRaisesRegex(TreeError, '8.1'):
            source_package.choose(have, '8.1')

    def test_version_that_the_shim_does_not_know(self):
        tree = state.Tree('t')
        for version, word in (((6, 1, 0), 'older'), ((9, 0, 1), 'newer')):
            state.Tree.version = version
            self.assertIn(word, tree.version_warning())
        state.Tree.version = (7, 3, 4)
        self.assertIsNone(tree.version_warning())


if __name__ == '__main__':
    unittest.main()
