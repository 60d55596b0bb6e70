# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of call sites: return address -> op, function.

op is the kernel primitive that the source names (spin_lock, folio_lock, atomic_inc):
the outermost inline function of a header that is no plumbing. func is the first
function of a .c file of the tree. Names come from the DWARF chain of inlined
functions, so they do not depend on the build. No shim function is in a name.
"""
import json
import os
import re
import subprocess

from command import run

from . import partial
from .state import OURS, TreeError

OBJDUMP, SYMBOLIZER = 'llvm-objdump-19', 'llvm-symbolizer-19'
# Headers that implement an access; what they inline into is what the source says.
PLUMBING = re.compile(r'/core/tree/|/asm/|/asm-generic/|/linux/atomic/|/linux/instrumented\.h'
                      r'|/linux/compiler\w*\.h|/linux/kcsan|/linux/bitops\.h|/linux/percpu-defs\.h')
# A hook that no inline function stands around.
HOOK_OPS = {
    'seam_load': 'READ_ONCE', 'seam_store': 'WRITE_ONCE', 'seam_rmw': 'this_cpu_op',
    'seam_pte': 'pte', 'seam_copy': 'copy', 'seam_relax': 'cpu_relax', 'seam_mb': 'smp_mb',
    'seam_preempt_add': 'preempt_disable', 'seam_preempt_sub': 'preempt_enable',
    'seam_irq_on': 'local_irq_enable', 'seam_irq_off': 'local_irq_disable',
    'seam_migrate': 'migrate',
}
# Where the shim itself is the caller: programs' operations by their own names.
OUTSIDE = 'world'


def kernel_name(name):
    """A primitive's name as the source has it: _raw_spin_lock -> spin_lock."""
    name = re.sub(r'^_+', '', name)
    name = re.sub(r'^(arch_|raw_|shim_)+_*', '', name)
    name = re.sub(r'(_noprof|_nested|_sized|_ordered)$', '', name)
    return name or 'call'


def shim_functions(jobs):
    """Functions that the shim's objects define: their callers are sites."""
    text = run(['nm', '--defined-only', '--no-sort', '-P', *[job.output for job in jobs]], 'nm')
    return {words[0] for words in map(str.split, text.splitlines())
            if len(words) > 1 and words[1] in 'tTwW'}


def seam_points():
    """The seam's functions that name an event by where they are called from."""
    with open(os.path.join(OURS, 'seam_machine.h'), encoding='utf-8') as f:
        return set(re.findall(r'^SEAM_POINT [^;]*?\b(seam_\w+)\(', f.read(), re.M))


def call_sites(binary, callees):
    """[(return address, callee or None)] in the tree's text; None: through a pointer."""
    at = {name: address for address, _, name in partial.symbols(binary) if
          name in ('tree_text_start', 'tree_text_end')}
    if len(at) != 2:
        raise TreeError('the executable has no tree_text_start and tree_text_end')
    text = run([OBJDUMP, '-d', '--no-show-raw-insn', '--no-leading-headers',
                f'--start-address={at["tree_text_start"]}',
                f'--stop-address={at["tree_text_end"]}', binary], OBJDUMP)
    sites, pending = [], None
    instruction = re.compile(r'\s*([0-9a-f]+):\s+(\S+)\s*(.*)')
    for line in text.splitlines():
        found = instruction.match(line)
        if not found:
            continue
        if pending is not None:
            sites.append((int(found[1], 16), pending[0]))
            pending = None
        if found[2].startswith('call'):
            target = re.search(r'<([^>+]+)>', found[3])
            if '*' in found[3]:
                pending = (None,)
            elif target and target[1] in callees:
                pending = (target[1],)
    return sites


def frames(binary, addresses):
    """For each address the symbolizer's frames of the functions it is in, innermost first."""
    text = '\n'.join(hex(a) for a in addresses) + '\n'
    done = subprocess.run([SYMBOLIZER, f'--obj={binary}', '--inlines', '--output-style=JSON'],
                          input=text, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != len(addresses):
        raise TreeError(f'{SYMBOLIZER} gave {len(lines)} rows for {len(addresses)} addresses')
    return [json.loads(line).get('Symbol') or [] for line in lines]


def chain_of(of_address):
    """[(name, file)] of the frames of one address."""
    return [(f['FunctionName'], f['StartFileName'] or f['FileName']) for f in of_address]


def chains(binary, addresses):
    """For each address its chain. A call without a line was merged with another one: its
    name would be wrong."""
    found = frames(binary, addresses)
    merged = sorted({f[-1]['FunctionName'] for f in found if f and f[0]['Line'] == 0})
    if merged:
        raise TreeError('calls without a line in the source, in: ' + ' '.join(merged))
    return [chain_of(f) for f in found]


def site_name(callee, chain):
    """(op, func) of a call of callee from the innermost function of chain."""
    shim = os.path.join(OURS, 'shim') + '/'
    headers, func = [], None
    for name, path in chain:
        path = os.path.normpath(path)
        if path.startswith(shim):
            continue
        if path.endswith('.c'):
            func = name
            break
        headers.append((name, path))
    if func is None:
        outer = chain[-1][0] if chain else ''
        func = outer.removeprefix('tree_') if outer.startswith('tree_') else OUTSIDE
    named = [name for name, path in headers if not PLUMBING.search(path)]
    if named:
        return kernel_name(named[-1]), func
    plumbing = [name for name, _ in headers if not name.startswith('__')]
    if plumbing:
        return kernel_name(plumbing[-1]), func
    if callee in HOOK_OPS:
        return HOOK_OPS[callee], func
    return kernel_name(callee or 'call'), func


def table(binary, shim_jobs):
    """[(pc, op, func)], sorted."""
    callees = shim_functions(shim_jobs)
    callees |= seam_points()
    sites = call_sites(binary, callees)
    if not sites:
        raise TreeError('the executable has no call site of the seam')
    rows = []
    for (pc, callee), chain in zip(sites, chains(binary, [pc - 1 for pc, _ in sites])):
        rows.append((pc, *site_name(callee, chain)))
    rows.sort()
    return rows


def table_source(rows, name, identity, edits):
    text = ('/* SPDX-License-Identifier: GPL-2.0-or-later */\n'
            '/* Made by scripts/tree/sites.py. */\n'
            'struct seam_site_row {\n\tunsigned long pc;\n\tconst char *op, *func;\n};\n'
            'extern const struct seam_site_row seam_site_table[];\n'
            'extern const unsigned seam_site_count;\n'
            'extern const char seam_tree_name[], seam_tree_identity[];\n'
            'extern const char *const seam_edit_names[];\n'
            f'const char seam_tree_name[] = "tree:{name}";\n'
            f'const char seam_tree_identity[] = "{identity}";\n'
            'const char *const seam_edit_names[] = {\n'
            + ''.join(f'\t"{edit}",\n' for edit in edits) + '\t0,\n};\n'
            'const struct seam_site_row seam_site_table[] = {\n')
    text += ''.join(f'\t{{ {pc:#x}, "{op}", "{func}" }},\n' for pc, op, func in rows)
    text += '\t{ ~0ul, "", "" },\n};\n'
    return text + f'const unsigned seam_site_count = {len(rows)};\n'
