# SPDX-License-Identifier: GPL-2.0-or-later
"""Headers that the tree's own build would generate, into work/trees/NAME/headers.

A wrapper for each header that the tree has in asm-generic; empty headers for those
that an architecture may leave empty; constants by the tree's own bounds.c and
timeconst.bc. core/tree/include comes first in the search path, so a header of ours
hides a wrapper.
"""
import itertools
import os
import re

from command import run

from . import compiler
from .state import TreeError, write_if_changed

# Headers without content on a machine like ours.
EMPTY = ('acpi alternative arch_hweight cfi compiler cpu cpufeature cpuidle dmi extable fpu '
         'hypervisor ibt jump_label linkage mshyperv nospec-branch orc_types perf_event '
         'pkeys prom set_memory sparsemem stackprotector stacktrace syscall unwind vdso '
         'vmalloc vdso/clocksource vdso/processor vdso/vsyscall').split()
# The generic header of these names has content that we need.
KEEP_GENERIC = ('linkage', 'set_memory', 'cfi', 'extable')
NOT_WRAPPED = ('int-l64.h', 'int-ll64.h', 'hugetlb_encode.h')
SPDX = '/* SPDX-License-Identifier: GPL-2.0-or-later */\n'


def atomic_names():
    names = []
    for prefix in ('arch_atomic', 'arch_atomic64'):
        names += [f'{prefix}_{op}' for op in ('read', 'read_acquire', 'set', 'set_release',
                                              'fetch_add_unless', 'dec_if_positive')]
        for op in ('add', 'sub', 'and', 'or', 'xor'):
            names.append(f'{prefix}_{op}')
        ordered = [f'fetch_{op}' for op in ('add', 'sub', 'and', 'or', 'xor')]
        ordered += ['add_return', 'sub_return', 'xchg', 'cmpxchg', 'try_cmpxchg']
        for op, order in itertools.product(ordered, ('', '_relaxed', '_acquire', '_release')):
            names.append(f'{prefix}_{op}{order}')
    return SPDX + ''.join(f'#define {name} {name}\n' for name in names)


def wrappers(tree):
    headers = {}
    generic = os.path.join(tree.source, 'include', 'asm-generic')
    for name in EMPTY:
        headers[f'asm/{name}.h'] = SPDX
    for name in sorted(os.listdir(generic)):
        if name.endswith('.h') and (f'asm/{name}' not in headers or name[:-2] in KEEP_GENERIC):
            headers['asm/' + name] = SPDX + f'#include <asm-generic/{name}>\n'
    uapi = os.path.join(tree.source, 'include', 'uapi', 'asm-generic')
    for name in sorted(os.listdir(uapi)):
        if name.endswith('.h') and name not in NOT_WRAPPED:
            headers['uapi/asm/' + name] = SPDX + f'#include <asm-generic/{name}>\n'
            headers.setdefault('asm/' + name, SPDX + f'#include <uapi/asm-generic/{name}>\n')
    return headers


def version_header(version):
    major, minor, sub = version
    return (SPDX + f'#define LINUX_VERSION_CODE {(major << 16) + (minor << 8) + min(sub, 255)}\n'
            '#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n'
            f'#define LINUX_VERSION_MAJOR {major}\n#define LINUX_VERSION_PATCHLEVEL {minor}\n'
            f'#define LINUX_VERSION_SUBLEVEL {sub}\n')


def timeconst(tree):
    with open(os.path.join(tree.config, '.config'), encoding='utf-8') as f:
        hz = re.search(r'^CONFIG_HZ=(\d+)$', f.read(), re.M)
    if not hz:
        raise TreeError('the configuration has no HZ')
    script = os.path.join(tree.source, 'kernel', 'time', 'timeconst.bc')
    return run(['bc', '-q', script], "the tree's timeconst.bc", input=hz.group(1) + '\n')


def bounds(tree):
    """kernel/bounds.c marks each constant in its assembler output: "->NAME $VALUE"."""
    path = os.path.join(tree.headers, 'generated', 'bounds.h')
    source = os.path.join(tree.source, 'kernel', 'bounds.c')
    output = os.path.join(tree.headers, 'bounds.s')
    if not os.path.exists(path):
        write_if_changed(path, SPDX)
    command = compiler.tree_command(tree, 'release', source)
    run([*command, '-S', source, '-o', output], "the tree's bounds.c")
    with open(output, encoding='utf-8') as f:
        found = re.findall(r'->(\w+) \$?(-?\d+)', f.read())
    if not found:
        raise TreeError("the tree's bounds.c gave no constant")
    return SPDX + ''.join(f'#define {name} {value}\n' for name, value in found)


def generate(tree):
    headers = wrappers(tree)
    headers['asm/atomic_names.h'] = atomic_names()
    headers['linux/version.h'] = version_header(tree.version)
    headers['generated/timeconst.h'] = timeconst(tree)
    headers['generated/utsrelease.h'] = SPDX + '#define UTS_RELEASE "swaprace"\n'
    headers['generated/asm-offsets.h'] = SPDX
    headers['generated/package.h'] = SPDX + '#define LINUX_PACKAGE_ID ""\n'
    # The run queue is not compiled: scheduling is the engine's.
    headers['generated/rq-offsets.h'] = SPDX + '#define RQ_nr_pinned 0\n'
    for name, text in headers.items():
        write_if_changed(os.path.join(tree.headers, name), text)
    write_if_changed(os.path.join(tree.headers, 'generated', 'bounds.h'), bounds(tree))
