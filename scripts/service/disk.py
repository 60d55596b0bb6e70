# SPDX-License-Identifier: GPL-2.0-or-later
"""Room on the disk. A ballast file is kept in the work folder; when the disk is full it
is removed, so that what was found can still be filed, and comes back with the room."""
import os

from service import files

MEGABYTE = 1 << 20


class Ballast:
    def __init__(self, work, size):
        self.work, self.path, self.size = work, os.path.join(work, 'ballast'), size

    def free(self):
        """Bytes that are free on the work folder's disk."""
        stat = os.statvfs(self.work)
        return stat.f_bavail * stat.f_frsize

    def is_there(self):
        return os.path.exists(self.path) and os.path.getsize(self.path) == self.size

    def drop(self):
        if os.path.exists(self.path):
            os.unlink(self.path)

    def restore(self):
        """Makes the file if there is room for it and as much again. True: it is there."""
        if self.is_there():
            return True
        if self.free() < 2 * self.size:
            return False
        try:
            with open(self.path, 'wb') as f:
                os.posix_fallocate(f.fileno(), 0, self.size)
        except OSError as error:
            self.drop()
            if files.is_full(error):
                return False
            raise
        return True

    def is_low(self):
        """Is there less left than filing may take? The ballast counts as used."""
        return self.free() < self.size // 4
