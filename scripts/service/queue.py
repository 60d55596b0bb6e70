# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings that wait for triage, and the one that is being looked at (triage.py)."""
import json
import os
import subprocess
import sys

from service import child, files

TRIES = 2               # of a triage that fails
SECONDS_MAX = 3600
LOOK_EVERY = 1          # seconds between looks for what waits

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')


class Queue:
    def __init__(self, service):
        self.service, self.child, self.facts, self.is_bisecting = service, None, None, False
        self.tried, self.look_at = {}, 0.0

    def waiting(self, found):
        """Which of the findings wait for triage: the new ones first, the known ones last."""
        wanted = [f for f in found
                  if f['triage'].get('wanted') and self.tried.get(f['slug'], 0) < TRIES
                  and os.path.exists(os.path.join(self.service.filer.folder_of(f['slug']), 'input'))]
        return sorted(wanted, key=lambda f: (f['state'] == 'known', f['first']))

    def is_busy(self):
        return self.child is not None or bool(self.waiting(self.service.store.findings()))

    def start(self):
        builds, found = self.service.builds, self.service.store.findings()
        waiting = self.waiting(found) if builds.ready else []
        if not waiting:
            self.start_bisection(found)
            return
        self.facts = waiting[0]
        self.tried[self.facts['slug']] = self.tried.get(self.facts['slug'], 0) + 1
        # The build that found it comes first: there it is to repeat.
        order = sorted(builds.ready, key=lambda b: (b != self.facts['build'], b))
        folder = self.service.filer.folder_of(self.facts['slug'])
        self.child = child.Child(
            [sys.executable, '-m', 'service.triage', os.path.abspath(builds.root),
             os.path.abspath(folder), ','.join(order), self.facts['bug'], builds.world],
            os.path.join(folder, '.triage.log'), cwd=SCRIPTS, nice=10, limit=SECONDS_MAX,
            env=child.environment(PYTHONDONTWRITEBYTECODE='1'))

    def step(self):
        if self.child is None:
            if self.service.clock() >= self.look_at:
                self.start()
                if self.child is None:
                    self.look_at = self.service.clock() + LOOK_EVERY
            return
        status = self.child.poll()
        if status is None:
            return
        self.look_at = 0.0
        if self.is_bisecting:
            self.adopt_bisection()
        else:
            self.adopt(status)

    # ---- which commit was it? ----

    def start_bisection(self, found):
        """Where a branch is followed: of a finding that repeats, and that an earlier revision,
        which was fuzzed, does not show yet."""
        follower = self.service.follower
        wanted = [f for f in found if f.get('bisect') == 'wanted'] if follower else []
        if not wanted:
            return
        self.facts = wanted[0]
        folder = os.path.abspath(self.service.filer.folder_of(self.facts['slug']))
        build = next((b for b, pair in self.facts['triage'].get('replays', {}).items() if pair[0]), None)
        good = self.facts.get('good') or follower.revision_before()
        bad = (self.facts.get('bad') or self.facts['revision']).partition('+')[0]
        if build is None or good is None:
            self.facts['bisect'] = ''
            self.service.filer.save(self.facts)
            return
        if os.path.exists(os.path.join(folder, 'bisect.json')):
            os.unlink(os.path.join(folder, 'bisect.json'))
        self.is_bisecting = True
        self.child = child.Child(
            [sys.executable, '-m', 'service.bisect', os.path.abspath(self.service.options['root']),
             os.path.join(os.path.abspath(follower.top), 'bisect'), folder, good,
             bad, build],
            os.path.join(folder, '.bisect.log'), cwd=SCRIPTS, nice=10, limit=SECONDS_MAX,
            env=child.environment(PYTHONDONTWRITEBYTECODE='1'))

    def adopt_bisection(self):
        folder, self.child, self.is_bisecting = self.service.filer.folder_of(self.facts['slug']), None, False
        facts = self.service.store.finding(self.facts['slug']) or self.facts
        try:
            with open(os.path.join(folder, 'bisect.json')) as f:
                facts['bisect'] = json.load(f)['outcome']
        except (OSError, ValueError, KeyError, TypeError):
            facts['bisect'] = 'not bisected: it took too long or failed'
        for name in ('.bisect.log', '.bisect.log.old'):
            if os.path.exists(os.path.join(folder, name)):
                os.unlink(os.path.join(folder, name))
        self.service.filer.save(facts)
        self.service.say(f'bisected: {facts["title"]}: {facts["bisect"]}')

    def adopt(self, status):
        """Takes what triage has learnt into the finding."""
        service, slug = self.service, self.facts['slug']
        folder = service.filer.folder_of(slug)
        log, self.child = self.child.output(), None
        facts = service.store.finding(slug) or self.facts
        try:
            with open(os.path.join(folder, 'triage.json')) as f:
                learnt = json.load(f)
        except (OSError, ValueError):
            learnt = {}
        if learnt.get('done'):
            facts['triage'] = dict(learnt, wanted=False, builds=list(service.builds.ready))
            if learnt.get('flaky') and facts['state'] == 'new':
                facts['state'] = 'flaky'
            elif service.follower and facts['state'] == 'new' and facts['revision'] == service.builds.revision:
                facts['bisect'] = 'wanted'
            for name in ('.triage.log', '.triage.log.old'):
                if os.path.exists(os.path.join(folder, name)):
                    os.unlink(os.path.join(folder, name))
        else:
            lines = log.strip().splitlines() or [f'status {status}']
            facts['triage']['note'] = f'triage failed: {lines[-1][:200]}'
            if self.tried.get(slug, 0) >= TRIES:
                facts['triage']['wanted'] = False
                service.say(f'triage of "{facts["title"]}" failed: {lines[-1][:200]}')
        if facts.pop('news', False) and facts['state'] in ('new', 'flaky'):
            service.hook(facts['state'], facts['title'], folder)
        service.filer.save(facts)
        if learnt.get('done'):
            service.say(f'looked at: {facts["title"]}: {summary(facts)}')

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child, self.is_bisecting = None, False


