# SPDX-License-Identifier: GPL-2.0-or-later
"""A finding as a mail that maintainers take: swaprace confirm NAME --mail=FILE.

One issue a mail, the fields in syzbot's order, the raw report of the run that has just
confirmed it, and a C program that needs nothing but a C library. What goes wrong is said by
the finding's paragraph in core/README.md, what was seen by the run. To and Cc are what the
kernel tree's own get_maintainer.pl says (--tree=PATH). Prose has 72 columns; reports and code
are never wrapped. Nothing is ever sent.
"""
import os
import re
import subprocess
import textwrap

from command import ROOT, Failure

COLUMNS = 72
REPORT_LINES = 80
# In the guest, before the finding's program: what the mail says of the kernel.
FACTS = ('version', 'cmdline', 'sys/kernel/tainted')
FACT = 'fact: '
ASK = ''.join(f'echo "{FACT}{name} $(cat /proc/{name})"\n' for name in FACTS)
# As /proc/version has it: "(x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld ...)".
COMPILER = re.compile(r'\((\S*(?:gcc|clang)\S*(?: \([^()]*\))?[^,()]*)')
# From here on a paragraph speaks of the model, and of who has shown it.
OWN_AFFAIRS = re.compile(r'\s*\*(The model|Fires in|Shown)\*')


def facts(output):
    """{name: line} of what ASK has printed."""
    return dict(re.findall(rf'^{FACT}(\S+) (.*)$', output, re.M))


def story(number, text):
    """What core/README.md says of a finding: [paragraph, ...], as plain text."""
    found = re.search(rf'^\*\*{number}\. (.*?)(?=^\*\*\d+\. |^## |\Z)', text, re.M | re.S)
    if not found:
        raise Failure(f'core/README.md says nothing of finding {number}', 2)
    paragraphs = []
    for part in re.split(r'\n\s*\n', OWN_AFFAIRS.split(found[1])[0].strip()):
        is_code = part.startswith('    ')
        paragraphs.append(part if is_code else
                          re.sub(r'\s+', ' ', re.sub(r'\*\*|`', '', part)).strip())
    return paragraphs


def wrapped(text, **options):
    return textwrap.fill(text, COLUMNS, break_long_words=False, break_on_hyphens=False, **options)


def inlined(source):
    """The C program with our header in its place, so that one file is all that it takes."""
    with open(source, encoding='utf-8') as f:
        text = f.read()

    def header(match):
        path = os.path.join(os.path.dirname(source), match[1])
        with open(path, encoding='utf-8') as f:
            return f.read().replace('// SPDX-License-Identifier: GPL-2.0-or-later\n', '').replace(
                '/* SPDX-License-Identifier: GPL-2.0-or-later */\n', '').rstrip('\n')

    return re.sub(r'^#include "([^"/]+)"$', header, text, flags=re.M)


def recipients(tree, paths):
    """(To, Cc), as get_maintainer.pl of that tree says; without a tree, how to ask it."""
    if not tree:
        words = ' '.join(f'-f {path}' for path in paths)
        return [f'(scripts/get_maintainer.pl --no-git-fallback {words} says whom)'], []
    script = os.path.join(tree, 'scripts', 'get_maintainer.pl')
    if not os.path.exists(script):
        raise Failure(f'--tree={tree}: no scripts/get_maintainer.pl in it', 2)
    command = ['perl', script, '--no-git', '--no-git-fallback', '--norolestats', '--no-n',
               *[word for path in paths for word in ('-f', path)]]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failure('get_maintainer.pl needs perl') from None
    people = [line.strip() for line in done.stdout.splitlines() if '@' in line]
    if done.returncode != 0 or not people:
        why = (done.stderr.strip() or 'it names nobody').splitlines()[-1]
        raise Failure(f'{script}: {why}')
    lists = [p for p in people if re.search(r'@vger\.kernel\.org|@kvack\.org|@lists\.', p)]
    return [p for p in people if p not in lists] or lists, lists


def header(finding, recipients_of):
    f = finding.field
    paths = f['files'].split()
    part = os.path.splitext(paths[0])[0]
    to, cc = recipients_of
    lines = [f'Subject: [BUG] {part}: {f["title"]}']
    if f['security']:
        lines.insert(0, 'X-Note: not for an open list yet: send it to security@kernel.org first, '
                        f'because {f["security"]}')
        to, cc = ['security@kernel.org', *to], []
    lines += [f'To: {one}' for one in to] + [f'Cc: {one}' for one in cc]
    return lines


