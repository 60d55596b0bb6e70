#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel trees whose own mm runs on swaprace's engine.

Usage: scripts/tree.py add NAME PATH | add NAME --debian[=VERSION]
       | add NAME --of=TREE [--patch=SERIES]... [--edit=RULES]... [--switch] | list | check NAME
       | build NAME [release|tsan|asan|fine] [-j N] [--fuzzers | --partial] | remove NAME
       | coverage NAME FILE... [--build=release|tsan|asan|fine]

--of: another tree with patches (a mailbox or a diff) or edits by rule (scripts/tree/edit.py);
only what the change reaches is compiled again. --switch: the edits are compiled in and off;
--world=tree:NAME+EDIT runs with one of them on. A tree is never written to. Everything lies
in work/trees/NAME/. --fuzzers: libFuzzer targets too (mm_fuzzer and others in the build's
folder). --partial stops before swaprace's own libraries are linked and lists the undefined
names that became stubs.
coverage: what ran of each file, by what searches wrote with --edges=FILE.
Exit status: 0 done, 2 usage, 3 a tree, a tool or a build that fails (one line says why).
"""
import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from command import Parser, exit_with, install_tools  # noqa: E402
from tree import (compiler, configure, coverage, final, generate, partial,  # noqa: E402
                  patched, source_package, state)
from tree.state import TreeError  # noqa: E402


def say(text):
    print('tree.py: ' + text, flush=True)


def add(args):
    tree = state.Tree(args.name)
    if os.path.exists(os.path.join(tree.folder, 'tree.json')):
        raise TreeError(f'there is a tree {args.name} already; "tree remove {args.name}" first', 2)
    if (args.path is not None) + (args.debian is not None) + (args.of is not None) != 1:
        raise TreeError('add: give a PATH, --debian[=VERSION] or --of=TREE', 2)
    if bool(args.of) != bool(args.patch or args.edit):
        raise TreeError('add: --of=TREE goes with --patch=SERIES or --edit=RULES', 2)
    if args.switch and not args.edit:
        raise TreeError('add: --switch goes with --edit=RULES', 2)
    install_tools('--tree')
    if args.of:
        add_change(tree, args)
        return
    if args.path:
        source = os.path.realpath(args.path)
        state.read_version(source)
        tree.about = {'source': source, 'package': None}
    else:
        package = source_package.fetch(tree, args.debian or None)
        tree.about = {'source': os.path.join(tree.folder, 'source'), 'package': package}
    tree.save()
    say(f'{args.name} is Linux {state.dotted(tree.version)}'
        + (f' ({tree.about["package"]})' if tree.about['package'] else ''))
    try:
        prepare(tree)
    except OSError:  # the disk is full: nothing is left half made
        shutil.rmtree(tree.folder, ignore_errors=True)
        raise


def add_change(tree, args):
    base = state.Tree(args.of).load()
    if base.base:
        raise TreeError(f'{args.of} is a change of {base.about["base"]} itself; name that', 2)
    tree.about = {'base': args.of, 'package': base.about['package'],
                  'patches': [os.path.abspath(path) for path in args.patch],
                  'edits': [os.path.abspath(path) for path in args.edit]}
    if args.switch:
        tree.about['switch'] = True
    os.makedirs(tree.folder, exist_ok=True)
    try:
        patched.make(tree, base)
    except (TreeError, OSError, UnicodeDecodeError):
        shutil.rmtree(tree.folder)
        raise
    tree.save()
    files = patched.changed_files(patched.changed_folder(tree))
    say(f'{args.name} is {args.of} with {len(files)} changed files: {" ".join(files)}')
    if any('Kconfig' in path for path in files):
        say('its changes of Kconfig files have no effect: the configuration is that of ' + args.of)


def prepare(tree):
    if tree.base:
        config = prepare(tree.base)
        patched.make(tree, tree.base)
        return config
    warning = tree.version_warning()
    if warning:
        say(warning)
    config = configure.configure(tree)
    generate.generate(tree)
    return config


def identity(tree, config):
    package = tree.about['package'] or 'a tree of your own'
    shim = state.digest(*[open(os.path.join(folder, n), 'rb').read()
                          for folder, _, names in sorted(os.walk(state.OURS))
                          for n in sorted(names) if n.endswith(('.c', '.h', '.def', '.list'))])
    change = f', change {patched.change_digest(tree)} of {tree.base.name}' if tree.base else ''
    return (f'{tree.name}: Linux {state.dotted(tree.version)} ({package}{change}), '
            f'configuration {config}, shim {shim}')


@contextlib.contextmanager
def locked(tree):
    """One command at a time works on a tree."""
    with open(os.path.join(tree.folder, 'lock'), 'w', encoding='utf-8') as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f'{tree.name}: waiting for another build')
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


def failures(failed):
    """A line per error: the files that it stops, and the error as the first one has it."""
    by_error = {}
    for job in failed:
        by_error.setdefault(job.error, []).append(job.name)
    text = ''
    for error, names in by_error.items():
        more = f' and {len(names) - 3} more' if len(names) > 3 else ''
        text += f'\n  {" ".join(names[:3])}{more}: {error}'
    return text


def compile_all(tree, kind, count, partly):
    """partly: for work on the shim, go on without the files that fail."""
    if tree.base:
        compile_all(tree.base, kind, count, False)
    start = time.monotonic()
    tree_jobs, shim_jobs = compiler.tree_jobs(tree, kind), compiler.shim_jobs(tree, kind)
    made, failed = compiler.run_jobs(tree_jobs + shim_jobs, count)
    say(f'{tree.name} {kind}: {made} of {len(tree_jobs) + len(shim_jobs)} files compiled '
        f'in {time.monotonic() - start:.0f} s')
    if failed:
        text = f'{len(failed)} files do not compile' + failures(failed)
        if not partly:
            raise TreeError(text)
        say(text)
    good = [job for job in shim_jobs if not job.error]
    return tree_jobs, good


def build(args):
    tree = state.Tree(args.name).load()
    install_tools('--tree')
    with locked(tree.base or tree), locked(tree) if tree.base else contextlib.nullcontext():
        make(tree, args)


def make(tree, args):
    who = identity(tree, prepare(tree))
    tree_jobs, shim_jobs = compile_all(tree, args.build, args.jobs, args.partial)
    kernel, undefined = partial.link(tree, args.build, tree_jobs, shim_jobs)
    absent = [name for name in undefined if name.startswith('tree_')]
    if absent:
        say(f'the shim does not have yet: {" ".join(absent)}')
    if args.partial:
        say(f'{len(undefined)} undefined names became stubs: {" ".join(undefined)}')
        return
    count = final.link(tree, args.build, kernel, shim_jobs, who)
    if args.fuzzers:
        final.link_fuzzers(tree, args.build, kernel, shim_jobs, who)
    state.write_if_changed(os.path.join(tree.build(args.build), 'identity'), who + '\n')
    say(f'{who}: {count} call sites, {len(undefined)} stubs')


def list_trees(_args):
    for tree in state.all_trees():
        try:
            tree.load()
            version = state.dotted(tree.version)
            source = (f'a change of {tree.base.name}' if tree.base
                      else tree.about['package'] or tree.source)
        except TreeError as error:
            version, source = '?', str(error)
        builds = [kind for kind in state.BUILDS
                  if os.path.exists(os.path.join(tree.build(kind), 'swaprace'))]
        print(f'{tree.name}\tLinux {version}\t{source}\tbuilt: {" ".join(builds) or "no"}')


def check(args):
    """Configures, and looks for each file and option that a build needs."""
    tree = state.Tree(args.name).load()
    install_tools('--tree')
    with locked(tree):
        config = prepare(tree)
    compiler.read_files(tree)
    say(f'{identity(tree, config)}: configuration and files are as the shim needs them')


def show_coverage(args):
    """A table of the tree's files, and what of each never ran."""
    tree = state.Tree(args.name).load()
    binary = os.path.join(tree.build(args.build), 'swaprace')
    if not os.path.exists(binary):
        raise TreeError(f'{args.build} is not built; "tree build {args.name} {args.build}" does', 2)
    try:
        edges = coverage.read_edges(args.file)
    except OSError as error:
        raise TreeError(f'{error.filename}: {error.strerror}', 2) from None
    for line in coverage.table(coverage.functions(tree, binary, edges)):
        print(line)


