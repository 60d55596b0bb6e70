# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels of our own: vm build NAME --config=KIND TREE.

The tree is never written to. A folder beside ours has its directories, and a symbolic link for
each of its files; the build lies within that folder, so all paths in it are relative, and a
copy of the folder builds on from where the first one was (fix.py).

work/vm/.build/NAME/log         what make said
work/vm/.build/NAME/tree/       the links
work/vm/.build/NAME/tree/build/ O= of make
work/vm/NAME/                   as kernels.py has it, and config: the .config

The configuration is "allnoconfig" by the tree's own Kconfig with the wishes of config/base and
config/KIND; a wish that it does not grant stops the build. kernel.json names what the kernel
was built of: the same again builds nothing.
"""
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile

from command import Failure, first_error, run
from tree.state import dotted, read_version

from . import kernels

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'config')
KINDS = ('plain', 'kasan', 'kcsan')
WISH = re.compile(r'(\??)(?:# )?CONFIG_(\w+)(?:=(.*)| is not set)\n?')
SKIPPED = {'.git'}


def wishes(kind):
    """[(symbol, value, may it be missing), ...]; the value 'n' for "is not set"."""
    found = []
    for name in ('base', kind):
        with open(os.path.join(FOLDER, name), encoding='utf-8') as f:
            for line in f:
                wish = WISH.fullmatch(line)
                if wish:
                    found.append((wish[2], wish[3] or 'n', bool(wish[1])))
    return found


def as_config(wanted):
    return ''.join(f'CONFIG_{symbol}={value}\n' if value != 'n' else
                   f'# CONFIG_{symbol} is not set\n' for symbol, value, _ in wanted)


def check_wishes(wanted, chosen):
    refused = [f'{symbol}={value} (is {chosen.get(symbol, "n")})'
               for symbol, value, optional in wanted
               if not optional and chosen.get(symbol, 'n') != value]
    if refused:
        raise Failure('the tree\'s Kconfig did not choose: ' + ', '.join(refused))


def check_tree(source):
    """The version of a tree that a build beside it can use."""
    version = read_version(source)
    for name in ('arch/x86/Kconfig', 'scripts/kconfig/Makefile'):
        if not os.path.exists(os.path.join(source, name)):
            raise Failure(f'{source} has no {name}: it is no whole kernel tree', 2)
    for name in ('.config', 'include/config', 'arch/x86/include/generated'):
        if os.path.exists(os.path.join(source, name)):
            raise Failure(f'{source} has been built in ({name} is there): "make mrproper" there '
                          'first, or name a tree that has not', 2)
    return version


def files_of(source):
    """Yields (path from the source, entry) of each of its files, and folders before what is in
    them."""
    rest = ['']
    while rest:
        folder = rest.pop()
        with os.scandir(os.path.join(source, folder)) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                path = os.path.join(folder, entry.name)
                if path in SKIPPED:
                    continue
                yield path, entry
                if entry.is_dir(follow_symlinks=False):
                    rest.append(path)


def link_tree(source, folder):
    """Makes folder the source's shadow; what is not in the source any more goes. A hash of what
    the source is: its files, their sizes and times."""
    digest, there = hashlib.sha256(), set()
    os.makedirs(folder, exist_ok=True)
    for path, entry in files_of(source):
        there.add(path)
        ours = os.path.join(folder, path)
        if entry.is_dir(follow_symlinks=False):
            os.makedirs(ours, exist_ok=True)
            continue
        at = entry.stat(follow_symlinks=False)
        digest.update(f'{path}\0{at.st_size}\0{at.st_mtime_ns}\0'.encode())
        if not (os.path.islink(ours) and os.readlink(ours) == entry.path):
            if os.path.lexists(ours):
                os.remove(ours)
            os.symlink(entry.path, ours)
    for path, entry in list(files_of(folder)):
        if path.split('/')[0] != 'build' and path not in there:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif os.path.lexists(entry.path):
                os.remove(entry.path)
    return digest.hexdigest()[:16]


class Make:
    """make in a build's folder. log: where all that it says goes."""

    def __init__(self, folder, log, jobs):
        self.folder, self.log, self.jobs = folder, log, jobs

    def variables(self):
        cache = 'ccache ' if shutil.which('ccache') else ''
        return [f'CC={cache}gcc', f'HOSTCC={cache}gcc', 'ARCH=x86_64', 'LOCALVERSION=',
                'KBUILD_BUILD_USER=swaprace', 'KBUILD_BUILD_HOST=swaprace',
                'KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970']

    def run(self, *targets):
        """A Failure has the first error that make printed."""
        command = ['make', '-C', self.folder, 'O=build', f'-j{self.jobs}', *self.variables(),
                   *targets]
        kept = {name: value for name, value in os.environ.items()
                if name in ('PATH', 'HOME', 'TMPDIR') or name.startswith('CCACHE_')}
        with open(self.log, 'ab') as log:
            start = log.tell()
            try:
                made = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        start_new_session=True, env={**kept, 'LC_ALL': 'C'})
            except FileNotFoundError:
                raise Failure('no make here; scripts/setup.sh --vm installs it') from None
            try:
                made.wait()
            finally:
                if made.poll() is None:
                    os.killpg(made.pid, signal.SIGTERM)
                    made.wait()
        if made.returncode != 0:
            with open(self.log, encoding='utf-8', errors='replace') as log:
                log.seek(start)
                why = first_error(log.read())
            raise Failure(f'make {" ".join(targets[:1])}: {why} (all of it: '
                          f'{os.path.relpath(self.log)})')


