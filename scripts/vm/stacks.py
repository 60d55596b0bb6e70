# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the CPUs of a guest are, seen from outside: for a guest that does not end.

Registers and stacks come from qemu's monitor. A kernel without frame pointers cannot be
unwound without its debug information, so each word of the stack that is an address of code
is shown, marked '?', as the kernel does for the ones that its own unwinder is not sure of.
"""
import bisect
import gzip
import re

STACK_WORDS = 512
FRAMES_MAX = 24


class Symbols:
    """Functions of the kernel and of its modules by address: /proc/kallsyms, packed."""

    def __init__(self, packed):
        self.table = []
        try:
            text = gzip.decompress(packed).decode(errors='replace') if packed else ''
        except (OSError, EOFError):
            text = ''
        for line in text.splitlines():
            row = line.split()
            if len(row) >= 3 and row[1] in 'tTwW' and int(row[0], 16):
                self.table.append((int(row[0], 16), row[2]))
        self.table.sort()
        self.addresses = [address for address, _ in self.table]

    def name(self, address):
        """'function+0x12', or None if the address is not inside the kernel's code."""
        n = bisect.bisect_right(self.addresses, address) - 1
        if n < 0 or address - self.addresses[n] > 0x10000:
            return None
        return f'{self.table[n][1]}+{address - self.addresses[n]:#x}'


def register(text, name):
    found = re.search(rf'\b{name}=([0-9a-f]{{16}})', text)
    return int(found[1], 16) if found else 0


def of_cpu(monitor, cpu, symbols):
    """The lines for one CPU. monitor(line, cpu): what qemu's human monitor answers."""
    registers = monitor('info registers', cpu)
    pc, sp = register(registers, 'RIP'), register(registers, 'RSP')
    halted = ', idle' if 'HLT=1' in registers else ''
    where = symbols.name(pc) or ('in user mode' if pc < 1 << 47 else 'unknown code')
    lines = [f'CPU {cpu}: {where}{halted}']
    if pc < 1 << 47 or halted:
        return lines
    words = re.findall(r'0x([0-9a-f]{16})', monitor(f'x /{STACK_WORDS}gx {sp:#x}', cpu))
    seen = [symbols.name(int(word, 16)) for word in words]
    return lines + [f'  ? {name}' for name in seen if name][:FRAMES_MAX]


def of_all(monitor, cpus, symbols):
    return [line for cpu in range(cpus) for line in of_cpu(monitor, cpu, symbols)]
