# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service knows: one SQLite file in the work folder, written by one process.

The files are the truth: findings/*/finding.json and history.jsonl (a line for each
process that fuzzed) hold all that the database holds, and are written before it. A
damaged database is set aside and made anew from them. Readers (the dashboard) open
it read-only.
"""
import glob
import json
import os
import sqlite3
import time

from service import files

SCHEMA = '''
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS turn (folder TEXT PRIMARY KEY, ended REAL, target TEXT, build TEXT,
    bug TEXT, revision TEXT, runs INTEGER, seconds REAL, coverage INTEGER, features INTEGER,
    corpus INTEGER, reports INTEGER, died INTEGER, status INTEGER);
CREATE INDEX IF NOT EXISTS turn_ended ON turn (ended);
CREATE TABLE IF NOT EXISTS total (target TEXT, build TEXT, runs INTEGER, seconds REAL,
    reports INTEGER, died INTEGER, last REAL, PRIMARY KEY (target, build));
CREATE TABLE IF NOT EXISTS finding (slug TEXT PRIMARY KEY, title TEXT, state TEXT, first REAL,
    last REAL, count INTEGER, target TEXT, build TEXT, facts TEXT);
CREATE TABLE IF NOT EXISTS artifact (hash TEXT, slug TEXT, name TEXT, at REAL,
    PRIMARY KEY (hash, slug));
CREATE TABLE IF NOT EXISTS build (preset TEXT, revision TEXT, at REAL, seconds REAL,
    outcome TEXT, PRIMARY KEY (preset, revision));
CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, at REAL, text TEXT);
'''
TURNS_KEPT = 20000          # rows of turn; totals go on counting
EVENTS_KEPT = 2000
ARTIFACTS_KEPT = 200000 # names of inputs
HISTORY_MAX = 16 << 20      # bytes of history.jsonl before its older half is summed up
TURN_FIELDS = ('folder', 'ended', 'target', 'build', 'bug', 'revision', 'runs', 'seconds',
               'coverage', 'features', 'corpus', 'reports', 'died', 'status')
STATES = ('new', 'known', 'fixed', 'not seen since', 'flaky')


class Full(OSError):
    """The disk is full: what was to be written is not, and may be tried again."""


class Store:
    def __init__(self, work, say=print):
        self.work, self.say = work, say
        self.path = os.path.join(work, 'state.db')
        self.history = os.path.join(work, 'history.jsonl')
        self.db = None
        self.open()

    # ---- opening, damage, rebuilding ----

    def open(self):
        fresh = not os.path.exists(self.path)
        try:
            self.connect()
            if self.db.execute('PRAGMA quick_check').fetchone()[0] != 'ok':
                raise sqlite3.DatabaseError('quick_check')
            self.db.executescript(SCHEMA)
            for table, columns in (('turn', TURN_FIELDS), ('finding', ('slug', 'facts'))):
                self.db.execute(f'SELECT {",".join(columns)} FROM {table} LIMIT 1')
        except sqlite3.DatabaseError as error:
            self.refuse_full(error)
            self.set_aside(error)
            self.connect()
            self.db.executescript(SCHEMA)
            fresh = True
        if fresh or not self.db.execute("SELECT 1 FROM meta WHERE key = 'built'").fetchone():
            self.rebuild()

    def connect(self):
        self.db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute('PRAGMA journal_mode = WAL')
        self.db.execute('PRAGMA synchronous = FULL')

    def refuse_full(self, error):
        if 'full' in str(error) or 'disk I/O error' in str(error):
            if os.statvfs(self.work).f_bavail * os.statvfs(self.work).f_frsize < 1 << 20:
                raise Full(28, f'{self.path}: {error}') from error

    def set_aside(self, error):
        if self.db is not None:
            self.db.close()
        aside = f'{self.path}.damaged-{int(time.time())}'
        for old in sorted(glob.glob(f'{self.path}.damaged-*'))[:-2]:
            os.unlink(old)
        os.replace(self.path, aside)
        for end in ('-wal', '-shm'):
            if os.path.exists(self.path + end):
                os.unlink(self.path + end)
        self.say(f'{self.path} is damaged ({error}): set aside as {os.path.basename(aside)}, '
                 'made anew from the findings and history.jsonl')

    def repair(self, error):
        """After an error of SQLite: a full disk raises Full, else the database is made anew."""
        self.refuse_full(error)
        if 'full' in str(error):
            raise Full(28, str(error)) from error
        self.set_aside(error)
        self.open()

    def rebuild(self):
        with self.transaction():
            for table in ('turn', 'total', 'finding', 'artifact'):
                self.db.execute(f'DELETE FROM {table}')
            for line in files.read_text(self.history, 1 << 30).splitlines():
                try:
                    row = json.loads(line)
                    self.add_turn_rows({key: row[key] for key in TURN_FIELDS})
                except (ValueError, KeyError, TypeError):
                    continue  # the torn end of a line that a kill cut off
            for path in glob.glob(os.path.join(self.work, 'findings', '*', 'finding.json')):
                try:
                    with open(path) as f:
                        facts = json.load(f)
                    self.put_finding_row(facts)
                except (OSError, ValueError, KeyError, TypeError):
                    self.say(f'{path} is damaged and left out')
                    continue
                for name, at in facts.get('inputs', {}).items():
                    self.db.execute('INSERT OR IGNORE INTO artifact VALUES (?, ?, ?, ?)',
                                    (files.artifact_hash(name) or name, facts['slug'], name, at))
            self.db.execute("INSERT OR REPLACE INTO meta VALUES ('built', ?)", (str(time.time()),))

    def transaction(self):
        return Transaction(self)

    def close(self):
        if self.db is not None:
            self.db.close()
            self.db = None

    # ---- turns ----

    def is_filed(self, folder):
        return self.db.execute('SELECT 1 FROM turn WHERE folder = ?', (folder,)).fetchone() is not None

    def add_turn(self, row):
        """row: a value for each of TURN_FIELDS. A second time the same folder: nothing."""
        if self.is_filed(row['folder']):
            return
        self.trim_history()
        with open(self.history, 'a') as f:
            f.write(json.dumps(row) + '\n')
            f.flush()
            os.fsync(f.fileno())
        self.add_turn_rows(row)

    def add_turn_rows(self, row):
        if self.is_filed(row['folder']):
            return
        marks = ','.join('?' * len(TURN_FIELDS))
        self.db.execute(f'INSERT INTO turn VALUES ({marks})', [row[f] for f in TURN_FIELDS])
        self.db.execute(
            'INSERT INTO total VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET '
            'runs = runs + excluded.runs, seconds = seconds + excluded.seconds, '
            'reports = reports + excluded.reports, died = died + excluded.died, '
            'last = max(last, excluded.last)',
            (row['target'], row['build'], row['runs'], row['seconds'], row['reports'],
             row['died'], row['ended']))
        self.db.execute('DELETE FROM turn WHERE rowid <= (SELECT max(rowid) FROM turn) - ?',
                        (TURNS_KEPT,))

    def trim_history(self):
        """The older half becomes one line for each target and build."""
        if not os.path.exists(self.history) or os.path.getsize(self.history) < HISTORY_MAX:
            return
        rows, sums = [], {}
        for line in files.read_text(self.history, 1 << 30).splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
        for row in rows[:len(rows) // 2]:
            key = (row['target'], row['build'])
            if key not in sums:
                sums[key] = dict(row, folder=f'sum-{row["folder"]}')
                continue
            for field in ('runs', 'seconds', 'reports', 'died'):
                sums[key][field] += row[field]
            sums[key]['ended'] = row['ended']
        kept = list(sums.values()) + rows[len(rows) // 2:]
        files.write_whole(self.history, ''.join(json.dumps(row) + '\n' for row in kept))

    def turns(self, since=0.0):
        return self.db.execute('SELECT * FROM turn WHERE ended >= ? ORDER BY ended', (since,)).fetchall()

    def last_turns(self):
        """(target, build): when its last turn ended."""
        return {(r['target'], r['build']): r['last'] for r in self.db.execute('SELECT * FROM total')}

    def totals(self):
        return self.db.execute('SELECT * FROM total ORDER BY target, build').fetchall()

    # ---- findings ----

    def put_finding_row(self, facts):
        self.db.execute('INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
                        (facts['slug'], facts['title'], facts['state'], facts['first'],
                         facts['last'], facts['count'], facts['target'], facts['build'],
                         json.dumps(facts)))

    def finding(self, slug):
        row = self.db.execute('SELECT facts FROM finding WHERE slug = ?', (slug,)).fetchone()
        return json.loads(row['facts']) if row else None

    def findings(self):
        return [json.loads(r['facts'])
                for r in self.db.execute('SELECT facts FROM finding ORDER BY first')]

    def add_artifact(self, digest, slug, name, at):
        self.db.execute('INSERT OR IGNORE INTO artifact VALUES (?, ?, ?, ?)',
                        (digest, slug, name, at))
        self.db.execute('DELETE FROM artifact WHERE rowid <= (SELECT max(rowid) FROM artifact) - ?',
                        (ARTIFACTS_KEPT,))

    def has_artifact(self, digest):
        return self.db.execute('SELECT 1 FROM artifact WHERE hash = ?', (digest,)).fetchone() is not None

    # ---- the rest ----

    def get(self, key, default=None):
        row = self.db.execute('SELECT value FROM meta WHERE key = ?', (key,)).fetchone()
        return row['value'] if row else default

    def put(self, key, value):
        self.db.execute('INSERT OR REPLACE INTO meta VALUES (?, ?)', (key, str(value)))

    def add_build(self, preset, revision, seconds, outcome):
        self.db.execute('INSERT OR REPLACE INTO build VALUES (?, ?, ?, ?, ?)',
                        (preset, revision, time.time(), seconds, outcome))

    def builds(self):
        return self.db.execute('SELECT * FROM build ORDER BY at DESC LIMIT 30').fetchall()

    def add_event(self, text):
        self.db.execute('INSERT INTO event (at, text) VALUES (?, ?)', (time.time(), text))
        self.db.execute('DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?',
                        (EVENTS_KEPT,))

    def events(self, count=50):
        return self.db.execute('SELECT * FROM event ORDER BY id DESC LIMIT ?', (count,)).fetchall()


class Transaction:
    """All or nothing. A full disk raises Full; damage is repaired, then raises Damaged,
    so that the caller does its step again."""

    def __init__(self, store):
        self.store = store

    def __enter__(self):
        self.translate(lambda: self.store.db.execute('BEGIN IMMEDIATE'))
        return self.store

    def __exit__(self, kind, error, _):
        if kind is None:
            self.translate(lambda: self.store.db.execute('COMMIT'))
            return False
        try:
            self.store.db.execute('ROLLBACK')
        except sqlite3.Error:
            pass
        if isinstance(error, sqlite3.DatabaseError):
            self.translate(None, error)
        return False

    def translate(self, step, error=None):
        try:
            if error is not None:
                raise error
            step()
        except sqlite3.DatabaseError as e:
            try:
                self.store.db.execute('ROLLBACK')
            except sqlite3.Error:
                pass
            self.store.repair(e)
            raise Damaged(str(e)) from e


class Damaged(Exception):
    """The database was damaged and is made anew."""
