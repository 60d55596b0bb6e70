# SPDX-License-Identifier: GPL-2.0-or-later
"""The builds that the service fuzzes, and making them while it already fuzzes."""
import hashlib
import json
import os
import subprocess
import time

from service import child

BUILDS = ('release', 'asan', 'tsan')


def revision_of(root):
    """The commit of a checkout, "+changes" behind it where files differ; '' without git."""
    def git(*arguments):
        try:
            run = subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True)
        except FileNotFoundError:
            return None
        return run.stdout.strip() if run.returncode == 0 else None

    commit = git('rev-parse', '--short=12', 'HEAD')
    if commit is None:
        return ''
    changes = git('status', '--porcelain', '--untracked-files=no')
    return commit + ('+changes' if changes else '')


def tree_folder(root, world):
    """Of the kernel tree that the world "tree:NAME" is; None: the world is the model."""
    name = world.removeprefix('tree:')
    return None if name == world else os.path.join(os.path.abspath(root), 'work', 'trees', name)


def folder_of(root, build, world):
    """Where the executables of a build lie."""
    return os.path.join(tree_folder(root, world) or os.path.join(os.path.abspath(root), 'build'), build)


def tree_revision(folder):
    """NAME-VERSION of a kernel tree, VERSION being the commit of its source, the package's
    version, a digest of what changes another tree, or nothing."""
    name, version = os.path.basename(folder), ''
    try:
        with open(os.path.join(folder, 'tree.json'), encoding='utf-8') as f:
            about = json.load(f)
        if about.get('base'):
            version = hashlib.sha256()
            for path in about.get('patches', []) + about.get('edits', []):
                with open(path, 'rb') as f:
                    version.update(f.read())
            version = version.hexdigest()[:12]
        else:
            version = about.get('package') or revision_of(about['source'])
    except (OSError, ValueError, KeyError):
        pass
    return f'{name}-{version}'.rstrip('-').replace(' ', '-')


class Builds:
    """Builds of one checkout, or of a kernel tree in it. wanted: presets in the order in which
    they are made."""

    def __init__(self, root, wanted, work, cpus, make=True, world='model'):
        self.root, self.work, self.cpus, self.make, self.world = root, work, cpus, make, world
        self.waiting = [b for b in BUILDS if b in wanted]
        self.ready, self.failed, self.seconds = [], {}, {}
        self.building = None
        self.started = 0.0
        self.revision = revision_of(root)
        if tree_folder(root, world):
            self.revision = f'{tree_revision(tree_folder(root, world))}@{self.revision}'

    def path(self, build, name):
        return os.path.join(folder_of(self.root, build, self.world), name)

    def target(self, build, target):
        return self.path(build, f'{target}_fuzzer')

    def command(self, build):
        return self.path(build, 'swaprace')

    def seeds(self, build, target):
        return os.path.join(folder_of(self.root, build, 'model'), 'corpus', target)

    def lacking(self, build, targets):
        """The first file that a build should have and has not, or None."""
        for path in [self.command(build)] + [self.target(build, t) for t in targets]:
            if not os.access(path, os.X_OK):
                return path
        return None

    def is_busy(self):
        return self.building is not None or bool(self.waiting)

    def step(self, targets):
        """Starts the next build, or looks whether the present one has ended. Returns the
        preset that has just become ready or failed, else None."""
        if self.building is None:
            if not self.waiting:
                return None
            self.started = time.monotonic()
            self.building = self.waiting.pop(0)
            if not self.make:
                return self.finish(targets, 0, '')
            log = os.path.join(self.work, f'build-{self.building}.log')
            for old in (log, log + '.old'):
                if os.path.exists(old):
                    os.unlink(old)
            # The tests are a fourth of all that there is to build, and nobody waits for them here.
            script = ('cmake --preset "$1" >/dev/null && cmake --build --preset "$1" -j "$2" '
                      '--target swaprace fuzz_targets canary_fuzzer -- --quiet')
            if tree_folder(self.root, self.world):
                script += ' && exec python3 scripts/tree.py build "$3" "$1" -j "$2" --fuzzers'
            self.child = child.Child(['sh', '-c', script, 'sh', self.building, str(self.cpus),
                                      self.world.removeprefix('tree:')], log, cwd=self.root)
            return None
        status = self.child.poll()
        if status is None:
            return None
        return self.finish(targets, status, self.child.output())

    def finish(self, targets, status, output):
        build, self.building = self.building, None
        self.seconds[build] = time.monotonic() - self.started
        lacking = self.lacking(build, targets)
        if status != 0:
            lines = [line for line in output.splitlines() if line.strip()]
            errors = [line for line in lines if 'error' in line.lower()]
            self.failed[build] = (errors or lines or [f'status {status}'])[0].strip()[:300]
        elif lacking:
            self.failed[build] = f'{lacking} is missing' + ('' if self.make else '; scripts/fuzz.sh builds it')
        else:
            self.ready.append(build)
        return build

    def stop(self):
        if self.building is not None and self.make:
            self.child.stop()
            self.building = None
        self.waiting = []
