#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: an edit by rule changes what it names and nothing else. Method: each rule on a
function of our own; what comes out is compared as text and compiled; wrong rules are
refused with file and line."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from tree import edit  # noqa: E402
from tree.state import TreeError  # noqa: E402

SOURCE = '''int take(int *p); /* declared: take(p) { } */
#define other(x) do { take(x); } while (0)

static int other_function(int *p)
{
	return take(p);
}

int subject(int *p, int n)
{
	int got = 0; // take() in a comment

	if (n > 1 && take(p))
		got = take(p) ? 2 : 3;
	else
		put(p);
	for (int i = 0; i < n; i++)
		put(p);
	if (take(p)) {
		lock(p,
		     n);
		unlock(p);
	}
	print("take(", p);
again:
	put(p);
	return got;
}
'''
DECLARATIONS = ('int take(int *), take2(int *); void put(int *), lock(int *, int), unlock(int *), '
                'print(const char *, int *);\n')


def edited(*lines):
    rules = edit.parse('file: a.c\nfunction: subject\n' + '\n'.join(lines) + '\n', 'x.edit')
    text = edit.apply(rules, 'a.c', SOURCE)
    done = subprocess.run(['cc', '-x', 'c', '-w', '-fsyntax-only', '-'],
                          input=DECLARATIONS + text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr + text
    return text


class Edits(unittest.TestCase):
    def changes(self, before, after, *lines):
        self.assertEqual(edited(*lines), SOURCE.replace(before, after, 1))

    def test_conditions(self):
        self.changes('n > 1 && take(p)', '0', 'drop-if take')
        self.changes('if (take(p)) {', 'if (1) {', 'true-if take#3')

    def test_statements(self):
        self.changes('else\n\t\tput(p);', 'else\n\t\t;', 'drop put')
        self.changes('i++)\n\t\tput(p);', 'i++)\n\t\t;', 'drop put#2')
        self.changes('again:\n\tput(p);', 'again:\n\t;', 'drop put#3')
        self.changes('lock(p,\n\t\t     n);', ';\n', 'drop lock')
        self.changes('got = take(p) ? 2 : 3;', ';', 'drop take#2')

    def test_calls(self):
        self.changes('&& take(p)', '&& (1)', 'true take')
        self.changes('= take(p)', '= (0)', 'false take#2')
        self.changes('if (take(p))', 'if ((!take(p)))', 'negate take#3')
        self.changes('= take(p)', '= take2(p)', 'rename take#2 take2')

    def test_order(self):
        self.changes('lock(p,\n\t\t     n);\n\t\tunlock(p);',
                     'unlock(p);\n\t\tlock(p,\n\t\t     n);', 'swap lock unlock')
        self.assertIn('unlock(p); lock(p,\n\t\t     n);\n\t\t;', edited('move unlock before lock'))
        self.assertIn('put(p); unlock(p); \n\treturn', edited('move unlock after put#3'))

    def test_put(self):
        self.changes('= take(p)', '= (n + 1)', 'put take#2 n + 1')

    def test_other_functions_stay(self):
        text = edited('drop-if take', 'drop put')
        self.assertIn('return take(p);', text)
        self.assertEqual(text.count('\n'), SOURCE.count('\n'))

    def test_wrong(self):
        for lines, says in ((['drop nothing'], 'x.edit:3: drop nothing: subject() in a.c has nothing'),
                            (['drop put#4'], 'has put 3 times'),
                            (['drop-if lock'], 'stands in no condition'),
                            (['true got'], 'is not called'),
                            (['swap lock lock'], 'one statement'),
                            (['drop'], '1 words are wanted'),
                            (['put take'], '2 words are wanted'),
                            (['move lock above put'], '"before" or "after"'),
                            (['vanish put'], 'not "vanish"'),
                            (['drop put#x'], 'is not NAME'),
                            (['function: none', 'drop put'], 'there is no none()')):
            with self.assertRaises(TreeError) as caught:
                edited(*lines)
            self.assertIn(says, str(caught.exception))
        with self.assertRaises(TreeError):
            edit.parse('drop put\n', 'x.edit')
        with self.assertRaises(TreeError):
            edit.parse('# nothing\n', 'x.edit')


PROGRAM = '''
int printf(const char *, ...);
unsigned int seam_edit;
int take(int *p) { printf("take "); return *p; }
int take2(int *p) { printf("take2 "); return *p; }
void put(int *p) { printf("put "); }
void lock(int *p, int n) { printf("lock "); }
void unlock(int *p) { printf("unlock "); }
void print(const char *s, int *p) { printf("print "); }
int main(int argc, char **argv)
{
	int one = 1, got;

	seam_edit = argc - 1;
	got = subject(&one, 3);
	printf("%d", got);
	return 0;
}
'''


class Switched(unittest.TestCase):
    """Each edit compiled in by itself and all of them in one program under a switch: the
    same happens."""
    EDITS = (['drop-if take'], ['true-if take#3'], ['drop put#2', 'drop put'], ['drop take#2'],
             ['false take#2', 'true take'], ['negate take#3'], ['negate take', 'drop put#3'],
             ['rename take#2 take2'], ['rename got#3 n'], ['swap lock unlock'],
             ['put lock print("x", 0)'], ['drop lock'], ['move unlock before lock'], ['move unlock after put#3'], ['put take#2 n + 40'])

    def outputs(self, text, most):
        binary = os.path.join(self.folder.name, 'program')
        done = subprocess.run(['cc', '-x', 'c', '-w', '-o', binary, '-'], text=True,
                              input=DECLARATIONS + text + PROGRAM, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr + text)
        return [subprocess.run([binary] + ['x'] * n, capture_output=True, text=True,
                               check=True).stdout for n in range(most + 1)]

    def test_same(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        rules, alone = [], []
        for number, lines in enumerate(self.EDITS, 1):
            text = 'file: a.c\nfunction: subject\n' + '\n'.join(lines) + '\n'
            alone += self.outputs(edit.apply(edit.parse(text, 'x'), 'a.c', SOURCE), 0)
            rules += edit.switch(edit.parse(text, 'x'), number)
        text = edit.apply(rules, 'a.c', SOURCE)
        self.assertEqual(text.count('\n'), SOURCE.count('\n'))
        off = self.outputs(SOURCE, 0)
        self.assertEqual(self.outputs(text, len(self.EDITS)), off + alone)
        self.assertTrue(all(output != off[0] for output in alone), alone)


if __name__ == '__main__':
    unittest.main()
