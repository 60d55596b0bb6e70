# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: systemd takes the unit, for the system and for a user, with hostile options; and the
service says to it what it promises: ready, alive while it works, stopping. Skips (77)
without systemd-analyze.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import bench
from service import install, options


class UnitTest(unittest.TestCase):
    def verify(self, text, *more):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'swaprace.service')
            with open(path, 'w') as f:
                f.write(text)
            got = subprocess.run(['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', *more, path],
                                 capture_output=True, text=True,
                                 env=dict(os.environ, XDG_RUNTIME_DIR=folder))
            return got.returncode, got.stdout + got.stderr

    def test_systemd_takes_it(self):
        for is_user in (False, True):
            for more in ([], ['--hook=mail -s "100% of $it" me', '--dashboard=8773', '--jobs=3']):
                text = install.unit(more, bench.SOURCE, is_user)
                self.assertNotIn('@', text.replace("'@'", ''))
                status, output = self.verify(text, '--user' if is_user else '--system')
                self.assertEqual((status, output), (0, ''), text)

    def test_systemd_would_say_so(self):
        text = install.unit([], bench.SOURCE, False)
        for good, bad in (('Type=notify', 'Type=notfy'), ('WatchdogSec=3min', 'WatchdogSec=often'),
                          ('[Service]', '[Servcie]'), (sys.executable, '/no/python')):
            self.assertNotEqual(self.verify(text.replace(os.path.realpath(good), bad)
                                            if good == sys.executable else text.replace(good, bad)), (0, ''), bad)

    def test_what_the_unit_promises(self):
        text = install.unit(['--jobs=2'], bench.SOURCE, False)
        for line in ('Type=notify', 'KillMode=mixed', 'OOMPolicy=continue', 'SuccessExitStatus=1',
                     'Restart=on-failure', 'RestartPreventExitStatus=2', 'StateDirectory=swaprace', 'LimitCORE=0',
                     'MemoryMax=10240M', 'Nice=10'):
            self.assertIn(line + '\n', text)
        for word in ('SystemCallFilter', 'LockPersonality', 'ProtectKernel', 'MemoryDenyWriteExecute'):
            self.assertNotIn(word, text)

    def test_bad_options_install_nothing(self):
        for bad in ('--bug=nope', '--time=60', '--work=x', '--nope'):
            with self.assertRaises(options.Refused) as caught:
                install.unit([bad], bench.SOURCE, False)
            self.assertEqual(caught.exception.status, 2)


class NotifyTest(unittest.TestCase):
    def test_ready_alive_stopping(self):
        root = bench.Root(scripts={'release': {'mm_fuzzer': bench.QUIET, 'swaprace': '#!/bin/sh\nexit 2\n'}})
        address = os.path.join(root.path, 'notify')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(address)
            s.settimeout(60)
            service = root.start('--builds=release', '--targets=mm', '--time=forever', '--slice=1',
                                 NOTIFY_SOCKET=address, WATCHDOG_USEC='900000')
            said, end = [], time.monotonic() + 120
            while said.count('WATCHDOG=1') < 5 or not any(text.startswith('STATUS=') and '000 runs' in text for text in said):
                self.assertLess(time.monotonic(), end, said)
                said.append(s.recv(4096).decode())
            service.send_signal(signal.SIGTERM)
            while said[-1] != 'STOPPING=1':
                said.append(s.recv(4096).decode())
            service.communicate(timeout=30)
        root.close()
        self.assertIn('READY=1', said)
        self.assertLess(said.index('READY=1'), said.index('WATCHDOG=1'))


if __name__ == '__main__':
    if not shutil.which('systemd-analyze'):
        print('skipped: no systemd-analyze')
        sys.exit(77)
    unittest.main()
