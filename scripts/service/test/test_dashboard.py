# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the dashboard shows what is there, escapes all of it, serves nothing else and
answers nobody else. Method: work folders with 0, 1 and 30 findings whose titles and
reports are hostile, asked over the loopback; and, if there is a Chromium, its screenshots
at phone and desktop width: nothing is wider than the screen, no policy is violated.

Usage: test_dashboard.py [--screenshots=FOLDER]     (keeps them there)
"""
import base64
import fcntl
import http.client
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import bench  # noqa: F401: sets the path
from service import dashboard, files, store

HOSTILE = '<script>alert(1)</script>"\'&'
shots = next((a.partition('=')[2] for a in sys.argv[1:] if a.startswith('--screenshots=')), '')
TITLES = ['WARNING: folio not in swap cache in folio_put_swap', 'contents: foreign data',
          'invariant: exclusive page behind a swap entry', 'data-race in swap_cache_add_folio / swapoff',
          'WARNING: possible circular locking dependency detected in __swap_cache_prepare_and_add']
STATES = ('new', 'known', 'flaky', 'fixed', 'not seen since')


def facts_of(number, now):
    title = TITLES[number % len(TITLES)] + (f' ({number})' if number >= len(TITLES) else '')
    if number == 1:
        title += f' {HOSTILE}'
    state = STATES[number % 7] if number % 7 < len(STATES) else 'new'
    return {'slug': files.slug(title), 'title': title, 'name': title, 'state': state, 'first': now - 9e4,
            'last': now - 60 * number, 'count': 3 + number * 41, 'target': 'mm', 'build': 'asan', 'bug': '',
            'revision': '1d3f48a24ae1', 'inputs': {}, 'known': f'the series {HOSTILE}' if state == 'known' else '',
            'triage': {'replays': {'release': [20, 20], 'asan': [20, 20], 'tsan': [0, 3]},
                       'fresh': {'release': [53, 1000], 'asan': [49, 1000]},
                       'also': {TITLES[(number + 1) % len(TITLES)]: 31, f'leak: {HOSTILE}': 2},
                       'elsewhere': {'tsan': f'data-race in {HOSTILE}'},
                       'minimal': f'4 tasks, 99 ops -> 2 tasks, {6 + number} ops, 2 order edges, 0 choices'}}


def fill(work, count):
    os.makedirs(os.path.join(work, 'findings'))
    base, now = store.Store(work, print), time.time()
    with base.transaction():
        for number in range(count):
            facts = facts_of(number, now)
            folder = os.path.join(work, 'findings', facts['slug'])
            os.mkdir(folder)
            base.put_finding_row(facts)
            with open(os.path.join(bench.SOURCE, 'repro', 'ksm-copy-swap-count.prog')) as f:
                files.write_whole(os.path.join(folder, 'minimal.prog'), f.read())
            files.write_whole(os.path.join(folder, 'report.txt'), f'report: {facts["title"]}\n{HOSTILE}\n'
                              'stack:\n  folio_put_swap ' + 'x' * 300 + '\n')
            files.write_whole(os.path.join(folder, 'input'), b'\0\1' + HOSTILE.encode())
        for number in range(240 if count else 0):
            for target, build in (('mm', 'release'), ('mm', 'asan'), ('swapoff', 'tsan'), ('ksm', 'release')):
                base.add_turn({'folder': f'{number}-{target}-{build}', 'ended': now - 82000 + number * 340,
                               'target': target, 'build': build, 'bug': '', 'revision': 'r', 'seconds': 300.0,
                               'runs': 90000 + number * 200 if build == 'release' else 21000,
                               'coverage': 2400 + number + len(target) * 40, 'features': 1,
                               'corpus': 300 + number * 3, 'reports': number % 3, 'died': 0, 'status': 0})
        if count:
            for folder, ended, inputs in (('turn', now - 50000, 640), ('merge-hibernate', now, 0)):
                base.add_turn({'folder': folder, 'ended': ended, 'target': 'hibernate', 'build': 'release',
                               'bug': '', 'revision': 'r', 'seconds': inputs / 8, 'runs': inputs * 100,
                               'coverage': inputs, 'features': 1, 'corpus': inputs, 'reports': 0, 'died': 0, 'status': 0})
            base.add_build('release', '1d3f48a24ae1', 71.0, 'ready')
            base.add_build('tsan', '1d3f48a24ae1', 3.0, f'core/x.c:3: error: {HOSTILE}')
            base.add_event(f'NEW {HOSTILE}')
            base.put('status', json.dumps({'line': '81000 s  44 runs', 'revision': '1d3f48a24ae1',
                                           'trouble': ['codec (tsan) hangs at its start: no output']}))
    if count:
        files.write_whole(os.path.join(work, 'paths.txt'), f'paths of the specification: 1 of 2 taken\n  {HOSTILE} in f\n')
    base.close()


class Served:
    def __init__(self, count):
        self.folder = tempfile.TemporaryDirectory()
        self.work = os.path.join(self.folder.name, 'work')
        os.mkdir(self.work)
        fill(self.work, count)
        self.server = dashboard.Server(self.work, '127.0.0.1', 0)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def ask(self, path, method='GET', host=None):
        """(status, headers, text)"""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader('Host', host or f'127.0.0.1:{self.port}')
        connection.endheaders()
        got = connection.getresponse()
        body = got.read()
        connection.close()
        return got.status, got.headers, body.decode('utf-8', 'replace')


class DashboardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served(30)
        cls.slugs = os.listdir(os.path.join(cls.served.work, 'findings'))

    @classmethod
    def tearDownClass(cls):
        cls.served.close()

    def test_all_is_escaped(self):
        hostile = next(s for s in self.slugs if 'script' in s)
        for path in ('/', '/?span=week', f'/finding/{hostile}'):
            status, headers, text = self.served.ask(path)
            self.assertEqual(status, 200)
            self.assertNotIn('<script', text)
            self.assertIn('&lt;script&gt;alert(1)', text)
            self.assertNotRegex(text, r' (style|on[a-z]+)=')
            self.assertIn("default-src 'none'", headers['Content-Security-Policy'])
            self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')

    def test_content(self):
        text = self.served.ask('/')[2]
        self.assertEqual(text.count('class="finding"'), 30)
        self.assertEqual(text.count('<svg'), 3)
        for words in ('fresh schedules: release 53/1000', '18 more', '2 more that seem to have the same cause', 'codec (tsan) hangs', 'not running', 'core/x.c:3: error',
                      'paths of the specification: 1 of 2'):
            self.assertIn(words, text)
        self.assertRegex(text.partition('<figcaption>Corpus')[2], r'hibernate <b>640</b>')
        page = self.served.ask(f'/finding/{self.slugs[0]}')[2]
        for words in ('bug:     ksm-copy-swap-count', 'folio_put_swap xxx', 'in tsan', '0 of 3 replays',
                      'its program in tsan'):
            self.assertIn(words, page)

    def test_no_path_leads_out(self):
        secret = os.path.join(self.served.work, 'findings', 'secret')
        files.write_whole(secret, 'secret')
        os.symlink('/etc/hostname', os.path.join(self.served.work, 'findings', self.slugs[0], 'link'))
        for path in ('/raw/../state.db', '/raw/%2e%2e/state.db', f'/raw/{self.slugs[0]}/..%2f..%2fstate.db',
                     f'/raw/{self.slugs[0]}/link', '/raw/secret/x', '/finding/..', '/finding/%00', '//etc/passwd',
                     f'/raw/{self.slugs[0]}/%2fetc%2fpasswd', '/raw//state.db', '/state.db', '/style.css/..',
                     f'/raw/{self.slugs[0]}/', '/finding/secret'):
            status, _, text = self.served.ask(path)
            self.assertEqual(status, 404, f'{path}: {text[:200]}')

    def test_raw(self):
        status, headers, text = self.served.ask(f'/raw/{self.slugs[0]}/minimal.prog')
        self.assertEqual((status, headers['Content-Type']), (200, 'text/plain; charset=utf-8'))
        self.assertIn('task A', text)
        headers = self.served.ask(f'/raw/{self.slugs[0]}/input')[1]
        self.assertEqual(headers['Content-Disposition'], 'attachment; filename="input"')

    def test_get_alone(self):
        for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'):
            self.assertEqual(self.served.ask('/', method)[0], 405, method)
        status, headers, text = self.served.ask('/', 'HEAD')
        self.assertEqual((status, text), (200, ''))

    def test_host(self):
        for host, status in ((f'localhost:{self.served.port}', 200), ('127.0.0.1', 200), ('[::1]:80', 200),
                             ('evil.example', 421), (f'evil.example:{self.served.port}', 421), ('', 200)):
            self.assertEqual(self.served.ask('/', host=host)[0], status, host)
        with socket.create_connection(('127.0.0.1', self.served.port)) as s:
            s.sendall(b'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')
            self.assertIn(b' 421 ', s.recv(100))

    def test_metrics(self):
        status, headers, text = self.served.ask('/metrics')
        self.assertEqual(headers['Content-Type'], 'text/plain; version=0.0.4; charset=utf-8')
        sample = re.compile(r'swaprace_[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+')
        for line in text.splitlines():
            self.assertTrue(line.startswith(('# HELP ', '# TYPE ')) or sample.fullmatch(line), line)
        self.assertIn('swaprace_runs_total{target="mm",build="asan"} 5040000\n', text)
        self.assertIn('swaprace_findings{state="new"} ', text)
        names = re.findall(r'^# TYPE swaprace_(\S+) counter', text, re.M)
        self.assertTrue(names and all(name.endswith('_total') for name in names), names)
        if shutil.which('promtool'):
            checked = subprocess.run(['promtool', 'check', 'metrics'], input=text, text=True,
                                     capture_output=True)
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ''))


class DamageTest(unittest.TestCase):
    def test_damaged_or_no_database(self):
        served = Served(1)
        path = os.path.join(served.work, 'state.db')
        try:
            for damage in (b'x' * 9000, None):
                os.unlink(path)
                if damage:
                    with open(path, 'wb') as f:
                        f.write(damage)
                status, _, text = served.ask('/')
                self.assertEqual(status, 200)
                self.assertEqual('the database cannot be read' in text, damage is not None)
        finally:
            served.close()


def chromium():
    return shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')


class Browser:
    """Headless Chromium with one page, driven by its debugging pipe."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self.out = os.pipe()
        self.back, theirs_out = os.pipe()

        def three_and_four():
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        # The pipe is descriptors 3 and 4 there; these four are moved away from them first.
        moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (theirs_in, self.out, self.back, theirs_out)]
        for fd in (theirs_in, self.out, self.back, theirs_out):
            os.close(fd)
        theirs_in, self.out, self.back, theirs_out = moved
        self.process = subprocess.Popen(
            [chromium(), '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
             f'--user-data-dir={self.profile.name}', '--remote-debugging-pipe', 'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=three_and_four)
        os.close(theirs_in)
        os.close(theirs_out)
        self.number, self.buffer, self.said, self.session = 0, b'', [], None
        pages = [t for t in self.call('Target.getTargets')['targetInfos'] if t['type'] == 'page']
        self.session = self.call('Target.attachToTarget', targetId=pages[0]['targetId'], flatten=True)['sessionId']
        for domain in ('Page', 'Log', 'Runtime'):
            self.call(f'{domain}.enable')
        self.call('Emulation.setScriptExecutionDisabled', value=True)

    def message(self):
        while b'\0' not in self.buffer:
            if not select.select([self.back], [], [], 60)[0]:
                raise TimeoutError('Chromium says nothing')
            self.buffer += os.read(self.back, 1 << 16)
        text, _, self.buffer = self.buffer.partition(b'\0')
        message = json.loads(text)
        if message.get('method') in ('Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled'):
            self.said.append(json.dumps(message['params']))
        return message

    def call(self, method, **parameters):
        self.number += 1
        request = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            request['sessionId'] = self.session
        os.write(self.out, json.dumps(request).encode() + b'\0')
        while True:
            message = self.message()
            if message.get('id') == self.number:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]}')
                return message['result']

    def show(self, url, width, is_dark):
        """Loads a page at that width: (width that it takes, height)."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if is_dark else 'light'}])
        self.call('Page.navigate', url=url)
        while self.message().get('method') != 'Page.loadEventFired':
            pass
        size = self.call('Page.getLayoutMetrics')['cssContentSize']
        return size['width'], size['height']

    def shoot(self, path, width, height):
        got = self.call('Page.captureScreenshot', captureBeyondViewport=True,
                        clip={'x': 0, 'y': 0, 'width': width, 'height': height, 'scale': 1})
        data = base64.b64decode(got['data'])
        files.write_whole(path, data)
        return data

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.back)
        self.profile.cleanup()


@unittest.skipUnless(chromium(), 'no Chromium')
class BrowserTest(unittest.TestCase):
    """Chromium's own view, with scripts switched off: nothing is wider than the screen, nothing
    violates the policy, and light and dark differ."""

    def setUp(self):
        self.browser, self.temporary = Browser(), tempfile.TemporaryDirectory()
        self.folder = shots or self.temporary.name
        os.makedirs(self.folder, exist_ok=True)

    def tearDown(self):
        self.browser.close()
        self.temporary.cleanup()

    def look(self, name, url):
        seen = {}
        for screen, width in (('phone', 390), ('desktop', 1280)):
            for is_dark in (False, True):
                taken, height = self.browser.show(url, width, is_dark)
                self.assertLessEqual(taken, width, f'{name} at {width}: it is wider than the screen')
                path = os.path.join(self.folder, f'{name}-{screen}{"-dark" if is_dark else ""}.png')
                seen[(screen, is_dark)] = self.browser.shoot(path, width, min(height, 4000))
            self.assertNotEqual(seen[(screen, False)], seen[(screen, True)], 'dark is as light')
        self.assertEqual(self.browser.said, [])

    def test_screens(self):
        for count in (0, 1, 30):
            served = Served(count)
            try:
                self.look(f'findings-{count}', f'http://127.0.0.1:{served.port}/')
                if count == 30:
                    slug = next(s for s in os.listdir(os.path.join(served.work, 'findings')) if 'script' in s)
                    self.look('finding', f'http://127.0.0.1:{served.port}/finding/{slug}')
            finally:
                served.close()


if __name__ == '__main__':
    unittest.main(argv=[a for a in sys.argv if not a.startswith('--screenshots=')])
