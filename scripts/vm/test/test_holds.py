#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: places are found by DWARF, and holds say what is wrong with them.
Method: a small program that is compiled here; its places are compared with what its own
instructions and gdb's disassembly say. Texts of our own for the rest; holds of a real guest
are in boots.sh."""
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from command import Failure  # noqa: E402
from vm import holds, places, stacks  # noqa: E402
from texts import read_finding  # noqa: E402

SYMBOLS = gzip.compress(b'ffffffff81000000 T first\n')
SOURCE = '''
struct pair { long first, second; };
struct task_struct { long pad; union { char comm[16]; long other; }; };
struct task_struct *current_task;
long seen;
__attribute__((noinline)) void called(long n) { seen += n; __asm__ volatile("" ::: "memory"); }
static inline __attribute__((always_inline)) void set(struct pair *p, long n)
{
	*(volatile long *)&p->first = n;
	*(volatile long *)&p->second = n;
}
static inline __attribute__((always_inline)) void drain(struct pair *p)
{
	called(1);
	set(p, 5);
	called(2);
}
__attribute__((noinline)) void outer(struct pair *p) { drain(p); set(p, 7); called(3); }
__attribute__((noinline)) void wake_up_process(struct task_struct *t) { t->pad = 1; }
void _start(void) { struct pair p = {0, 0}; outer(&p); wake_up_process(current_task); for (;;) ; }
'''


def can_compile():
    return shutil.which('gdb') and shutil.which('gcc') and shutil.which('objdump')


@unittest.skipUnless(can_compile(), 'no gdb, gcc or objdump here')
class Found(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.image = os.path.join(cls.folder, 'image')
        source = os.path.join(cls.folder, 'a.c')
        with open(source, 'w', encoding='utf-8') as f:
            f.write(SOURCE)
        subprocess.run(['gcc', '-O2', '-g', '-static', '-nostdlib', '-no-pie', '-fno-pic',
                        '-fcf-protection=none', '-fno-stack-protector', '-o', cls.image, source],
                       check=True)
        text = subprocess.run(['objdump', '-d', '--no-show-raw-insn', cls.image], check=True,
                              capture_output=True, text=True).stdout
        cls.code = [(int(at, 16), ' '.join(words.split()))
                    for at, words in re.findall(r'^\s*([0-9a-f]+):\t(.+)$', text, re.M)]

        cls.labels = [(int(at, 16), name)
                      for at, name in re.findall(r'^([0-9a-f]+) (<\w+>:)$', text, re.M)]

    def find(self, *texts):
        found = places.find(self.image, [places.parse(text) for text in texts])
        return [found[text] for text in texts]

    def instruction(self, address):
        return next(text for at, text in self.code if at == address)

    def test_entry_and_calls(self):
        entry, second, after = self.find('outer', 'called#2 in drain', 'after called#1 in drain')
        self.assertIn((entry, '<outer>:'), self.labels)
        calls = [at for at, text in self.code if text.startswith('call') and '<called>' in text]
        self.assertEqual(second, calls[1])
        self.assertEqual(after, next(at for at, _ in self.code if at > calls[0]))

    def test_a_scope_is_inlined(self):
        last, inner = self.find('called#3 in outer', 'set in drain in outer')
        self.assertGreater(last, inner)
        self.assertRegex(self.instruction(last), r'^jmp .*<called>$')  # outer's last thing
        with self.assertRaisesRegex(Failure, "'called in drain': 2 places fit"):
            self.find('called in drain')

    def test_stores(self):
        first, second = self.find('store pair.first in set in drain', 'store pair.second in drain')
        self.assertRegex(self.instruction(first), r'\$0x5,\(%')
        self.assertRegex(self.instruction(second), r'\$0x5,0x8\(%')
        last, = self.find('store pair.second#2 in set in outer')
        self.assertRegex(self.instruction(last), r'\$0x7,0x8\(%')

    def test_none(self):
        for text, error in (('nothing', 'no such place'), ('outer in drain', 'no such place'),
                            ('called in nothing', 'no function nothing'),
                            ('store pair.third in drain', 'no third'),
                            ('store none.a in drain', 'no struct none'),
                            ('called#9 in outer', 'there are 3 of it')):
            with self.assertRaisesRegex(Failure, error, msg=text):
                self.find(text)

    def test_the_task_that_runs(self):
        pointer, offset = places.find_running(self.image)
        self.assertEqual(offset, 8)
        symbols = places.function_symbols(self.image, ['current_task'])
        self.assertEqual([pointer], symbols['current_task'])

    def test_what_is_known_needs_no_image(self):
        class Kernel:
            name, version = 'mine', '1.2.3'
            symbols = staticmethod(lambda: stacks.Symbols(gzip.compress(symbols)))
            path = staticmethod(lambda name: os.path.join(self.folder, name))

        symbols = b''
        table = places.Table(Kernel(), lambda: self.image)
        entry, = self.find('outer')
        self.assertEqual(table.addresses(['outer']), {'outer': entry})
        again = places.Table(Kernel(), lambda: self.fail('the image was asked for'))
        self.assertEqual(again.addresses(['outer']), {'outer': entry})
        with self.assertRaisesRegex(Failure, "Linux 1.2.3: 'nothing': no such place"):
            table.addresses(['nothing'])
        symbols = b'0000000000000100 T wake_up_process\n'
        with self.assertRaisesRegex(Failure, 'is not of the kernel mine: its wake_up_process'):
            table.addresses(['called'])
        Kernel.version = '1.2.4'
        self.assertEqual(places.Table(Kernel(), lambda: self.image).known['places'], {})

    def test_no_image(self):
        for path in (os.path.join(self.folder, 'a.c'), '/nothing'):
            with self.assertRaisesRegex(Failure, 'no ELF image'):
                places.find(path, [places.parse('outer')])


class Texts(unittest.TestCase):
    def test_places(self):
        self.assertEqual(places.parse('store  list_head.prev#2 in a in b'),
                         {'text': 'store list_head.prev#2 in a in b', 'kind': 'store',
                          'name': 'list_head', 'field': 'prev', 'number': 2, 'scopes': ['a', 'b']})
        for text in ('', 'a b', 'a in', 'a#0', 'a#x in b', 'in a', 'a+0x12', 'store a in b',
                     'a.b in c', 'after a', 'store a.b', '0xffffffff81000000', 'a in b in'):
            with self.assertRaisesRegex(Failure, 'is no place', msg=text) as caught:
                places.parse(text)
            self.assertEqual(caught.exception.status, 2)

    def test_holds(self):
        one = holds.Hold('a at f in g until b at h')
        self.assertEqual((one.who, one.at, one.by, one.until), ('a', 'f in g', 'b', 'h'))
        self.assertEqual(one.plan({'f in g': 1, 'h': 2}),
                         {'at': 1, 'who': 'a', 'by': 'b', 'until': 2, 'seconds': holds.LATE})
        self.assertEqual(holds.Hold('a at f for 1.5 s').plan({'f': 1})['seconds'], 1.5)
        for text, error in (('', 'is no hold'), ('a at f', 'is no hold'),
                            ('a at f until b', 'is no hold'),
                            ('a at f for ever', 'is no hold'), ('a at f for 0 s', 'more than 0'),
                            ('a at f for 1.2.3 s', 'more than 0'),
                            ('a at f for 99 s', 'at most 30 s'),
                            ('a at f until a at g', 'cannot go on'),
                            ('a at f+1 until b at g', 'is no place'),
                            ('a at f until b at g h', 'is no place'),
                            ('sixteen-letters- at f for 1 s', 'at most 15 bytes')):
            with self.assertRaisesRegex(Failure, error, msg=text) as caught:
                holds.Hold(text)
            self.assertEqual(caught.exception.status, 2)

    def test_what_was_missed(self):
        class Table:
            class kernel:
                path = staticmethod(lambda name: name)
                symbols = staticmethod(lambda: stacks.Symbols(SYMBOLS))
            addresses = staticmethod(lambda texts: dict.fromkeys(texts, 1))
            running = staticmethod(lambda: (0, 0))

        with tempfile.TemporaryDirectory() as folder:
            def after(*lines):
                wanted = [holds.Hold('a at f until b at g'), holds.Hold('b at g for 1 s')]
                holder = holds.Holder(wanted, Table)
                holder.folder = os.path.join(folder, 'run')
                os.mkdir(holder.folder)
                holder.plan['events'] = os.path.join(holder.folder, 'events')
                with open(holder.plan['events'], 'w', encoding='utf-8') as f:
                    f.write('\n'.join(lines))
                holder.stop()
                self.assertFalse(os.path.exists(os.path.join(folder, 'run')))
                return holder

            self.assertIsNone(after('ready', 'taken 0', 'ended 0', 'taken 1', 'ended 1').missed())
            self.assertEqual(after('ready').missed(), 'a never came to "f"')
            late = after('taken 0', 'late 0 0xffffffff81000002 idle 0', 'taken 1')
            self.assertEqual(late.missed(),
                             'while a was held at "f", b did not come to "g" in 30 s: '
                             'the other CPU was at first+0x2, in idle 0')
            self.assertEqual(after('taken 0', 'taken 0', 'taken 1').missed(2),
                             'b came only 1 of 2 times to "g"')


class Names(unittest.TestCase):
    """gdb/hold.py, which runs inside gdb."""

    def test_a_task_and_its_name(self):
        path = os.path.join(os.path.dirname(holds.SCRIPT), 'hold.py')
        with open(path, encoding='utf-8') as f:
            text = f.read()
        found = re.search(r'^def is_named.*?(?=^\S)', text, re.M | re.S)
        names = {}
        exec(found[0], names)  # pylint: disable=exec-used
        for task, name, same in (('a', 'a', True), ('ab', 'a', False), ('kworker/1:0', 'kworker/1*', True),
                                 ('kworker/0:1', 'kworker/1*', False), ('', '*', True)):
            self.assertEqual(names['is_named'](task, name), same, (task, name))


class Files(unittest.TestCase):
    TEXT = ('title: t\nfinding: 1\nsource: a.c\nfiles: mm/a.c\nevidence: state x\nneeds: n\nwho: root\n'
            'hold: a at f until b at g\nbecause: p\ncontrol-held: c\n'
            'elsewhere: a at h until b at g\n')

    def test_with_holds(self):
        one = read_finding(self.TEXT)
        self.assertEqual([h.text for h in one.holds], ['a at f until b at g'])
        self.assertEqual([h.text for h in one.elsewhere], ['a at h until b at g'])
        self.assertEqual(one.field['parallel'], 'yes')

    def test_bad_ones(self):
        for old, new, error in (('because: p\n', '', 'no "because:"'),
                                ('elsewhere: a at h until b at g\n', '', 'elsewhere'),
                                ('hold: a', 'hold: a b', 'a.confirm:8: '),
                                ('at h', 'at +', 'a.confirm:11: '),
                                ('hold: a at f until b at g\n', 'control: c\n',
                                 'without a "hold:"'),
                                ('who:', 'cpus: 4\nwho:', 'cpus: 2 where')):
            with self.assertRaisesRegex(Failure, re.escape(error)) as caught:
                read_finding(self.TEXT.replace(old, new))
            self.assertEqual(caught.exception.status, 2)


if __name__ == '__main__':
    unittest.main()
