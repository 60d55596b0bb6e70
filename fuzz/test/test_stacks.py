#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a report's stack begins at who reports, with file and line, and its history is that
of the object that the report is about. Method: programs of repro/ whose reports are known.

Usage: test_stacks.py SWAPRACE
"""
import re
import shutil
import subprocess
import sys

failures = []


def check(name, holds, why=''):
    print(f'{"ok    " if holds else "FAILED"} {name}{"" if holds else f": {why}"}')
    if not holds:
        failures.append(name)


def report(name):
    return subprocess.run([sys.argv[1], 'run', f'repro/{name}.prog'], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=100).stdout


def main():
    symbolizer = any(shutil.which(f'llvm-symbolizer{v}') for v in ('', '-19', '-20'))
    for name, top, about in (('ksm-copy-swap-count', 'folio_warn|folio_put_swap', 'folio S3.1'),
                             ('swapcache-bypass', r'\w+', 'pt mm1.0'),
                             ('unmap-dup-after-publish', r'\w+', r'[a-z]+ \S+')):
        out = report(name)
        frames = re.findall(r'^    #(\d+) 0x[0-9a-f]+ in (\S+)(?: (\S+:\d+))?', out, re.M)
        check(f'{name}: numbered frames', [int(f[0]) for f in frames[:3]] == [0, 1, 2], out[:2000])
        check(f'{name}: the engine is not in it', not any(
            re.match('append|sink|report_|engine_', f[1]) for f in frames), frames)
        check(f'{name}: from the culprit on', frames and re.fullmatch(top, frames[0][1]), frames[:1])
        if symbolizer:
            check(f'{name}: file and line', frames and all(f[2] for f in frames[:3]), frames[:3])
        history = re.search(r'^history of (.*):$', out, re.M)
        check(f'{name}: its object', history and re.fullmatch(about, history.group(1)), history)
        check(f'{name}: values', re.search(r'^ +\d+ \S+ +\w+@\w+\(.*\) = \d+$', out, re.M), out[-2000:])
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
