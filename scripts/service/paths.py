# SPDX-License-Identifier: GPL-2.0-or-later
"""Once a day: which named paths of the code a minute of generated programs never takes
(swaprace search --coverage), with a new seed each day, for the dashboard: paths.txt."""
import os
import time

from service import child, files

AFTER, EVERY = 900, 86400   # seconds after the start; between two
SECONDS = 60
BEGIN = 'paths of the specification:'


def part_of(output):
    """What search --coverage says of paths; '' where it says nothing."""
    at = output.find(BEGIN)
    return output[at:].strip() + '\n' if at >= 0 else ''


class Paths:
    def __init__(self, service):
        self.service, self.child = service, None
        self.file = os.path.join(service.work, 'paths.txt')
        self.at = service.clock() + AFTER

    def step(self):
        if self.child is not None:
            if self.child.poll() is not None:
                text, self.child = part_of(self.child.output()), None
                if text:
                    files.write_whole(self.file, text)
            return
        if self.service.clock() < self.at or 'release' not in self.service.builds.ready:
            return
        self.at = self.service.clock() + EVERY
        self.child = child.Child(
            [self.service.builds.command('release'), 'search', '--coverage', '--keep-going', f'--time={SECONDS}',
             f'--seed={time.strftime("%Y%m%d")}'], os.path.join(self.service.work, 'run', 'paths.log'), nice=15,
            limit=10 * SECONDS)

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None
