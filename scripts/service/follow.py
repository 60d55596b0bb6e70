# SPDX-License-Identifier: GPL-2.0-or-later
"""Follows a branch: its new commits are built beside, in builds/REVISION/ of the work folder,
tried, and only then fuzzed.

  1. a worktree of the commit, and all builds of it; one that fails keeps the old ones
  2. each target reads its whole corpus in each new build; one that does not run, likewise
  3. each finding is replayed: one that no longer shows is "fixed" (if it used to repeat) or
     "not seen since"
  4. the next turns are those of the new builds; the builds before go when nothing uses them
"""
import json
import os
import shutil
import subprocess
import sys

from service import builds, child, files, findings, turns
from service.options import Refused

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
READ_SECONDS = 1800     # for a target to read its corpus
REPLAY_SECONDS = 7200


def git(root, *arguments):
    """The output, or None where git fails."""
    got = subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=60, env=child.environment(GIT_TERMINAL_PROMPT='0'))
    return got.stdout.strip() if got.returncode == 0 else None


def first_root(options):
    """Where the service begins: the builds that were followed last, if they are still there."""
    if not options['follow']:
        return options['root']
    path = os.path.join(options['work'], 'builds', 'current')
    root = files.read_text(path).strip()
    return root if root and os.path.isdir(os.path.join(root, 'build')) else options['root']


class Failed(Exception):
    """Why a revision is not taken, in one line."""


