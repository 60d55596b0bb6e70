# SPDX-License-Identifier: GPL-2.0-or-later
"""The service: one loop that starts, watches and files, and never waits for long.

  builds.py    makes release, asan and tsan; what is ready fuzzes already
  turns.py     a process of a target, in run/ID/ of the work folder
  findings.py  files what a process has left, also one that a kill cut off
  queue.py     triage.py looks at each finding: rates, smallest program, trace
  store.py     the database, made anew from the files when damaged
  corpus.py    merges corpora that have grown, bounds the work folder
  follow.py    builds new commits of a branch beside, and switches over (bisect.py)
  paths.py     which named paths are never taken, once a day
  guard.py     stands above each command and takes all of it away in the end

All that is not in the files is lost with this process, and so must not matter.
"""
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
import traceback

from service import (builds, child, corpus, disk, files, findings, follow, groups, known, lock, notify,
                     paths, queue, store, turns)
from service.options import KNOWN_DEFAULTS, Refused

TICK = 0.1
TIME_OVER = 0.5         # with so many seconds left, no process is started any more
STATUS_EVERY = 5        # seconds between lines for systemd and the dashboard
PROGRESS = 10           # seconds between progress lines; more with time
KNOWN_EVERY = 5         # seconds between looks at known.txt
TRIAGE_AFTER = 180      # seconds for what waits for triage when the time is up


