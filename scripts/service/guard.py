# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one command and takes everything that it started away with it.

Usage: guard.py PARENT LOG LOG_MAX GRACE COMMAND...

Between the service and each of its commands stands one guard. It ends when its
command ends or when PARENT dies, however that happens (kill -9, too); then nothing
is left of the command: its process group is ended, and so is every process that it
left behind, because those become children of the guard. The command itself dies
with the guard. Output goes to LOG; when that exceeds LOG_MAX bytes it becomes
LOG.old, so that a command that prints for ever fills no disk. SIGTERM, SIGINT or
SIGHUP ask the command to end, and after GRACE seconds it is killed. When memory is
short, the kernel takes the command and not the service.
Exit status: that of the command, 128 + N when signal N ended it.
"""
import ctypes
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
OOM_SCORE_ADJ = b'1000'   # the most that there is: whatever its size
libc = ctypes.CDLL(None)


def die_with_parent(parent, sig):
    """To be called in the child; ends it if the parent is dead already."""
    libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + sig)


def be_first_when_memory_is_short():
    """To be called in the child: after this the kernel's choice falls on it."""
    try:
        fd = os.open('/proc/self/oom_score_adj', os.O_WRONLY)
        os.write(fd, OOM_SCORE_ADJ)
        os.close(fd)
    except OSError:
        pass


def prepare_child(parent):
    die_with_parent(parent, signal.SIGKILL)
    be_first_when_memory_is_short()


class Log:
    """The output of the command, bounded. A full disk loses output and nothing else."""

    def __init__(self, path, size_max):
        self.path, self.size_max, self.size, self.file = path, size_max, 0, None

    def write(self, data):
        try:
            if self.file is None or self.size > self.size_max:
                if self.file is not None:
                    os.close(self.file)
                    os.replace(self.path, self.path + '.old')
                self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                self.size = 0
            self.size += os.write(self.file, data)
        except OSError:
            pass


def children_of_mine():
    try:
        with open(f'/proc/self/task/{os.getpid()}/children') as f:
            return [int(pid) for pid in f.read().split()]
    except OSError:
        return []


def kill(pid, sig):
    try:
        if pid < 0:
            os.killpg(-pid, sig)
        else:
            os.kill(pid, sig)
    except (ProcessLookupError, PermissionError):
        pass


def end_all(group):
    """Ends the process group and all that it left; a bound for what can't be killed."""
    kill(-group, signal.SIGKILL)
    for _ in range(200):
        for pid in children_of_mine():
            kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def drain(fd, log):
    while select.select([fd], [], [], 0)[0]:
        data = os.read(fd, 1 << 16)
        if not data:
            break
        log.write(data)


def watch(command, fd, wake, log, grace):
    """Returns the command's exit status. wake: a signal has come."""
    kill_at, stop_asked, status = None, [], None
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, lambda *_: stop_asked.append(1))
    while status is None:
        wait = 1.0 if kill_at is None else max(0.0, min(1.0, kill_at - time.monotonic()))
        ready = select.select([fd, wake] if fd >= 0 else [wake], [], [], wait)[0]
        if wake in ready:
            os.read(wake, 512)
        if fd in ready:
            data = os.read(fd, 1 << 16)
            if data:
                log.write(data)
            else:
                fd = -1
        if stop_asked and kill_at is None:
            kill_at = time.monotonic() + grace
            kill(-command.pid, signal.SIGTERM)
        if kill_at is not None and time.monotonic() >= kill_at:
            kill(-command.pid, signal.SIGKILL)
        status = command.poll()
    return fd, 128 - status if status < 0 else status


def main():
    parent, path, size_max, grace = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    die_with_parent(parent, signal.SIGTERM)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    me = os.getpid()
    out, out_write = os.pipe2(os.O_CLOEXEC)
    log = Log(path, size_max)
    try:
        command = subprocess.Popen(sys.argv[5:], stdin=subprocess.DEVNULL, stdout=out_write,
                                   stderr=out_write, start_new_session=True,
                                   preexec_fn=lambda: prepare_child(me))
    except OSError as error:
        log.write(f'{sys.argv[5]}: {error.strerror}\n'.encode())
        return 126 if isinstance(error, PermissionError) else 127
    os.close(out_write)
    fd, status = watch(command, out, wake, log, float(grace))
    end_all(command.pid)
    if fd >= 0:
        drain(fd, log)
    return status


if __name__ == '__main__':
    sys.exit(main())
