# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree's objects and the shim's, linked into one object with few global names.

1. objcopy where files.list says so, then ld -r, which drops what no tree_* function
   of seam.h needs.
2. What is still undefined becomes a stub that reports its own name. A stub is code:
   an undefined variable stops the build instead. Only a tracepoint is a constant zero,
   "never on", which makes no event as it is not the world's.
3. ld -r by merge.ld: all writable data in the world's or the per-CPU section; then
   only tree_* stay global. Both are checked.
"""
import os
import re

from command import ROOT, run

from . import compiler
from .state import OURS, TreeError, write_if_changed

WORLD, PERCPU = 'swaprace_world', 'swaprace_tree_percpu'
COUNTERS = '__sancov_cntrs'  # of edges: no data of the world's
# What the C library, the sanitizers and the engine's side have.
LIBC = '''memcpy memset memmove memcmp memchr bcmp strlen strnlen strcmp strncmp strchr strrchr
strstr vsnprintf snprintf'''.split()
OUTSIDE = re.compile(r'seam_|__tsan_|__asan_|__ubsan_|__sanitizer_|Annotate|__start_|__stop_')


# The counters of edges stand in a section group for each function.
LD = ['ld', '-r', '--force-group-allocation']
OBJDUMP = 'llvm-objdump-19'
TRACEPOINT = re.compile(r'__tracepoint_')


def roots():
    """The tree_* names that seam.h declares."""
    with open(os.path.join(OURS, 'seam.h'), encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    return sorted(set(re.findall(r'\b(tree_\w+)\(', text))
                  | set(re.findall(r'^extern .*\b(tree_\w+);', text, re.M)))


def adapt(tree, kind, jobs):
    """Objects as files.list wants them; returns the paths to link."""
    folder = os.path.join(tree.build(kind), 'adapted')
    os.makedirs(folder, exist_ok=True)
    paths = []
    for (_, options), job in zip(compiler.read_files(tree), jobs):
        flags = ['--weaken'] if 'weaken' in options else []
        flags += [f'--weaken-symbol={n}' for n in options.get('weak', [])]
        flags += [f'--globalize-symbol={n}' for n in options.get('global', [])]
        if not flags:
            paths.append(job.output)
            continue
        path = os.path.join(folder, os.path.basename(job.output))
        run(['objcopy', *flags, job.output, path], 'objcopy')
        paths.append(path)
    return paths


def symbols(path, *flags):
    """[(address, type, name)] of nm; the address is None if undefined."""
    rows = []
    for line in run(['nm', *flags, path], 'nm').splitlines():
        found = re.fullmatch(r'([0-9a-f]*)\s*(\w) (\S+)', line.strip())
        if found:
            rows.append((int(found[1], 16) if found[1] else None, found[2], found[3]))
    return rows


def undefined(path):
    """A weak name may stay undefined: whoever refers to it asks whether it is there."""
    return sorted(name for _, kind, name in symbols(path, '-u')
                  if kind == 'U' and name not in LIBC and not OUTSIDE.match(name))


def not_called(path, names):
    """Those of names that some instruction reads or writes: variables. A call, a jump and
    an address as an immediate ("mov $name") may be a function's."""
    wanted, variables, instruction = set(names), set(), ''
    text = run([OBJDUMP, '-dr', '--no-show-raw-insn', '--no-leading-headers', path], OBJDUMP)
    for line in text.splitlines():
        if 'R_X86_64_' not in line:
            instruction = line
            continue
        kind, target = line.split()[-2:]
        name = re.split(r'[-+]0x', target)[0]
        if name not in wanted or kind == 'R_X86_64_PLT32':
            continue
        words = instruction.split(None, 2)
        memory = kind in ('R_X86_64_PC32', 'R_X86_64_32S', 'R_X86_64_32') and \
            not words[1].startswith(('lea', 'call', 'j'))
        if memory and (kind == 'R_X86_64_PC32' or '$' not in instruction):
            variables.add(name)
    return sorted(variables)


