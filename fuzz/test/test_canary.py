#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: the pipeline can fail. The canary has a planted fault that only the right ops
under the right schedule find: libFuzzer must find it, by its title, and the input that
it saves must give that title again, without any search.

Usage: test_canary.py CANARY_FUZZER
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TITLE = 'report: canary: a write ran inside of madv_pageout'


def run(*arguments):
    return subprocess.run([os.path.abspath(sys.argv[1]), *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace')


def main():
    with tempfile.TemporaryDirectory() as folder:
        found = run('-seed=1', '-runs=2000000', '-max_total_time=300', '-max_len=4096',
                    f'-artifact_prefix={folder}/')
        kept = glob.glob(f'{folder}/crash-*')
        again = run(kept[0]) if kept else None
    if found.returncode == 0 or TITLE not in found.stdout:
        print(found.stdout[-3000:])
        print(f'the canary ended with status {found.returncode} and not by its title')
        return 1
    if len(kept) != 1:
        print(f'{len(kept)} saved inputs, wanted 1')
        return 1
    if again.returncode == 0 or TITLE not in again.stdout:
        print(again.stdout[-3000:])
        print('the saved input does not give the title again')
        return 1
    # What fuzzing services group by: a stack from the culprit on, and the title.
    lines = shutil.which('llvm-symbolizer-19') or shutil.which('llvm-symbolizer')
    frame = r'^    #0 0x[0-9a-f]+ in \w+' + (r' \S+\.c:\d+' if lines else '')
    if not re.search(frame, again.stdout, re.M) or \
            f"Assertion `{TITLE.removeprefix('report: ')}' failed." not in again.stdout:
        print(again.stdout[-3000:])
        print('no stack with file and line, or no line by which reports are grouped')
        return 1
    print('found, saved and replayed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
