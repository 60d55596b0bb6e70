#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Style as a test: SPDX lines, opening comments, sizes of lines, functions and
files, forbidden names and leftovers, and the number of opt-outs from clang's
lock analysis (each with a reason).

Usage: scripts/style.py [--opt-outs]   (--opt-outs: list the opt-outs)
"""
import os
import re
import subprocess
import sys

LINE_MAX = 100
FUNCTION_MAX = 70
# A modelled kernel function may be longer: it follows the kernel's boundaries.
FUNCTION_MAX_MODEL = 220
FILE_MAX = 600
TEST_FILE_MAX = 1000
OPENING_MAX = 14
OPT_OUTS_MAX = 140
BAD_NAMES = re.compile(r'(^|[_/])(util|utils|helper|helpers|common|misc)([_.]|$)')
LEFTOVER = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')
OPT_OUT = re.compile(r'__no_lock_analysis\(\s*("(?:[^"\\]|\\.)*"|)')


def tracked():
    out = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'],
                         capture_output=True, text=True, check=True).stdout
    return [p for p in out.splitlines() if os.path.isfile(p)]


def check_functions(path, lines, errors):
    limit = FUNCTION_MAX_MODEL if re.match(r'core/(page|swap|mm)/[^/]+$', path) else FUNCTION_MAX
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith('{'):
            start = number
        elif line.startswith('}') and start is not None:
            if number - start - 1 > limit:
                errors.append(f'{path}:{start}: function of {number - start - 1} lines, '
                              f'the limit is {limit}')
            start = None


def check_source(path, text, errors):
    lines = text.split('\n')
    if not text.startswith(('/* SPDX-License-Identifier: GPL-2.0-or-later */\n',
                            '// SPDX-License-Identifier: GPL-2.0-or-later\n')):
        errors.append(f'{path}:1: no SPDX line')
    if len(lines) < 2 or not lines[1].startswith('/*'):
        errors.append(f'{path}:2: no opening comment')
    else:
        end = next((i for i, l in enumerate(lines[1:], 1) if '*/' in l), 0)
        if end > OPENING_MAX + 4 and path.endswith('.c'):
            errors.append(f'{path}:2: opening comment of {end} lines')
    limit = TEST_FILE_MAX if '/test/' in path else FILE_MAX
    if len(lines) > limit + 1:
        errors.append(f'{path}: {len(lines) - 1} lines, the limit is {limit}')
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > LINE_MAX + 8:
            errors.append(f'{path}:{number}: line of {len(line.expandtabs(8))} columns')
        if line.rstrip() != line:
            errors.append(f'{path}:{number}: white space at the end')
        if LEFTOVER.search(line):
            errors.append(f'{path}:{number}: leftover: {line.strip()[:60]}')
    check_functions(path, lines, errors)


def check_script(path, text, errors):
    head = '\n'.join(text.split('\n')[:3])
    if 'SPDX-License-Identifier: GPL-2.0-or-later' not in head:
        errors.append(f'{path}:1: no SPDX line')


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    errors, opt_outs = [], []
    for path in tracked():
        if BAD_NAMES.search(path):
            errors.append(f'{path}: a name that says nothing')
        if not path.endswith(('.c', '.h', '.def', '.sh', '.py', '.cmake')):
            continue
        with open(path) as f:
            text = f.read()
        if path.endswith(('.c', '.h', '.def')):
            check_source(path, text, errors)
            if path != 'core/base/types.h':
                for match in OPT_OUT.finditer(text):
                    line = text.count('\n', 0, match.start()) + 1
                    if len(match.group(1)) < 4:
                        errors.append(f'{path}:{line}: __no_lock_analysis without a reason')
                    opt_outs.append(f'{path}:{line}: {match.group(1)}')
        else:
            check_script(path, text, errors)
    if len(opt_outs) > OPT_OUTS_MAX:
        errors.append(f'{len(opt_outs)} opt-outs from lock analysis, the limit is {OPT_OUTS_MAX}')
    if '--opt-outs' in sys.argv[1:]:
        print('\n'.join(opt_outs))
    for error in errors:
        print(error)
    print(f'style: {len(errors)} errors, {len(opt_outs)} opt-outs from lock analysis')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
