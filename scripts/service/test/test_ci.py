# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: scripts/ci.sh is red for a finding, green without one, and says both to JUnit and to
GitHub; its examples are YAML that name files which exist. Method: a seeded bug on and off."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import bench
from service import files, results

CI = os.path.join(bench.SOURCE, 'scripts', 'ci.sh')


class CiTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.work = os.path.join(self.folder.name, 'work')

    def tearDown(self):
        self.folder.cleanup()

    def run_ci(self, *options, ci=CI, **environment):
        got = subprocess.run([ci, '--no-build', '--builds=release', f'--work={self.work}', *options],
                             capture_output=True, text=True, env=dict(os.environ, **environment))
        return got.returncode, got.stdout, got.stderr

    def suite(self, name):
        return xml.etree.ElementTree.parse(os.path.join(self.work, 'ci', name)).getroot()

    def test_setup(self):
        """What cannot be installed is the host's fault; what is asked for wrongly is not."""
        for arguments, path, status, words in (
                ([], '/nonexistent', 3, 'setup.sh: missing: '), (['--tee'], os.environ['PATH'], 2, "'--tee'")):
            got = subprocess.run(['/bin/bash', os.path.join(bench.SOURCE, 'scripts', 'setup.sh'), *arguments],
                                 capture_output=True, text=True, env={'PATH': path})
            self.assertEqual((got.returncode, got.stdout), (status, ''), got.stderr)
            self.assertIn(words, got.stderr)
            self.assertEqual(len(got.stderr.splitlines()), 1, got.stderr)

    def test_green(self):
        status, out, err = self.run_ci('--seconds=2', '--targets=codec')
        self.assertEqual(status, 0, out + err)
        self.assertGreater(int(self.suite('regression-release.xml').get('tests', '0')), 100)
        self.assertEqual(self.suite('fuzzing.xml').get('failures'), '0')

    def test_red(self):
        summary = os.path.join(self.folder.name, 'summary')
        status, out, err = self.run_ci('--seconds=6', '--targets=mm', '--bug=wp-no-recheck', '--no-triage',
                                       GITHUB_ACTIONS='true', GITHUB_STEP_SUMMARY=summary)
        self.assertEqual(status, 1, out + err)
        self.assertRegex(out, r'(?m)^::error title=swaprace::invariant: exclusive page behind a swap entry \(')
        failures = self.suite('fuzzing.xml').findall('.//failure')
        self.assertIn('invariant: exclusive page behind a swap entry', [f.get('message') for f in failures])
        self.assertIn('in ', failures[0].text)
        self.assertIn('new: `invariant', files.read_text(summary))

    def test_behind_a_known_title(self):
        """A bug that somebody knows about hides no other one."""
        known = os.path.join(self.folder.name, 'known.txt')
        with open(known, 'w', encoding='utf-8') as f:
            f.write('title: invariant: exclusive*\nreason: somebody works on it\n')
        awaited = {'known: invariant: exclusive page behind a swap entry\n',
                   'NEW invariant: nr_swap_pages does not match the devices\n'}
        said = []
        with subprocess.Popen(
                [sys.executable, bench.FUZZ, f'--root={bench.SOURCE}', f'--work={self.work}', '--no-build',
                 '--builds=release', '--targets=mm', '--jobs=1', '--time=120', '--slice=4', '--no-triage',
                 f'--known={known}', '--bug=wp-no-recheck,hib-double-nr-swap'], stdout=subprocess.PIPE, text=True) as service:
            for line in service.stdout:
                said.append(line)
                awaited.discard(line)
                if not awaited:  # in seconds where nothing else runs
                    service.terminate()
        self.assertEqual((service.returncode, awaited), (1, set()), ''.join(said))

    def test_usage(self):
        for options, status in ((['--minutes=x'], 2), (['--builds=gcc'], 2), (['--time=3'], 2),
                                (['--seconds=1', '--bug=nope'], 2), (['--seconds=0', '--frobnicate'], 2),
                                (['--out=/proc/x'], 3)):
            got, _, err = self.run_ci(*options)
            self.assertEqual((got, len(err.splitlines())), (status, 1), (options, err))

    def test_the_worst_status_counts(self):
        """A program that a signal ends (134, 139) is the host's fault, and not a finding."""
        root = bench.Root(scripts={build: {'swaprace': f'#!/bin/sh\nexit ${build}\n'}
                                   for build in ('release', 'asan')})
        for folder in ('scripts', 'repro', 'corpus'):
            os.symlink(os.path.join(bench.SOURCE, folder), os.path.join(root.path, folder))
        try:
            for first, second, worst in ((0, 0, 0), (0, 77, 0), (0, 1, 1), (2, 0, 2), (2, 3, 3), (3, 2, 3), (3, 1, 1),
                                         (1, 3, 1), (1, 139, 1), (0, 134, 3), (137, 2, 3), (139, 0, 3), (13, 0, 3)):
                got = self.run_ci('--builds=release,asan', '--seconds=0', release=str(first), asan=str(second),
                                  ci=os.path.join(root.path, 'scripts', 'ci.sh'))
                self.assertEqual(got[0], worst, (first, second, got))
            known = os.path.join(root.path, 'known.txt')
            for until, worst in (('2020-01-01', 1), ('2999-01-01', 0), ('soon', 2)):
                files.write_whole(known, f'title: x\nreason: y\nuntil: {until}\n')
                got = self.run_ci('--seconds=0', f'--known={known}', release='0',
                                  ci=os.path.join(root.path, 'scripts', 'ci.sh'))
                self.assertEqual(got[0], worst, (until, got))
        finally:
            root.close()

    def test_results_of_no_work_folder(self):
        """A name that is wrong must not become "nothing found"."""
        os.makedirs(os.path.join(self.work, 'findings'))
        for work, out, status, words in ((self.work, f'{self.folder.name}/a/b', 0, ''),
                                         (f'{self.folder.name}/wrong', f'{self.folder.name}/c', 2, 'is no work folder'),
                                         (self.work, '/proc/none', 3, 'fuzz: /proc/none: No such file')):
            got = subprocess.run([sys.executable, os.path.join(bench.SOURCE, 'scripts', 'fuzz.py'), 'results',
                                  f'--work={work}', f'--out={out}'], capture_output=True, text=True, check=False)
            self.assertEqual((got.returncode, got.stdout), (status, ''), got.stderr)
            self.assertIn(words, got.stderr)
            self.assertEqual(len(got.stderr.splitlines()), 1 if status else 0, got.stderr)
            self.assertEqual(os.path.exists(f'{out}/fuzzing.xml'), not status)

    def test_on_github_one_error_for_one_cause(self):
        for slug, minimal, also in (('a', '-> 1 tasks, 2 ops, 0 order edges, 0 choices', {}),
                                    ('b', '-> 1 tasks, 7 ops, 0 order edges, 0 choices', {'a': 90})):
            facts = {'slug': slug, 'title': slug, 'name': slug, 'state': 'new', 'count': 1, 'first': 1.0,
                     'triage': {'minimal': minimal, 'also': also}}
            os.makedirs(os.path.join(self.work, 'findings', slug))
            files.write_whole(os.path.join(self.work, 'findings', slug, 'finding.json'), json.dumps(facts))
        summary = os.path.join(self.folder.name, 'summary')
        got = subprocess.run([sys.executable, os.path.join(bench.SOURCE, 'scripts', 'fuzz.py'), 'results',
                              f'--work={self.work}', f'--out={self.work}/ci'], capture_output=True, text=True, check=False,
                             env=dict(os.environ, GITHUB_ACTIONS='true', GITHUB_STEP_SUMMARY=summary))
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertRegex(got.stdout, r'\A::error title=swaprace::a \(.*\), and 1 more that seem to have the same cause\n\Z')
        self.assertRegex(files.read_text(summary), r'- new: `a`.*\n  - seems to have the same cause: new: `b`')
        self.assertEqual(len(self.suite('fuzzing.xml').findall('.//failure')), 2)

    def test_hostile_text(self):
        facts = {'state': 'new', 'name': '<&"\0\ud800', 'title': 'a\n::warning::b%', 'count': 1, 'triage': {},
                 'report': '\x1b[31m', 'program': ']]>', 'folder': 'f'}
        self.assertEqual(len(xml.etree.ElementTree.fromstring(results.junit([facts]).encode()).findall('.//failure')), 1)
        self.assertEqual(results.workflow_text('a\n::b%'), 'a%0A::b%25')

    def test_examples(self):
        for name in ('clusterfuzzlite.yml', 'github.yml', 'gitlab.yml'):
            with open(os.path.join(bench.SOURCE, 'scripts', 'ci', name)) as f:
                text = f.read()
            self.assertNotIn('\t', text)
            for script in re.findall(r'scripts/[a-z.]+sh', text):
                self.assertTrue(os.access(os.path.join(bench.SOURCE, script), os.X_OK), script)
            for option in re.findall(r' (--[a-z]+)=', text):
                self.assertIn(option, files.read_text(CI))
            try:
                import yaml
            except ImportError:
                continue
            self.assertTrue(yaml.safe_load(text))


if __name__ == '__main__':
    unittest.main()
