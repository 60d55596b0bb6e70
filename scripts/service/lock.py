# SPDX-License-Identifier: GPL-2.0-or-later
"""One service at a time in a work folder.

The lock is an flock that the guards of running commands hold as well (guard.py). So it
is free when a killed service's last command has gone, and not before: the next start
waits for that, and refuses only where the service itself is alive.
"""
import fcntl
import os
import time

from service import child
from service.options import Refused

WAIT_SECONDS = 30


def start_time(pid):
    """When the process began, in the kernel's ticks; None: there is none."""
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rpartition(')')[2].split()[19]
    except (OSError, IndexError):
        return None


def owner_of(path):
    """The pid that stands in the lock file, if that very process lives; else None."""
    try:
        with open(path) as f:
            pid, began = f.read().split()
    except (OSError, ValueError):
        return None
    return int(pid) if pid.isdigit() and start_time(pid) == began else None


def take(work):
    """Locks the work folder for the life of this process, or raises Refused."""
    path = os.path.join(work, 'lock')
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            owner = owner_of(path)
            if owner is not None:
                raise Refused(f'{work} is in use by process {owner}; end that one, or give '
                              'another --work=DIR', 3) from None
            if time.monotonic() - began > WAIT_SECONDS:
                raise Refused(f'{work} is locked, and by no service that lives (see {path})', 3) from None
            time.sleep(0.1)
    os.truncate(fd, 0)
    os.pwrite(fd, f'{os.getpid()} {start_time(os.getpid())}\n'.encode(), 0)
    child.kept_descriptors.append(fd)
    return fd
