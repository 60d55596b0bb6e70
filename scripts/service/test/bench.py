# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the service share: a root with builds, real or made of shell scripts,
and a service that runs in it."""
import concurrent.futures
import os
import stat
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..'))
FUZZ = os.path.join(SOURCE, 'scripts', 'fuzz.py')
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, 'scripts'))

# A target that runs, and finds nothing.
QUIET = '''#!/bin/sh
for a in "$@"; do case "$a" in -max_total_time=*) seconds=${a#*=} ;; esac; done
echo '#1000	INITED cov: 10 ft: 20 corp: 3/30b'
sleep "$seconds"
echo 'stat::number_of_executed_units: 1000'
'''


class Root:
    """A folder that looks like a checkout with builds. It is removed by close()."""

    def __init__(self, builds=None, scripts=None):
        """builds: {preset: build folder}; scripts: {preset: {name: text}} for made-up ones."""
        self.temporary = tempfile.TemporaryDirectory(prefix='swaprace-service-')
        self.path = self.temporary.name
        self.work = os.path.join(self.path, 'work')
        self.outside = os.path.join(self.path, 'outside')
        os.mkdir(self.outside)
        os.mkdir(os.path.join(self.path, 'build'))
        os.symlink(os.path.join(SOURCE, 'core'), os.path.join(self.path, 'core'))
        for preset, folder in (builds or {}).items():
            os.symlink(os.path.abspath(folder), os.path.join(self.path, 'build', preset))
        for preset, files in (scripts or {}).items():
            for name, text in files.items():
                self.script(preset, name, text)

    def script(self, preset, name, text):
        folder = os.path.join(self.path, 'build', preset)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def close(self):
        self.temporary.cleanup()

    def command(self, *options):
        return [sys.executable, FUZZ, f'--root={self.path}', f'--work={self.work}', '--no-build',
                *options]

    def environment(self, **more):
        """What the service writes to a temporary folder shows in self.outside."""
        return dict(os.environ, TMPDIR=self.outside, **more)

    def start(self, *options, **more):
        return subprocess.Popen(self.command(*options), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, env=self.environment(**more))

    def run(self, *options, timeout=120, **more):
        """(status, stdout, stderr)"""
        got = subprocess.run(self.command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=timeout, env=self.environment(**more))
        return got.returncode, got.stdout, got.stderr


def processes_with(token):
    """{pid: command line} of the processes whose environment or command line has the token."""
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/environ', 'rb') as f:
                environ = f.read()
            with open(f'/proc/{pid}/cmdline', 'rb') as f:
                command = f.read()
            with open(f'/proc/{pid}/stat') as f:
                state = f.read().rpartition(')')[2].split()[0]
        except OSError:
            continue
        if token.encode() in environ + command and int(pid) != os.getpid() and state != 'Z':
            found[int(pid)] = command.replace(b'\0', b' ').decode(errors='replace').strip()
    return found


def wait_until(condition, seconds):
    """True as soon as condition() is; False when it was not for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def processes_left(token):
    """Of processes_with(): those that are still there when a signal, which they may have got
    without having run since, has had five seconds to end them."""
    wait_until(lambda: not processes_with(token), 5)
    return processes_with(token)


def run_side_by_side(at_once):
    """unittest.main() for tests that wait most of their time, each with a root of its own: so
    many of them run at once. Exits with the status."""
    def run(test):
        result = unittest.TestResult()
        test.run(result)
        return test, result

    suites = unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__'])
    tests = [test for suite in suites for test in suite]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for test, result in pool.map(run, tests):
            for _, text in result.failures + result.errors:
                wrong += 1
                print(f'FAILED {test.id()}\n{text}', flush=True)
    print(f'{len(tests)} tests, {wrong} failures')
    sys.exit(1 if wrong or not tests else 0)
