# SPDX-License-Identifier: GPL-2.0-or-later
"""The executable of a tree: the merged object, glue, and swaprace's own libraries.

Linked twice: the table of call sites is made from the first and linked into the
second. The table is constants alone and stands last, so no function may move; that
is checked.
"""
import os

from command import ROOT, run

from . import compiler, partial, patched, sites
from .state import TreeError, write_if_changed

# Static libraries of build/PRESET that a tree's executable consists of. The model
# (world kapi page swap mm check) is not among them: glue has the tree's world.
# world and kapi: for the bench's own little world alone.
LIBRARIES = 'tools kernel exec oracle sched prog glue world kapi engine lockdep base'.split()
LINK = {
    'release': [],
    'tsan': ['-fsanitize=thread'],
    'asan': ['-fsanitize=address,undefined'],
}


def libraries(kind):
    folder = os.path.join(ROOT, 'build', kind)
    found = [os.path.join(folder, f'lib{name}.a') for name in LIBRARIES]
    return found, [path for path in found if not os.path.exists(path)]


def link_once(kind, output, kernel, table, archives):
    run([compiler.CLANG, '-no-pie', *LINK[kind], '-Wl,-z,noexecstack', '-o', output, kernel,
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


def link(tree, kind, kernel, shim_jobs, identity):
    """Returns the number of call sites; the executable is BUILD/swaprace."""
    archives, missing = libraries(kind)
    if missing:
        raise TreeError('not built yet (cmake --build build/%s): %s' % (
            kind, ' '.join(os.path.relpath(p, ROOT) for p in missing)))
    folder = os.path.join(tree.build(kind), 'link')
    first, second = os.path.join(folder, 'first'), os.path.join(folder, 'second')
    link_once(kind, first, kernel, compile_table(folder, 'no_sites', [], tree, identity), archives)
    rows = sites.table(first, shim_jobs)
    link_once(kind, second, kernel, compile_table(folder, 'sites', rows, tree, identity), archives)
    moved = functions(first) ^ functions(second)
    if moved:
        address, name = min(moved)
        raise TreeError(f'{name} moved when the table of sites was linked (at {address:#x})')
    os.replace(second, os.path.join(tree.build(kind), 'swaprace'))
    return len(rows)
