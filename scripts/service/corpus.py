# SPDX-License-Identifier: GPL-2.0-or-later
"""Corpora that have grown are merged to a minimal set; the work folder is kept in bounds.

A merge works on hard links of the corpus as it was when it began, in merge/TARGET/, and
can be killed at any point: the next start goes on with the same links and the control
file. Its result replaces what was linked; inputs that came meanwhile stay.
"""
import os
import shutil

from service import child, files, turns

LOOK_EVERY = 60         # seconds between looks at the corpora
GROWN = 1.5             # times its size after the last merge
INPUTS_MIN = 400        # below, a merge is not worth its time
SECONDS_MAX = 3600
MEASURE_EVERY = 600     # seconds between looks at the whole work folder


class Corpora:
    def __init__(self, service, inputs_min=INPUTS_MIN):
        self.service, self.inputs_min = service, inputs_min
        self.child, self.target, self.run = None, None, None
        self.look_at, self.measure_at, self.forced, self.is_over = 0.0, 0.0, set(), False

    def corpus(self, target):
        return os.path.join(self.service.work, 'corpus', target)

    def folder(self, target):
        return os.path.join(self.service.work, 'merge', target)

    def step(self):
        if self.child is not None:
            status = self.child.poll()
            if status is not None:
                self.finish(status)
            return
        if self.service.clock() < self.look_at or 'release' not in self.service.builds.ready:
            return
        self.look_at = self.service.clock() + LOOK_EVERY
        self.measure()
        for target in self.service.options['targets']:
            if self.is_due(target):
                self.start(target)
                return

    def is_due(self, target):
        if os.path.isdir(self.folder(target)):
            return True
        try:
            count = len(os.listdir(self.corpus(target)))
        except OSError:
            return False
        merged = int(self.service.store.get(f'merged-{target}', 0))
        return (target in self.forced and count > merged) or \
            (count >= self.inputs_min and count >= GROWN * merged)

    def make_room(self):
        """The disk is full: what is worth least goes, which is what a merge finds."""
        self.forced = set(self.service.options['targets'])
        self.look_at = 0.0

    # ---- a merge ----

    def links(self, target):
        """The corpus as it is now, or as it was when a merge that was killed began."""
        top = self.folder(target)
        links = os.path.join(top, 'in')
        if not os.path.exists(os.path.join(top, 'begun')):
            shutil.rmtree(top, ignore_errors=True)
            os.makedirs(links)
            for name in os.listdir(self.corpus(target)):
                try:
                    os.link(os.path.join(self.corpus(target), name), os.path.join(links, name))
                except FileNotFoundError:
                    pass  # libFuzzer has found a smaller one meanwhile
            files.write_whole(os.path.join(top, 'begun'), '')
        os.makedirs(os.path.join(top, 'out'), exist_ok=True)
        return links

    def start(self, target):
        links, top = self.links(target), os.path.abspath(self.folder(target))
        self.target, self.forced = target, self.forced - {target}
        builds = self.service.builds
        self.run = turns.make_folder(self.service.work, target, 'release', self.service.options['bug'],
                                     builds.revision, f'merge-{target}')
        path = os.path.abspath(os.path.join(self.service.work, 'run', self.run))
        self.child = child.Child(
            [builds.target('release', target), '-set_cover_merge=1', f'-merge_control_file={top}/control',
             f'-max_len={turns.INPUT_MAX}', '-timeout=20', '-rss_limit_mb=2048', f'-artifact_prefix={path}/',
             f'{top}/out', os.path.abspath(links)],
            os.path.join(path, 'log'), cwd=path, nice=10, limit=SECONDS_MAX,
            env=turns.environment(self.service.options['bug'], path))

    def finish(self, status):
        target, run, self.child = self.target, self.run, None
        path = os.path.join(self.service.work, 'run', run)
        result = dict(turns.result_of(path, status, 0.0), runs=0, coverage=0, features=0, corpus=0)
        if not self.service.file(run, result):
            self.service.unfiled.append((run, result))
        before = len(os.listdir(self.corpus(target)))
        kept = os.listdir(os.path.join(self.folder(target), 'out'))
        if status == 0 and kept:
            self.replace(target, set(kept))
            after = len(os.listdir(self.corpus(target)))
            self.service.say(f'corpus of {target} merged: {before} inputs are {after}')
        else:
            after = before
            self.service.say(f'fuzz: merging the corpus of {target} ended with status {status}; it stays as it is')
        shutil.rmtree(self.folder(target), ignore_errors=True)
        with self.service.store.transaction():
            self.service.store.put(f'merged-{target}', after)
        if self.forced:
            self.look_at = 0.0

    def replace(self, target, kept):
        """What was linked and is not kept goes; a kill in between leaves more than is needed."""
        corpus, top = self.corpus(target), self.folder(target)
        for name in kept:
            os.replace(os.path.join(top, 'out', name), os.path.join(corpus, name))
        files.flush_folder(corpus)
        for name in os.listdir(os.path.join(top, 'in')):
            if name not in kept:
                try:
                    os.unlink(os.path.join(corpus, name))
                except FileNotFoundError:
                    pass

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None
            shutil.rmtree(os.path.join(self.service.work, 'run', self.run), ignore_errors=True)

    # ---- the whole folder ----

    def measure(self):
        if self.service.clock() < self.measure_at:
            return
        self.measure_at = self.service.clock() + MEASURE_EVERY
        used, most = files.size_of(self.service.work), self.service.options['disk-max'] << 20
        if used <= most:
            self.is_over = False
            return
        self.forced = set(self.service.options['targets'])
        torn = os.path.join(self.service.work, 'torn')
        for name in sorted(os.listdir(torn) if os.path.isdir(torn) else [])[:-100]:
            path = os.path.join(torn, name)
            if os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
        if not self.is_over:
            self.is_over = True
            self.service.say(f'{self.service.work}/ takes {used >> 20} MB, --disk-max is {most >> 20}: '
                             'merging all corpora')
