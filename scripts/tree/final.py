# SPDX-License-Identifier: GPL-2.0-or-later
"""The executables of a tree: the merged object, glue, and swaprace's own libraries.

"swaprace" is the command, "fuzzer" all libFuzzer targets, which symbolic links name.
Each is linked twice: the table of call sites is made from the first and linked into the
second. The table is constants alone and stands last, so no function may move; that
is checked.
"""
import os
import re

from command import ROOT, run

from . import compiler, partial, patched, sites
from .state import TreeError, write_if_changed

# Static libraries of build/PRESET that a tree's executable consists of. The model
# (world kapi page swap mm check) is not among them: glue has the tree's world.
# world and kapi: for the bench's own little world alone.
LIBRARIES = 'tools kernel exec oracle sched prog glue world kapi engine lockdep base'.split()
FUZZER_LIBRARIES = 'targets exec oracle sched prog glue engine lockdep base'.split()
TARGETS = 'mm swap swapoff ksm reclaim'.split()  # as fuzz/targets/tree_targets.c has them


def wrapped():
    """As CMakeLists.txt has it: what core/engine/ubsan.c stands in front of."""
    with open(os.path.join(ROOT, 'core', 'engine', 'ubsan.c'), encoding='utf-8') as f:
        return [f'-Wl,--wrap=__ubsan_handle_{name}'
                for name in re.findall(r'^HANDLER[A-Z0-9_]*\((\w+)\)', f.read(), re.M)]


LINK = {
    'release': [],
    'fine': [],
    'tsan': ['-fsanitize=thread'],
    'asan': ['-fsanitize=address,undefined', *wrapped()],
}


def libraries(kind, names):
    folder = os.path.join(ROOT, 'build', kind)
    found = [os.path.join(folder, f'lib{name}.a') for name in names]
    missing = [path for path in found if not os.path.exists(path)]
    if missing:
        raise TreeError('not built yet (cmake --build build/%s): %s' % (
            kind, ' '.join(os.path.relpath(p, ROOT) for p in missing)))
    return found


def link_once(flags, output, kernel, table, archives):
    run([compiler.CLANG, '-no-pie', *flags, '-Wl,-z,noexecstack', '-o', output, kernel,
         '-Wl,--start-group', *archives, '-Wl,--end-group', table,
         '-lurcu-memb', '-lurcu-common', '-lpthread', '-ldl', '-lm'], 'final link')


def compile_table(folder, name, rows, tree, identity):
    source, made = (os.path.join(folder, name + end) for end in ('.c', '.o'))
    write_if_changed(source, sites.table_source(rows, tree.name, identity,
                                                patched.switched_edits(tree)))
    run([compiler.CLANG, '-c', '-O0', '-fno-pic', source, '-o', made], 'table of sites')
    return made


def functions(path):
    return {(address, name) for address, kind, name in partial.symbols(path) if kind in 'tT'}


def link_executable(tree, kind, name, flags, archives, kernel, shim_jobs, identity):
    """Returns the number of call sites; the executable is BUILD/NAME."""
    folder = os.path.join(tree.build(kind), 'link')
    first, second = os.path.join(folder, f'first-{name}'), os.path.join(folder, f'second-{name}')
    link_once(flags, first, kernel, compile_table(folder, f'no_sites-{name}', [], tree, identity),
              archives)
    rows = sites.table(first, shim_jobs)
    link_once(flags, second, kernel, compile_table(folder, f'sites-{name}', rows, tree, identity),
              archives)
    moved = functions(first) ^ functions(second)
    if moved:
        address, function = min(moved)
        raise TreeError(f'{function} moved when the table of sites was linked (at {address:#x})')
    os.replace(second, os.path.join(tree.build(kind), name))
    return len(rows)


def link(tree, kind, kernel, shim_jobs, identity):
    return link_executable(tree, kind, 'swaprace', LINK[kind], libraries(kind, LIBRARIES), kernel,
                           shim_jobs, identity)


def link_fuzzers(tree, kind, kernel, shim_jobs, identity):
    link_executable(tree, kind, 'fuzzer', [*LINK[kind], '-fsanitize=fuzzer'],
                    libraries(kind, FUZZER_LIBRARIES), kernel, shim_jobs, identity)
    for target in TARGETS:
        path = os.path.join(tree.build(kind), f'{target}_fuzzer')
        if not os.path.islink(path):
            os.symlink('fuzzer', path)