def versions(finding):
    """What the "seen" lines say, by verdict."""
    shown = [s.split(' ')[0] for s in finding.field['seen'] if ': confirmed' in s]
    clean = [s.split(' ')[0] for s in finding.field['seen'] if ': not shown' in s or ': fixed' in s]
    return ', '.join(shown) or 'only the one above was tried', ', '.join(clean) or 'none is known'


def origin(finding, version, built):
    """What the fields "kernel" and "config" say."""
    if not built:
        return (f'{version}, as its distribution ships it, unmodified',
                f'/boot/config-{version} of that package')
    needed = ' '.join(f'CONFIG_{name}=y' for name in finding.field['config'].split())
    return (f'{version}, built of its source' + (', with a patch of mine' if 'patch' in built else ''),
            f'allnoconfig, with what a virtual machine and swap need{" and " if needed else ""}{needed}; '
            'I can send it')


def compose(finding, version, run, readme, recipients_of):
    """The mail. run: {'output', 'seen', 'report' (lines), 'words', 'built' (of a kernel that is:
    build.py)} of the run that confirmed it."""
    f, known = finding.field, facts(run['output'])
    affected, unaffected = versions(finding)
    kernel, config = origin(finding, version, run.get('built'))
    fields = (
        ('kernel', kernel),
        ('compiler', (COMPILER.search(known.get('version', '')) or ('', '?'))[1]),
        ('config', config),
        ('arch', f'x86_64, a virtual machine ({run["words"]})'),
        ('command line', known.get('cmdline', '?')),
        ('tainted', known.get('sys/kernel/tainted', '?')),
        ('needs', f['needs']),
        ('who', f['who']),
        ('affected', affected),
        ('unaffected', unaffected),
        ('suspect', f['suspect'] or 'not bisected'),
    )
    parts = ['\n'.join(header(finding, recipients_of)), 'Hello,']
    parts += [p if p.startswith('    ') else wrapped(p) for p in story(f['finding'], readme)]
    parts.append('\n'.join(wrapped(f'{name + ":":<13} {text}', subsequent_indent=' ' * 14)
                           if name != 'command line' else f'{name + ":":<13} {text}'
                           for name, text in fields))
    if finding.holds:
        parts.append(wrapped('The window is narrow, so a virtual CPU was stopped in it, from outside of the '
                             'guest; the kernel knows nothing of that. What makes it possible on a real '
                             f'machine: {f["because"]}.'))
        parts.append('\n'.join('  ' + one.text for one in finding.holds))
    if f['injected']:
        parts.append(wrapped(f'One failure was injected (/proc/thread-self/fail-nth): {f["injected"]}.'))
    parts.append(f'What shows it:\n\n  {run["seen"]}')
    if run['report']:
        parts.append('The report, as the kernel printed it:\n\n' + '\n'.join(run['report'][:REPORT_LINES]))
    printed = [line for line in run['output'].splitlines() if not line.startswith(FACT)]
    if printed:
        parts.append('The program\'s own output:\n\n' + '\n'.join('  ' + line for line in printed))
    commands = [f'cc -O2 -pthread -o {finding.name} {finding.name}.c', f'./{finding.name} {f["run"]}'.rstrip()]
    commands += [f'./{finding.name} {words}   # the same, where nothing may go wrong' for words in f['control'][:1]]
    parts.append('To reproduce it, as root in a virtual machine that may be lost:\n\n  '
                 + '\n  '.join(commands))
    parts.append('To test a fix (it has to say "not shown"):\n\n'
                 f'  swaprace confirm {finding.name} --tree=PATH/TO/linux --patch=FIX.diff')
    parts.append(wrapped('The archives were not searched for an earlier report; this is the query: '
                         f'"{f["title"]}".'))
    parts.append(f'---- {finding.name}.c\n{inlined(finding.source)}----')
    return '\n\n'.join(parts) + '\n'


def write(finding, version, run, tree, path):
    with open(os.path.join(ROOT, 'core', 'README.md'), encoding='utf-8') as f:
        readme = f.read()
    text = compose(finding, version, run, readme, recipients(tree, finding.field['files'].split()))
    try:
        with open(path + '.new', 'w', encoding='utf-8') as f:
            f.write(text)
        os.replace(path + '.new', path)
    except OSError as error:
        raise Failure(f'{path}: {error.strerror}') from None
