# SPDX-License-Identifier: GPL-2.0-or-later
"""Places in a kernel's code, by name; their addresses come from its DWARF, through gdb.

  FUNCTION                    its first instruction
  FUNCTION in SCOPE           where SCOPE calls it, or an inlined instance of it begins
  after FUNCTION in SCOPE     where such a call returns to
  store STRUCT.FIELD in SCOPE an instruction that stores to the field, before it runs
SCOPE is a function, or a chain of them, inner one first: "list_del_init in drain_mmlist"; what
the compiler has inlined is found wherever it has put it. Where several places fit, "#N" after
the first name takes the Nth by address. An address that was found is kept in
work/vm/NAME/places.json, so that the image with the DWARF is needed once.
"""
import json
import mmap
import os
import re
import shutil
import struct
import subprocess
import tempfile

from command import Failure, first_error

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'gdb', 'find_places.py')
NAME = re.compile(r'[A-Za-z_]\w*')
KINDS = ('after', 'store')
SHT_SYMTAB, STT_OBJECT, STT_FUNC = 2, 1, 2


def parse(text):
    """What gdb is asked for. A Failure without the file's name says what is wrong."""
    words = text.split()
    kind = words.pop(0) if words and words[0] in KINDS else 'at'
    names = words[::2]
    if not names or len(words) % 2 == 0 or any(word != 'in' for word in words[1::2]):
        raise Failure(f'{text!r} is no place: "FUNCTION [in SCOPE]..." is one', 2)
    first, _, number = names[0].partition('#')
    first, dot, field = first.partition('.')
    if '#' in names[0] and not re.fullmatch(r'[1-9]\d*', number):
        raise Failure(f'{text!r} is no place: "NAME#2" is the second one', 2)
    if (kind == 'store') != bool(dot):
        raise Failure(f'{text!r} is no place: a store, and nothing else, has a STRUCT.FIELD', 2)
    for name in (first, *names[1:], *(field.split('.') if dot else ())):
        if not NAME.fullmatch(name):
            raise Failure(f'{text!r} is no place: {name!r} is no name', 2)
    if kind != 'at' and len(names) == 1:
        raise Failure(f'{text!r} is no place: "{kind}" needs an "in SCOPE"', 2)
    return {'text': ' '.join(text.split()), 'kind': kind, 'name': first, 'field': field,
            'number': int(number or 0), 'scopes': names[1:]}


def function_symbols(image, names):
    """{name: [address, ...]} of an ELF image's own functions and variables, by its symbol table."""
    try:
        with open(image, 'rb') as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return read_symbols(data, {name.encode() for name in names})
    except (OSError, ValueError, struct.error) as error:
        raise Failure(f'{image}: no ELF image with a symbol table ({error})') from None


def read_symbols(data, names):
    if data[:6] != b'\x7fELF\x02\x01':
        raise ValueError('its head is another one')
    at, size, count = struct.unpack_from('<Q', data, 40)[0], *struct.unpack_from('<HH', data, 58)
    sections = [struct.unpack_from('<IIQQQQIIQQ', data, at + n * size) for n in range(count)]
    tables = [one for one in sections if one[1] == SHT_SYMTAB]
    if not tables:
        raise ValueError('it has none')
    strings = sections[tables[0][6]][4]
    found = {}
    for name, info, _, section, value, _ in struct.iter_unpack(
            '<IBBHQQ', data[tables[0][4]:tables[0][4] + tables[0][5]]):
        if info & 15 in (STT_OBJECT, STT_FUNC) and section:
            text = data[strings + name:data.find(b'\0', strings + name)]
            if text in names:
                found.setdefault(text.decode(), set()).add(value)
    return {name: sorted(values) for name, values in found.items()}


