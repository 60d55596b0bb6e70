#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel trees whose own mm runs on swaprace's engine.

Usage: scripts/tree.py add NAME PATH | add NAME --debian[=VERSION] | list | check NAME
       | build NAME [release|tsan|asan] [-j N] [--partial] | remove NAME

A tree is never written to. Everything lies in work/trees/NAME/. --partial stops before
swaprace's own libraries are linked and lists the undefined names that became stubs.
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
from tree import compiler, configure, debian, final, generate, partial, state  # noqa: E402
from tree.state import TreeError  # noqa: E402


def say(text):
    print('tree.py: ' + text, flush=True)


def install_tools():
    setup = os.path.join(state.ROOT, 'scripts', 'setup.sh')
    done = subprocess.run(['bash', setup, '--tree'], check=False)
    if done.returncode != 0:
        raise TreeError('scripts/setup.sh --tree failed')


def add(args):
    tree = state.Tree(args.name)
    if os.path.exists(os.path.join(tree.folder, 'tree.json')):
        raise TreeError(f'there is a tree {args.name} already; "tree remove {args.name}" first', 2)
    if (args.path is None) == (args.debian is None):
        raise TreeError('add: give a PATH, or --debian[=VERSION]', 2)
    install_tools()
    if args.path:
        source = os.path.realpath(args.path)
        state.read_version(source)
        tree.about = {'source': source, 'package': None}
    else:
        package = debian.fetch(tree, args.debian or None)
        tree.about = {'source': os.path.join(tree.folder, 'source'), 'package': package}
    tree.save()
    say(f'{args.name} is Linux {state.dotted(tree.version)}'
        + (f' ({tree.about["package"]})' if tree.about['package'] else ''))
    prepare(tree)


def prepare(tree):
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
                          for n in sorted(names) if n.endswith(('.c', '.h', '.list'))])
    return (f'{tree.name}: Linux {state.dotted(tree.version)} ({package}), configuration {config}, '
            f'shim {shim}')


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
    install_tools()
    with locked(tree):
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
    state.write_if_changed(os.path.join(tree.build(args.build), 'identity'), who + '\n')
    say(f'{who}: {count} call sites, {len(undefined)} stubs')


def list_trees(_args):
    for tree in state.all_trees():
        try:
            tree.load()
            version, source = state.dotted(tree.version), tree.about['package'] or tree.source
        except TreeError as error:
            version, source = '?', str(error)
        builds = [kind for kind in state.BUILDS
                  if os.path.exists(os.path.join(tree.build(kind), 'swaprace'))]
        print(f'{tree.name}\tLinux {version}\t{source}\tbuilt: {" ".join(builds) or "no"}')


def check(args):
    """Configures, and looks for each file and option that a build needs."""
    tree = state.Tree(args.name).load()
    install_tools()
    with locked(tree):
        config = prepare(tree)
    compiler.read_files(tree)
    say(f'{identity(tree, config)}: configuration and files are as the shim needs them')


def remove(args):
    tree = state.Tree(args.name)
    if not os.path.exists(os.path.join(tree.folder, 'tree.json')):
        raise TreeError(f'no tree of the name {args.name}', 2)
    shutil.rmtree(tree.folder)


def main():
    parser = argparse.ArgumentParser(prog='tree.py', description=__doc__.split('\n', maxsplit=1)[0])
    commands = parser.add_subparsers(dest='command', required=True)
    sub = commands.add_parser('add')
    sub.add_argument('name')
    sub.add_argument('path', nargs='?')
    sub.add_argument('--debian', nargs='?', const='', metavar='VERSION')
    sub.set_defaults(run=add)
    commands.add_parser('list').set_defaults(run=list_trees)
    for name, function in (('check', check), ('remove', remove), ('build', build)):
        sub = commands.add_parser(name)
        sub.add_argument('name')
        sub.set_defaults(run=function)
    sub.add_argument('build', nargs='?', default='release', choices=state.BUILDS)
    sub.add_argument('-j', '--jobs', type=int, default=os.cpu_count())
    sub.add_argument('--partial', action='store_true')
    args = parser.parse_args()
    try:
        args.run(args)
    except TreeError as error:
        print(f'tree.py: {getattr(args, "name", args.command)}: {error}', file=sys.stderr)
        return error.status
    return 0


if __name__ == '__main__':
    sys.exit(main())