class Service:
    def __init__(self, options):
        self.options, self.work, self.clock = options, options['work'], time.monotonic
        self.stopping, self.status_of_stop = False, None
        self.running, self.unfiled = [], []
        self.session, self.seen, self.trouble = {}, {}, {}
        self.paused, self.file_again_at, self.serial = False, 0.0, 0
        self.known_at = self.status_at = 0.0
        self.began, self.fuzzing_since, self.progress_at = self.clock(), None, 0.0
        self.systemd = notify.Systemd()
        self.dashboard = self.follower = None
        self.corpora, self.paths = corpus.Corpora(self), paths.Paths(self)
        self.prepare()

    # ---- start ----

    def prepare(self):
        try:
            for folder in ('', 'corpus', 'findings', 'run', 'tmp'):
                os.makedirs(os.path.join(self.work, folder), exist_ok=True)
            self.lock = lock.take(self.work)
            self.clear_tmp()
            self.ballast = disk.Ballast(self.work, self.options['ballast'] * disk.MEGABYTE)
            self.known = known.Known(self.options['known'])
            if self.known.stamp is None and self.options['known'] not in KNOWN_DEFAULTS:
                raise Refused(f"--known={self.options['known']}: there is no such file", 2)
            if self.known.errors:
                raise Refused(self.known.errors[0], 2)
            try:
                self.store = store.Store(self.work, self.say)
            except store.Full:
                self.ballast.drop()
                self.store = store.Store(self.work, self.say)
            self.ballast.restore()
        except OSError as error:
            raise Refused(f'{error.filename or self.work}: {error.strerror}', 3) from None
        self.builds = builds.Builds(follow.first_root(self.options), self.options['builds'], self.work,
                                    self.options['jobs'], not self.options['no-build'],
                                    self.options['world'])
        self.filer = findings.Filer(self.work, self.store, self.known, self.builds, self.say,
                                    self.systemd.alive)
        self.queue = queue.Queue(self)
        self.hooks = queue.Hooks(self.options['hook'], self.work, self.say)
        if self.options['follow']:
            self.follower = follow.Follower(self)
        if self.options['dashboard']:
            from service import dashboard  # its HTTP server is half of all that is imported
            self.dashboard = dashboard.Part(self, *self.options['dashboard'])
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self.on_signal)

    def clear_tmp(self):
        """Temporary files of all that is started lie here; a kill leaves some."""
        tmp = os.path.abspath(os.path.join(self.work, 'tmp'))
        for entry in os.scandir(tmp):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
        os.environ['TMPDIR'] = tmp

    def on_signal(self, number, _):
        self.stopping = self.stopping or signal.Signals(number).name

    def say(self, text, is_event=True):
        try:
            print(text, flush=True)
        except OSError:
            pass  # the terminal has gone; the work has not
        if is_event and getattr(self, 'store', None) and self.store.db is not None:
            try:
                with self.store.transaction():
                    self.store.add_event(text)
            except (OSError, sqlite3.Error, store.Damaged):
                pass

    def hook(self, what, title, folder):
        self.hooks.add(what, title, folder)

    # ---- filing ----

    def file(self, folder, result):
        """True: filed. A full disk leaves it for later."""
        try:
            found = self.filer.file(folder, result)
        except OSError as error:
            if not files.is_full(error):
                raise
            self.pause('the disk is full')
            return False
        except store.Damaged:
            return False
        except (sqlite3.Error, MemoryError):
            raise
        except Exception as error:  # a defect of ours must not end the service again and again
            self.set_aside(folder, error)
            return True
        for facts in found:
            self.tell(facts)
        return True

    def set_aside(self, folder, error):
        """A folder that cannot be filed is kept, and said."""
        torn = os.path.join(self.work, 'torn')
        os.makedirs(torn, exist_ok=True)
        path = os.path.join(self.work, 'run', folder)
        if os.path.exists(path):
            os.replace(path, os.path.join(torn, folder))
        self.say(f'fuzz: {folder} could not be filed ({error!r}); it is kept in {torn}/')
        traceback.print_exception(error)

    def tell(self, facts):
        """Says what is new: once for each finding."""
        slug, is_new = facts['slug'], facts['slug'] not in self.seen
        self.seen[slug] = facts
        if not is_new:
            return
        folder = self.filer.folder_of(slug)
        if facts['state'] == 'known':
            self.say(f'known: {facts["title"]}\n    {facts["known"]}; {folder}/')
        else:
            word = 'NEW' if facts.get('news') and not self.options['no-triage'] else 'again:'
            word = 'NEW' if facts['first'] >= time.time() - (self.clock() - self.began) else word
            self.say(f'{word} {facts["title"]}\n    {folder}/')
            if self.options['no-triage'] and facts.get('news'):
                self.hook('new', facts['title'], folder)
                facts['news'] = False
                self.filer.save(facts)

    def file_what_is_left(self):
        if not self.unfiled or self.clock() < self.file_again_at:
            return
        self.file_again_at = self.clock() + 2
        self.unfiled = [item for item in self.unfiled if not self.file(*item)]

    def file_leftovers(self):
        """What a killed service has left, filed as if it had ended."""
        left = self.filer.leftovers()
        for folder in left:
            path = os.path.join(self.work, 'run', folder)
            self.unfiled.append((folder, turns.leftover_result(path)))
        for name in os.listdir(os.path.join(self.work, 'run')):
            if name not in left:
                os.unlink(os.path.join(self.work, 'run', name))
        self.file_again_at = 0.0
        self.file_what_is_left()
        if left:
            self.say(f'{len(left)} folder(s) of a service that was killed, filed')

    # ---- a full disk ----

    def pause(self, why):
        self.ballast.drop()
        if self.paused:
            return
        self.paused = True
        self.say(f'paused: {why}; free some room on the disk of {self.work}/ (merging the corpora)')
        self.corpora.make_room()
        for process in self.running:
            process.ask_to_stop()

    def look_at_disk(self):
        if not self.paused and self.ballast.is_low():
            self.pause(f'{self.ballast.free() // disk.MEGABYTE} MB are left')
        elif self.paused and not self.running and not self.unfiled and self.ballast.restore():
            self.paused = False
            self.say('there is room again: going on')

    # ---- fuzzing ----

    def slice_seconds(self, left):
        if self.options['slice']:
            seconds = self.options['slice']
        elif self.options['time'] is None:
            seconds = 300
        else:
            pairs = len(self.options['targets']) * len(self.options['builds'])
            rounds = -(-pairs // self.options['jobs'])
            seconds = int(min(300, max(2, self.options['time'] / rounds - 0.5)))
        if self.builds.is_busy():
            seconds = min(seconds, 30)
        return seconds if left is None else max(1, min(seconds, int(left)))

    def time_left(self):
        """Seconds of the time that was asked for; it runs when all builds are there."""
        if self.options['time'] is None:
            return None
        if self.builds.is_busy() or self.fuzzing_since is None:
            return self.options['time']
        return self.options['time'] - (self.clock() - self.fuzzing_since)

    def next_pair(self):
        """The target and build whose turn was the longest ago, of those that are ready."""
        last = self.store.last_turns()
        busy = [(p.target, p.build) for p in self.running]
        ready = [(t, b) for b in self.builds.ready for t in self.options['targets']
                 if self.trouble.get((t, b), (0, 0.0, ''))[1] <= self.clock()]
        if not ready:
            return None
        return min(ready, key=lambda p: (busy.count(p), last.get(p, 0.0), self.builds.ready.index(p[1]),
                                         self.options['targets'].index(p[0])))

    def start_processes(self):
        while len(self.running) < self.options['jobs'] and not self.paused and not self.stopping:
            left = self.time_left()
            if left is not None and left < TIME_OVER:
                return
            pair = self.next_pair()
            if pair is None:
                return
            self.start_process(pair, self.slice_seconds(left))

    def start_process(self, pair, seconds):
        self.serial += 1
        try:
            process = turns.Process(self.work, self.builds, pair[0], pair[1], seconds,
                                    self.options, self.serial)
        except OSError as error:
            if not files.is_full(error):
                raise
            self.pause('the disk is full')
            return
        process.turn_ends = self.clock() + seconds
        self.running.append(process)

    def finish_process(self, process):
        result = process.result()
        pair = (process.target, process.build)
        runs, seconds, coverage = self.session.get(pair, (0, 0.0, 0))
        self.session[pair] = (runs + result['runs'], seconds + result['seconds'],
                              max(coverage, result['coverage']))
        trouble = process.trouble(result)
        if not self.file(process.id, result):
            self.unfiled.append((process.id, result))
        if trouble:
            tries = self.trouble.get(pair, (0, 0.0, ''))[0] + 1
            wait = min(3600, 5 << min(tries, 10))
            self.trouble[pair] = (tries, self.clock() + wait, trouble)
            if tries in (1, 10):
                self.say(f'fuzz: {trouble}')
            return
        if process.was_killed(result) and not self.stopping:
            self.say(f'fuzz: {process.target} ({process.build}) was killed after {result["runs"]} runs, '
                     'for its memory or by somebody; it has its next turn as ever')
        if result['runs'] > 0:
            self.trouble.pop(pair, None)
        left = process.turn_ends - self.clock()
        if result['died'] and left >= 2 and not self.stopping and not self.paused:
            self.start_process(pair, int(left))

    def watch_processes(self):
        for process in list(self.running):
            if process.poll() is not None:
                self.running.remove(process)
                self.finish_process(process)

    def look_at_known(self):
        """known.txt may be edited while this runs: what is known by it is so at once."""
        if self.clock() < self.known_at:
            return
        self.known_at = self.clock() + KNOWN_EVERY
        if not self.known.has_changed():
            return
        if self.known.errors:
            self.say(f'fuzz: {self.known.errors[0]}; the entries before go on')
            return
        self.say(f'{self.known.path} has changed: {len(self.known.entries)} known')
        for facts in self.store.findings():
            before = facts['state']
            report = os.path.join(self.filer.folder_of(facts['slug']), 'report.txt')
            if before in ('new', 'flaky', 'known'):
                self.filer.judge(facts, files.read_text(report), (facts.get('shown') or [''])[-1])
                if facts['state'] != before:
                    self.filer.save(facts)

    # ---- builds ----

    def watch_builds(self):
        build = self.builds.step(self.options['targets'])
        if build is None:
            return
        seconds = self.builds.seconds[build]
        error = self.builds.failed.get(build)
        with self.store.transaction():
            self.store.add_build(build, self.builds.revision, seconds, error or 'ready')
        if error:
            self.say(f'fuzz: the build {build} failed: {error} (all of it: {self.work}/build-{build}.log)')
            self.hook('build-broken', f'{build}: {error}', self.work)
        elif self.builds.make:
            self.say(f'{build} is ready after {seconds:.0f} s')
        if not self.builds.is_busy() and self.builds.ready:
            self.fuzzing_since = self.clock()
            if self.options['time']:
                self.say(f'all builds that there will be are there: {self.options["time"]} s from now', False)

    def take_builds(self, new):
        """The next turns, and triage, are those of other builds (follow.py)."""
        self.builds = self.filer.builds = new
        self.trouble.clear()

    # ---- the loop ----

    def progress(self):
        now = self.clock()
        elapsed = now - self.began
        self.systemd.alive()
        if now < self.status_at:
            return
        self.status_at = now + STATUS_EVERY
        line = self.status_line(elapsed)
        self.systemd.status(line.strip())
        self.put_status(line.strip())
        if now < self.progress_at:
            return
        self.say(line, False)
        self.progress_at = now + (PROGRESS if elapsed < 120 else 60 if elapsed < 3600 else 600)

    def status_line(self, elapsed):
        runs = sum(s[0] for s in self.session.values())
        seconds = sum(s[1] for s in self.session.values())
        doing = ', '.join(f'{p.target}/{p.build}' for p in self.running) or 'nothing is running'
        if self.paused:
            doing = 'paused, the disk is full'
        if self.builds.building:
            doing += f'; {self.builds.building} is being built'
        if self.queue.child:
            doing += '; bisecting' if self.queue.is_bisecting else '; triage'
        rate = f'{runs / seconds:.0f}/s a process' if seconds else 'the first turns run'
        return f'{elapsed:6.0f} s  {runs} runs, {rate}, {len(self.news())} new finding(s); {doing}'

    def put_status(self, line):
        """What the dashboard shows of the present moment."""
        with self.store.transaction():
            self.store.put('status', json.dumps({
                'line': line, 'revision': self.builds.revision, 'paused': self.paused, 'at': time.time(),
                'trouble': [f'the build {b} failed: {why}' for b, why in self.builds.failed.items()]
                           + [why for _, _, why in self.trouble.values()]}))

    def news(self):
        return [f for f in self.seen.values() if self.current(f)['state'] != 'known']

    def current(self, facts):
        return self.store.finding(facts['slug']) or facts

    def is_over(self):
        if self.stopping:
            return True
        if not self.builds.is_busy() and not self.builds.ready:
            return True
        left = self.time_left()
        return left is not None and left < TIME_OVER and not self.running

    def step(self):
        self.watch_builds()
        self.watch_processes()
        self.look_at_disk()
        self.look_at_known()
        self.file_what_is_left()
        if self.paused:
            self.corpora.step()
        else:
            self.start_processes()
            if not self.options['no-triage']:
                self.queue.step()
            for part in (self.corpora, self.follower, self.paths):
                if part:
                    part.step()
        self.hooks.step()
        if self.dashboard:
            self.dashboard.step()
        self.progress()

    def safely(self, step):
        """A full disk pauses; a damaged database is made anew; both, and it goes on."""
        try:
            step()
        except OSError as error:
            if not files.is_full(error):
                raise
            self.pause('the disk is full')
        except store.Damaged:
            pass
        except sqlite3.DatabaseError as error:
            try:
                self.store.repair(error)
            except store.Full:
                self.pause('the disk is full')

    def loop(self):
        while not self.is_over():
            self.safely(self.step)
            time.sleep(TICK)
        if self.stopping:
            self.say(f'\nfuzz: stopping ({self.stopping})')
        elif not self.options['no-triage'] and self.builds.ready:
            self.finish_triage()

    def finish_triage(self):
        end, self.queue.look_at = self.clock() + TRIAGE_AFTER, 0.0
        if self.queue.is_busy():
            self.say('the time is up; looking at what was found', False)
        while self.clock() < end and not self.stopping and not self.paused and self.queue.is_busy():
            self.safely(self.queue.step)
            self.safely(self.hooks.step)
            self.systemd.alive()
            time.sleep(TICK)

    def stop_all(self):
        self.systemd.stopping()
        for process in self.running:
            process.ask_to_stop()
        self.builds.stop()
        self.queue.stop()
        for part in (self.corpora, self.follower, self.paths, self.dashboard):
            if part:
                part.stop()
        end = self.clock() + child.GRACE + 15
        while self.running and self.clock() < end:
            self.safely(self.watch_processes)
            time.sleep(TICK)
        for _ in range(3):
            self.file_again_at = 0.0
            self.safely(self.file_what_is_left)
        if not self.stopping:
            self.hooks.finish()

    def run(self):
        self.safely(self.file_leftovers)
        what = 'until it is stopped' if self.options['time'] is None else f'for {self.options["time"]} s'
        revision = f', revision {self.builds.revision}' if self.builds.revision else ''
        self.say(f'fuzzing {what}, {self.options["jobs"]} at once{revision}')
        self.systemd.ready()
        try:
            self.loop()
        finally:
            self.stop_all()
        status = self.summary()
        self.store.close()
        return status

    # ---- the end ----

    def errors(self):
        """Why this was not the work that was asked for; lines."""
        lines = [f'the build {b} failed: {why}' for b, why in self.builds.failed.items()]
        lines += [why for _, _, why in self.trouble.values()]
        if not self.stopping and not lines and not sum(s[0] for s in self.session.values()):
            lines.append('not one run was made' + ('; the disk is full' if self.paused else
                                                   ': give it more --time'))
        if self.paused:
            lines.append(f'the disk of {self.work}/ is full')
        if self.unfiled:
            lines.append(f'{len(self.unfiled)} folder(s) in {self.work}/run could not be filed; '
                         'the next start files them')
        return lines

    def summary(self):
        rows = [f'\n{"target":<12}{"build":<10}{"runs":>12}{"runs/s":>10}{"coverage":>10}']
        for (target, build), (runs, seconds, coverage) in sorted(self.session.items()):
            rate = runs / seconds if seconds else 0
            rows.append(f'{target:<12}{build:<10}{runs:>12}{rate:>10.0f}{coverage:>10}')
        missing = [f'{t}/{b}' for b in self.builds.ready for t in self.options['targets']
                   if (t, b) not in self.session]
        rows.append(f'{sum(s[0] for s in self.session.values())} runs in {self.clock() - self.began:.0f} s')
        if missing:
            rows.append(f'had no turn (the next call begins with them): {" ".join(missing)}')
        new, errors = self.news(), self.errors()
        listed = [self.current(f) for f in sorted(self.seen.values(), key=lambda f: f['title'])]
        causes = len(groups.grouped([f for f in listed if f['state'] != 'known']))
        for facts, below in groups.grouped(listed):
            folder = self.filer.folder_of(facts['slug'])
            rows.append(f'  {facts["title"]} ({facts["state"]})\n    {facts["count"]} time(s); {folder}/\n'
                        f'    {queue.summary(facts)}')
            rows.append(f'    replay: {self.builds.command(facts["build"])} run '
                        + (f'--bug={facts["bug"]} ' if facts['bug'] else '') + f'{folder}/input')
            rows += [f'    seems to have the same cause: {f["title"]} ({f["state"]})\n'
                     f'      {f["count"]} time(s); {self.filer.folder_of(f["slug"])}/' for f in below]
        if new:
            rows.append(f'{len(new)} finding(s) that {self.options["known"]} does not know'
                        + (f', of {causes} cause(s) as it seems' if causes < len(new) else ''))
        elif not errors and self.session:
            rows.append('nothing new was found' if self.seen else 'nothing found')
        rows.append(f'corpora: {self.work}/corpus  findings: {self.work}/findings')
        self.say('\n'.join(rows), False)
        for line in errors:
            try:
                print(f'fuzz: {line}', file=sys.stderr, flush=True)
            except OSError:
                pass
        # Ended by a signal it has done its work, as far as it got.
        return 1 if new else 3 if errors and not self.stopping else 0


def fuzz(options):
    return Service(options).run()
