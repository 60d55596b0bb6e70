# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the parts of the service that need no process. Each rule has a case in which it
speaks and one in which it is silent."""
import datetime
import json
import os
import re
import sqlite3
import tempfile
import unittest

import bench  # noqa: F401: sets the path
from service import builds, disk, files, findings, groups, known, options, paths, store, titles, triage, turns

TODAY = datetime.date(2027, 1, 15)
REPORT = '''report: WARNING: x in f
stack:
  f
  try_to_unuse
  sys_swapoff

history of folio S3.1:
'''


def known_of(text):
    made = known.Known.__new__(known.Known)
    made.path, made.today = 'known.txt', TODAY
    made.entries, made.errors = known.parse(text, 'known.txt')
    return made


class KnownTest(unittest.TestCase):
    def test_title(self):
        entries = known_of('title: WARNING: x in f\nreason: r\n\ntitle: leak: *\nreason: q\n')
        self.assertEqual(entries.errors, [])
        self.assertEqual(entries.match('WARNING: x in f', '').reason, 'r')
        self.assertEqual(entries.match('leak: two folios', '').reason, 'q')
        self.assertIsNone(entries.match('WARNING: x in g', ''))

    def test_old_names(self):
        """The cases that fuzz/exec/title.c must meet as well."""
        with open(os.path.join(bench.SOURCE, 'fuzz', 'test', 'test_title.c'), encoding='utf-8') as f:
            cases = re.findall(r'^\t\{ "([^"]*)", "([^"]*)", (true|false) \},$', f.read(), re.M)
        self.assertGreater(len(cases), 10)
        for title, wanted, same in cases:
            self.assertEqual(titles.same(title, wanted), same == 'true', (title, wanted))
        entries = known_of('title: leak: kmalloc-16 in use at teardown\nreason: r\n')
        self.assertIsNotNone(entries.match('leak: kmalloc of f at teardown', ''))
        self.assertIsNone(entries.match('leak: folio at teardown', ''))
        self.assertTrue(titles.has_report('x.prog: report: leak: kmalloc of f at teardown\nmore\n',
                                          'leak: kmalloc-16 in use at teardown'))
        self.assertFalse(titles.has_report('report: leak: kmalloc of f at teardown, no\n',
                                           'leak: kmalloc-16 in use at teardown'))

    def test_signature(self):
        for fits, field in ((True, 'stack: try_to_unuse sys_swapoff'), (False, 'stack: do_swap_page'),
                            (True, 'object: folio S3.1'), (False, 'object: folio A2.0')):
            entries = known_of(f'title: WARNING: x in f\n{field}\nreason: r\n')
            self.assertEqual(entries.match('WARNING: x in f', REPORT) is not None, fits, field)
            self.assertEqual(entries.name_of('WARNING: x in f', REPORT) == 'WARNING: x in f', fits)

    def test_expiry(self):
        for until, knows in (('2027-01-15', True), ('2027-01-14', False)):
            entries = known_of(f'title: t\nreason: r\nuntil: {until}\n')
            self.assertEqual(entries.match('t', '') is not None, knows)
            self.assertEqual(len(entries.expired()), 0 if knows else 1)

    def test_errors_name_their_line(self):
        for text, where in (('title: t\n', 'known.txt:1: an entry without "reason:"'),
                            ('\n# x\ntitel: t\n', 'known.txt:3: "titel: t"'),
                            ('title: t\nreason: r\nuntil: soon\n', 'known.txt:3: "soon" is no date')):
            errors = known_of(text).errors
            self.assertEqual(len(errors), 1, errors)
            self.assertTrue(errors[0].startswith(where), errors[0])


class FilesTest(unittest.TestCase):
    def test_slug(self):
        self.assertNotEqual(files.slug('a/b'), files.slug('a b'))
        self.assertRegex(files.slug('../../etc'), r'^[A-Za-z0-9_-][A-Za-z0-9._-]*$')
        self.assertLess(len(files.slug('x' * 5000)), 100)
        self.assertEqual(files.slug('t'), files.slug('t'))

    def test_names(self):
        digest = files.hash_of(b'abc')
        self.assertEqual(digest, 'a9993e364706816aba3e25717850c26c9cd0d89d')
        self.assertEqual(files.artifact_hash(f'crash-{digest}'), digest)
        for name in (f'crash-{digest}.txt', f'.report-{digest}', 'crash-', digest):
            self.assertIsNone(files.artifact_hash(name), name)

    def test_a_failed_write_leaves_the_old_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'f')
            files.write_whole(path, 'old')
            with self.assertRaises(OSError):
                files.write_whole(os.path.join(folder, 'none', 'f'), 'new')
            self.assertEqual(files.read_text(path), 'old')
            self.assertEqual(os.listdir(folder), ['f'])


class LogTest(unittest.TestCase):
    def test_numbers(self):
        log = ('#2\tINITED cov: 3 ft: 4 corp: 1/1b\n#512\tNEW    cov: 30 ft: 40 corp: 7/9b lim: 4\n')
        self.assertEqual(turns.numbers_in(log), {'runs': 512, 'coverage': 30, 'features': 40, 'corpus': 7})
        self.assertEqual(turns.numbers_in(log + 'stat::number_of_executed_units: 600\n')['runs'], 600)
        self.assertEqual(turns.numbers_in('')['runs'], 0)

    def test_titles(self):
        for text, title in (('x\nreport: WARNING: a in b\ny\nSUMMARY: c\n', 'WARNING: a in b'),
                            ("f.c:3: fn: Assertion `a == b' failed.\nSUMMARY: libFuzzer: deadly signal\n",
                             'a == b'), ('SUMMARY: libFuzzer: timeout\n', 'libFuzzer: timeout')):
            self.assertEqual(findings.title_in(text), title)
        self.assertIsNone(findings.title_in('nothing'))
        self.assertEqual(findings.assertion_in("/x/f.c:3: fn: Assertion `a == b' failed.\n"), 'a == b in fn')

    def test_paths(self):
        self.assertEqual(paths.part_of('x\npaths of the specification: 1 of 2\n  a in b\n\n'),
                         'paths of the specification: 1 of 2\n  a in b\n')
        self.assertEqual(paths.part_of('nothing found\n'), '')

    def test_counts_of_a_torn_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'titles')
            files.write_whole(path, '           3 leak: x\n          12 WARNING: y in z\n           9 tor')
            self.assertEqual(findings.read_titles(path), {'leak: x': 3, 'WARNING: y in z': 12})
            self.assertEqual(findings.read_titles(path + 'none'), {})


def turn(number, **more):
    row = {field: 0 for field in store.TURN_FIELDS}
    row.update(folder=f'f{number}', ended=float(number), target='mm', build='asan', bug='', revision='r',
               runs=100, seconds=2.0, reports=1)
    row.update(more)
    return row


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.work = self.folder.name
        os.mkdir(os.path.join(self.work, 'findings'))
        self.said = []
        self.store = store.Store(self.work, self.said.append)

    def tearDown(self):
        self.store.close()
        self.folder.cleanup()

    def add(self, count):
        for number in range(count):
            with self.store.transaction():
                self.store.add_turn(turn(number))

    def total(self):
        return [tuple(row)[:5] for row in self.store.totals()]

    def test_a_folder_counts_once(self):
        self.add(3)
        self.add(3)
        self.assertEqual(self.total(), [('mm', 'asan', 300, 6.0, 3)])

    def test_a_finding_keeps_its_folder_under_a_new_title(self):
        old, now = 'leak: kmalloc-16 in use at teardown', 'leak: kmalloc of f at teardown'
        meta = {'target': 'mm', 'build': 'asan'}
        filer = findings.Filer(self.work, self.store, known_of(''), None, self.said.append)
        facts = filer.facts_of(old, old, meta)
        filer.save(dict(facts, count=7))
        filer = findings.Filer(self.work, self.store, known_of(''), None, self.said.append)
        again = filer.facts_of(now, now, meta)
        self.assertEqual((again['slug'], again['title'], again['count']), (facts['slug'], now, 7))
        self.assertEqual(filer.slug_of(now), facts['slug'])
        other = filer.facts_of('leak: folio at teardown', 'leak: folio at teardown', meta)
        self.assertEqual((other['slug'] == facts['slug'], other['count']), (False, 0))

    def test_damage_is_repaired_from_the_files(self):
        self.add(3)
        os.makedirs(os.path.join(self.work, 'findings', 's'))
        digest = files.hash_of(b'')
        facts = {'slug': 's', 'title': 't', 'state': 'new', 'first': 1.0, 'last': 2.0, 'count': 4,
                 'target': 'mm', 'build': 'asan', 'inputs': {f'crash-{digest}': 1.0}}
        import json
        files.write_whole(os.path.join(self.work, 'findings', 's', 'finding.json'), json.dumps(facts))
        with open(self.store.history, 'a') as f:
            f.write('{"folder": "tor')
        self.store.close()
        for damage in (b'no database' * 1000, b''):
            with open(self.store.path, 'wb') as f:
                f.write(damage)
            self.store = store.Store(self.work, self.said.append)
            self.assertEqual(self.total(), [('mm', 'asan', 300, 6.0, 3)])
            self.assertEqual(self.store.findings(), [facts])
            self.assertTrue(self.store.has_artifact(digest))
            self.store.close()
        self.store = store.Store(self.work, self.said.append)
        self.assertEqual(len([line for line in self.said if 'is damaged' in line]), 1, self.said)

    def test_damage_while_it_is_open(self):
        self.add(2)
        with self.assertRaises(store.Damaged):
            with self.store.transaction():
                raise sqlite3.DatabaseError('malformed')
        self.add(3)
        self.assertEqual(self.total(), [('mm', 'asan', 300, 6.0, 3)])

    def test_the_history_is_bounded(self):
        self.add(10)
        before = store.HISTORY_MAX
        store.HISTORY_MAX = 10
        try:
            self.store.trim_history()
        finally:
            store.HISTORY_MAX = before
        with open(self.store.history) as f:
            self.assertEqual(len(f.readlines()), 6)
        self.store.rebuild()
        self.assertEqual(self.total(), [('mm', 'asan', 1000, 20.0, 10)])


class DiskTest(unittest.TestCase):
    def test_ballast(self):
        with tempfile.TemporaryDirectory() as folder:
            ballast = disk.Ballast(folder, 1 << 20)
            self.assertTrue(ballast.restore() and ballast.is_there())
            ballast.drop()
            self.assertFalse(ballast.is_there())
            ballast.free = lambda: 1000
            self.assertTrue(ballast.is_low())
            self.assertFalse(ballast.restore())


class GroupsTest(unittest.TestCase):
    """Which findings are listed together."""

    @staticmethod
    def finding(title, ops, state='new', first=1.0, **triage):
        minimal = f'9 tasks, 99 ops -> 2 tasks, {ops} ops, 0 order edges, 0 choices' if ops else 'could not be minimised'
        return {'slug': files.slug(title), 'title': title, 'state': state, 'first': first,
                'triage': dict(triage, minimal=minimal)}

    def lists(self, *findings):
        return [(f['title'], [b['title'] for b in below]) for f, below in groups.grouped(list(findings))]

    def test_what_the_smallest_program_gives_too(self):
        a, b = self.finding('a', 2), self.finding('b', 8, also={'a': 20})
        self.assertEqual(self.lists(b, a), [('a', ['b'])])
        for also in ({}, {'c': 500}):
            self.assertEqual(self.lists(a, self.finding('b', 8, also=also)), [('a', []), ('b', [])])

    def test_what_another_build_calls_it(self):
        plain, asan = self.finding('WARNING: a in f', 3), self.finding('use-after-poison in g', 4,
                                                                       elsewhere={'release': 'WARNING: a in f'})
        self.assertEqual(self.lists(asan, plain), [('WARNING: a in f', ['use-after-poison in g'])])

    def test_the_smaller_program_stands_above(self):
        a, b = self.finding('a', 5, also={'b': 900}), self.finding('b', 4, also={'a': 900})
        self.assertEqual(self.lists(a, b), [('b', ['a'])])
        a, b = self.finding('a', 4, first=1.0, also={'b': 900}), self.finding('b', 4, first=2.0, also={'a': 900})
        self.assertEqual(self.lists(a, b), [('a', ['b'])])
        small = self.finding('small', 2, also={'large': 1000})
        self.assertEqual(self.lists(small, self.finding('large', 9)), [('small', []), ('large', [])])

    def test_a_chain_has_one_head(self):
        self.assertEqual(self.lists(self.finding('c', 9, also={'b': 500}), self.finding('b', 5, also={'a': 20}),
                                    self.finding('a', 1)), [('a', ['c', 'b'])])
        self.assertEqual(self.lists(self.finding('c', 9, also={'b': 500, 'a': 20}), self.finding('b', 5),
                                    self.finding('a', 1)), [('b', ['c']), ('a', [])])

    def test_nothing_hides_behind_what_is_settled(self):
        news = self.finding('b', 8, also={'a': 1000})
        for state in ('known', 'fixed', 'not seen since', 'flaky'):
            self.assertEqual(self.lists(self.finding('a', 2, state), news), [('a', []), ('b', [])])
            settled = self.finding('b', 8, state, also={'a': 1000})
            self.assertEqual(self.lists(self.finding('a', 2), settled), [('a', []), ('b', [])])

    def test_one_without_a_smallest_program_stands_alone(self):
        self.assertEqual(self.lists(self.finding('a', None), self.finding('b', 8, also={'a': 1000})),
                         [('a', []), ('b', [])])


class TriageTest(unittest.TestCase):
    def test_what_other_builds_give(self):
        says = '#!/bin/sh\necho "$2: report: {}"\necho "report: a later one"\nexit 1\n'
        root = bench.Root(scripts={'release': {'swaprace': says.format('WARNING: x in f')},
                                   'asan': {'swaprace': says.format('use-after-poison in g')},
                                   'tsan': {'swaprace': '#!/bin/sh\necho "x.prog: clean"\n'}})
        self.addCleanup(root.close)
        files.write_whole(os.path.join(root.outside, 'finding.json'), '{"title": "WARNING: x in f"}')
        look = triage.Triage(root.path, root.outside, ['release', 'asan', 'tsan'], '', 'model')
        self.assertEqual(look.elsewhere(['release']), {'asan': 'use-after-poison in g'})
        self.assertEqual(look.elsewhere(['release', 'asan', 'tsan']), {})


class OptionsTest(unittest.TestCase):
    BAD = ('--bug=nope', '--bug=wp-no-rechek', '--bug=wp-no-recheck,nope', '--bug=wp-no-recheck,',
           '--time=0', '--time=1e3', '--time=', '--time', '--jobs=0',
           '--jobs=-1', '--builds=gcc', '--builds=asan,', '--targets=mm,,swap', '--no-build=1', '--nope',
           'mm', '--dashboard=x', '--dashboard=1:99999', '--ballast=1M', '--slice=1.5')

    def test_bad_usage_is_one_line_and_status_2(self):
        for argument in self.BAD:
            with self.assertRaises(options.Refused, msg=argument) as caught:
                options.parse([f'--root={bench.SOURCE}', argument])
            self.assertEqual(caught.exception.status, 2, argument)
            self.assertNotIn('\n', str(caught.exception))

    def test_good_usage(self):
        got = options.parse([f'--root={bench.SOURCE}', '--time=forever', '--bug=wp-no-recheck',
                             '--builds=tsan,release', '--dashboard=8000'])
        self.assertIsNone(got['time'])
        self.assertEqual(got['builds'], ['tsan', 'release'])
        self.assertEqual(got['dashboard'], ('127.0.0.1', 8000))
        self.assertEqual(got['jobs'], len(os.sched_getaffinity(0)))
        got = options.parse([f'--root={bench.SOURCE}', '--bug=wp-no-recheck,ksm-stale-head'])
        self.assertEqual(got['bug'], 'wp-no-recheck,ksm-stale-head')


class TreeTest(unittest.TestCase):
    """A kernel tree in place of the model."""

    def setUp(self):
        self.root = tempfile.TemporaryDirectory()
        self.addCleanup(self.root.cleanup)
        folder = os.path.join(self.root.name, 'work', 'trees', 'mine')
        os.makedirs(folder)
        self.series = os.path.join(self.root.name, 'series.mbox')
        files.write_whole(self.series, 'one')
        files.write_whole(os.path.join(folder, 'tree.json'),
                          json.dumps({'base': 'base', 'package': None, 'patches': [self.series], 'edits': []}))

    def parse(self, *arguments):
        return options.parse([f'--root={self.root.name}', *arguments])

    def test_it_has_places_and_targets_of_its_own(self):
        got = self.parse('--world=tree:mine')
        self.assertEqual((got['work'], got['known']), ('work/fuzz-mine', 'repro/findings/known.txt'))
        self.assertEqual(got['targets'], ['mm', 'swap', 'swapoff', 'ksm', 'reclaim'])
        got = self.parse('--world=tree:mine', '--work=w', '--known=k', '--targets=ksm')
        self.assertEqual((got['work'], got['known'], got['targets']), ('w', 'k', ['ksm']))
        got = self.parse()
        self.assertEqual((got['world'], got['work'], got['known']), ('model', 'work', 'repro/known.txt'))

    def test_what_it_lacks_is_refused(self):
        for bad in ('--bug=wp-no-recheck', '--follow=main', '--targets=codec', '--targets=hibernate'):
            with self.assertRaises(options.Refused, msg=bad) as caught:
                self.parse('--world=tree:mine', bad)
            self.assertEqual(caught.exception.status, 2)
        for bad in ('tree:none', 'tree:', 'tree:../mine', 'mine'):
            with self.assertRaises(options.Refused, msg=bad) as caught:
                self.parse(f'--world={bad}')
            self.assertEqual(caught.exception.status, 2)

    def test_its_executables_and_its_revision(self):
        made = builds.Builds(self.root.name, ['tsan'], self.root.name, 1, False, 'tree:mine')
        top = os.path.join(self.root.name, 'work', 'trees', 'mine', 'tsan')
        self.assertEqual(made.target('tsan', 'ksm'), os.path.join(top, 'ksm_fuzzer'))
        self.assertEqual(made.command('tsan'), os.path.join(top, 'swaprace'))
        self.assertEqual(made.seeds('tsan', 'ksm'),
                         os.path.join(self.root.name, 'build', 'tsan', 'corpus', 'ksm'))
        self.assertRegex(made.revision, r'^mine-[0-9a-f]{12}@')
        files.write_whole(self.series, 'two')
        again = builds.Builds(self.root.name, ['tsan'], self.root.name, 1, False, 'tree:mine')
        self.assertNotEqual(again.revision, made.revision)
        model = builds.Builds(self.root.name, ['tsan'], self.root.name, 1, False)
        self.assertEqual(model.command('tsan'), os.path.join(self.root.name, 'build', 'tsan', 'swaprace'))


if __name__ == '__main__':
    unittest.main()
