# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a followed branch is built beside and taken when it is good; a finding that no longer
shows is fixed, and comes back as new; a broken build keeps the old one and says so. Method: a
small repository whose "build" copies shell scripts, followed for a few commits."""
import json
import glob
import os
import signal
import subprocess
import unittest

import bench
from service import files

# swaprace and the target both report while the file "bug" is in the checkout.
SWAPRACE = '''#!/bin/sh
top=$(dirname "$0")/../..
case "$1" in
run) if [ -e "$top/bug" ]; then echo "x: report: WARNING: bug in f"; exit 1; fi; echo "x: clean" ;;
show) echo "task A"; exit 0 ;;
*) exit 2 ;;
esac
'''
FUZZER = bench.QUIET.replace('#!/bin/sh', '''#!/bin/sh
if [ -e "$(dirname "$0")/../../bug" ]; then
	printf one >"$SWAPRACE_RECORD/report-fe05bcdcdc4928012781a5f1a2a77cbb5398e106"
	echo "WARNING: bug in f" >"$SWAPRACE_RECORD/report-fe05bcdcdc4928012781a5f1a2a77cbb5398e106.txt"
fi
case "$*" in *-runs=0*) exit 0 ;; esac''')
# As a compiler does it, and a killed one leaves it.
CMAKE = '''#!/bin/sh
: >"${TMPDIR:-/tmp}/left-$$.o"
[ "$1" = --preset ] && exit 0
if [ -e broken ]; then echo "core/x.c:3: error: expected a semicolon"; exit 1; fi
mkdir -p build/release && cp swaprace mm_fuzzer build/release/
'''


class FollowTest(unittest.TestCase):
    def setUp(self):
        self.root = bench.Root()
        self.repository = os.path.join(self.root.path, 'repository')
        self.tools = os.path.join(self.root.path, 'tools')
        os.mkdir(self.tools)
        subprocess.run(['git', 'init', '-q', '-b', 'trunk', self.repository], check=True)
        for folder, name, text in ((self.repository, 'swaprace', SWAPRACE), (self.repository, 'mm_fuzzer', FUZZER),
                                   (self.tools, 'cmake', CMAKE)):
            files.write_whole(os.path.join(folder, name), text)
            os.chmod(os.path.join(folder, name), 0o755)
        os.symlink(os.path.join(bench.SOURCE, 'core'), os.path.join(self.repository, 'core'))
        self.commit(bug='there')

    def tearDown(self):
        self.root.close()

    def commit(self, **changes):
        """Each keyword is a file: its text, or None to remove it. Returns the revision."""
        for name, text in changes.items():
            path = os.path.join(self.repository, name)
            if text is None:
                os.unlink(path)
            else:
                files.write_whole(path, text)
        for command in (['add', '-A'], ['-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-q', '-m', f'changes {" ".join(changes)}']):
            subprocess.run(['git', '-C', self.repository, *command], check=True)
        return subprocess.run(['git', '-C', self.repository, 'rev-parse', '--short=12', 'HEAD'], check=True,
                              capture_output=True, text=True).stdout.strip()

    def state(self):
        paths = glob.glob(f'{self.root.work}/findings/*/finding.json')
        if not paths:
            return None
        with open(paths[0]) as f:
            facts = json.load(f)
        return facts['state'], facts['triage'].get('done', False)

    def bisected(self):
        with open(glob.glob(f'{self.root.work}/findings/*/finding.json')[0]) as f:
            return json.load(f).get('bisect') or ''

    def wait(self, condition, what):
        if not bench.wait_until(condition, 240):
            self.service.kill()
            self.fail(f'{what}\n{self.service.communicate()[0]}')

    def test_follow(self):
        options = [o for o in self.root.command('--builds=release', '--targets=mm', '--time=forever', '--slice=1',
                                                '--follow=trunk', '--follow-every=1') if o != '--no-build']
        options = [o if not o.startswith('--root=') else f'--root={self.repository}' for o in options]
        self.service = subprocess.Popen(
            options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=self.root.environment(PATH=f'{self.tools}:{os.environ["PATH"]}'))
        self.wait(lambda: self.state() == ('new', True), 'the bug was not found')
        fixed = self.commit(bug=None)
        self.wait(lambda: self.state()[0] == 'fixed', 'the fix was not seen')
        current = os.path.join(self.root.work, 'builds', 'current')
        self.wait(lambda: files.read_text(current).strip().endswith(fixed), 'no switch')
        broken = self.commit(broken='yes')
        self.wait(lambda: not os.path.exists(f'{self.root.work}/builds/{broken}') and
                  broken in self.events(), 'the broken build was not refused')
        self.assertTrue(files.read_text(current).strip().endswith(fixed))
        self.commit(broken=None)
        culprit = self.commit(bug='again')
        self.commit(readme='no change')
        self.wait(lambda: self.state()[0] == 'new', 'the bug did not come back')
        self.wait(lambda: culprit[:7] in self.bisected(), 'it was not bisected')
        self.service.send_signal(signal.SIGTERM)
        out = self.service.communicate(timeout=40)[0]
        self.assertEqual(self.service.returncode, 1, out)
        self.assertIn(f'fixed since {fixed}: WARNING: bug in f', out)
        self.assertIn(f'{broken} is not taken, {fixed} goes on: the build release failed: core/x.c:3: error', out)
        self.assertEqual(os.listdir(self.root.outside), [])
        self.assertTrue(glob.glob(f'{self.root.work}/tmp/left-*'))
        self.assertLessEqual(len(glob.glob(f'{self.root.work}/builds/*/.git')), 3)  # two and the one for bisecting

    def events(self):
        import sqlite3
        database = sqlite3.connect(f'file:{self.root.work}/state.db?mode=ro', uri=True)
        try:
            return ' '.join(row[0] for row in database.execute("SELECT text FROM event WHERE text LIKE '%not taken%'"))
        finally:
            database.close()

    def test_no_such_branch(self):
        status, out, err = self.root.run('--time=1', '--follow=nope', f'--root={self.repository}')
        self.assertEqual((status, err), (2, 'fuzz: --follow=nope: no such branch\n'), out)


if __name__ == '__main__':
    unittest.main()
