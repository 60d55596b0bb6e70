# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels to boot.

work/vm/NAME/kernel.json   version, package; of what it was built here (build.py)
work/vm/NAME/vmlinuz
work/vm/NAME/modules/      NN-name.ko, in the order in which they load
work/vm/NAME/symbols.gz    addresses of its functions, from its first boot
work/vm/NAME/vmlinux       its image with the debug information, where holds have asked for it
work/vm/NAME/config        the .config that it was built with, where that is known
work/vm/NAME/places.json   what was found in that (places.py)
work/vm/NAME/console.log   what it said in its last boot
Debian's packages leave the archive some weeks after a newer one came, so what was
fetched once is kept.
"""
import glob
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile

from command import WORK, Failure, check_name, first_error, run
from debian import Apt

from . import modules, stacks

KERNELS = os.path.join(WORK, 'vm')
# Where own kernels are built.
BUILDS = os.path.join(KERNELS, '.build')
# The name of the kernel that is fetched where none is named.
DEFAULT = 'debian'
PACKAGE = re.compile(r'linux-binary-(\d+)\.(\d+)\.(\d+)\+deb\d+-cloud-amd64')


class Kernel:
    def __init__(self, name):
        check_name(name, 'kernel')
        self.name, self.folder, self.about = name, os.path.join(KERNELS, name), {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def load(self):
        try:
            with open(self.path('kernel.json'), encoding='utf-8') as f:
                self.about = json.load(f)
        except FileNotFoundError:
            raise Failure(f'no kernel of the name {self.name}; "vm list" shows them', 2) from None
        except ValueError:
            raise Failure(f'{self.path("kernel.json")} is damaged; "vm remove {self.name}" and '
                          'add it again') from None
        return self

    @property
    def version(self):
        return self.about['version']

    @property
    def built(self):
        """Of what it was built here; empty: it was not."""
        return self.about.get('built') or {}

    @property
    def origin(self):
        if self.built:
            return f'built: {self.built["config"]}, {self.built["source"]}'
        return self.about['package'] or 'your own'

    def config(self):
        """{symbol: value} of what is set in its configuration, or None: it is not known."""
        try:
            return read_config(self.path('config'))
        except FileNotFoundError:
            return None

    @property
    def image(self):
        return self.path('vmlinuz')

    def symbols(self):
        """Its functions by address; none before its first boot."""
        try:
            with open(self.path('symbols.gz'), 'rb') as f:
                return stacks.Symbols(f.read())
        except OSError:
            return stacks.Symbols(b'')

    def modules(self):
        """[(name, bytes), ...] in the order in which they load."""
        found = []
        for path in sorted(glob.glob(self.path('modules/*.ko'))):
            with open(path, 'rb') as f:
                found.append((os.path.basename(path), f.read()))
        return found


def read_config(path):
    """{symbol: value} of a .config; what is not set is not in it."""
    with open(path, encoding='utf-8') as f:
        return dict(re.findall(r'^CONFIG_(\w+)=(.*)$', f.read(), re.M))


def all_kernels():
    return [Kernel(os.path.basename(os.path.dirname(path))).load()
            for path in sorted(glob.glob(os.path.join(KERNELS, '*', 'kernel.json')))]


def image_version(path):
    """The version that a bzImage names in its header."""
    try:
        with open(path, 'rb') as f:
            head = f.read(0x10000)
    except OSError as error:
        raise Failure(f'{path}: {error.strerror}', 2) from None
    if len(head) < 0x210 or head[0x202:0x206] != b'HdrS':
        raise Failure(f'{path} is no bzImage of an x86-64 kernel', 2)
    at = struct.unpack_from('<H', head, 0x20e)[0] + 0x200
    return head[at:head.find(b'\0', at)].decode(errors='replace').split(' ')[0]


def finish(scratch, kernel, image, module_folder, package, vmlinux=None, config=None, built=None):
    """Makes the kernel's folder of what lies in scratch; it is there as a whole or not."""
    new = os.path.join(scratch, 'new')
    os.makedirs(os.path.join(new, 'modules'))
    shutil.copyfile(image, os.path.join(new, 'vmlinuz'))
    for n, (name, data) in enumerate(modules.in_order(module_folder) if module_folder else []):
        with open(os.path.join(new, 'modules', f'{n:02}-{name}.ko'), 'wb') as f:
            f.write(data)
    for path, name in ((vmlinux, 'vmlinux'), (config, 'config')):
        if path:
            shutil.copyfile(path, os.path.join(new, name))
    about = {'version': image_version(image), 'package': package}
    with open(os.path.join(new, 'kernel.json'), 'w', encoding='utf-8') as f:
        json.dump({**about, 'built': built} if built else about, f)
    os.rename(new, kernel.folder)
    return kernel.load()


