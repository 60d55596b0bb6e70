# SPDX-License-Identifier: GPL-2.0-or-later
"""The dashboard: reads the database and the findings' folders, and never writes.

A process of its own, so that nothing that a browser does can hold up the fuzzing. It
listens on the loopback unless told otherwise, answers GET and HEAD alone, refuses a Host
that is a name it does not know (another site's page in the same browser), sends pages
without scripts under a policy that forbids them, and opens a file only by a name that
stands in the listing of a finding's folder.
"""
import http.server
import ipaddress
import json
import os
import socket
import sqlite3
import sys
import threading
import time
import urllib.parse

if __name__ == '__main__':
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from service import child, files, lock, metrics, pages  # noqa: E402
from service.store import STATES  # noqa: E402

SHOWN_MAX = 256 << 10   # of a text within a page
ANSWERS_MAX = 16        # at once
POLICY = ("default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'")


class View:
    """What a page needs, read at one moment. Empty where there is no database yet."""

    def __init__(self, work, span='day'):
        self.work, self.now, self.states = work, time.time(), STATES
        self.span = span if span in dict(pages.SPANS) else 'day'
        self.turns, self.totals, self.findings, self.builds, self.events = [], [], [], [], []
        self.last, self.line, self.revision, self.paused, self.trouble = {}, '', '', False, []
        self.paths = files.read_text(os.path.join(work, 'paths.txt'), SHOWN_MAX)
        self.alive = lock.owner_of(os.path.join(work, 'lock')) is not None
        stat = os.statvfs(work)
        self.free = stat.f_bavail * stat.f_frsize
        self.begin = self.now - dict(pages.SPANS)[self.span]
        try:
            self.read()
        except (sqlite3.Error, ValueError) as error:
            self.trouble.append(f'the database cannot be read: {error}')
        if self.turns:
            self.begin = max(self.begin, self.turns[0]['ended'] - 60)

    def read(self):
        path = os.path.join(self.work, 'state.db')
        if not os.path.exists(path):
            return
        database = sqlite3.connect(f'file:{urllib.parse.quote(os.path.abspath(path))}?mode=ro', uri=True,
                                   timeout=5)
        try:
            database.row_factory = sqlite3.Row
            self.turns = database.execute('SELECT * FROM turn WHERE ended >= ? ORDER BY ended',
                                          (self.begin,)).fetchall()
            self.totals = database.execute('SELECT * FROM total ORDER BY target, build').fetchall()
            self.findings = [json.loads(r['facts']) for r in database.execute('SELECT facts FROM finding')]
            self.builds = database.execute('SELECT * FROM build ORDER BY at DESC LIMIT 30').fetchall()
            self.events = database.execute('SELECT * FROM event ORDER BY id DESC LIMIT 40').fetchall()
            for row in database.execute('SELECT t.* FROM turn t JOIN (SELECT max(ended) AS ended, target, build '
                                        'FROM turn WHERE runs > 0 GROUP BY target, build) l USING (ended, target, build)'):
                self.last[(row['target'], row['build'])] = row
            row = database.execute("SELECT value FROM meta WHERE key = 'status'").fetchone()
            status = json.loads(row['value']) if row else {}
        finally:
            database.close()
        self.line, self.revision = status.get('line', ''), status.get('revision', '')
        self.paused = bool(status.get('paused')) and self.alive
        self.trouble += status.get('trouble', [])


def is_our_host(header, names):
    """May a request with this Host be answered? Names of other sites may not: a page of theirs
    could else read this one by letting its name point here."""
    host = header.rsplit(':', 1)[0] if header.rpartition(':')[2].isdigit() else header
    host = host.strip('[]').rstrip('.').lower()
    if host in names:
        return True
    try:
        ipaddress.ip_address(host)
        return True
    except ValueError:
        return False


