# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that survive a crash: written beside, flushed to the disk, renamed."""
import errno
import hashlib
import os
import re


def is_full(error):
    """Does the error mean that the disk (or a quota) is full?"""
    return getattr(error, 'errno', None) in (errno.ENOSPC, errno.EDQUOT)


def flush_folder(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path, data):
    """path holds data afterwards, or OSError is raised and it is as it was."""
    if isinstance(data, str):
        data = data.encode(errors='replace')
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f'.{name[:200]}.part')
    try:
        with open(temporary, 'wb') as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        os.replace(temporary, path)
        flush_folder(folder or '.')
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def read_text(path, size_max=4 << 20):
    """The text of a file, '' if there is none."""
    try:
        with open(path, errors='replace') as f:
            return f.read(size_max)
    except OSError:
        return ''


def hash_of(data):
    """What an artifact is named by; libFuzzer does the same."""
    return hashlib.sha1(data).hexdigest()


def artifact_hash(name):
    """The hash in the name of an artifact ("crash-<sha1>"), or None."""
    match = re.fullmatch(r'[a-z]+-([0-9a-f]{40})', name)
    return match.group(1) if match else None


def slug(title):
    """A folder's name for a title: readable, and another one for another title."""
    words = re.sub(r'[^A-Za-z0-9._-]+', '-', title).strip('-.')[:80] or 'untitled'
    return f'{words}-{hash_of(title.encode())[:8]}'


def size_of(folder):
    """Bytes that the files below folder take on the disk."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(top, name)).st_blocks * 512
            except OSError:
                pass
    return total
