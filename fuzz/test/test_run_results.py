#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: `run --check --json --junit --sarif` says what failed: the seed that fails and its
own report, times, what was skipped, what could not be read; valid for any file name.
Method: good, bad, failing and foreign programs in one call; the files are parsed.

Usage: test_run_results.py SWAPRACE [SARIF-SCHEMA]   (sarif-schema-2.1.0.json, as OASIS publishes
       it; its check needs Python's jsonschema)
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

swaprace = os.path.abspath(sys.argv[1])
schema = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
failures = []

CLEAN = 'machine: dev0=sync,8\ntask A cpu=0 mm=1\n  mmap r0 1\n  write r0 0x11\n'
# Fails under some schedules only, and is expected not to.
FAILING = '''bug:     swapoff-no-wait-for-allocation
expect:  clean
machine: dev0=sync,8
policy:  delay
task A cpu=0 mm=1
  1  mmap r0 1
  2  write r0 0x11
  3  madv_pageout r0 1
task S cpu=1
  1  swapoff dev0
'''
TITLE = 'WARNING: swap device used after swapoff in swap_dup_entries_cluster'
# The first of these to fail gives that title in each build; others are data races in TSan.
SEED = '--seed=1401'


def check(name, holds, why=''):
    print(f'{"ok    " if holds else "FAILED"} {name}{"" if holds else f": {why}"}')
    if not holds:
        failures.append(name)


def write(name, text):
    with open(name, 'wb') as f:
        f.write(text.encode())


def run(*arguments):
    return subprocess.run([os.fsencode(swaprace), b'run', *[os.fsencode(a) for a in arguments]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)


def check_junit(out):
    suite = xml.parse('out.xml').getroot()
    check('junit: sums', [suite.get(k) for k in ('tests', 'failures', 'errors', 'skipped')] ==
          ['5', '1', '1', '1'], suite.attrib)
    cases = {c.get('name'): c for c in suite}
    check('junit: times', all(re.fullmatch(r'\d+\.\d{3}', c.get('time', '')) for c in suite))
    failure = cases['failing.prog'].find('failure')
    check('junit: the failing run\'s title', failure.get('message') == TITLE, failure.attrib)
    seed = re.search(r'--seed=(\d+)', failure.text)
    check('junit: its own report', 'locks held by task' in failure.text or 'lock held' in failure.text)
    check('junit: its seed', seed is not None, failure.text[-300:])
    check('junit: unreadable is an error', cases['empty.prog'].find('error') is not None)
    check('junit: skipped', cases['tree.prog'].find('skipped') is not None)
    check('junit: what follows an error is run', cases['clean.prog'].find('failure') is None)
    check('console: the failing title', f'FAILED: bug swapoff-no-wait-for-allocation: {TITLE}' in out, out)
    return seed.group(1)


def check_json(seed):
    with open('out.json', encoding='utf-8') as f:
        by_file = {r['file']: r for r in json.load(f)}
    failing = by_file['failing.prog']
    check('json: statuses', [r['status'] for r in by_file.values()] ==
          ['error', 'failed', 'ok', 'skipped', 'ok'], by_file.keys())
    check('json: title, seed and report', failing['title'] == TITLE and failing['seed'] == seed and
          'stack:' in failing['report'], failing)
    check('json: titles of all runs', sum(failing['titles'].values()) ==
          failing['schedules'] - failing['good'] and failing['titles'][TITLE] >= 1 and
          by_file['clean.prog']['titles'] == {}, failing['titles'])
    check('json: name that is not UTF-8', 'n\ufffd\ufffdme.prog' in by_file, by_file.keys())


def check_sarif():
    with open('out.sarif', encoding='utf-8') as f:
        log = json.load(f)
    results = log['runs'][0]['results']
    check('sarif: version and tool', log['version'] == '2.1.0' and
          log['runs'][0]['tool']['driver']['name'] == 'swaprace')
    check('sarif: what failed', len(results) == 2, results)
    for r in results:
        place = r['locations'][0]['physicalLocation']
        check(f'sarif: {r["ruleId"]}', place['artifactLocation']['uri'] in ('failing.prog', 'empty.prog') and
              place['region']['startLine'] >= 1 and len(r['partialFingerprints']) == 1 and
              r['message']['text'] and r['level'] == 'error', r)
    if schema:
        check_schema(log)
    return results


def check_schema(log):
    """And that the check itself is one: a log with a word too many is wrong."""
    import jsonschema
    with open(schema, encoding='utf-8') as f:
        judge = jsonschema.Draft4Validator(json.load(f), format_checker=jsonschema.FormatChecker())
    wrong = [e.message for e in judge.iter_errors(log)]
    check('sarif: its schema', not wrong, wrong)
    check('sarif: its schema says what is wrong', list(judge.iter_errors(dict(log, nonsense=1))))


def check_fitted():
    """A machine that the model cannot be: an error in a text; in bytes, where a fuzzer put it,
    the machine that its target made of it."""
    write('large.prog', CLEAN.replace('machine: ', 'machine: thp=1 '))
    subprocess.run([swaprace, 'encode', 'large.prog', '-o', 'large.bin'], check=True)
    check('fitted: a text is skipped', run('large.prog').returncode == 77)
    got, plain = run('large.bin'), run('clean.prog')
    check('fitted: bytes run as the plain machine', got.returncode == 0 and
          got.stdout.split(b':', 1)[1] == plain.stdout.split(b':', 1)[1], got.stdout + got.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write('clean.prog', CLEAN)
        write('failing.prog', FAILING)
        write('empty.prog', '')
        write('tree.prog', 'world: tree\n' + CLEAN)
        write(b'n\xff\xfeme.prog', CLEAN)
        got = run('--check', '--schedules=400', SEED, '--json=out.json', '--junit=out.xml',
                  '--sarif=out.sarif', 'empty.prog', 'failing.prog', 'clean.prog', 'tree.prog',
                  b'n\xff\xfeme.prog')
        out = got.stdout.decode(errors='replace')
        check('status: an unreadable file outweighs findings', got.returncode == 2, got.returncode)
        seed = check_junit(out)
        check_json(seed)
        first = check_sarif()
        got = run('--check', f'--seed={seed}', 'failing.prog')
        check('the seed fails again', got.returncode == 1 and TITLE in got.stdout.decode(), got.stdout)
        run('--check', '--schedules=390', SEED, '--sarif=out.sarif', 'failing.prog', 'empty.prog')
        check('sarif: the fingerprint stays', {r['partialFingerprints']['swaprace/title/v1'] for r in first} ==
              {r['partialFingerprints']['swaprace/title/v1'] for r in check_sarif()})
        check('status: clean', run('--check', 'clean.prog').returncode == 0)
        check('status: all skipped', run('--check', 'tree.prog').returncode == 77)
        check_fitted()
        os.chdir('/')
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