def compiler():
    return run(['gcc', '--version'], 'gcc').splitlines()[0]


class Build:
    """One own kernel, on its way."""

    def __init__(self, name, kind, source, jobs):
        if kind not in KINDS:
            raise Failure(f'--config={kind}: plain, kasan or kcsan', 2)
        self.kernel, self.kind = kernels.Kernel(name), kind
        self.source = os.path.realpath(source)
        self.version = check_tree(self.source)
        self.folder = os.path.join(kernels.BUILDS, name)
        self.tree = os.path.join(self.folder, 'tree')
        self.out, self.aside = os.path.join(self.tree, 'build'), self.tree + '-aside'
        self.make = Make(self.tree, os.path.join(self.folder, 'log'), jobs)

    def run(self, say):
        """True: it was built; False: it was there."""
        known = self.kernel.load().about if os.path.exists(self.kernel.folder) else {}
        if known and 'built' not in known:
            raise Failure(f'there is a kernel {self.kernel.name} that was not built here; "vm '
                          f'remove {self.kernel.name}" first', 2)
        self.take_back()
        os.makedirs(self.out, exist_ok=True)
        wanted = wishes(self.kind)
        built = {'config': self.kind, 'source': self.source,
                 'state': link_tree(self.source, self.tree), 'compiler': compiler(),
                 'wishes': hashlib.sha256(as_config(wanted).encode()).hexdigest()[:16]}
        if known.get('built') == built:
            return False
        say(f'building Linux {dotted(self.version)}, --config={self.kind} (the first time some 20 '
            f'minutes of CPU; log: {os.path.relpath(self.make.log)})')
        if os.path.exists(self.make.log):
            os.remove(self.make.log)
        self.configure(wanted)
        self.make.run('bzImage')
        install(self.kernel, self.out, built)
        return True

    def set_aside(self):
        """Makes room for another build in the place of this one."""
        os.rename(self.tree, self.aside)

    def take_back(self):
        """Also after one that was killed."""
        if os.path.exists(self.aside):
            shutil.rmtree(self.tree, ignore_errors=True)
            os.rename(self.aside, self.tree)

    def configure(self, wanted):
        path = os.path.join(self.out, 'wishes')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(as_config(wanted))
        self.make.run('allnoconfig', 'KCONFIG_ALLCONFIG=' + os.path.realpath(path))
        check_wishes(wanted, kernels.read_config(os.path.join(self.out, '.config')))


def install(kernel, out, built):
    """Makes the kernel of what was built in the folder out."""
    with tempfile.TemporaryDirectory(prefix='.new-', dir=kernels.KERNELS) as scratch:
        shutil.rmtree(kernel.folder, ignore_errors=True)
        kernels.finish(scratch, kernel, os.path.join(out, 'arch/x86/boot/bzImage'), None, None,
                       os.path.join(out, 'vmlinux'), os.path.join(out, '.config'), built)
