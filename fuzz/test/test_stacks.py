#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a report's stack begins at who reports, with file and line, and its history is that
of the object that the report is about. Method: programs of repro/ whose reports are known,
and one of freed memory, which each sanitizer reports in its own way.

Usage: test_stacks.py SWAPRACE
"""
import re
import shutil
import subprocess
import sys
import tempfile

failures = []
FREED = b'''bug:     hib-no-pin
machine: cpus=2 dev0=sync,8
task A cpu=1
  1  hib_alloc dev0 1
task C cpu=0
  1  hib_open dev0
  2  swapoff dev0
schedule
  A1 after C2 wait_for_completion@swapoff_end(swap_info dev0)#1
  rcu0.1 after A1 this_cpu_read@swap_alloc_hibernation_slot(percpu 1)#2
  A1 READ_ONCE@cluster_alloc_swap_entry(swap_info dev0)#2 after C2 mutex_lock@swap_release_bdev(bdev dev0)#1
'''


def check(name, holds, why=''):
    print(f'{"ok    " if holds else "FAILED"} {name}{"" if holds else f": {why}"}')
    if not holds:
        failures.append(name)


def report(name):
    return subprocess.run([sys.argv[1], 'run', f'repro/{name}.prog'], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=100).stdout


def check_sanitizer():
    """Of both sides, if there are two; what was inlined is there once."""
    build = re.search(r'build (\w+)', subprocess.run([sys.argv[1], '--version'], capture_output=True,
                                                     text=True, timeout=100).stdout).group(1)
    wanted = {'asan': ('use-after-poison in ', 1), 'tsan': ('data-race in ', 2)}.get(build)
    if not wanted:
        return
    with tempfile.NamedTemporaryFile(suffix='.prog') as f:
        f.write(FREED)
        f.flush()
        out = subprocess.run([sys.argv[1], 'run', f.name], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True, timeout=100).stdout
    check(f'{build}: its report', f'report: {wanted[0]}' in out, out[:300])
    stacks = re.findall(r'^(?:marked )?(?:read|write) of .*\nstack:\n((?:    #.*\n)+)', out, re.M)
    check(f'{build}: stacks', len(stacks) == wanted[1] == out.count('\nstack:\n'), out[:3000])
    for stack in stacks:
        names = re.findall(r'^    #\d+ 0x[0-9a-f]+ in (\S+)', stack, re.M)
        check(f'{build}: from the culprit on', not re.match('engine_|_*interceptor|_ZN', names[0]), names)
        check(f'{build}: to the op', any(name.startswith('model_') for name in names), names)
        check(f'{build}: each frame once', len(set(names)) == len(names), names)


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
    check_sanitizer()
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
