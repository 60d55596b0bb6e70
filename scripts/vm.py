#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels in virtual machines.

Usage: scripts/vm.py add NAME --debian[=VERSION]
       | add NAME BZIMAGE [--modules=DIR] [--vmlinux=FILE] [--config=FILE] | list | remove NAME
       | build NAME [--config=plain|kasan|kcsan] [-j N] TREE | --debian[=VERSION]
       | run [--program=P]... [--file=F]... [OPTIONS] -- COMMAND
       | compare --swaprace=PROGRAM [--seed=N] [--programs=N] [--resume] [--guest=OPTION]...
         [OPTIONS] [FILE]...
       | confirm [--runs=N] [--verbose] [--mail=OUT [--tree=PATH]] [OPTIONS] FILE... | --all
       | confirm --patch=DIFF [--tree=PATH] [--runs=N] [OPTIONS] FILE...
       | findings

add: a kernel image of Debian's (the newest, or the newest of VERSION: 7.2, 7.3.4), taken
through an apt directory of our own, or one of yours: x86-64, with virtio-serial built in or
in DIR. --vmlinux: the same kernel's image with debug information (ELF, DWARF), which confirm
needs where it holds CPUs; --config: the .config that it was built with. Everything lies in
work/vm/NAME/.
build: an own kernel, from a kernel source folder or the source that Debian has, with debug
information, DEBUG_VM and fault injection. TREE is never written to. plain is as fast as a
distribution's, kasan has KASAN and lockdep, kcsan KCSAN. The first build takes some 20 minutes
of a CPU; after a change of TREE only what it reaches is compiled, and the same again is done
at once. ccache is used where it is there.
run: boots it, runs COMMAND by sh in it, prints what it prints and ends with its status.
--program: an executable for the guest's PATH, with its libraries; --file: a file or folder
for its current directory.
compare: what "swaprace kernel --vm" asks for: the comparison in it, many programs a boot.
confirm: shows findings about the kernel (repro/findings/*.confirm) on a booted one, N times,
and that their controls stay clean; --verbose: with what their programs print. A finding may
take virtual CPUs that stand still at a named place until something else has happened (hold:
lines in its file). gdb does that, from outside of the guest, on qemu's stub; where the places
are, the kernel's debug information says, which is fetched (350 MB) for Debian's kernels. The
verdict is then "confirmed with delays". --mail: a mail about it for the kernel's maintainers,
with the report and the program; --tree: whose get_maintainer.pl says who they are.
--patch: does a fix hold? Builds the own kernel (--kernel=NAME, or one of the source --tree=PATH)
with the patch as well, as NAME-patched; neither PATH nor NAME changes. The finding has to show
without it, and not to show with it.
findings: prints repro/findings/README.md, the table of them.
OPTIONS
  --kernel=NAME     which one; without it "debian", fetched if it is not there
  --out=DIR         what the guest leaves in /out goes there
  --accel=kvm|tcg   KVM, or emulated (ten times slower); the first that works here
  --cpus=N --memory=MB --append=WORDS (of the kernel's command line)
  --keep-going      a report of the kernel does not end the guest
  --time=S          the guest's end at the latest (3600)
  --quiet-max=S     a guest that says nothing for so long hangs (120; emulated 600)
A guest that hangs is looked at from outside: where its CPUs are is printed.
Exit status: COMMAND's; 1 also when the guest's kernel made a report, panicked or hung;
2 usage, 3 a tool, a package or a guest that does not come up (one line says why); 77 of
confirm: no debug information can be had.
"""
import argparse
import io
import os
import signal
import sys
import tarfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from command import Failure, InAnyOrder, Parser, exit_with, install_tools  # noqa: E402
from vm import (build, compare, confirm, finding, fix, initramfs,  # noqa: E402
                kernels, machine, mail, report, sources)


def say(text):
    print('vm.py: ' + text, flush=True)


def kernel_named(name):
    """The kernel to boot; the default one is fetched where it is not there yet."""
    kernel = kernels.Kernel(name or kernels.DEFAULT)
    if not name and not os.path.exists(kernel.folder):
        return kernels.add(kernel.name)
    return kernel.load()


def unpack(data, folder):
    """The files that the guest gave out; nothing of it leaves the folder."""
    os.makedirs(folder, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(bytes(data))) as archive:
            for member in archive.getmembers():
                path = os.path.normpath(member.name)
                if member.isfile() and not path.startswith(('/', '..')):
                    target = os.path.join(folder, path)
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    with open(target, 'wb') as f:
                        f.write(archive.extractfile(member).read())
    except tarfile.TarError as error:
        raise Failure(f'the files of the guest did not come through: {error}') from None


def judge(kernel, boot):
    """Says how a boot went that did not end well; the exit status."""
    found = report.find(boot.console)
    log = os.path.relpath(kernel.path('console.log'))
    if found:
        print('\n'.join(found[1]))
        say(f'the kernel has reported: {found[0]} (all of it: {log})')
        return 1
    if boot.how == 'ended':
        return boot.code
    if boot.how == 'hung':
        print('\n'.join(boot.stacks))
    ends = {'panicked': ('the kernel panicked', 1), 'hung': ('the guest hangs', 1),
            'stopped': ('the guest went off without a word', 3)}
    text, status = ends[boot.how]
    say(f'{text} (what it said: {log})')
    return status


def boot_options(args):
    return machine.Options(accel=args.accel, cpus=args.cpus, memory=args.memory,
                           append=args.append, strict=not args.keep_going, limit=args.time,
                           quiet_max=args.quiet_max)


def run(args):
    install_tools('--vm')
    kernel = kernel_named(args.kernel)
    files = [(path, os.path.basename(path.rstrip('/'))) for path in args.file]
    archive = initramfs.make(kernel, args.program, files, ' '.join(args.command) + '\n')
    boot = machine.boot(kernel, archive, boot_options(args), machine.Listener())
    if args.out and boot.files:
        unpack(boot.files, args.out)
    return judge(kernel, boot)


def compare_with(args):
    """What swaprace kernel --vm asks for."""
    install_tools('--vm')
    kernel = kernel_named(args.kernel)
    args.keep_going = True  # reports are counted, and the program is known in which each came

    def on_files(data):
        if args.out and data:
            unpack(data, args.out)

    return compare.Comparison(kernel, boot_options(args), args, say).run(on_files)


def confirm_on(args):
    """What swaprace confirm asks for."""
    install_tools('--vm')
    found = finding.all_findings() if args.all else [finding.find(word) for word in args.file]
    if not found:
        raise Failure('confirm: give a finding, or --all', 2)
    if args.mail and len(found) != 1:
        raise Failure('confirm: --mail is of one finding', 2)
    if args.patch:
        if args.mail:
            raise Failure('confirm: --mail and --patch do not go together', 2)
        return try_patch(args, found)
    if args.mail:
        mail.recipients(args.tree, found[0].field['files'].split())  # wrong: before the work
    kernel = kernel_named(args.kernel)
    ends = []
    for one in found:
        try:
            work = confirm.Confirmation(kernel, boot_options(args), one, args.verbose)
            work.mail, work.tree = args.mail, args.tree
            ends.append(work.run(args.runs))
        except Failure as error:
            if error.status != confirm.SKIPPED:
                raise
            print(f'{one.name}: SKIPPED: {error}', flush=True)
            ends.append(confirm.SKIPPED)
    return max((end for end in ends if end != confirm.SKIPPED), default=confirm.SKIPPED)


def try_patch(args, found):
    base = fix.base_kernel(args.kernel, args.tree, os.cpu_count(), say)
    kernel = fix.build_patched(base, args.patch, say)
    return max(confirm.try_fix(confirm.Confirmation(base.kernel, boot_options(args), one, args.verbose),
                               confirm.Confirmation(kernel, boot_options(args), one, args.verbose),
                               args.runs) for one in found)


def print_findings(_args):
    print(finding.table(finding.all_findings()), end='')


def add(args):
    if (args.image is not None) + (args.debian is not None) != 1:
        raise Failure('add: give a BZIMAGE or --debian[=VERSION]', 2)
    if (args.modules or args.vmlinux or args.config) and not args.image:
        raise Failure('add: --modules, --vmlinux and --config go with a BZIMAGE', 2)
    for path in (args.vmlinux, args.config):
        if path and not os.path.isfile(path):
            raise Failure(f'{path} is no file', 2)
    kernel = kernels.add(args.name, args.image, args.modules, args.debian or None, args.vmlinux,
                         args.config)
    say(f'{args.name} is Linux {kernel.version}')


def build_kernel(args):
    if (args.tree is not None) + (args.debian is not None) != 1:
        raise Failure('build: give a TREE or --debian[=VERSION]', 2)
    if args.jobs < 1:
        raise Failure('build: -j takes 1 or more', 2)
    install_tools('--vm')
    source = args.tree or sources.fetch(args.debian or None)
    one = build.Build(args.name, args.config, source, args.jobs)
    done = one.run(say)
    say(f'{args.name} is Linux {one.kernel.version}{"" if done else ", built already"}')


def list_kernels(_args):
    for kernel in kernels.all_kernels():
        names = ' '.join(name[3:-3] for name, _ in kernel.modules()) or 'none'
        print(f'{kernel.name}\tLinux {kernel.version}\t{kernel.origin}\tmodules: {names}')


def add_boot_options(sub):
    sub.add_argument('--kernel', metavar='NAME')
    sub.add_argument('--out', metavar='DIR')
    sub.add_argument('--accel', choices=('kvm', 'tcg'))
    sub.add_argument('--cpus', type=int, default=2)
    sub.add_argument('--memory', type=int, default=1024, metavar='MB')
    sub.add_argument('--append', default='', metavar='WORDS')
    sub.add_argument('--keep-going', action='store_true')
    sub.add_argument('--time', type=int, default=3600, metavar='S')
    sub.add_argument('--quiet-max', type=int, metavar='S')


def parse(words=None):
    parser = Parser(prog='vm.py', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='verb', required=True, parser_class=InAnyOrder)
    sub = commands.add_parser('add')
    sub.add_argument('name')
    sub.add_argument('image', nargs='?')
    sub.add_argument('--debian', nargs='?', const='', metavar='VERSION')
    sub.add_argument('--modules', metavar='DIR')
    sub.add_argument('--vmlinux', metavar='FILE')
    sub.add_argument('--config', metavar='FILE')
    sub.set_defaults(function=add)
    sub = commands.add_parser('build')
    sub.add_argument('name')
    sub.add_argument('tree', nargs='?')
    sub.add_argument('--config', default='plain', metavar='KIND')
    sub.add_argument('--debian', nargs='?', const='', metavar='VERSION')
    sub.add_argument('-j', type=int, default=os.cpu_count(), dest='jobs', metavar='N')
    sub.set_defaults(function=build_kernel)
    commands.add_parser('list').set_defaults(function=list_kernels)
    sub = commands.add_parser('remove')
    sub.add_argument('name')
    sub.set_defaults(function=lambda args: kernels.remove(args.name))
    sub = commands.add_parser('run')
    sub.in_any_order = False  # what follows COMMAND is its own
    sub.add_argument('--program', action='append', default=[])
    sub.add_argument('--file', action='append', default=[])
    sub.add_argument('command', nargs='+', metavar='COMMAND')
    sub.set_defaults(function=run)
    add_boot_options(sub)
    sub = commands.add_parser('compare')
    sub.add_argument('--swaprace', required=True, metavar='PROGRAM')
    sub.add_argument('--seed', type=int, default=1)
    sub.add_argument('--programs', type=int, default=100)
    sub.add_argument('--resume', action='store_true')
    sub.add_argument('--guest', action='append', default=[], metavar='OPTION')
    sub.add_argument('file', nargs='*')
    sub.set_defaults(function=compare_with)
    add_boot_options(sub)
    sub = commands.add_parser('confirm')
    sub.add_argument('--runs', type=int, default=1)
    sub.add_argument('--mail', metavar='OUT')
    sub.add_argument('--tree', metavar='PATH')
    sub.add_argument('--patch', metavar='DIFF')
    sub.add_argument('--all', action='store_true')
    sub.add_argument('--verbose', action='store_true')
    sub.add_argument('file', nargs='*')
    sub.set_defaults(function=confirm_on)
    add_boot_options(sub)
    commands.add_parser('findings').set_defaults(function=print_findings)
    return parser.parse_args(words)


def stop(signo, _frame):
    raise KeyboardInterrupt(signo)


def main():
    args = parse()
    for signo in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signo, stop)
    try:
        return args.function(args) or 0
    except Failure as error:
        print(f'vm.py: {error}', file=sys.stderr)
        return error.status
    except OSError as error:
        print(f'vm.py: {error.filename or "writing"}: {error.strerror or error}', file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print('vm.py: stopped', file=sys.stderr)
        return 130


if __name__ == '__main__':
    exit_with(main)
