#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a change of a tree is applied to copies, and one that does not apply is refused
in a line that says which hunk of which patch. Method: a tree of three files of our own;
mailboxes, a plain diff, edits; what changed/ holds afterwards, and the base untouched."""
import os
import subprocess
import sys
import tempfile
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from tree import compiler, patched  # noqa: E402
from tree.state import TreeError  # noqa: E402

LINES = ''.join(f'line {n}\n' for n in range(1, 31))
FUNCTION = 'int f(int *p)\n{\n\tlock(p);\n\treturn 0;\n}\n'


def diff(path, old, new, number=5):
    return (f'--- a/{path}\n+++ b/{path}\n@@ -{number - 1},3 +{number - 1},3 @@\n line {number - 1}\n'
            f'-line {old}\n+line {new}\n line {number + 1}\n')


def mail(subject, text):
    return (f'From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n'
            f'From: A <a@example.org>\nSubject: [PATCH] {subject}\n\nWhy.\n---\n{text}-- \n2.39\n\n')


class Patched(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        base = os.path.join(self.folder, 'base')
        os.makedirs(os.path.join(base, 'mm'))
        for name, text in (('mm/a.c', LINES), ('mm/b.c', LINES), ('mm/f.c', FUNCTION)):
            with open(os.path.join(base, name), 'w', encoding='utf-8') as f:
                f.write(text)
        self.base = types.SimpleNamespace(source=base, name='base')
        self.tree = types.SimpleNamespace(folder=os.path.join(self.folder, 'tree'), about={})
        os.makedirs(self.tree.folder)

    def tearDown(self):
        subprocess.run(['rm', '-rf', self.folder], check=True)

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return path

    def make(self, patches=(), edits=()):
        self.tree.about = {'patches': list(patches), 'edits': list(edits)}
        patched.make(self.tree, self.base)
        return patched.changed_files(patched.changed_folder(self.tree))

    def read(self, name):
        with open(os.path.join(patched.changed_folder(self.tree), name), encoding='utf-8') as f:
            return f.read()

    def test_series(self):
        series = self.put('s.mbox', mail('one', diff('mm/a.c', '5', 'five'))
                          + mail('two', diff('mm/a.c', '20', 'twenty', 20)))
        self.assertEqual(self.make([series]), ['mm/a.c'])
        self.assertEqual(self.read('mm/a.c'),
                         LINES.replace('line 5\n', 'line five\n').replace('line 20', 'line twenty'))
        with open(os.path.join(self.base.source, 'mm/a.c'), encoding='utf-8') as f:
            self.assertEqual(f.read(), LINES)

    def test_diff_and_edit(self):
        plain = self.put('p.diff', diff('mm/b.c', '5', 'five'))
        rules = self.put('r.edit', 'file: mm/f.c\nfunction: f\ndrop lock\n')
        self.assertEqual(self.make([plain], [rules]), ['mm/b.c', 'mm/f.c'])
        self.assertIn('\t;\n', self.read('mm/f.c'))
        first = patched.change_digest(self.tree)
        before = os.stat(os.path.join(patched.changed_folder(self.tree), 'mm/b.c')).st_mtime_ns
        self.make([plain], [rules])
        self.assertEqual(patched.change_digest(self.tree), first)
        after = os.stat(os.path.join(patched.changed_folder(self.tree), 'mm/b.c')).st_mtime_ns
        self.assertEqual(before, after)

    def test_switch(self):
        one = self.put('one.edit', 'file: mm/f.c\nfunction: f\ndrop lock\n')
        two = self.put('two.edit', 'file: mm/f.c\nfunction: f\nfalse lock\n')
        self.tree.about = {'edits': [one, two]}
        self.assertEqual(patched.switched_edits(self.tree), [])
        self.tree.about['switch'] = True
        self.assertEqual(patched.switched_edits(self.tree), ['one', 'two'])
        patched.make(self.tree, self.base)
        text = self.read('mm/f.c')
        self.assertIn('lock(p)', text)
        for number in (1, 2):
            self.assertIn(f'seam_edit == {number}', text)

    def test_included(self):
        """What a change has of a header or of a file that the shim includes comes first."""
        base, forced = self.base.source, 'compiler-version.h kconfig.h compiler_types.h'.split()
        for name in ['include/linux/' + name for name in forced] + ['include/linux/x.h']:
            os.makedirs(os.path.dirname(os.path.join(base, name)), exist_ok=True)
            with open(os.path.join(base, name), 'w', encoding='utf-8') as f:
                f.write('int x(void) { return 1; }\n' if name.endswith('x.h') else '')
        rules = self.put('r.edit', 'file: mm/f.c\nfunction: f\ndrop lock\n'
                         'file: include/linux/x.h\nfunction: x\ndrop return\n')
        self.make(edits=[rules])
        self.tree.base, self.tree.source = self.base, base
        self.tree.headers = self.tree.config = self.folder
        words = [word for word in compiler.includes(self.tree, '-I')
                 if word.startswith('-I') and 'core/tree' not in word]
        done = subprocess.run(['cc', '-E', '-P', '-x', 'c', *words, '-'], text=True, check=True,
                              input='#include <linux/x.h>\n#include "mm/f.c"\n', capture_output=True)
        self.assertNotIn('return 1', done.stdout)
        self.assertNotIn('lock(p)', done.stdout)

    def refused(self, says, patches=(), edits=()):
        with self.assertRaises(TreeError) as caught:
            self.make(patches, edits)
        self.assertIn(says, str(caught.exception))
        self.assertNotIn('\n', str(caught.exception))
        self.assertEqual(caught.exception.status, 2)

    def test_refused(self):
        broken = self.put('b.mbox', mail('fine', diff('mm/a.c', '5', 'five'))
                          + mail('broken here', diff('mm/a.c', 'none', 'x', 15)))
        self.refused('broken here: hunk 1 of mm/a.c does not apply', [broken])
        self.refused('a file that the tree does not have',
                     [self.put('n.diff', diff('mm/none.c', '5', 'five'))])
        self.refused('outside of the tree', [self.put('o.diff', diff('../../x', '5', 'five'))])
        self.refused('no unified diff', [self.put('t.txt', 'hello\n')])
        self.refused('no such file', [os.path.join(self.folder, 'absent')])
        self.refused('base has no mm/none.c',
                     edits=[self.put('e.edit', 'file: mm/none.c\nfunction: f\ndrop lock\n')])


if __name__ == '__main__':
    unittest.main()
