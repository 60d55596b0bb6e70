# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a tree's things lie, and what is known of it.

work/trees/NAME/tree.json   source, version, package
work/trees/NAME/config/     conf, .config, autoconf.h
work/trees/NAME/headers/    generated headers
work/trees/NAME/BUILD/      objects and the executable "swaprace"
"""
import hashlib
import json
import os
import re

from command import ROOT, WORK, Failure, check_name

TreeError = Failure
OURS = os.path.join(ROOT, 'core', 'tree')
TREES = os.path.join(WORK, 'trees')
# The releases that the overlay and the shim were tested with.
KNOWN_FIRST = (7, 2)
KNOWN_LAST = (7, 3)
BUILDS = ('release', 'tsan', 'asan', 'fine')


def write_if_changed(path, text):
    """Keeps the time stamp of a file that would not change."""
    try:
        with open(path, encoding='utf-8') as f:
            if f.read() == text:
                return False
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return True


def digest(*parts):
    h = hashlib.sha256()
    for part in parts:
        h.update(part.encode() if isinstance(part, str) else part)
        h.update(b'\0')
    return h.hexdigest()[:16]


class Tree:
    def __init__(self, name):
        check_name(name, 'tree')
        self.name = name
        self.folder = os.path.join(TREES, name)
        self.config = os.path.join(self.folder, 'config')
        self.headers = os.path.join(self.folder, 'headers')
        self.about = {}

    @property
    def base(self):
        """The tree that this one is a change of, or None."""
        return Tree(self.about['base']).load() if self.about.get('base') else None

    def load(self):
        try:
            with open(os.path.join(self.folder, 'tree.json'), encoding='utf-8') as f:
                self.about = json.load(f)
        except FileNotFoundError:
            raise TreeError(f'no tree of the name {self.name}; "tree list" shows them', 2) from None
        except ValueError:
            raise TreeError(f'{self.folder}/tree.json is damaged; "tree remove {self.name}" and '
                            'add it again') from None
        if self.about.get('base'):
            base = Tree(self.about['base']).load()
            self.about['source'] = base.source
            self.config, self.headers = base.config, base.headers
        if not os.path.exists(os.path.join(self.source, 'Makefile')):
            raise TreeError(f'{self.name}: its source is gone: {self.source}')
        return self

    def save(self):
        write_if_changed(os.path.join(self.folder, 'tree.json'),
                         json.dumps(self.about, indent=1, sort_keys=True) + '\n')

    @property
    def source(self):
        return self.about['source']

    @property
    def version(self):
        """The version as in the tree's Makefile: (7, 3, 4)."""
        return read_version(self.source)

    def build(self, kind):
        if kind not in BUILDS:
            raise TreeError(f'{kind!r} is no build; there are: {" ".join(BUILDS)}', 2)
        return os.path.join(self.folder, kind)

    def version_warning(self):
        """A line if the shim does not know this release, else None."""
        release = self.version[:2]
        if KNOWN_FIRST <= release <= KNOWN_LAST:
            return None
        relation = 'older' if release < KNOWN_FIRST else 'newer'
        return (f'{self.name} is Linux {dotted(self.version)}, {relation} than the shim knows '
                f'({dotted(KNOWN_FIRST)} to {dotted(KNOWN_LAST)}): what fails follows')


def dotted(version):
    return '.'.join(str(v) for v in version)


def read_version(source):
    try:
        with open(os.path.join(source, 'Makefile'), encoding='utf-8') as f:
            head = f.read(2000)
    except (FileNotFoundError, NotADirectoryError):
        why = 'it has no Makefile' if os.path.isdir(source) else 'there is no such folder'
        raise TreeError(f'{source} is no kernel tree: {why}', 2) from None
    found = dict(re.findall(r'^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$', head, re.M))
    if len(found) != 3 or not os.path.exists(os.path.join(source, 'mm', 'swapfile.c')):
        raise TreeError(f'{source} is no kernel tree', 2)
    return tuple(int(found[k]) for k in ('VERSION', 'PATCHLEVEL', 'SUBLEVEL'))


def all_trees():
    if not os.path.isdir(TREES):
        return []
    return [Tree(n) for n in sorted(os.listdir(TREES))
            if os.path.exists(os.path.join(TREES, n, 'tree.json'))]
