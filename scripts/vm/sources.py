# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel sources, for an own kernel: work/vm/.sources/linux-source-7.3-VERSION/.

What was fetched once stays, because it leaves the archive some weeks after a newer one came.
"""
import glob
import os
import shutil
import tempfile

from command import Failure, run
from debian import Apt
from tree.source_package import versions
from tree.state import dotted

from . import kernels

SOURCES = os.path.join(kernels.KERNELS, '.sources')
# A third of the files; no build of an x86-64 kernel reads them.
UNUSED = ('*/Documentation/*/*', '*/tools/testing', '*/boot/dts/*')


def choose(offered, wanted):
    """The release to take: the newest, or the one wanted ("7.2", "7.2.13")."""
    known = {release: version for release, version in offered.items() if version}
    fit = [release for release, version in known.items() if is_wanted(version, wanted)]
    if not fit:
        have = ' '.join(sorted(version.split('-')[0] for version in known.values())) or 'none'
        raise Failure(f'Debian has no source of Linux {wanted or "any"} here; it has: {have}')
    return max(fit)


def is_wanted(version, wanted):
    numbers = version.split('-')[0].split('.')
    return not wanted or numbers[:len(wanted.split('.'))] == wanted.split('.')


def fetch(wanted):
    """The folder of the source."""
    apt = Apt()
    apt.update()
    offered = versions(apt)
    release = choose(offered, wanted)
    package = 'linux-source-' + dotted(release)
    folder = os.path.join(SOURCES, f'{package}-{offered[release]}')
    if os.path.exists(folder):
        return folder
    print(f'vm.py: fetching {package} {offered[release]} from Debian: some 170 MB', flush=True)
    os.makedirs(SOURCES, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.new-', dir=SOURCES) as scratch:
        deb = apt.download(package, offered[release], scratch)
        os.rename(unpack(deb, scratch, package), folder)
    return folder


def unpack(deb, scratch, package):
    """The path of the source that the package's file has."""
    run(['dpkg-deb', '-x', deb, os.path.join(scratch, 'x')], 'dpkg-deb')
    ball = glob.glob(os.path.join(scratch, 'x', 'usr', 'src', '*.tar.*'))[0]
    run(['tar', '-C', scratch, *(f'--exclude={name}' for name in UNUSED), '-xf', ball], 'tar')
    shutil.rmtree(os.path.join(scratch, 'x'))
    return os.path.join(scratch, package)
