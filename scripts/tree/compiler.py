# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiler flags, and compiling what changed.

An object is made again if its command changed or a file in its depfile is newer.
The tree's own files are compiled without warnings; the shim's with.
"""
import concurrent.futures
import functools
import os
import re
import shlex
import subprocess

from command import ROOT, first_error

from . import patched
from .state import OURS, TreeError, digest

CLANG = 'clang-19'
BASE = '''-std=gnu11 -fms-extensions -Wno-microsoft-anon-tag -O2 -g -gno-column-info -nostdinc
-fno-strict-aliasing -fno-common -fshort-wchar -funsigned-char -fwrapv
-fno-delete-null-pointer-checks -fno-stack-protector -fno-omit-frame-pointer
-fno-optimize-sibling-calls -ffunction-sections -fdata-sections -fno-pic -fno-builtin-printf
-fno-jump-tables -mcmodel=small -D__KERNEL__ -DNOTRACE'''.split()
# Two calls that an optimiser merges into one lose their place in the source, and with
# it the name of their site; which calls it merges depends on the build.
BASE += [word for flag in ('-hoist-common-insts=false', '-sink-common-insts=false',
                           '-enable-tail-merge=false') for word in ('-mllvm', flag)]
SANITIZER = {
    'release': [],
    'fine': [],
    'tsan': ['-fsanitize=thread', '-mllvm', '-tsan-distinguish-volatile=1'],
    # No redzones round globals: they would need constructors, and move the world.
    'asan': ['-fsanitize=address', '-fsanitize-recover=address', '-mllvm', '-asan-globals=0'],
}
# The `fine` build: core/engine/fine.c is called before each plain load and store.
FINE = ['-fsanitize-coverage=trace-loads,trace-stores']
PROGRESS_EVERY = 25  # files
# A counter for each edge of the tree's own code: what search and coverage.py go by.
COVERAGE = ['-fsanitize-coverage=inline-8bit-counters,pc-table']
SHIM_WARNINGS = '-Wall -Wextra -Wno-unused-parameter -Wno-sign-compare'.split()


def pick(tree, names):
    """The first of names that the tree has: a file that a release renamed."""
    for name in names:
        if os.path.exists(os.path.join(tree.source, name)):
            return name
    raise TreeError(f'{tree.name} has no {" and no ".join(names)}')


def read_files(tree):
    """[(file, {option: [names]})] of core/tree/files.list."""
    files = []
    with open(os.path.join(OURS, 'files.list'), encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            words = line.split('#')[0].split()
            if not words:
                continue
            options = {}
            for word in words[1:]:
                option, _, names = word.partition('=')
                if option not in ('weaken', 'weak'):
                    raise TreeError(f'files.list:{number}: unknown option {option}')
                options[option] = names.split(',') if names else []
            files.append((pick(tree, words[0].split('|')), options))
    for name, symbol in read_shim_list('globalize.list', 2):
        for known, options in files:
            if known == name:
                options.setdefault('global', []).append(symbol)
    return files


def read_shim_list(name, width):
    """Rows of a list that the shim keeps: each of width words."""
    rows = []
    with open(os.path.join(OURS, 'shim', name), encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            words = line.split('#')[0].split()
            if words and len(words) != width:
                raise TreeError(f'{name}:{number}: {len(words)} words, not {width}')
            if words:
                rows.append(words)
    return rows


def includes(tree, flag):
    """Ours first, then what was generated, then the tree's: of each folder what a change
    has of it before the rest."""
    sources = [patched.changed_folder(tree)] if tree.base else []
    sources.append(tree.source)
    ours = ['-iquote', ROOT, '-I' + os.path.join(OURS, 'include')]
    others = [tree.headers, os.path.join(tree.config, 'include'),
              os.path.join(tree.headers, 'uapi')]
    others += [os.path.join(source, sub) for sub in
               ('include', 'include/uapi', '', 'mm', 'lib', 'kernel') for source in sources]
    forced = [next(filter(os.path.exists, (os.path.join(source, 'include/linux', name)
                                           for source in sources)))
              for name in ('compiler-version.h', 'kconfig.h', 'compiler_types.h')]
    forced.append(os.path.join(OURS, 'include/asm/inline.h'))
    words = ours + [flag + path.rstrip('/') for path in others]
    for path in forced:
        words += ['-include', path]
    return words


def own_code(kind):
    """Flags for the tree's own code alone."""
    return COVERAGE + (FINE if kind == 'fine' else [])


def tree_command(tree, kind, source):
    base = os.path.splitext(os.path.basename(source))[0].replace('-', '_')
    names = [f'-DKBUILD_{what}="{base}"' for what in ('MODNAME', 'BASENAME', 'MODFILE')]
    return [CLANG, *BASE, '-w', *names, *includes(tree, '-I'), *SANITIZER[kind], *own_code(kind)]


def shim_command(tree, kind):
    """For a file of the shim; kind is 'release' for one that TSan must not see."""
    names = [f'-DKBUILD_{what}="swaprace"' for what in ('MODNAME', 'BASENAME', 'MODFILE')]
    return [CLANG, *BASE, *SHIM_WARNINGS, *names, '-I' + OURS, '-I' + os.path.join(OURS, 'shim'),
            *includes(tree, '-isystem'), *SANITIZER[kind]]