def rate(pair):
    return f'{pair[0]} of {pair[1]}' if pair else 'unknown'


def summary(facts):
    """What triage has learnt, in a line."""
    triage = facts['triage']
    parts = []
    for build, pair in triage.get('replays', {}).items():
        text = f'{build} {rate(pair)} replays'
        if build in triage.get('fresh', {}):
            text += f', {rate(triage["fresh"][build])} fresh schedules'
        parts.append(text)
    if triage.get('minimal'):
        parts.append(triage['minimal'])
    if triage.get('note'):
        parts.append(triage['note'])
    if triage.get('also'):
        parts.append('also gives ' + ', '.join(triage['also']))
    for build, title in triage.get('elsewhere', {}).items():
        parts.append(f'gives {title} in {build}')
    return '; '.join(parts) or 'not yet looked at'


class Hooks:
    """Runs the hook command, one call after the other, each for at most a minute."""

    def __init__(self, command, work, say):
        self.command, self.work, self.say = command, work, say
        self.waiting, self.child = [], None

    def add(self, what, title, folder):
        if self.command:
            self.waiting.append((what, title, folder))

    def step(self):
        if self.child is not None:
            status = self.child.poll()
            if status is None:
                return
            if status != 0:
                lines = self.child.output().strip().splitlines()[-1:] or ['no output']
                self.say(f'the hook ended with status {status}: {lines[0][:200]}')
            self.child = None
        if self.waiting:
            what, title, folder = self.waiting.pop(0)
            log = os.path.join(self.work, 'hook.log')
            files.write_whole(log, '')
            self.child = child.Child(
                ['sh', '-c', self.command + ' "$@"', 'hook', what, title, os.path.abspath(folder)],
                log, grace=5, limit=60)

    def finish(self):
        """Calls what waits, for at most a minute in all."""
        end = 300
        while (self.child is not None or self.waiting) and end > 0:
            self.step()
            end -= 1
            if self.child is not None:
                try:
                    self.child.process.wait(0.2)
                except subprocess.TimeoutExpired:
                    pass
