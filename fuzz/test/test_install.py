#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: an installed swaprace works from any folder, its manual pages say what --help
says and are good roff, and shells complete commands, options and
their values (test_completion.py). Method: cmake --install into a folder of its own, and what is
there is used from another one.

Usage: test_install.py CMAKE BUILD-FOLDER SOURCE-FOLDER
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import test_completion

cmake, build, source = sys.argv[1], os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
failures = []


def check(name, holds, why=''):
    print(f'{"ok    " if holds else "FAILED"} {name}{"" if holds else f": {why}"}')
    if not holds:
        failures.append(name)


def run(*command, **options):
    got = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)
    return got.returncode, got.stdout, got.stderr


def check_command(root):
    swaprace = f'{root}/usr/bin/swaprace'
    status, out, err = run(swaprace, '--version')
    check('--version', status == 0 and out.startswith('swaprace '), err)
    programs = sorted(glob.glob(f'{root}/usr/share/swaprace/repro/*.prog'))
    check('programs are there', len(programs) == len(glob.glob(f'{source}/repro/*.prog')), programs)
    status, out, err = run(swaprace, 'run', '--check', '--quiet', *programs)
    check('they run', status == 0, out + err)
    status, out, err = run(swaprace, 'search', '--bug=fork-skips-mmlist', '--seed=7', '--out=found')
    check('search', status == 1 and len(os.listdir('found')) == 1, out + err)
    status, out, err = run(swaprace, 'minimize', f'found/{os.listdir("found")[0]}', '-o', 'small.prog')
    check('minimize', status == 0, out + err)
    status, out, err = run(swaprace, 'run', '--check', 'small.prog')
    check('run --check', status == 0, out + err)
    status, out, err = run(swaprace, 'export-c', programs[0])
    check('export-c', status in (0, 2) and 'No such file' not in err, err)
    gone = dict(os.environ, SWAPRACE_TREE_SCRIPT='/no/such/checkout/scripts/tree.py', SWAPRACE_TREES='/no')
    for command in (['tree', 'list'], ['run', '--world=tree:k73', programs[0]]):
        status, out, err = run(swaprace, *command, env=gone)
        check(f'{command[0]} without the checkout: one line, status 3', status == 3 and
              err.count('\n') == 1 and 'the work of the checkout' in err, (status, err))


def check_pages(root):
    _, out, _ = run(f'{root}/usr/bin/swaprace', '--help')
    commands = re.findall(r'^  ([a-z][a-z-]*) +\S', out, re.M)
    check('many commands', len(commands) > 10, out)
    pages = sorted(os.listdir(f'{root}/usr/share/man/man1'))
    check('a page for each command', pages == sorted([f'swaprace-{c}.1' for c in commands] +
                                                     ['swaprace.1']), pages)
    if not shutil.which('man') or not shutil.which('groff'):
        print('       no man here: the pages are not read')
        return
    for page in pages:
        path = f'{root}/usr/share/man/man1/{page}'
        status, text, err = run('man', '--warnings=w', '-E', 'UTF-8', '-l', path,
                                env=dict(os.environ, MANWIDTH='200', LC_ALL='C.UTF-8', MAN_KEEP_FORMATTING=''))
        text = re.sub(r'.\x08', '', text)
        check(f'{page}: no warning', status == 0 and not err.strip(), err)
        command = page[len('swaprace-'):-2]
        if page == 'swaprace.1':
            missing = [c for c in commands if f'swaprace-{c}(1)' not in text]
        else:
            _, usage, _ = run(f'{root}/usr/bin/swaprace', 'help', command)
            words = set(re.findall(r'\S+', text))
            missing = [w for w in re.findall(r'\S+', usage) if w not in words and
                       w not in ('usage:', 'Policies:', 'Exit', 'status:')]
        check(f'{page}: all that --help says', not missing, missing)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        root = f'{folder}/root'
        status, out, err = run(cmake, '--install', build, '--prefix', '/usr', env=dict(os.environ, DESTDIR=root))
        check('cmake --install', status == 0, out + err)
        os.mkdir('elsewhere')
        os.chdir('elsewhere')
        check_command(root)
        check_pages(root)
        test_completion.check_completion(root, check)
        os.chdir('/')
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
