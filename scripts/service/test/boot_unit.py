#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the systemd unit does on a booted Debian what it says: it starts, goes on after a child
was killed for its memory and after it was killed itself, ends in order, is there again after a
reboot. Method: a Debian of its own, made by debootstrap, on a disk in a virtual machine;
boot_judge.sh looks at it from inside.

Some 7 minutes where the machine is emulated, so no part of the tests that run by themselves.
Needs root, debootstrap, mke2fs, and "swaprace vm add debian --debian".
Usage: boot_unit.py BUILD_FOLDER [ROOT] [--steps=start,child,kill,stop,reboot]
       (ROOT: a folder that debootstrap has filled; --steps: only some of them)
Exit status: 0 all holds, 1 something does not, 3 a tool or a package is missing.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..'))
import debian  # noqa: E402
from command import ROOT, WORK, Failure, run  # noqa: E402
from vm import initramfs, kernels, machine  # noqa: E402

PACKAGES = 'systemd,systemd-sysv,udev,dbus,python3,liburcu8,procps'
DISK_MB = 2048
STEPS = ['start', 'child', 'kill', 'stop', 'reboot']
JUDGE = '''[Unit]
Description=judge
After=multi-user.target
[Service]
Type=simple
ExecStart=/judge.sh
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
'''


def bootstrap(root):
    uri, key = debian.archive()
    run(['debootstrap', '--variant=minbase', f'--keyring={key}', f'--include={PACKAGES}',
         'bookworm', root, uri], 'debootstrap')
    # It may leave them mounted.
    for name in ('proc', 'sys'):
        subprocess.run(['umount', os.path.join(root, name)], capture_output=True, check=False)
        if os.path.ismount(os.path.join(root, name)):
            raise Failure(f'{root}/{name} stays mounted; umount it')


def furnish(root, build, steps):
    """What the service needs of a checkout, and the judge."""
    there = os.path.join(root, 'opt', 'swaprace')
    os.makedirs(os.path.join(there, 'build'))
    for name in ('scripts', 'repro', 'corpus', 'core/base', 'README.md', 'CMakeLists.txt'):
        source, target = os.path.join(ROOT, name), os.path.join(there, name)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    release = os.path.join(there, 'build', 'release')
    os.makedirs(release)
    for path in glob.glob(os.path.join(build, '*_fuzzer')) + [os.path.join(build, 'swaprace')]:
        shutil.copy(path, release)
    shutil.copytree(os.path.join(build, 'corpus'), os.path.join(release, 'corpus'))
    shutil.copy(os.path.join(HERE, 'boot_judge.sh'), os.path.join(root, 'judge.sh'))
    os.chmod(os.path.join(root, 'judge.sh'), 0o755)
    os.mkdir(os.path.join(root, 'judge'))
    with open(os.path.join(root, 'judge', 'steps'), 'w', encoding='utf-8') as f:
        f.writelines(f'{step}\n' for step in steps)
    units = os.path.join(root, 'etc', 'systemd', 'system')
    with open(os.path.join(units, 'judge.service'), 'w', encoding='utf-8') as f:
        f.write(JUDGE)
    wants = os.path.join(units, 'multi-user.target.wants')
    os.makedirs(wants, exist_ok=True)
    os.symlink('../judge.service', os.path.join(wants, 'judge.service'))


def boot(kernel, disk):
    # One CPU: while the kernel patches its code, an emulated second one may run half of it.
    options = machine.Options(cpus=1, memory=2048, limit=3600, quiet_max=1800, strict=False)
    options.disk, options.parallel = disk, True
    archive = initramfs.make(kernel, [], [], '', os.path.join(HERE, 'boot_init'))
    result = machine.boot(kernel, archive, options, machine.Listener())
    print(f'guest: {result.how}, status {result.code}', flush=True)
    return result.how == 'ended' and result.code == 0


def main(build, made, steps):
    kernel = kernels.Kernel(kernels.DEFAULT).load()
    os.makedirs(WORK, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='boot-', dir=WORK) as folder:
        root, disk = os.path.join(folder, 'root'), os.path.join(folder, 'disk')
        if made:
            run(['cp', '-a', made, root], 'cp')
        else:
            bootstrap(root)
        furnish(root, build, steps)
        run(['mke2fs', '-q', '-t', 'ext4', '-d', root, disk, f'{DISK_MB}M'], 'mke2fs')
        shutil.rmtree(root)
        for _ in range(2 if 'reboot' in steps else 1):
            if not boot(kernel, disk):
                return 1
        return 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('root', nargs='?')
    parser.add_argument('--steps', default=','.join(STEPS))
    given = parser.parse_args()
    given.steps = given.steps.split(',')
    for step in given.steps:
        if step not in STEPS:
            parser.error(f'--steps: there is no {step}')
    return given


if __name__ == '__main__':
    given = arguments()
    try:
        sys.exit(main(given.build, given.root, given.steps))
    except Failure as error:
        print(f'boot_unit.py: {error}', file=sys.stderr)
        sys.exit(error.status)
    except FileNotFoundError as error:
        print(f'boot_unit.py: {error.filename} is missing', file=sys.stderr)
        sys.exit(3)
