# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's newer suites, through an apt directory of our own.

The archive and its key are those of the machine's own apt sources, so apt verifies
what it fetches; nothing of the machine's apt is changed.
"""
import glob
import os
import re
import subprocess

from command import WORK, Failure, run

SUITES = ('trixie-backports', 'forky', 'sid', 'experimental')


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
    raise Failure('this machine has no Debian apt source to take a kernel from')


class Apt:
    def __init__(self):
        self.folder = os.path.join(WORK, '.apt')
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
            raise Failure('no list of packages can be had from Debian: '
                            + (first[1] if first else 'apt-get gives no reason'))

    def names(self, pattern):
        """The packages whose names match."""
        text = run(['apt-cache', *self.options(), 'search', '--names-only', pattern],
                   'apt-cache search')
        return [line.split()[0] for line in text.splitlines()]

    def version(self, package):
        """Its newest version that is a release, or None."""
        rows = run(['apt-cache', *self.options(), 'madison', package], 'apt-cache madison')
        return newest(row.split('|')[1].strip() for row in rows.splitlines())

    def download_known(self, package, version, folder):
        """The same; the lists are fetched only if the package is not in those that are there."""
        try:
            return self.download(package, version, folder)
        except Failure:
            self.update()
        return self.download(package, version, folder)

    def download(self, package, version, folder):
        """The path of the package's file in folder."""
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
