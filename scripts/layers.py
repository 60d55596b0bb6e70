#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks core/LAYERS: each folder includes only what its line allows, every include is
root-relative, each header compiles alone, and no library calls what lies above it.

Usage: scripts/layers.py [--headers] [--symbols=BUILD]
  --headers        also compiles each header
  --symbols=BUILD  also looks at the libraries in that folder: what one uses is defined in a
                   folder that it may include, or that those may (inline functions), or
                   nowhere in them, or is a seam of LAYERS
"""
import glob
import os
import re
import shutil
import subprocess
import sys

# Compiled with a kernel tree's headers: of ours they may include core/tree alone.
KERNEL_SIDE = ('core/tree/shim/', 'core/tree/include/', 'core/tree/test/shim_')
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read_layers(path):
    """{folder: folders that it may include}, and the seams."""
    layers, seams = {}, set()
    with open(path) as f:
        for number, line in enumerate(f, 1):
            line = line.split('#')[0].strip()
            if not line:
                continue
            folder, colon, allowed = line.partition(':')
            if folder.strip() == 'seams':
                seams |= set(allowed.split())
                continue
            if not colon:
                sys.exit(f'{path}:{number}: expected "FOLDER: ALLOWED..."')
            layers[folder.strip()] = set(allowed.split()) | {folder.strip()}
    return layers, seams


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


def included_first():
    """Headers that some source includes before all else: the build shows that they stand alone."""
    found = set()
    for path in sources():
        if path.endswith('.c'):
            with open(path, encoding='utf-8') as f:
                first = re.search(r'^#include (.*)', f.read(), re.M)
            if first and first.group(1).startswith('"'):
                found.add(first.group(1).strip('"'))
    return found


def check_headers():
    proven = included_first()
    cc = shutil.which('clang-19') or shutil.which('clang') or shutil.which('gcc')
    errors = []
    for path in sources():
        if not path.endswith('.h') or path.startswith(KERNEL_SIDE) or path in proven:
            continue
        run = subprocess.run([cc, '-std=gnu11', '-fsyntax-only', '-I.', '-Wall', '-Wextra',
                              '-Wno-unused-function', '-x', 'c', '-'],
                             input=f'#include "{path}"\n', text=True, capture_output=True)
        if run.returncode != 0:
            first = run.stderr.strip().splitlines()[0] if run.stderr.strip() else '?'
            errors.append(f'{path}: does not compile alone: {first}')
    return errors


def closure(layers, folder):
    found, new = set(), {folder}
    while new:
        found |= new
        new = set().union(*(layers.get(f, set()) for f in new)) - found
    return found


def library_folder(path, layers):
    """Of libNAME.a, or None: core/NAME or fuzz/NAME, but for glue."""
    name = os.path.basename(path)[len('lib'):-len('.a')]
    name = {'glue': 'tree'}.get(name, name)
    return next((f for f in layers if f.split('/')[1] == name), None)


def check_symbols(layers, seams, build):
    used, defined = {}, {}
    for path in sorted(glob.glob(os.path.join(build, 'lib*.a'))):
        folder = library_folder(path, layers)
        if not folder:
            continue
        nm = subprocess.run(['nm', path], text=True, capture_output=True, check=True).stdout
        for kind, name in re.findall(r'^(?:[0-9a-f]+)? +?([A-Za-z]) (\S+)$', nm, re.M):
            if kind == 'U':
                used.setdefault(folder, set()).add(name)
            elif kind in 'TDBRVWC':
                defined.setdefault(name, set()).add(folder)
    if not used:
        sys.exit(f'layers: no libraries in {build}')
    return [f'lib{folder.split("/")[1]}.a: {folder} may not use {name} of {" ".join(sorted(defined[name]))}'
            for folder in sorted(used) for name in sorted(used[folder] - seams)
            if name in defined and not defined[name] & closure(layers, folder)]


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    layers, seams = read_layers('core/LAYERS')
    errors = check_includes(layers)
    for argument in sys.argv[1:]:
        if argument.startswith('--symbols='):
            errors += check_symbols(layers, seams, argument.partition('=')[2])
    if '--headers' in sys.argv[1:]:
        errors += check_headers()
    for error in errors:
        print(error)
    print(f'layers: {len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
