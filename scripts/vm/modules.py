# SPDX-License-Identifier: GPL-2.0-or-later
"""Modules of a kernel, as files that insmod takes, in the order in which they load."""
import gzip
import lzma
import os
import re
import subprocess

from command import Failure

# zram and loop: what is swapped to. pvpanic: the guest's panic is an event for qemu.
# virtio: the ports, where a kernel has them as modules. virtio_blk and ext4: a disk with a
# system on it.
WANTED = ('virtio_pci', 'virtio_console', 'zram', 'loop', 'pvpanic-pci', 'virtio_blk', 'ext4')


def index(folder):
    """{name: path} of all modules below a folder, names with '_' for '-'."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            module = re.fullmatch(r'(.+)\.ko(\.xz|\.gz|\.zst)?', name)
            if module:
                found[module[1].replace('-', '_')] = os.path.join(where, name)
    return found


def read(path):
    """A module's bytes, unpacked."""
    if path.endswith('.zst'):
        try:
            done = subprocess.run(['zstd', '-dcq', path], capture_output=True, check=False)
        except FileNotFoundError:
            raise Failure(f'{path}: unpacking it needs zstd (package zstd)') from None
        if done.returncode != 0:
            raise Failure(f'{path}: zstd cannot unpack it')
        return done.stdout
    opener = {'.xz': lzma.open, '.gz': gzip.open}.get(os.path.splitext(path)[1], open)
    try:
        with opener(path, 'rb') as f:
            return f.read()
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise Failure(f'{path}: {error}') from None


def depends(data):
    """The names of the modules that one needs, as its own .modinfo has them."""
    found = re.search(rb'\0depends=([^\0]*)\0', data)
    return found[1].decode().replace('-', '_').split(',') if found and found[1] else []


def in_order(folder, wanted=WANTED):
    """[(name, bytes), ...], each after those that it needs. What is not there is built in."""
    there, done = index(folder), {}

    def add(name):
        if name in done or name not in there:
            return
        data = read(there[name])
        done[name] = None  # a cycle ends here
        for needed in depends(data):
            add(needed)
        done.pop(name)
        done[name] = data

    for name in wanted:
        add(name.replace('-', '_'))
    return list(done.items())
