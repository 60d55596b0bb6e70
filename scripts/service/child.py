# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that the service runs, each under a guard (guard.py)."""
import os
import signal
import subprocess
import sys
import time

GUARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'guard.py')
LOG_MAX = 1 << 20
GRACE = 10

# Descriptors that each guard keeps open: the lock of the work folder, so that the
# folder stays locked until the last command of a killed service has gone.
kept_descriptors = []


def environment(**more):
    """This process's environment without what is meant for the service alone."""
    env = {k: v for k, v in os.environ.items()
           if k not in ('NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'SWAPRACE_BUG')}
    env.update({k: v for k, v in more.items() if v is not None})
    return env


class Child:
    """A running command. Its output goes to the file log (and log.old). limit: seconds after
    which poll() asks it to stop."""

    def __init__(self, command, log, env=None, cwd=None, nice=0, grace=GRACE, limit=None):
        self.command, self.log, self.started, self.limit = command, log, time.monotonic(), limit
        guard = [sys.executable, '-I', '-S', GUARD, str(os.getpid()), os.path.abspath(log),
                 str(LOG_MAX), str(grace)]
        if nice:
            guard += ['nice', '-n', str(nice)]
        self.process = subprocess.Popen(guard + command, env=env or environment(), cwd=cwd,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        pass_fds=kept_descriptors)

    def poll(self):
        """None while it runs, then its exit status; 128 + N for signal N."""
        status = self.process.poll()
        if status is None and self.limit is not None and time.monotonic() - self.started > self.limit:
            self.ask_to_stop()
        return status if status is None or status >= 0 else 128 - status

    def ask_to_stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)

    def stop(self):
        """Asks, waits (the guard kills after its grace) and returns the status."""
        self.ask_to_stop()
        try:
            self.process.wait(GRACE + 10)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the command dies with its guard
            self.process.wait()
        return self.poll()

    def output(self):
        return read_log(self.log)


def read_log(path):
    text = ''
    for part in (path + '.old', path):
        try:
            with open(part, errors='replace') as f:
                text += f.read()
        except OSError:
            pass
    return text


def run(command, log, timeout, tick=None, **arguments):
    """Runs a command to its end: (status, output). Status 124: it took too long.
    tick is called now and then, for the service to show that it is alive."""
    child = Child(command, log, **arguments)
    status = None
    while status is None:
        try:
            child.process.wait(1)
        except subprocess.TimeoutExpired:
            pass
        if tick:
            tick()
        status = child.poll()
        if status is None and time.monotonic() - child.started > timeout:
            child.stop()
            status = 124
    text = child.output()
    for part in (log, log + '.old'):
        if os.path.exists(part):
            os.unlink(part)
    return status, text
