# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's root file system, a cpio archive (newc) that is made in memory: a run that is
killed leaves no file behind."""
import io
import os
import re
import stat
import subprocess

from command import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
BUSYBOX = '/bin/busybox'
FOLDERS = ('bin', 'dev', 'proc', 'sys', 'run', 'tmp', 'job', 'modules', 'out')


class Archive:
    """newc: a header of 13 numbers in 8 hexadecimal digits each, the name, the data, each
    filled up to a multiple of four bytes (Linux, Documentation/driver-api/early-userspace)."""

    def __init__(self):
        self.data, self.names = io.BytesIO(), set()

    def entry(self, name, mode, data=b''):
        if name in self.names:
            return
        self.names.add(name)
        raw = name.encode() + b'\0'
        numbers = (len(self.names), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        for part in (b'070701' + b''.join(b'%08X' % n for n in numbers) + raw, data):
            self.data.write(part)
            self.data.write(b'\0' * (-self.data.tell() % 4))

    def folder(self, name):
        if name and name not in self.names:
            self.folder(os.path.dirname(name))
            self.entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFREG | mode, data)

    def copy(self, path, name):
        """A file of the host, or a folder with all in it."""
        try:
            if os.path.isdir(path):
                for inner in sorted(os.listdir(path)):
                    self.copy(os.path.join(path, inner), f'{name}/{inner}')
                return
            with open(path, 'rb') as f:
                self.file(name, f.read(), 0o755 if os.access(path, os.X_OK) else 0o644)
        except OSError as error:
            raise Failure(f'{path}: {error.strerror}', 2) from None

    def program(self, path, name):
        """An executable with the libraries that it is linked with."""
        self.copy(path, name)
        for library in libraries(path):
            self.copy(os.path.realpath(library), library.lstrip('/'))

    def finish(self):
        self.entry('TRAILER!!!', 0)
        return self.data.getvalue()


def libraries(path):
    done = subprocess.run(['ldd', path], capture_output=True, text=True, check=False)
    missing = re.search(r'(\S+) => not found', done.stdout)
    if missing:
        raise Failure(f'{path}: its library {missing[1]} is missing', 3)
    # A static executable has none; ldd says so and fails.
    return re.findall(r'(/\S+) \(0x', done.stdout)


def make(kernel, programs, files, command, init=os.path.join(HERE, 'init')):
    """programs: paths of executables, for the guest's /bin. files: [(path, name), ...], for
    /job. command: text for sh. init: the first process. The archive's bytes."""
    if not os.path.exists(BUSYBOX):
        raise Failure('no busybox here; scripts/setup.sh --vm installs it')
    archive = Archive()
    for folder in FOLDERS:
        archive.folder(folder)
    archive.copy(init, 'init')
    archive.copy(BUSYBOX, 'bin/busybox')
    archive.file('command', command.encode())
    for name, data in kernel.modules():
        archive.file('modules/' + name, data)
    for path in programs:
        archive.program(path, 'bin/' + os.path.basename(path))
    for path, name in files:
        if os.access(path, os.X_OK) and os.path.isfile(path):
            archive.program(path, 'job/' + name)
        else:
            archive.copy(path, 'job/' + name)
    return archive.finish()
