# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's linux-source-* packages, through an apt directory of our own.

The archive and its key are those of the machine's own apt sources, so apt verifies
what it fetches; nothing of the machine's apt is changed. Only what configuring and
compiling need is unpacked.
"""
import glob
import os
import re
import shutil
import subprocess

from .state import KNOWN_FIRST, KNOWN_LAST, TREES, TreeError, dotted, run

SUITES = ('trixie-backports', 'forky', 'sid', 'experimental')
# Folders of a tree that are unpacked whole; of the others only Kconfig files.
FOLDERS = ('include', 'mm', 'lib', 'kernel', 'fs', 'block', 'scripts', 'init')


def archive():
    """(URI, key file) of the machine's own Debian sources."""
    for path in sorted(glob.glob('/etc/apt/sources.list.d/*.sources')):
        with open(path, encoding='utf-8') as f:
            text = f.read()
        uri = re.search(r'^URIs:\s*(\S+)', text, re.M)
        key = re.search(r'^Signed-By:\s*(/\S+)', text, re.M)
        if uri and key and os.path.basename(path).startswith('debian'):
            return uri.group(1), key.group(1)
    keys = sorted(glob.glob('/usr/share/keyrings/debian-archive-keyring.*'))
    for path in ['/etc/apt/sources.list'] + sorted(glob.glob('/etc/apt/sources.list.d/*.list')):
        if not os.path.exists(path):
            continue
        with open(path, encoding='utf-8') as f:
            found = re.search(r'^deb\s+(?:\[[^]]*\]\s+)?(\S+/debian/?)\s', f.read(), re.M)
        if found and keys:
            return found.group(1), keys[0]
    raise TreeError('this machine has no Debian apt source to take a kernel from')


class Apt:
    def __init__(self):
        self.folder = os.path.join(TREES, '.apt')
        for sub in ('lists/partial', 'cache/archives/partial', 'etc'):
            os.makedirs(os.path.join(self.folder, sub), exist_ok=True)
        self.sources = os.path.join(self.folder, 'etc', 'sources.list')
        uri, key = archive()
        with open(self.sources, 'w', encoding='utf-8') as f:
            for suite in SUITES:
                f.write(f'deb [signed-by={key}] {uri} {suite} main\n')

    def options(self):
        return ['-o', f'Dir::State={self.folder}',
                '-o', f'Dir::State::lists={self.folder}/lists',
                '-o', 'Dir::State::status=/var/lib/dpkg/status',
                '-o', f'Dir::Cache={self.folder}/cache',
                '-o', f'Dir::Etc::sourcelist={self.sources}',
                '-o', 'Dir::Etc::sourceparts=-',
                '-o', 'APT::Sandbox::User=root']

    def update(self):
        # A suite that is not there any more must not stop the others.
        done = subprocess.run(['apt-get', *self.options(), 'update'], capture_output=True,
                              text=True, check=False)
        if not glob.glob(f'{self.folder}/lists/*_Packages*'):
            first = re.search(r'^(?:E|Err|W): *(.*)$', done.stderr + done.stdout, re.M)
            raise TreeError('no list of packages can be had from Debian: '
                            + (first[1] if first else 'apt-get gives no reason'))

    def versions(self):
        """{(7, 3): '7.3.4-1~bpo13+1', ...}: the newest of each release."""
        names = run(['apt-cache', *self.options(), 'search', '--names-only',
                     r'^linux-source-[0-9]'], 'apt-cache search')
        found = {}
        for line in names.splitlines():
            name = line.split()[0]
            release = re.fullmatch(r'linux-source-(\d+)\.(\d+)', name)
            if release:
                rows = run(['apt-cache', *self.options(), 'madison', name], 'apt-cache madison')
                best = newest(row.split('|')[1].strip() for row in rows.splitlines())
                found[int(release[1]), int(release[2])] = best
        return found

    def download(self, package, version, folder):
        print(f'tree.py: fetching {package} {version}: some 170 MB', flush=True)
        run(['apt-get', *self.options(), 'download', f'{package}={version}'],
            f'apt-get download {package}', cwd=folder)
        return glob.glob(os.path.join(folder, package + '_*.deb'))[0]


def newest(versions):
    best = None
    for version in versions:
        if '~rc' in version:
            continue
        if best is None or subprocess.run(['dpkg', '--compare-versions', version, 'gt', best],
                                          check=False).returncode == 0:
            best = version
    return best


def choose(versions, wanted):
    """wanted: None (the newest that the shim knows) or '7.2'."""
    known = {r: v for r, v in versions.items() if v}
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
    release, version = choose(apt.versions(), wanted)
    package = 'linux-source-' + dotted(release)
    os.makedirs(tree.folder, exist_ok=True)
    deb = apt.download(package, version, tree.folder)
    source = os.path.join(tree.folder, 'source')
    shutil.rmtree(source, ignore_errors=True)
    unpack(deb, source, package)
    os.remove(deb)
    return f'{package} {version}'