@functools.cache
def depfile(path, _time):
    """shlex takes 100 times as long as split(): for a name with a blank in it alone."""
    with open(path, encoding='utf-8') as f:
        text = f.read().replace('\\\n', ' ').split(':', 1)[1]
    words = shlex.split(text) if '\\' in text else text.split()
    return frozenset(map(os.path.normpath, words))


class Job:
    """One object. key: of the command; a change of it makes the object again."""

    def __init__(self, command, source, output, name):
        self.command = [*command, '-MD', '-MF', output + '.d', '-c', source, '-o', output]
        self.source, self.output, self.name = source, output, name
        self.key = digest('\0'.join(self.command))
        self.error = None
        self.warnings = ''

    def dependencies(self):
        """The files that the object was made of, real paths; it is there."""
        return depfile(self.output + '.d', os.stat(self.output + '.d').st_mtime_ns)

    def is_fresh(self, times):
        try:
            with open(self.output + '.cmd', encoding='utf-8') as f:
                if f.read() != self.key:
                    return False
            made = os.stat(self.output).st_mtime_ns
            deps = self.dependencies()
        except (FileNotFoundError, IndexError):
            return False
        for path in deps:
            if path not in times:
                times[path] = os.stat(path).st_mtime_ns if os.path.exists(path) else 1 << 63
            if times[path] > made:
                return False
        return True

    def run(self):
        os.makedirs(os.path.dirname(self.output), exist_ok=True)
        done = subprocess.run(self.command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.error = first_error(done.stderr)
            if os.path.exists(self.output):
                os.remove(self.output)
            return
        self.warnings = done.stderr
        with open(self.output + '.cmd', 'w', encoding='utf-8') as f:
            f.write(self.key)


def run_jobs(jobs, count):
    """Makes what is not fresh; returns how many files, and the jobs that failed."""
    times = {}
    stale = [job for job in jobs if not job.is_fresh(times)]
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for done, _ in enumerate(pool.map(Job.run, stale), 1):
            if done % PROGRESS_EVERY == 0:
                print(f'tree.py: {done} of {len(stale)} files', flush=True)
    for job in stale:
        if job.warnings:
            print(job.warnings, end='')
    return len(stale), [job for job in stale if job.error]


def tree_jobs(tree, kind):
    folder = os.path.join(tree.build(kind), 'tree')
    base, jobs = tree.base, []
    for name, _ in read_files(tree):
        source = os.path.join(tree.source, name)
        output = os.path.join(folder, name.replace('/', '_')[:-2] + '.o')
        if base:
            source = patched.link_in(tree, base, name)
        jobs.append(Job(tree_command(tree, kind, source), source, output, name))
    return unless_changed(tree, jobs, tree_jobs(base, kind)) if base else jobs


def unless_changed(tree, jobs, base_jobs):
    """Of a tree with a change: its own job where the change reaches the file, else the
    base's. The base's depfiles tell, so the base is compiled before."""
    changed = {os.path.join(tree.source, path)
               for path in patched.changed_files(patched.changed_folder(tree))}
    picked = []
    for job, base_job in zip(jobs, base_jobs):
        reached = changed & base_job.dependencies()
        picked.append(job if reached else base_job)
        for path in base_job.dependencies() if reached else ():
            relative = os.path.relpath(path, tree.source)
            if path.endswith('.c') and not relative.startswith('..'):
                patched.link_in(tree, tree.base, relative)
    return picked


def includes_tree_file(path):
    """Is a .c file of the tree included there, as shim/ksm.c does?"""
    with open(path, encoding='utf-8') as f:
        return re.search(r'^#include ".*\.c"$', f.read(), re.M) is not None


def shim_jobs(tree, kind):
    shim = os.path.join(OURS, 'shim')
    folder = os.path.join(tree.build(kind), 'shim')
    tests = os.path.join(OURS, 'test')
    names = sorted(n for n in os.listdir(shim) if n.endswith('.c')) if os.path.isdir(shim) else []
    plain = {row[0] for row in read_shim_list('uninstrumented.list', 1)}
    absent = plain - set(names)
    if absent:
        raise TreeError(f'uninstrumented.list names what is not there: {" ".join(sorted(absent))}')
    commands = {n: shim_command(tree, 'release' if kind == 'tsan' and n in plain else kind)
                for n in names}
    for name in names:
        if includes_tree_file(os.path.join(shim, name)):
            commands[name] = commands[name] + own_code(kind)
    jobs = [Job(commands[n], os.path.join(shim, n), os.path.join(folder, n[:-2] + '.o'),
                'shim/' + n) for n in names]
    # Tests of the shim are part of each executable: swaprace selftest.
    jobs += [Job(shim_command(tree, kind), os.path.join(tests, n),
                 os.path.join(folder, 'test_' + n[:-2] + '.o'), 'test/' + n)
             for n in sorted(os.listdir(tests)) if n.startswith('shim_') and n.endswith('.c')]
    return unless_changed(tree, jobs, shim_jobs(tree.base, kind)) if tree.base else jobs
