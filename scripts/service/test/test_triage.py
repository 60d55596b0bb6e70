# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a finding is ready to act on when the service has looked at it: all files are there, and
say what they promise. Method: a real target with a seeded bug of one title, for some seconds;
then each file of the finding's folder is tried.

Usage: test_triage.py BUILD_FOLDER
"""
import glob
import json
import os
import re
import subprocess
import sys
import time
import unittest

import bench
from service import files

BUILD = os.path.abspath(sys.argv.pop(1))
BUG, TITLE = 'fork-skips-mmlist', 'invariant: mm with swap entries is not on mmlist'
SWAPRACE = os.path.join(BUILD, 'swaprace')


class TriageTest(unittest.TestCase):
    def setUp(self):
        self.root = bench.Root(builds={'release': BUILD})
        self.addCleanup(self.root.close)

    def read(self, name):
        return files.read_text(os.path.join(self.folder, name))

    def swaprace(self, *arguments):
        got = subprocess.run([SWAPRACE, *arguments], capture_output=True, text=True, check=False)
        return got.returncode, got.stdout + got.stderr

    def test_a_finding_is_ready_to_act_on(self):
        began = time.time()
        status, out, err = self.root.run('--builds=release', '--targets=mm', '--jobs=1', '--time=4',
                                         f'--bug={BUG}', timeout=600)
        self.assertEqual((status, err), (1, ''), out)
        self.assertIn(f'looked at: {TITLE}: release 20 of 20 replays, ', out)
        self.folder, = [f for f in glob.glob(f'{self.root.work}/findings/*')
                        if json.loads(files.read_text(f'{f}/finding.json'))['title'] == TITLE]
        facts = json.loads(self.read('finding.json'))
        self.assertEqual([facts[key] for key in ('state', 'bug', 'target', 'build')],
                         ['new', BUG, 'mm', 'release'])
        self.assertTrue(began <= facts['first'] <= facts['last'] <= time.time(), facts)
        self.assertIn('revision', facts)
        self.check_rates(facts['triage'])
        self.check_programs()
        self.check_texts()

    def check_rates(self, triage):
        self.assertEqual(triage['replays'], {'release': [20, 20]})
        hits, tries = triage['fresh']['release']
        self.assertTrue(0 < hits <= tries == 1000, triage)
        self.assertRegex(triage['minimal'], r'^\d+ tasks, \d+ ops -> [1-3] tasks, [1-9] ops, .*local minimum')
        self.assertNotIn(TITLE, triage['also'])

    def check_programs(self):
        for name in ('program.prog', 'minimal.prog'):
            text = self.read(name)
            self.assertRegex(text, rf'(?m)^bug: +{BUG}$')
            self.assertRegex(text, rf'(?m)^expect: +{re.escape(TITLE)}$')
        status, out = self.swaprace('run', '--check', '--schedules=100', os.path.join(self.folder, 'minimal.prog'))
        self.assertEqual((status, 'not met' in out), (0, False), out)
        self.assertIn('(100 of 100)', out)
        self.assertEqual(self.swaprace('run', f'--bug={BUG}', os.path.join(self.folder, 'input'))[0], 1)
        self.assertEqual(self.swaprace('run', os.path.join(self.folder, 'input'))[0], 0)

    def check_texts(self):
        report = self.read('report.txt')
        self.assertIn(f'report: {TITLE}\n', report)
        self.assertRegex(report, r'(?m)^ +#0 .* in \w+ core/check/\w+\.c:\d+')
        self.assertIn('history of ', report)
        self.assertRegex(self.read('trace.txt'), r'\w+@\w+\(')
        path = os.path.join(self.folder, 'minimal.c')
        got = subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu11', '-Wall', '-Werror', '-fsyntax-only', path],
                             capture_output=True, text=True, check=False)
        self.assertEqual(got.returncode, 0, got.stderr)


if __name__ == '__main__':
    unittest.main()
