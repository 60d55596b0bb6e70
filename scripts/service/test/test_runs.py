# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: no false green, nothing lost, nothing left behind. Method: the service runs with
targets that are shell scripts: quiet ones, one that dies at its start, one that hangs,
one that leaves artifacts; and is ended in all ways."""
import glob
import json
import os
import re
import signal
import sqlite3
import subprocess
import unittest
import urllib.request

import bench
from service import files

HANGS = '#!/bin/sh\nexec sleep 1000\n'
DIES = '#!/bin/sh\necho "mm_fuzzer: cannot map memory" >&2\nexit 5\n'
# Leaves two crashes of two titles and a torn one, and goes on with its time.
CRASHES = '''#!/bin/sh
for a in "$@"; do case "$a" in
-artifact_prefix=*) prefix=${a#*=} ;;
-max_total_time=*) seconds=${a#*=} ;;
*/crash-*) echo "SUMMARY: Sanitizer: $(cat "$a") in f"; exit 77 ;;
esac; done
printf one >"$prefix/crash-fe05bcdcdc4928012781a5f1a2a77cbb5398e106"
printf two >"$prefix/crash-ad782ecdac770fc6eb9a62e44f90873fb97fb26b"
printf to >"$prefix/crash-b802f384302cb24fbab0a44997e820bf2e8507bb"
printf 'INFO: #2\tINITED\n#1000\tNEW    cov: 10 ft: 20 corp: 3/30b\n'
printf '#1000\tDONE\nSUMMARY: the last words\nstat::number_of_executed_units: 1000\n'
sleep "$seconds"
exit 77
'''
# As QUIET, and as a merge it keeps two inputs, once the file "go" is there.
MERGES = bench.QUIET.replace('#!/bin/sh', '''#!/bin/sh
case "$*" in *-set_cover_merge=1*)
	for a in "$@"; do out=$in; in=$a; done
	while [ ! -e "$(dirname "$0")/../../go" ]; do sleep 0.1; done
	ls "$in" | grep -c came && exit 9
	cp "$in/old1" "$in/old2" "$out/"
	exit 0 ;;
esac''')
TARGETS = ('mm', 'swap')


def root_of(**more):
    scripts = {f'{target}_fuzzer': bench.QUIET for target in TARGETS}
    scripts['swaprace'] = '#!/bin/sh\nexit 2\n'
    scripts.update({name: text for name, text in more.items()})
    return bench.Root(scripts={'release': scripts})


class RunsTest(unittest.TestCase):
    def setUp(self):
        self.root = None

    def tearDown(self):
        if self.root:
            self.root.close()

    def fuzz(self, *options, **scripts):
        if self.root is None:
            self.root = root_of(**scripts)
        return self.root.run('--builds=release', '--targets=mm,swap', '--jobs=2', *options)

    def test_quiet(self):
        status, out, err = self.fuzz('--time=2')
        self.assertEqual((status, err), (0, ''), out)
        self.assertIn('nothing found', out)
        self.assertRegex(out, r'mm +release +[1-9]000')

    def test_a_target_that_dies_at_its_start(self):
        status, out, err = self.fuzz('--time=2', mm_fuzzer=DIES)
        self.assertEqual(status, 3, out)
        self.assertIn('mm (release) ended with status 5 before its first run: mm_fuzzer: cannot map', err)
        self.assertNotIn('nothing found', out)
        self.assertRegex(out, r'swap +release +[1-9]000')

    def test_a_target_that_is_killed(self):
        """As the kernel does it when memory is short; its first choice are the targets."""
        killed = bench.QUIET.replace('sleep "$seconds"', 'kill -KILL $$')
        status, out, err = self.fuzz('--time=2', mm_fuzzer=killed, swap_fuzzer=(
            '#!/bin/sh\necho "its score: $(cat /proc/self/oom_score_adj)" >&2\nexit 5\n'))
        self.assertEqual(status, 3, out)
        self.assertIn('mm (release) was killed after 1000 runs', out)
        self.assertNotIn('mm (release)', err)
        self.assertIn('its score: 1000', err)
        self.root.script('release', 'mm_fuzzer', '#!/bin/sh\nkill -KILL $$\n')
        self.assertIn('mm (release) was killed before its first run', self.fuzz('--time=2')[2])

    def test_a_target_that_hangs_at_its_start(self):
        status, out, err = self.fuzz('--time=2', '--grace=1', mm_fuzzer=HANGS)
        self.assertEqual(status, 3, out)
        self.assertIn('mm (release) hangs at its start', err)
        self.assertNotIn('nothing found', out)
        self.assertEqual(bench.processes_left(self.root.path), {})

    def test_no_run_at_all(self):
        status, out, err = self.fuzz('--time=1', mm_fuzzer='#!/bin/sh\n', swap_fuzzer='#!/bin/sh\n')
        self.assertEqual(status, 3, out)
        self.assertNotIn('nothing found', out)

    def test_what_is_missing_or_in_the_way(self):
        for options, status, words in (
                (['--builds=asan', '--time=1'], 3, 'swaprace is missing; scripts/fuzz.sh builds it'),
                (['--bug=nope', '--time=1'], 2, "no seeded bug 'nope'"),
                ([f'--work={bench.SOURCE}/README.md/x', '--time=1'], 3, 'Not a directory'),
                ([f'--known={bench.SOURCE}/README.md', '--time=1'], 2, 'README.md:'),
                (['--known=none.txt', '--time=1'], 2, '--known=none.txt: there is no such file')):
            got, out, err = self.fuzz(*options)
            self.assertEqual(got, status, (options, out, err))
            self.assertIn(words, err)
            self.assertEqual(len(err.strip().splitlines()), 1, err)
            self.assertNotIn('nothing found', out)

    def test_what_seems_to_have_one_cause_is_listed_together(self):
        """Both stay findings, with a folder each; the next call lists one beneath the other."""
        self.fuzz('--time=1', '--no-triage', mm_fuzzer=CRASHES)
        learnt = {'two': {'minimal': 'x -> 2 tasks, 3 ops, 0 order edges, 0 choices', 'also': {}},
                  'one': {'minimal': 'x -> 2 tasks, 9 ops, 1 order edges, 0 choices',
                          'also': {'Sanitizer: two in f': 400}}}
        for path in glob.glob(f'{self.root.work}/findings/*/finding.json'):
            facts = json.loads(files.read_text(path))
            facts['triage'] = learnt[re.search('one|two', facts['title']).group()]
            files.write_whole(path, json.dumps(facts))
        status, out, err = self.fuzz('--time=1', '--no-triage')
        self.assertEqual(status, 1, out)
        self.assertRegex(out, r'\n  Sanitizer: two in f \(new\)\n(    .*\n)+?    seems to have the same cause: '
                              r'Sanitizer: one in f \(new\)\n      2 time\(s\); .*/findings/')
        self.assertNotIn('\n  Sanitizer: one in f', out)
        self.assertIn('2 finding(s) that repro/known.txt does not know, of 1 cause(s) as it seems', out)

    def test_two_instances(self):
        self.root = root_of()
        first = self.root.start('--builds=release', '--targets=mm,swap', '--time=forever')
        lock = os.path.join(self.root.work, 'lock')
        self.assertTrue(bench.wait_until(lambda: files.read_text(lock), 10))
        status, out, err = self.fuzz('--time=1')
        self.assertEqual((status, out), (3, ''))
        self.assertRegex(err, rf'^fuzz: .* is in use by process {first.pid}; .*\n$')
        first.send_signal(signal.SIGTERM)
        self.assertIn('stopping (SIGTERM)', first.communicate(timeout=30)[0])
        self.assertEqual(first.returncode, 0)

    def stop_by(self, number, *options, until='log'):
        """Starts the service, waits for a file of its processes, sends the signal: (output, status)."""
        service = self.root.start('--builds=release', '--targets=mm,swap', '--time=forever', *options)
        self.assertTrue(bench.wait_until(lambda: glob.glob(f'{self.root.work}/run/*/{until}'), 30))
        service.send_signal(number)
        return service.communicate(timeout=40)[0], service.returncode

    def test_all_signals_end_it_in_order(self):
        self.root = root_of()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            out, status = self.stop_by(number)
            self.assertEqual(status, 0, out)
            self.assertIn('findings: ', out)
            self.assertEqual(bench.processes_left(self.root.path), {})
            self.assertEqual(os.listdir(f'{self.root.work}/run'), [])

    def test_a_signal_gives_0_or_1(self):
        """Also where something else was wrong: that is said, and the end was asked for."""
        for target, status, until in ((DIES, 0, 'log'), (CRASHES, 1, 'crash-b802*')):
            self.root = root_of(mm_fuzzer=target)
            out, got = self.stop_by(signal.SIGTERM, '--no-triage', until=until)
            self.assertEqual(got, status, out)
            self.root.close()
        self.root = None

    def test_kill_leaves_no_process_and_loses_nothing(self):
        self.root = root_of(mm_fuzzer=CRASHES)
        self.assertEqual(self.stop_by(signal.SIGKILL, '--no-triage')[1], -signal.SIGKILL)
        self.assertTrue(bench.wait_until(lambda: not bench.processes_with(self.root.path), 15),
                        bench.processes_with(self.root.path))
        self.check_crashes(*self.fuzz('--time=1', '--no-triage'))
        self.assertEqual(os.listdir(self.root.outside), [])

    def test_artifacts(self):
        self.check_crashes(*self.fuzz('--time=2', '--no-triage', mm_fuzzer=CRASHES))

    def check_crashes(self, status, out, err):
        self.assertEqual(status, 1, (out, err))
        found = {}
        for path in glob.glob(f'{self.root.work}/findings/*/finding.json'):
            with open(path) as f:
                facts = json.load(f)
            found[facts['title']] = facts
            with open(os.path.join(os.path.dirname(path), 'input'), 'rb') as f:
                self.assertIn(f'crash-{files.hash_of(f.read())}', facts['inputs'])
        self.assertEqual(set(found), {'Sanitizer: one in f', 'Sanitizer: two in f'})
        torn = os.listdir(f'{self.root.work}/torn')
        self.assertTrue(torn and all('crash-b802f384' in name for name in torn), torn)
        self.assertEqual(os.listdir(f'{self.root.work}/run'), [])

    def test_known_findings_are_no_news(self):
        self.root = root_of(mm_fuzzer=CRASHES)
        known = os.path.join(self.root.path, 'known.txt')
        for title, status in (('Sanitizer: one in f', 1), ('Sanitizer: *', 0)):
            files.write_whole(known, f'title: {title}\nreason: it is a test\n')
            got, out, err = self.fuzz('--time=1', '--no-triage', f'--known={known}')
            self.assertEqual(got, status, (out, err))
            self.assertIn('known: Sanitizer: one in f', out)
        files.write_whole(known, 'title: Sanitizer: *\nreason: it was a test\nuntil: 2020-01-01\n')
        self.assertEqual(self.fuzz('--time=1', '--no-triage', f'--known={known}')[0], 1)

    def test_known_is_read_while_it_runs(self):
        self.root = root_of(mm_fuzzer=CRASHES)
        known = os.path.join(self.root.path, 'known.txt')
        files.write_whole(known, '')
        service = self.root.start('--builds=release', '--targets=mm,swap', '--time=forever', '--no-triage',
                                  '--slice=1', f'--known={known}')

        def states():
            return {json.loads(files.read_text(path) or '{}').get('state')
                    for path in glob.glob(f'{self.root.work}/findings/*/finding.json')}

        def has_said(words):
            database = sqlite3.connect(f'file:{self.root.work}/state.db?mode=ro', uri=True)
            try:
                return database.execute('SELECT 1 FROM event WHERE instr(text, ?)', (words,)).fetchone()
            finally:
                database.close()

        for text, wanted in (('', {'new'}), ('title: Sanitizer: *\nreason: a test\n', {'known'}),
                             ('titel: x\n', {'known'}), ('# none\n', {'new'})):
            files.write_whole(known, text)
            if 'titel' in text:
                self.assertTrue(bench.wait_until(lambda: has_said('"titel: x": wanted one of'), 30))
            self.assertTrue(bench.wait_until(lambda: states() == wanted, 30), (text, states()))
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=30)

    def test_damaged_database(self):
        self.fuzz('--time=1', '--no-triage', mm_fuzzer=CRASHES)
        path = f'{self.root.work}/state.db'
        before = sqlite3.connect(path).execute('SELECT sum(runs) FROM total').fetchone()[0]
        files.write_whole(path, 'damaged' * 5000)
        status, out, err = self.fuzz('--time=1', '--no-triage')
        self.assertEqual(status, 1, (out, err))
        self.assertIn('set aside as state.db.damaged', out)
        database = sqlite3.connect(path)
        self.assertGreater(database.execute('SELECT sum(runs) FROM total').fetchone()[0], before)
        self.assertEqual(database.execute('SELECT count(*) FROM finding').fetchone()[0], 2)

    def test_merge(self):
        """A killed merge goes on with the inputs that it began with; what came meanwhile stays."""
        self.root = root_of(mm_fuzzer=MERGES)
        corpus = os.path.join(self.root.work, 'corpus', 'mm')
        os.makedirs(corpus)
        for number in range(500):
            files.write_whole(os.path.join(corpus, f'old{number}'), f'{number}')
        service = self.root.start('--builds=release', '--targets=mm', '--time=forever')
        begun = os.path.join(self.root.work, 'merge', 'mm', 'begun')
        self.assertTrue(bench.wait_until(lambda: os.path.exists(begun), 20))
        service.kill()
        service.communicate()
        files.write_whole(os.path.join(corpus, 'came-meanwhile'), 'x')
        files.write_whole(os.path.join(self.root.path, 'go'), '')
        service = self.root.start('--builds=release', '--targets=mm', '--time=forever')
        done = bench.wait_until(lambda: len(os.listdir(corpus)) == 3, 20)
        service.send_signal(signal.SIGTERM)
        out = service.communicate(timeout=30)[0]
        self.assertTrue(done, f'{len(os.listdir(corpus))} inputs\n{out}')
        self.assertEqual(sorted(os.listdir(corpus)), ['came-meanwhile', 'old1', 'old2'])
        self.assertIn('corpus of mm merged: 501 inputs are 3', out)
        self.assertFalse(os.path.exists(begun))

    def test_a_disk_that_its_own_corpus_fills(self):
        self.root = root_of(mm_fuzzer=MERGES)
        files.write_whole(os.path.join(self.root.path, 'go'), '')
        os.makedirs(self.root.work)
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'swaprace', self.root.work],
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest('no small disk (not root)')
        try:
            corpus = os.path.join(self.root.work, 'corpus', 'mm')
            os.makedirs(corpus)
            for number in range(2000):
                files.write_whole(os.path.join(corpus, f'old{number}'), f'{number}')
            free = os.statvfs(self.root.work)
            with open(os.path.join(self.root.work, 'filler'), 'wb') as f:
                f.write(b'x' * (free.f_bavail * free.f_frsize - (400 << 10)))
            service = self.root.start('--builds=release', '--targets=mm', '--time=forever', '--ballast=2')
            ballast = os.path.join(self.root.work, 'ballast')
            done = bench.wait_until(lambda: os.path.exists(ballast), 30)
            service.send_signal(signal.SIGTERM)
            out = service.communicate(timeout=30)[0]
            self.assertTrue(done, out)
            self.assertRegex(out, r'paused: .*\n(.*\n)*corpus of mm merged: 2000 inputs are 2\n(.*\n)*'
                                  'there is room again: going on\n')
        finally:
            subprocess.run(['umount', '-l', self.root.work], check=True)

    def test_dashboard(self):
        self.root = root_of()
        service = self.root.start('--builds=release', '--targets=mm,swap', '--time=forever', '--slice=1',
                                  '--dashboard=0')
        address = []

        def answers(words):
            log = files.read_text(f'{self.root.work}/dashboard.log')
            address[:] = re.findall(r'dashboard: (http://127\.0\.0\.1:\d+)/', log)
            try:
                return address and words in urllib.request.urlopen(address[0] + '/metrics', timeout=10).read().decode()
            except OSError:
                return False

        for words in ('swaprace_up 1', 'swaprace_runs_total{target="swap",build="release"}'):
            self.assertTrue(bench.wait_until(lambda: answers(words), 30), words)
        service.send_signal(signal.SIGTERM)
        out = service.communicate(timeout=30)[0]
        self.assertEqual(service.returncode, 0, out)
        self.assertFalse(answers('swaprace'))

    def test_hook(self):
        self.root = root_of(mm_fuzzer=CRASHES)
        log = os.path.join(self.root.path, 'hook.txt')
        hook = os.path.join(self.root.path, 'hook.sh')
        files.write_whole(hook, f'#!/bin/sh\necho "$1|$2" >>{log}\ntest -d "$3"\n')
        os.chmod(hook, 0o755)
        self.fuzz('--time=1', '--no-triage', f'--hook={hook}')
        told = ['new|Sanitizer: one in f', 'new|Sanitizer: two in f']
        self.assertEqual(sorted(files.read_text(log).splitlines()), told)
        self.fuzz('--time=1', '--no-triage', f'--hook={hook}')
        self.assertEqual(sorted(files.read_text(log).splitlines()), told, 'told a second time')

    def test_what_cannot_be_filed_is_set_aside(self):
        self.root = root_of(mm_fuzzer=CRASHES)
        wrong = os.path.join(self.root.work, 'run', 'wrong')
        os.makedirs(wrong)
        files.write_whole(os.path.join(wrong, 'meta.json'), '{"target": {}, "build": []}')
        files.write_whole(os.path.join(wrong, f'crash-{files.hash_of(b"one")}'), 'one')
        status, out, err = self.fuzz('--time=1', '--no-triage')
        self.assertEqual(status, 1, (out, err))
        self.assertIn('wrong could not be filed', out)
        self.assertIn('wrong', os.listdir(os.path.join(self.root.work, 'torn')))

    def test_every_target_has_its_turn(self):
        self.fuzz('--time=1', '--jobs=1', '--slice=1', '--targets=mm,swap')
        status, out, err = self.fuzz('--time=1', '--jobs=1', '--slice=1', '--targets=mm,swap')
        self.assertEqual(status, 0, err)
        self.assertNotIn('mm ', out.split('target ')[1])
        self.assertRegex(out, r'swap +release')
        self.assertIn('had no turn (the next call begins with them): mm/release', out)


if __name__ == '__main__':
    bench.run_side_by_side(6)
