# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's linux-source-* packages. Only what configuring and compiling need is unpacked."""
import glob
import os
import re
import shutil

from command import run
from debian import Apt

from .state import KNOWN_FIRST, KNOWN_LAST, TreeError, dotted

# Folders of a tree that are unpacked whole; of the others only Kconfig files.
FOLDERS = ('include', 'mm', 'lib', 'kernel', 'fs', 'block', 'scripts', 'init')


def versions(apt):
    """{(7, 3): '7.3.4-1~bpo13+1', ...}: the newest of each release."""
    found = {}
    for name in apt.names(r'^linux-source-[0-9]'):
        release = re.fullmatch(r'linux-source-(\d+)\.(\d+)', name)
        if release:
            found[int(release[1]), int(release[2])] = apt.version(name)
    return found


def choose(offered, wanted):
    """wanted: None (the newest that the shim knows) or '7.2'."""
    known = {r: v for r, v in offered.items() if v}
    if wanted:
        release = tuple(int(n) for n in wanted.split('.')[:2])
        if release not in known:
            have = ' '.join(dotted(r) for r in sorted(known)) or 'none'
            raise TreeError(f'Debian has no source of Linux {wanted} here; it has: {have}')
        return release, known[release]
    fit = [r for r in known if KNOWN_FIRST <= r <= KNOWN_LAST]
    if not fit:
        raise TreeError('Debian has no source here of a Linux that the shim knows '
                        f'({dotted(KNOWN_FIRST)} to {dotted(KNOWN_LAST)})')
    return max(fit), known[max(fit)]


def unpack(deb, folder, package):
    """The parts of the package's tar ball that we need, into folder."""
    scratch = folder + '.unpack'
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    run(['dpkg-deb', '-x', deb, scratch], 'dpkg-deb')
    ball = glob.glob(os.path.join(scratch, 'usr', 'src', '*.tar.*'))[0]
    wanted = ['*/Kconfig*', f'{package}/Makefile'] + [f'{package}/{name}' for name in FOLDERS]
    run(['tar', '-C', scratch, '-xf', ball, '--wildcards', *wanted], 'tar')
    os.rename(os.path.join(scratch, package), folder)
    shutil.rmtree(scratch)


def fetch(tree, wanted):
    """Fills tree.folder/source; returns the package's version."""
    apt = Apt()
    apt.update()
    release, version = choose(versions(apt), wanted)
    package = 'linux-source-' + dotted(release)
    os.makedirs(tree.folder, exist_ok=True)
    print(f'tree.py: fetching {package} {version}: some 170 MB', flush=True)
    deb = apt.download(package, version, tree.folder)
    source = os.path.join(tree.folder, 'source')
    shutil.rmtree(source, ignore_errors=True)
    unpack(deb, source, package)
    os.remove(deb)
    return f'{package} {version}'
