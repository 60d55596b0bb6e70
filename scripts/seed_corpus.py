#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a fuzzing service expects beside a libFuzzer target: a zip of its seeds, a
dictionary made of the records that occur in them (of the words, for text), and its
options. The same seeds give the same files.

Usage: seed_corpus.py TARGET_fuzzer OUT_DIR SEED...
"""
import os
import re
import sys
import zipfile

HEADER = 36   # bytes before the records: fuzz/prog/encode.c
RECORD = 4
TOKENS_MAX = 400
INPUT_MAX = 4096


def tokens_of(path):
    with open(path, 'rb') as f:
        data = f.read()
    if path.endswith('.prog'):
        return re.findall(rb'[A-Za-z_@+:=.]{3,}', data)
    return [data[i:i + RECORD] for i in range(HEADER, len(data), RECORD)
            if len(data[i:i + RECORD]) == RECORD]


def write(path, data):
    with open(path + '.tmp', 'wb') as f:
        f.write(data)
    os.replace(path + '.tmp', path)


def main():
    target, out, seeds = sys.argv[1], sys.argv[2], sorted(sys.argv[3:])
    tokens = sorted({t for s in seeds for t in tokens_of(s)})[:TOKENS_MAX]
    lines = [''.join(f'\\x{b:02x}' for b in t) for t in tokens]
    write(f'{out}/{target}.dict', ''.join(f'"{l}"\n' for l in lines).encode())
    write(f'{out}/{target}.options',
          f'[libfuzzer]\nmax_len = {INPUT_MAX}\ntimeout = 20\nrss_limit_mb = 2048\n'
          f'dict = {target}.dict\n'.encode())
    path = f'{out}/{target}_seed_corpus.zip'
    with zipfile.ZipFile(path + '.tmp', 'w', zipfile.ZIP_DEFLATED) as z:
        for seed in seeds:
            # A fixed date: the archive depends on the seeds alone.
            info = zipfile.ZipInfo(os.path.basename(seed), (1980, 1, 1, 0, 0, 0))
            with open(seed, 'rb') as f:
                z.writestr(info, f.read(), zipfile.ZIP_DEFLATED)
    os.replace(path + '.tmp', path)


if __name__ == '__main__':
    main()
