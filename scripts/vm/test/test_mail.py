# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the mail of each finding has every field, prose of 72 columns, a report and a program as
they are, and a program that compiles out of the mail alone; what the security list has to hear
first names no open list. Method: a mail for each .confirm file, with a run that is made up."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..'))
from command import ROOT, Failure  # noqa: E402
from vm import finding, mail  # noqa: E402

LONG = 'WARNING: CPU: 1 PID: 126 at mm/swapfile.c:3567 ' + 'x' * 90
RUN = {'seen': LONG, 'report': [LONG, 'Call Trace:', ' f+0x1/0x2'], 'words': 'qemu, 2 CPUs, emulated',
       'output': 'fact: version Linux version 7.3.4 (x@y) (x86_64-linux-gnu-gcc-14 (Debian) 14.2, GNU ld) #1\n'
                 'fact: cmdline panic=-1\nfact: sys/kernel/tainted 0\nthe program speaks\n'}
FIELDS = ('kernel', 'compiler', 'config', 'arch', 'command line', 'tainted', 'needs', 'who', 'affected',
          'unaffected', 'suspect')
OPEN_LIST = '"Swap" <linux-mm@kvack.org>'


def readme():
    with open(os.path.join(ROOT, 'core', 'README.md'), encoding='utf-8') as f:
        return f.read()


class MailTest(unittest.TestCase):
    def mail_of(self, one):
        return mail.compose(one, '7.3.4-test', RUN, readme(), (['A <a@example.org>'], [OPEN_LIST]))

    def test_each_finding_has_a_mail(self):
        for one in finding.all_findings():
            with self.subTest(one.name):
                self.look(one, self.mail_of(one))

    def look(self, one, text):
        head, _, body = text.partition('\n\n')
        self.assertRegex(head, r'(?m)^Subject: \[BUG\] (mm|kernel)/[\w/-]+: \S')
        self.assertIn('To: A <a@example.org>', head)
        self.assertEqual(OPEN_LIST in head, not one.field['security'])
        self.assertEqual('security@kernel.org' in head, bool(one.field['security']))
        for name in FIELDS:
            self.assertRegex(body, rf'(?m)^{name}: +\S')
        self.assertRegex(body, r'compiler: +x86_64-linux-gnu-gcc-14 \(Debian\) 14\.2\n')
        self.assertIn('\n'.join(RUN['report']), body)
        self.assertIn('  the program speaks', body)
        self.assertNotIn('fact:', body)
        self.assertNotRegex(body, r'\*The model\*|seeded bug|`|swaprace run')
        prose = body.split('The report, as the kernel printed it:')[0]
        for line in prose.splitlines():
            if not line.startswith(('  ', 'command line:')) and LONG not in line:
                self.assertLessEqual(len(line), mail.COLUMNS, line)
        program = re.search(r'(?s)^---- (\S+\.c)\n(.*)^----$', body, re.M)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, program[1])
            with open(path, 'w', encoding='utf-8') as f:
                f.write(program[2])
            done = subprocess.run(['cc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-c',
                                   '-o', os.devnull, path], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr[:500])

    def test_an_own_kernel(self):
        one = finding.find('populate-unlocked')
        one.field.update(injected='the first one', config='FAIL_PAGE_ALLOC')
        text = mail.compose(one, '7.3.4-plain', {**RUN, 'built': {'config': 'plain'}}, readme(), (['A'], []))
        self.assertRegex(text, r'kernel: +7\.3\.4-plain, built of its source\n')
        self.assertRegex(' '.join(text.split()), r'config: allnoconfig, .* CONFIG_FAIL_PAGE_ALLOC=y')
        self.assertIn('One failure was injected (/proc/thread-self/fail-nth): the first one.', ' '.join(text.split()))
        self.assertNotIn('distribution ships', text)

    def test_a_finding_that_nothing_is_said_of(self):
        with self.assertRaisesRegex(Failure, 'nothing of finding 999'):
            mail.story('999', readme())


class RecipientsTest(unittest.TestCase):
    def tree(self, script):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.makedirs(os.path.join(folder.name, 'scripts'))
        with open(os.path.join(folder.name, 'scripts', 'get_maintainer.pl'), 'w', encoding='utf-8') as f:
            f.write(script)
        return folder.name

    def test_the_tree_says_whom(self):
        tree = self.tree('print "A B <a\\@example.org>\\nlinux-mm\\@kvack.org\\nlinux-kernel\\@vger.kernel.org\\n";')
        self.assertEqual(mail.recipients(tree, ['mm/ksm.c']),
                         (['A B <a@example.org>'], ['linux-mm@kvack.org', 'linux-kernel@vger.kernel.org']))

    def test_what_goes_wrong_is_one_line(self):
        with self.assertRaisesRegex(Failure, 'no scripts/get_maintainer.pl') as caught:
            mail.recipients('/nonexistent', ['mm/ksm.c'])
        self.assertEqual(caught.exception.status, 2)
        with self.assertRaisesRegex(Failure, 'not from here'):
            mail.recipients(self.tree('print STDERR "not from here\\n"; exit 1;'), ['mm/ksm.c'])
        self.assertIn('-f mm/ksm.c', mail.recipients(None, ['mm/ksm.c'])[0][0])


if __name__ == '__main__':
    unittest.main()
