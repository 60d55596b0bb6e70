# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd wants to hear (sd_notify): ready, alive, stopping, and a line of status."""
import os
import socket
import time


class Systemd:
    """Silent where NOTIFY_SOCKET is not set."""

    def __init__(self):
        self.address = os.environ.get('NOTIFY_SOCKET', '')
        usec = os.environ.get('WATCHDOG_USEC', '')
        self.every = int(usec) / 1e6 / 3 if usec.isdigit() else 0
        self.last = 0.0

    def send(self, text):
        if not self.address:
            return
        address = '\0' + self.address[1:] if self.address.startswith('@') else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
                s.sendto(text.encode(), address)
        except OSError:
            pass

    def ready(self):
        self.send('READY=1')

    def status(self, text):
        self.send('STATUS=' + text.replace('\n', ' '))

    def stopping(self):
        self.send('STOPPING=1')

    def alive(self):
        """To be called from the loop that must not hang, and from nowhere else."""
        if self.every and time.monotonic() - self.last > self.every:
            self.last = time.monotonic()
            self.send('WATCHDOG=1')