def check_no_variable(tree, kind, path, names):
    """What became a stub of the base is a function there, so it is one here, too."""
    known = []
    if tree.base:
        base = os.path.join(tree.base.build(kind), 'link', 'functions')
        if os.path.exists(base):
            with open(base, encoding='utf-8') as f:
                known = f.read().split()
    if not set(names) <= set(known):
        variables = [n for n in not_called(path, names) if not TRACEPOINT.match(n)]
        if variables:
            raise TreeError('variables that neither the tree\'s files nor the shim define: '
                            + ', '.join(variables))
    write_if_changed(os.path.join(tree.build(kind), 'link', 'functions'), '\n'.join(names) + '\n')


def stubs(names):
    """Entered with the stack 8 below a multiple of 16, as every function is."""
    text = '\t.section .note.GNU-stack,"",@progbits\n\t.section .rodata\n'
    for name in filter(TRACEPOINT.match, names):
        text += f'\t.balign 64\n\t.globl {name}\n{name}:\t.zero 512\n'
    text += '\t.text\n'
    for name in names:
        if TRACEPOINT.match(name):
            continue
        text += (f'\t.globl {name}\n\t.type {name}, @function\n{name}:\n'
                 '\tpushq %rbp\n\tmovq %rsp, %rbp\n'
                 '\tmovl $1f, %edi\n\tcall seam_unexpected\n'
                 f'\t.pushsection .rodata\n1:\t.asciz "{name}"\n\t.popsection\n')
    return text


def check_writable(path):
    """Every writable byte must be reset between runs: in one of the two sections."""
    bad = {}
    for line in run(['readelf', '-SW', path], 'readelf').splitlines():
        found = re.match(r'\s*\[\s*(\d+)\]\s+(\S+)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)\s+\S+\s+(\S*W\S*)',
                         line)
        if found and 'A' in found[4] and int(found[3], 16) and \
                found[2] not in (WORLD, PERCPU, COUNTERS):
            bad[int(found[1])] = found[2]
    if not bad:
        return
    names = []
    for line in run(['readelf', '-sW', path], 'readelf').splitlines():
        words = line.split()
        if len(words) == 8 and words[6].isdigit() and int(words[6]) in bad \
                and words[3] == 'OBJECT':
            names.append(f'{words[7]} in {bad[int(words[6])]}')
    raise TreeError('writable data outside of the world: '
                    + (', '.join(names) or ', '.join(sorted(bad.values()))))


def link(tree, kind, tree_jobs, shim_jobs):
    """Returns (the object, the undefined names that became stubs)."""
    folder = os.path.join(tree.build(kind), 'link')
    os.makedirs(folder, exist_ok=True)
    whole, merged, kernel = (os.path.join(folder, n) for n in ('whole.o', 'merged.o', 'kernel.o'))
    wanted = roots()
    objects = [job.output for job in shim_jobs] + adapt(tree, kind, tree_jobs)
    keep = [word for name in wanted for word in ('-u', name)]
    run([*LD, '--gc-sections', *keep, '-o', whole, *objects], 'partial link')
    names = undefined(whole)
    check_no_variable(tree, kind, whole, names)
    source, made = os.path.join(folder, 'stubs.s'), os.path.join(folder, 'stubs.o')
    write_if_changed(source, stubs(names))
    run([compiler.CLANG, '-c', source, '-o', made], 'stubs')
    script = os.path.join(ROOT, 'scripts', 'tree', 'merge.ld')
    run([*LD, '-T', script, '-o', merged, whole, made], 'merging link')
    globals_ = wanted + ['tree_text_start', 'tree_text_end']
    run(['objcopy', *[f'--keep-global-symbol={n}' for n in globals_], merged, kernel], 'objcopy')
    check_writable(kernel)
    return kernel, [n for n in names if not TRACEPOINT.match(n)]