def remove(args):
    tree = state.Tree(args.name)
    if not os.path.exists(os.path.join(tree.folder, 'tree.json')):
        raise TreeError(f'no tree of the name {args.name}', 2)
    shutil.rmtree(tree.folder)


def main():
    parser = Parser(prog='tree.py', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    sub = commands.add_parser('add')
    sub.add_argument('name')
    sub.add_argument('path', nargs='?')
    sub.add_argument('--debian', nargs='?', const='', metavar='VERSION')
    sub.add_argument('--of', metavar='TREE')
    sub.add_argument('--patch', action='append', default=[], metavar='SERIES')
    sub.add_argument('--edit', action='append', default=[], metavar='RULES')
    sub.add_argument('--switch', action='store_true')
    sub.set_defaults(run=add)
    commands.add_parser('list').set_defaults(run=list_trees)
    for name, function in (('check', check), ('remove', remove), ('build', build)):
        sub = commands.add_parser(name)
        sub.add_argument('name')
        sub.set_defaults(run=function)
    sub.add_argument('build', nargs='?', default='release', choices=state.BUILDS)
    sub.add_argument('-j', '--jobs', type=int, default=os.cpu_count())
    sub.add_argument('--partial', action='store_true')
    sub.add_argument('--fuzzers', action='store_true')
    sub = commands.add_parser('coverage')
    sub.add_argument('name')
    sub.add_argument('file', nargs='+')
    sub.add_argument('--build', default='release', choices=state.BUILDS)
    sub.set_defaults(run=show_coverage)
    args = parser.parse_args()
    try:
        args.run(args)
    except TreeError as error:
        print(f'tree.py: {getattr(args, "name", args.command)}: {error}', file=sys.stderr)
        return error.status
    except UnicodeDecodeError as error:
        print(f'tree.py: {args.name}: a file is no text: {error}', file=sys.stderr)
        return 2
    except OSError as error:
        print(f'tree.py: {getattr(args, "name", args.command)}: '
              f'{error.filename or "writing"}: {error.strerror or error}', file=sys.stderr)
        return 2 if isinstance(error, (IsADirectoryError, NotADirectoryError)) else 3
    return 0


if __name__ == '__main__':
    exit_with(main)