def ask_gdb(image, asks, fields):
    """gdb's answer (gdb/find_places.py) on an image with DWARF."""
    if not shutil.which('gdb'):
        raise Failure('no gdb here; scripts/setup.sh --vm installs it')
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name.lower()) for name in ('ASK', 'ANSWER')}
        with open(paths['ASK'], 'w', encoding='utf-8') as f:
            json.dump({'places': asks, 'fields': fields}, f)
        done = subprocess.run(
            ['gdb', '-nx', '-q', '-batch', image, '-x', SCRIPT], capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, **{'SWAPRACE_' + name: path for name, path in paths.items()}})
        if not os.path.exists(paths['ANSWER']):
            raise Failure(f'gdb finds no place in {image}: {first_error(done.stderr)}')
        with open(paths['ANSWER'], encoding='utf-8') as f:
            return json.load(f)


def find(image, asks):
    """{text: address}, in an image with DWARF. A Failure for the first that is not one place."""
    entries = function_symbols(image, [ask['name'] for ask in asks if not ask['scopes']])
    inside = [ask for ask in asks if ask['scopes']]
    answer = ask_gdb(image, inside, {}) if inside else {'places': {}, 'errors': {}}
    return {ask['text']: choose(ask, answer['places'].get(ask['text']) if ask['scopes'] else
                                entries.get(ask['name']), answer['errors'].get(ask['text']))
            for ask in asks}


def choose(ask, found, error):
    number = ask['number']
    if not found or number > len(found):
        why = error or ('no such place' if not found else f'there are {len(found)} of it')
    elif not number and len(found) > 1:
        why = f'{len(found)} places fit; "#1" to "#{len(found)}" after the name says which one'
    else:
        return found[max(number, 1) - 1]
    raise Failure(f'{ask["text"]!r}: {why}')


def find_running(image):
    """Where the name of the task that runs is: the address of the pointer to it, in what each
    CPU has of its own, and the offset of its name."""
    pointer = function_symbols(image, ['current_task']).get('current_task')
    name = 'task_struct.comm'
    answer = ask_gdb(image, [], {name: 'wake_up_process'})
    if not pointer or name not in answer['fields']:
        raise Failure(f'{image}: {answer["errors"].get(name, "no current_task")}')
    return pointer[0], answer['fields'][name]


class Table:
    """The places of one kernel that are known. find_image: gives the path of its image with
    DWARF; asked for only if a place is not known yet."""

    def __init__(self, kernel, find_image):
        self.kernel, self.find_image = kernel, find_image
        self.path = kernel.path('places.json')
        self.known = {'version': kernel.version, 'places': {}}
        try:
            with open(self.path, encoding='utf-8') as f:
                known = json.load(f)
            if known['version'] == kernel.version:
                self.known = known
        except (OSError, ValueError, KeyError):
            pass

    def addresses(self, texts):
        """{text: address} of them all."""
        asks = [parse(text) for text in texts]
        missing = [ask for ask in asks if ask['text'] not in self.known['places']]
        if missing:
            image = self.find_image()
            self.check(image)
            try:
                self.known['places'].update(find(image, missing))
            except Failure as error:
                raise Failure(f'Linux {self.kernel.version}: {error}', error.status) from None
            self.keep()
        return {ask['text']: self.known['places'][ask['text']] for ask in asks}

    def check(self, image):
        """Is the image of the kernel that boots? That has said where its functions are."""
        name = 'wake_up_process'
        said = [address for address, text in self.kernel.symbols().table if text == name]
        if said and said != function_symbols(image, [name]).get(name):
            raise Failure(f'{image} is not of the kernel {self.kernel.name}: its {name}() is '
                          'elsewhere', 2)

    def running(self):
        """find_running(), for this kernel."""
        if 'running' not in self.known:
            self.known['running'] = find_running(self.find_image())
            self.keep()
        return self.known['running']

    def keep(self):
        with open(self.path + '.new', 'w', encoding='utf-8') as f:
            json.dump(self.known, f, indent=1, sort_keys=True)
        os.replace(self.path + '.new', self.path)