def add(name, image=None, module_folder=None, wanted=None, vmlinux=None, config=None):
    """image: a bzImage of the user's own, with vmlinux, its debug information, and its .config;
    else Debian's, of the release wanted ('7.3', '7.3.4') or the newest."""
    kernel = Kernel(name)
    if os.path.exists(kernel.folder):
        raise Failure(f'there is a kernel {name} already; "vm remove {name}" first', 2)
    os.makedirs(KERNELS, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.new-', dir=KERNELS) as scratch:
        if image:
            if module_folder and not os.path.isdir(module_folder):
                raise Failure(f'{module_folder} is no folder of modules', 2)
            return finish(scratch, kernel, image, module_folder, None, vmlinux, config)
        version, package = fetch(scratch, wanted)
        folder = os.path.join(scratch, 'x', 'usr', 'lib', 'modules', version)
        return finish(scratch, kernel, os.path.join(folder, 'vmlinuz'), folder, package)


def fetch(scratch, wanted):
    """Unpacks Debian's packages into scratch/x; (version, package)."""
    apt = Apt()
    apt.update()
    suffix = choose(apt.names(r'^linux-(binary|modules)-[0-9].*-cloud-amd64$'), wanted)
    package = f'linux-binary-{suffix} {apt.version("linux-binary-" + suffix)}'
    print(f'vm.py: fetching Linux {suffix} from Debian: some 40 MB', flush=True)
    for part in ('binary', 'modules'):
        name = f'linux-{part}-{suffix}'
        deb = apt.download(name, apt.version(name), scratch)
        run(['dpkg-deb', '-x', deb, os.path.join(scratch, 'x')], 'dpkg-deb')
        os.remove(deb)
    return suffix, package


def debug_image(kernel):
    """The path of the kernel's image with its debug information, fetched where it is missing.
    A Failure with status 77 says why it cannot be had."""
    path = kernel.path('vmlinux')
    if os.path.exists(path):
        return path
    if not kernel.about['package']:
        raise Failure(f'no debug information of {kernel.name}: "vm add" it with --vmlinux=FILE', 77)
    binary, version = kernel.about['package'].split()
    name = binary.replace('linux-binary-', 'linux-image-') + '-dbg'
    print(f'vm.py: fetching the debug information of Linux {kernel.version} from Debian: '
          'some 350 MB', flush=True)
    with tempfile.TemporaryDirectory(prefix='.new-', dir=KERNELS) as scratch:
        try:
            deb = Apt().download_known(name, version, scratch)
        except Failure as error:
            raise Failure(f'the debug information of Linux {kernel.version} cannot be had '
                          f'(package {name}): {error}', 77) from None
        member = f'./usr/lib/debug/lib/modules/{kernel.version}/vmlinux'
        unpack_member(deb, member, scratch)
        os.rename(os.path.join(scratch, member), path)
    return path


def unpack_member(deb, member, folder):
    """One file of a package."""
    with subprocess.Popen(['dpkg-deb', '--fsys-tarfile', deb], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as source:
        done = subprocess.run(['tar', '-x', '-C', folder, '--occurrence=1', member],
                              stdin=source.stdout, capture_output=True, text=True, check=False)
        source.stdout.close()  # the rest of the package is not waited for
    if done.returncode != 0:
        raise Failure(f'{os.path.basename(deb)} has no {member}: {first_error(done.stderr)}')


def choose(names, wanted):
    """The newest kernel among the packages that has its modules there."""
    offered = {}
    for name in names:
        found = PACKAGE.fullmatch(name)
        suffix = name.removeprefix('linux-binary-')
        if found and f'linux-modules-{suffix}' in names:
            offered[tuple(int(n) for n in found.groups())] = suffix
    asked = tuple(int(n) for n in wanted.split('.')) if wanted else ()
    fit = [version for version in offered if version[:len(asked)] == asked]
    if not fit:
        have = ' '.join('.'.join(map(str, version)) for version in sorted(offered)) or 'none'
        raise Failure(f'Debian has no kernel image of Linux {wanted or "any"} here; it has: {have}')
    return offered[max(fit)]


def remove(name):
    kernel = Kernel(name)
    if not os.path.exists(kernel.path('kernel.json')):
        raise Failure(f'no kernel of the name {name}', 2)
    shutil.rmtree(kernel.folder)
    shutil.rmtree(os.path.join(BUILDS, name), ignore_errors=True)
