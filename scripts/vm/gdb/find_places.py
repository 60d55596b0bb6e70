# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside gdb, on a kernel's image with its DWARF (vm/places.py): finds places.

Reads from the file $SWAPRACE_ASK {"places": [{"text", "kind", "name", "field", "number",
"scopes"}, ...], "fields": {"STRUCT.FIELD": a function that knows STRUCT}} and writes to
$SWAPRACE_ANSWER {"places": {text: [address, ...]}, "fields": {...: offset}}.
Types are looked up from a function that uses them: a search in all of the image takes gdb
minutes.
A scope is a function that an instruction belongs to: the one whose code it is, and those
that the compiler has inlined there.
"""
import json
import os
import re

import gdb

STORE = re.compile(r'(lock |rep )?(mov|xchg|cmpxchg|xadd|add|sub|adc|and|or|xor|inc|dec|neg|not|'
                   r'bts|btr|btc)[bwlqv]?[a-z]*\s+(?:[^()]*,)?(-?(?:0x)?[0-9a-f]*)\((%\w+)[^)]*\)$')
FUNCTION_MAX = 1 << 16
CLONE = re.compile(r'\.(isra|constprop|part|cold)(\.\d+)*')


def plain(name):
    """A function's name without what the compiler adds to that of a clone."""
    return CLONE.sub('', name)


def function_at(pc):
    """(name, offset in it) by the image's symbols, or None."""
    text = gdb.execute(f'info symbol {pc:#x}', to_string=True)
    found = re.match(r'(\S+)(?: \+ (\d+))? in section', text)
    return (found[1], int(found[2] or 0)) if found else None


def scopes_at(pc):
    """[(name, key of its block), ...], innermost first."""
    found, block = [], gdb.block_for_pc(pc)
    while block and not block.is_static and not block.is_global:
        if block.function:
            found.append((block.function.name, (block.start, block.end)))
        block = block.superblock
    return found


def locations(name):
    try:
        return [one.pc for one in gdb.decode_line(name)[1] or () if one.pc]
    except gdb.error:
        return []


class Functions:
    """The code of functions, each read once: [(address, text, scopes), ...]."""

    def __init__(self):
        self.code = {}

    def read(self, start):
        if start not in self.code:
            name, _ = function_at(start)
            rows, pc = [], start
            arch = gdb.selected_inferior().architecture()
            while pc < start + FUNCTION_MAX and (function_at(pc) or ('',))[0] == name:
                one = arch.disassemble(pc)[0]
                rows.append((pc, one['asm'].split('#')[0].strip(), scopes_at(pc)))
                pc += one['length']
            self.code[start] = rows
        return self.code[start]

    def containing(self, name):
        """The starts of the functions that name is, or is inlined in."""
        starts = set()
        for pc in locations(name):
            found = function_at(pc)
            if found and '.cold' not in found[0] and name in [scope for scope, _ in scopes_at(pc)]:
                starts.add(pc - found[1])
        return sorted(starts)


def is_within(scopes, wanted):
    """Are the wanted names among the scopes, in that order (innermost first)?"""
    rest = iter(scopes)
    return all(name in rest for name in wanted)


def called(text, way='call|jmp'):
    """The name of the function that an instruction calls (by a jump, if that is the last thing
    that its own one does), or None."""
    found = re.match(rf'(?:{way})\s+0x[0-9a-f]+ <([^+>]+)>', text)
    return plain(found[1]) if found else None


def begins(rows, name, wanted):
    """The instructions that call name, or begin an inlined instance of it, within wanted."""
    found, known = [], set()
    for pc, text, scopes in rows:
        names = [scope for scope, _ in scopes]
        # A call of the rest of what is inlined in part is no second place.
        if called(text) == name and name not in names and is_within(names, wanted):
            found.append(pc)
        for depth, (scope, key) in enumerate(scopes):
            if scope == name and key not in known:
                known.add(key)
                if is_within(names[depth + 1:], wanted):
                    found.append(pc)
    return found


def returns(rows, name, wanted):
    """The instructions after the calls of name."""
    return [rows[n + 1][0] for n, (_, text, scopes) in enumerate(rows[:-1])
            if called(text, 'call') == name and is_within([scope for scope, _ in scopes], wanted)]


def offset_of(name, field, pc):
    """Of a field, "a.b" for one within another, as the code at pc knows the struct."""
    block = gdb.block_for_pc(pc)
    for text in (f'struct {name}', name):
        try:
            kind = gdb.lookup_type(text, block).strip_typedefs()
            break
        except gdb.error:
            continue
    else:
        raise ValueError(f'no struct {name}')
    at = 0
    for part in field.split('.'):
        found = find_field(kind, part)
        if not found:
            raise ValueError(f'{name} has no {field}')
        at, kind = at + found[0], found[1].strip_typedefs()
    return at


def find_field(kind, name):
    """(offset, type) of a field, also of one in an unnamed struct or union, or None."""
    rest = [(0, kind)]
    while rest:
        at, kind = rest.pop()
        for one in kind.fields():
            if one.name == name:
                return at + one.bitpos // 8, one.type
            if not one.name:
                rest.append((at + one.bitpos // 8, one.type.strip_typedefs()))
    return None


def stores(rows, at, wanted):
    found = []
    for pc, text, scopes in rows:
        store = STORE.match(text)
        if (store and int(store[3] or '0', 0) == at and store[4] not in ('%rsp', '%rip') and
                is_within([scope for scope, _ in scopes], wanted)):
            found.append(pc)
    return found


def find(functions, ask):
    """All addresses that fit."""
    name, scopes = ask['name'], ask['scopes']
    starts = functions.containing(scopes[-1])
    if not starts:
        raise ValueError(f'no function {scopes[-1]}')
    rows = [functions.read(start) for start in starts]
    if ask['kind'] == 'store':
        at = offset_of(name, ask['field'], starts[0])
        return [pc for one in rows for pc in stores(one, at, scopes)]
    choose = returns if ask['kind'] == 'after' else begins
    return [pc for one in rows for pc in choose(one, name, scopes)]


def main():
    with open(os.environ['SWAPRACE_ASK'], encoding='utf-8') as f:
        asked = json.load(f)
    answer = {'places': {}, 'fields': {}, 'errors': {}}
    functions = Functions()
    for ask in asked['places']:
        try:
            answer['places'][ask['text']] = sorted(set(find(functions, ask)))
        except (ValueError, gdb.error) as error:
            answer['errors'][ask['text']] = str(error)
    for text, function in asked['fields'].items():
        structure, _, field = text.partition('.')
        try:
            answer['fields'][text] = offset_of(structure, field, locations(function)[0])
        except (ValueError, IndexError, gdb.error) as error:
            answer['errors'][text] = str(error) or f'no function {function}'
    with open(os.environ['SWAPRACE_ANSWER'], 'w', encoding='utf-8') as f:
        json.dump(answer, f)


gdb.execute('set pagination off')
main()