class Handler(http.server.BaseHTTPRequestHandler):
    server_version, sys_version, protocol_version = 'swaprace', '', 'HTTP/1.1'
    timeout = 20

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body, **headers):
        data = body if isinstance(body, bytes) else body.encode('utf-8', 'replace')
        self.send_response(status)
        for name, value in {'Content-Type': kind, 'Content-Length': str(len(data)),
                            'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff',
                            'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store',
                            'Cross-Origin-Resource-Policy': 'same-origin', **headers}.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def page(self, text, status=200):
        self.answer(status, 'text/html; charset=utf-8', text)

    def refuse(self, status, title, text, **headers):
        self.answer(status, 'text/html; charset=utf-8', pages.message(title, text), **headers)

    def do_GET(self):
        if not is_our_host(self.headers.get('Host', ''), self.server.names):
            return self.refuse(421, 'Wrong host', 'This dashboard is reached by its address, or as localhost.')
        with self.server.slots:
            try:
                return self.route(urllib.parse.urlsplit(self.path))
            except (BrokenPipeError, ConnectionResetError):
                return None
            except Exception as error:  # a page that fails must not end the others
                print(f'{self.path[:200]!r}: {error!r}', file=sys.stderr, flush=True)
                return self.refuse(500, 'This page failed', f'{type(error).__name__}')

    do_HEAD = do_GET

    def refuse_method(self):
        self.close_connection = True
        self.refuse(405, 'GET alone', 'Nothing can be changed from here.', Allow='GET, HEAD')

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = refuse_method

    def route(self, url):
        parts = [urllib.parse.unquote(part) for part in url.path.split('/')[1:]]
        if parts == ['']:
            span = urllib.parse.parse_qs(url.query).get('span', ['day'])[0]
            return self.page(pages.overview(View(self.server.work, span)))
        if parts == ['style.css']:
            return self.answer(200, 'text/css; charset=utf-8', self.server.style)
        if parts == ['icon.svg']:
            return self.answer(200, 'image/svg+xml', pages.ICON)
        if parts == ['metrics']:
            return self.answer(200, metrics.CONTENT_TYPE, metrics.page(View(self.server.work)))
        if len(parts) == 2 and parts[0] == 'finding':
            return self.finding(parts[1])
        if len(parts) == 3 and parts[0] == 'raw':
            return self.raw(parts[1], parts[2])
        return self.refuse(404, 'Nothing here', 'There is no such page.')

    def folder_of(self, slug):
        """The folder of a finding: one of those that are there, never a path made from a request."""
        top = os.path.join(self.server.work, 'findings')
        names = [entry.name for entry in os.scandir(top) if entry.is_dir(follow_symlinks=False)] \
            if os.path.isdir(top) else []
        return os.path.join(top, slug) if slug in names else None

    def names_in(self, folder):
        return sorted(entry.name for entry in os.scandir(folder)
                      if entry.is_file(follow_symlinks=False) and not entry.name.startswith('.'))

    def finding(self, slug):
        folder = self.folder_of(slug)
        facts = next((f for f in View(self.server.work).findings if f['slug'] == slug), None)
        if folder is None or facts is None:
            return self.refuse(404, 'No such finding', 'It may have been removed.')
        names = self.names_in(folder)
        texts = {name: files.read_text(os.path.join(folder, name), SHOWN_MAX)
                 for name, _, _ in pages.SHOWN if name in names}
        return self.page(pages.finding(facts, texts, names))

    def raw(self, slug, name):
        folder = self.folder_of(slug)
        if folder is None or name not in self.names_in(folder):
            return self.refuse(404, 'No such file', 'It may have been removed.')
        with open(os.path.join(folder, name), 'rb') as f:
            data = f.read(16 << 20)
        is_text = name != 'input'
        kind = 'text/plain; charset=utf-8' if is_text else 'application/octet-stream'
        return self.answer(200, kind, data,
                           **({} if is_text else {'Content_Disposition': 'attachment; filename="input"'}))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 32

    def __init__(self, work, host, port):
        self.work, self.slots = work, threading.Semaphore(ANSWERS_MAX)
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'style.css')) as f:
            self.style = f.read()
        self.names = {'localhost', socket.gethostname().lower(), host.lower()}
        if ':' in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)

    def handle_error(self, request, client_address):
        pass  # a browser that went away


class Part:
    """The dashboard as a child of the service; started again when it ends."""

    def __init__(self, service, host, port):
        self.service, self.command = service, [
            sys.executable, '-m', 'service.dashboard', os.path.abspath(service.work), host, str(port)]
        self.child, self.start_at, self.tries = None, 0.0, 0

    def step(self):
        if self.child is not None:
            status = self.child.poll()
            if status is None:
                return
            lines = self.child.output().strip().splitlines()[-1:] or ['no output']
            self.child, self.tries = None, self.tries + 1
            self.start_at = self.service.clock() + min(600, 2 << min(self.tries, 9))
            if self.tries in (1, 10):
                self.service.say(f'the dashboard ended with status {status}: {lines[0][:200]}')
        if self.child is None and self.service.clock() >= self.start_at:
            self.child = child.Child(self.command, os.path.join(self.service.work, 'dashboard.log'),
                                     cwd=os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'),
                                     env=child.environment(PYTHONDONTWRITEBYTECODE='1'), grace=2)

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None


def serve(work, host, port):
    """Serves until it is ended. Status 3: the address cannot be had."""
    if not os.path.isdir(work):
        print(f'fuzz: {work} is no work folder', file=sys.stderr)
        return 2
    try:
        server = Server(work, host, port)
    except OSError as error:
        print(f'fuzz: http://{host}:{port}/: {error.strerror or error}', file=sys.stderr)
        return 3
    shown = f'[{host}]' if ':' in host else host
    print(f'dashboard: http://{shown}:{server.server_address[1]}/', flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == '__main__':
    sys.exit(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
