#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks core/LAYERS: each folder includes only what its line allows, every
include is root-relative, and each header compiles alone.

Usage: scripts/layers.py [--headers]   (--headers: also compile each header)
"""
import os
import re
import shutil
import subprocess
import sys

# Compiled with a kernel tree's headers: of ours they may include core/tree alone.
KERNEL_SIDE = ('core/tree/shim/', 'core/tree/include/', 'core/tree/test/shim_')
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read_layers(path):
    layers = {}
    with open(path) as f:
        for number, line in enumerate(f, 1):
            line = line.split('#')[0].strip()
            if not line:
                continue
            folder, colon, allowed = line.partition(':')
            if not colon:
                sys.exit(f'{path}:{number}: expected "FOLDER: ALLOWED..."')
            layers[folder.strip()] = set(allowed.split()) | {folder.strip()}
    return layers


def sources():
    for top in ('core', 'fuzz'):
        for folder, _, names in os.walk(top):
            for name in sorted(names):
                if name.endswith(('.c', '.h', '.def')):
                    yield os.path.join(folder, name)


def check_includes(layers):
    errors = []
    for path in sources():
        folder = '/'.join(path.split('/')[:2])
        is_test = '/test/' in path
        with open(path) as f:
            text = f.read()
        for match in INCLUDE.finditer(text):
            included = match.group(1)
            line = text.count('\n', 0, match.start(1)) + 1
            if path.startswith(KERNEL_SIDE):
                if included.startswith(('core/', 'fuzz/')) and not included.startswith('core/tree/'):
                    errors.append(f'{path}:{line}: kernel side code may not include {included}')
                continue
            if not os.path.exists(included):
                errors.append(f'{path}:{line}: "{included}" is not a path from the root')
                continue
            target = '/'.join(included.split('/')[:2])
            if is_test or folder not in layers:
                continue
            if target not in layers[folder]:
                errors.append(f'{path}:{line}: {folder} may not include {target} (core/LAYERS)')
    return errors


def check_headers():
    cc = shutil.which('clang-19') or shutil.which('clang') or shutil.which('gcc')
    errors = []
    for path in sources():
        if not path.endswith('.h') or path.startswith(KERNEL_SIDE):
            continue
        run = subprocess.run([cc, '-std=gnu11', '-fsyntax-only', '-I.', '-Wall', '-Wextra',
                              '-Wno-unused-function', '-x', 'c', '-'],
                             input=f'#include "{path}"\n', text=True, capture_output=True)
        if run.returncode != 0:
            first = run.stderr.strip().splitlines()[0] if run.stderr.strip() else '?'
            errors.append(f'{path}: does not compile alone: {first}')
    return errors


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    errors = check_includes(read_layers('core/LAYERS'))
    if '--headers' in sys.argv[1:]:
        errors += check_headers()
    for error in errors:
        print(error)
    print(f'layers: {len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