class Follower:
    def __init__(self, service):
        self.service, self.options = service, service.options
        self.top = os.path.join(service.work, 'builds')
        self.task, self.child, self.builds, self.look_at = None, None, None, 0.0
        os.makedirs(self.top, exist_ok=True)
        if git(self.options['root'], 'rev-parse', '--git-dir') is None:
            raise Refused(f'{self.options["root"]} is no git checkout: --follow needs one')
        if '/' not in self.options['follow'] and self.resolve() is None:
            raise Refused(f'--follow={self.options["follow"]}: no such branch')

    def resolve(self):
        return git(self.options['root'], 'rev-parse', '--verify', '--quiet', self.options['follow'] + '^{commit}')

    def is_busy(self):
        return self.task is not None

    def step(self):
        """A little of the work; never waits."""
        if self.task is None:
            if self.service.clock() < self.look_at or self.service.builds.is_busy():
                return
            self.look_at = self.service.clock() + self.options['follow-every']
            self.task = self.look()
        try:
            next(self.task)
        except StopIteration:
            self.task = None

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None
        if self.builds is not None:
            self.builds.stop()

    # ---- the work, a generator: each yield is a step of the service's loop ----

    def run(self, command, log, limit, env=None, cwd=None):
        """Runs a command while the service goes on; the status is the generator's value."""
        self.child = child.Child(command, log, env=env, cwd=cwd, nice=10, limit=limit)
        while self.child.poll() is None:
            yield
        status, self.child = self.child.poll(), None
        return status

    def look(self):
        remote = self.options['follow'].split('/')[0]
        if '/' in self.options['follow'] and git(self.options['root'], 'remote', 'get-url', remote) is not None:
            yield from self.run(['git', '-C', self.options['root'], 'fetch', '--quiet', remote],
                                os.path.join(self.top, 'fetch.log'), 600,
                                env=child.environment(GIT_TERMINAL_PROMPT='0'))
        commit = self.resolve()
        if commit is None:
            self.service.say(f'fuzz: --follow={self.options["follow"]}: there is no such branch')
            return
        revision = commit[:12]
        if revision in (self.service.builds.revision, self.service.store.get('refused-revision')):
            return
        self.service.say(f'{self.options["follow"]} is at {revision}: building it beside')
        root = os.path.join(os.path.abspath(self.top), revision)
        try:
            yield from self.make(root, commit)
            yield from self.read_corpora()
            results = yield from self.replay(root)
        except Failed as failed:
            self.refuse(revision, root, str(failed))
            return
        self.switch(root, revision, results)

    def make(self, root, commit):
        if not os.path.exists(os.path.join(root, '.git')):
            shutil.rmtree(root, ignore_errors=True)
            git(self.options['root'], 'worktree', 'prune')
            log = os.path.join(self.top, 'worktree.log')
            status = yield from self.run(['git', '-C', os.path.abspath(self.options['root']), 'worktree', 'add',
                                          '--force', '--detach', root, commit], log, 600)
            if status != 0:
                raise Failed(f'git worktree add: {child.read_log(log).strip()[-200:]}')
        self.builds = builds.Builds(root, self.options['builds'], self.top, self.options['jobs'])
        while self.builds.is_busy():
            build = self.builds.step(self.options['targets'])
            if build:
                error = self.builds.failed.get(build)
                with self.service.store.transaction():
                    self.service.store.add_build(build, self.builds.revision, self.builds.seconds[build],
                                                 error or 'ready')
                if error:
                    raise Failed(f'the build {build} failed: {error}')
            yield

    def read_corpora(self):
        """Each target in each build reads its corpus; what it reports is filed."""
        for build in self.builds.ready:
            for target in self.options['targets']:
                folder = turns.make_folder(self.service.work, target, build, self.options['bug'],
                                           self.builds.revision, f'read-{target}-{build}')
                path = os.path.abspath(os.path.join(self.service.work, 'run', folder))
                corpora = [p for p in (self.builds.seeds(build, target),
                                       os.path.abspath(os.path.join(self.service.work, 'corpus', target)))
                           if os.path.isdir(p)]
                status = yield from self.run(
                    [self.builds.target(build, target), '-runs=0', f'-max_len={turns.INPUT_MAX}', '-timeout=20',
                     '-rss_limit_mb=2048', f'-artifact_prefix={path}/', *corpora], os.path.join(path, 'log'),
                    READ_SECONDS, env=turns.environment(self.options['bug'], path), cwd=path)
                result = dict(turns.result_of(path, status, 0.0), runs=0)
                left_an_input = any(files.artifact_hash(n) and not n.startswith('report-') for n in os.listdir(path))
                if not self.service.file(folder, result):
                    self.service.unfiled.append((folder, result))
                if status != 0 and not left_an_input:
                    last = (result['log'].strip().splitlines() or ['no output'])[-1]
                    raise Failed(f'{target} ({build}) does not read its corpus: {last[:200]}')

    def replay(self, root):
        out = os.path.join(os.path.abspath(self.top), 'replay.json')
        if os.path.exists(out):
            os.unlink(out)
        status = yield from self.run(
            [sys.executable, '-m', 'service.replay', root, os.path.abspath(self.service.work),
             ','.join(self.builds.ready), out], os.path.join(self.top, 'replay.log'), REPLAY_SECONDS,
            cwd=SCRIPTS, env=child.environment(PYTHONDONTWRITEBYTECODE='1'))
        try:
            with open(out) as f:
                return json.load(f)
        except (OSError, ValueError):
            raise Failed(f'the findings could not be replayed (status {status})') from None

    # ---- the outcome ----

    def refuse(self, revision, root, why):
        service = self.service
        self.builds = None
        service.say(f'fuzz: {revision} is not taken, {service.builds.revision} goes on: {why}')
        service.hook('build-broken', f'{revision}: {why}', service.work)
        with service.store.transaction():
            service.store.put('refused-revision', revision)
        self.remove(root)

    def switch(self, root, revision, results):
        service, fixed, before = self.service, [], self.service.builds.root
        for slug, result in results.items():
            facts = service.store.finding(slug)
            if facts is None:
                continue
            if result['hits'] == 0 and facts['state'] not in ('fixed', 'not seen since'):
                repeats = any(pair[0] for pair in facts['triage'].get('replays', {}).values())
                facts['state'] = 'fixed' if repeats else 'not seen since'
                facts['since'] = revision
                fixed.append(facts)
                service.filer.save(facts)
            elif result['hits'] and facts['state'] in ('fixed', 'not seen since'):
                findings.come_back(facts, revision)
                service.hook('new', facts['title'], service.filer.folder_of(slug))
                service.filer.save(facts)
        with service.store.transaction():
            service.store.put('revision-before', service.builds.revision.partition('+')[0])
        service.take_builds(self.builds)
        self.builds = None
        files.write_whole(os.path.join(self.top, 'current'), root + '\n')
        for name in os.listdir(self.top):
            path = os.path.join(os.path.abspath(self.top), name)
            if os.path.isdir(path) and name != 'bisect' and path not in (root, os.path.abspath(before)):
                self.remove(path)
        service.say(f'{revision} is fuzzed from now on; {len(results)} finding(s) replayed')
        for facts in fixed:
            service.say(f'{facts["state"]} since {revision}: {facts["title"]}')
            service.hook('fixed', facts['title'], service.filer.folder_of(facts['slug']))

    def revision_before(self):
        """The revision that was fuzzed before this one, or None."""
        return self.service.store.get('revision-before')

    def remove(self, root):
        git(self.options['root'], 'worktree', 'remove', '--force', root)
        shutil.rmtree(root, ignore_errors=True)
        git(self.options['root'], 'worktree', 'prune')
