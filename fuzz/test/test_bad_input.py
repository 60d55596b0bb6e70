#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: bad input and bad usage of `swaprace` end in one line on stderr, with file,
line and column where there are any, in exit status 2, or 3 where the machine is
to blame, and leave nothing half written. Method: one case after the other, each in a folder of its own.

Usage: test_bad_input.py SWAPRACE CLEAN_PROGRAM
"""
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile

swaprace, clean = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
failures = []


def no_file_space():
    """Each write to a file fails from its first byte on, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def as_nobody():
    """What is closed to others is closed to the process, although the test is root's."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


def run(name, arguments, stderr_pattern, stdout=subprocess.PIPE, full=False, leaves=(), status=2,
        prepare=None):
    """Runs in an empty folder; arguments may name files made by make()."""
    before = set(os.listdir('.'))
    got = subprocess.run([swaprace] + arguments, stdout=stdout, stderr=subprocess.PIPE,
                         text=True, errors='replace', timeout=100,
                         preexec_fn=no_file_space if full else prepare)
    lines = [l for l in got.stderr.splitlines() if not l.startswith('==')]
    after = set(os.listdir('.')) - before - set(leaves)
    problems = []
    if got.returncode != status:
        problems.append(f'exit status {got.returncode}, wanted {status}')
    if len(lines) != 1:
        problems.append(f'{len(lines)} lines on stderr, wanted 1')
    if not re.search(stderr_pattern, got.stderr, re.M):
        problems.append(f'stderr has no {stderr_pattern!r}: {got.stderr[:300]!r}')
    if after:
        problems.append(f'left behind: {sorted(after)}')
    if problems:
        failures.append(name)
        print(f'FAILED {name}: swaprace {" ".join(arguments)}')
        for problem in problems:
            print(f'    {problem}')
    else:
        print(f'ok     {name}: {got.stderr.strip()[:150]}')


def make(name, data):
    with open(name, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return name


def bad_files():
    noise = random.Random(1)
    run('missing file', ['run', 'no-such.prog'], r'^no-such\.prog: No such file')
    run('empty file', ['run', make('empty', '')], r'^empty:1:1: ')
    run('directory', ['run', '.'], r'^\.: .*directory')
    run('1 MiB of noise', ['run', make('noise', noise.randbytes(1 << 20))], r'^noise:1:1: ')
    run('bytes of version 1', ['run', make('old', b'\x01' + bytes(40))],
        r'^old:1:1: bytes of another version of the format: 1, this one reads 2$')
    run('noise, text-like', ['run', make('letters', bytes(noise.choices(range(32, 127), k=4096)))],
        r'^letters:1:\d+: ')
    run('5 MiB', ['show', make('large', b'#' * (5 << 20))], r'^large: .*larger')
    run('good and bad', ['run', clean, 'empty'], r'^empty:1:1: ')


def bad_text():
    with open(clean, 'rb') as f:
        text = f.read()
    head = 'machine: dev0=sync,8\ntask A cpu=0 mm=1\n'
    cut = text.rindex(b'write') + len(b'write r0')
    run('truncated text', ['run', make('cut.prog', text[:cut])], r'^cut\.prog:\d+:\d+: ')
    run('text without a task', ['run', make('head.prog', 'machine: cpus=2\n')],
        r'^head\.prog:\d+:\d+: ')
    run('unknown op', ['run', make('op.prog', head + '  1  mmap r0 1\n  2  wrote r0 0x11\n')],
        r"^op\.prog:4:6: .*'?wrote")
    run('unknown bug', ['run', make('bug.prog', '# a bug\nbug:     no-such-bug\n' + head)],
        r'^bug\.prog:2:10: .*no-such-bug')
    run('machine out of bounds', ['run', make('machine.prog', 'machine: cpus=9\n' + head[21:])],
        r'^machine\.prog:1:15: .*cpus=9')
    run('machine without meaning', ['run', make('field.prog', 'machine: wheels=4\n')],
        r'^field\.prog:1:10: .*wheels')
    run('argument out of bounds', ['run', make('page.prog', head + '  write r0+8 0x11\n')],
        r'^page\.prog:3:9: ')
    run('edge to nowhere', ['run', make('edge.prog', head + '  mmap r0 1\nschedule\n  B1 after A1\n')],
        r'^edge\.prog:5:3: ')
    run('unknown world in a text', ['run', make('moon.prog', 'world: moon\n' + head)],
        r'^moon\.prog:1:8: no world')
    run('unknown build in expect:', ['run', make('msan.prog', 'expect: [msan] x\n' + head)],
        r'^msan\.prog:1:9: in brackets stand builds')
    run('open bracket in expect:', ['run', make('open.prog', 'expect: [tsan x\n' + head)],
        r'^open\.prog:1:9: the bracket')
    run('unknown counter in expect:', ['run', make('count.prog', 'expect: counter x > 1\n' + head)],
        r'^count\.prog:1:9: there is no counter')
    run('zero byte', ['run', make('zero.prog', head.encode() + b'  mmap\0 r0 1\n')],
        r'^zero\.prog:3:\d+: ')


def bad_usage():
    head = 'machine: dev0=sync,8\ntask A cpu=0 mm=1\n'
    run('unknown command', ['walk'], r"^swaprace: unknown command 'walk'")
    run('nearly a command', ['serach'], r"^swaprace: unknown command 'serach'; did you mean 'search'\?")
    run('help of no command', ['help', 'walk'], r"^swaprace: unknown command 'walk'")
    run('no such shell', ['help', '--completion=tcsh'], r'--completion=tcsh: there are bash, zsh and fish')
    run('unknown option', ['run', '--fast', clean], r"^swaprace run: unknown option '--fast'")
    run('unknown bug by option', ['run', '--bug=none-such', clean], r'no seeded bug')
    for command in (['run', clean], ['search', '--schedules=1'], ['trace', clean], ['kernel', clean],
                    ['minimize', clean, '-o', 'out']):
        run(f'unknown bug in a list: {command[0]}', command + ['--bug=ksm-stale-head,wp-no-rechek'],
            rf"^swaprace {command[0]}: .*no seeded bug 'wp-no-rechek'; did you mean 'wp-no-recheck'\?")
    run('none in a list of bugs', ['run', '--bug=wp-no-recheck,none', clean], r"'none' stands alone")
    run('unknown policy', ['run', '--policy=best', clean], r"no policy 'best'")
    run('unknown backend', ['run', '--backend=both', clean], r"no backend 'both'")
    run('unknown world', ['run', '--world=moon', clean], r"^swaprace: no world 'moon'")
    run('unknown tree', ['run', '--world=tree:none-such', clean], r"there is no tree 'none-such'")
    run('no name of a tree', ['--world=tree:../x', 'run', clean], r"cannot be a tree's name")
    run('no tests of the model', ['selftest'], r'^swaprace selftest: model has no tests')
    run('unknown profile', ['search', '--profile=x'], r"no profile 'x'")
    run('not a number', ['run', '--schedules=many', clean], r'--schedules=many')
    for number in ('-1', '+1', ' 1', '1 ', '1e3', '0x', '1_0'):
        run(f'no number: "{number}"', ['run', f'--seed={number}', clean], r"--seed=.*: a number up to")
    for seconds in ('nan', 'inf', '1e3', '0x10', ' 1', '-1', '1.2.3', '.'):
        run(f'no seconds: "{seconds}"', ['search', f'--time={seconds}'], r'--time=.*: seconds are wanted')
    for command in ('tree', 'vm'):
        run(f'no such verb: {command}', [command, 'nope'], rf"^{command}.py: .*invalid choice: 'nope'")
    for command in ('bugs', 'matrix', 'bench'):
        run(f'a file for {command}', [command, clean], rf"^swaprace {command}: '.*': no file is wanted")
    run('no value', ['run', '--seed', clean], r'--seed wants a value')
    run('no file', ['run'], r'^swaprace run: no file')
    run('no output', ['encode', clean], r'^swaprace encode: ')
    run('no schedules', ['run', '--schedules=0', clean], r'--schedules=0 runs nothing')
    run('no such word', ['run', '--check', '--edges=perhaps', clean], r'--edges=perhaps: must or may')
    run('jobs of nothing', ['search', '--jobs=0'], r'--jobs=0: 1 or more')
    run('no number of jobs', ['minimize', clean, '-o', 'out', '--jobs=x'], r'--jobs=x: a number')
    run('too many jobs', ['search', '--jobs=65'], r'--jobs=65: a number up to 64')
    run('known by no file', ['search', '--known=none.txt'], r'^none\.txt: No such file')
    run('unknown bug beside', ['matrix', '--beside=wp-no-rechek'], r"did you mean 'wp-no-recheck'\?")
    run('native beside', ['matrix', '--beside=wp-no-recheck', '--policies=native'], r'native ends at')
    run('time of nothing', ['search', '--time=0'], r'--time=0')
    run('no such tree to compare', ['compare', '--base=tree:none', '--with=model', clean],
        r"^swaprace: there is no tree 'none'")
    run('no such world to compare', ['compare', '--base=model', '--with=nothing', clean], r'nothing')


def bad_output():
    for command in (['encode', clean, '-o', 'none/out'], ['minimize', clean, '-o', 'none/out'],
                    ['run', clean, '--json=none/out'], ['run', clean, '--junit=none/out'],
                    ['search', '--schedules=1', '--edges=none/out']):
        run(f'missing output directory: {command[0]}', command, r'none/.*No such file')
    make('file', 'a file')
    for command, option in ((['search', '--schedules=1'], '--out'), (['help'], '--man'), (['kernel', clean], '--out'),
                            (['compare', '--base=model', '--with=model', clean], '--out')):
        run(f'a file in the way of {option}: {command[0]}', command + [f'{option}=file/a/b'],
            rf'^swaprace {command[0]}: cannot make file/a/b: Not a directory$')
        run(f'a file as {option}: {command[0]}', command + [f'{option}=file'],
            rf'^swaprace {command[0]}: cannot write to file: Not a directory$')
        run(f'no place for {option}: {command[0]}', command + [f'{option}=/proc/none/out'],
            rf'^swaprace {command[0]}: cannot make /proc/none/out: No such file', status=3)
    run('no space for what was found', ['search', '--bug=hib-double-nr-swap', '--seed=1', '--keep-going',
        '--schedules=200', '--out=a/b'], r'^a/b/.*: cannot be written: ', full=True, status=3, leaves=['a'])
    for command in (['encode', clean, '-o', 'out'], ['run', clean, '--json=out']):
        run(f'no space: {command[0]}', command, r'^out: cannot be written', full=True, status=3)
    os.chmod('.', 0o755)
    os.mkdir('closed', 0o555)
    if subprocess.run(['test', '-x', swaprace], preexec_fn=as_nobody).returncode == 0:
        for command in (['minimize', clean, '-o', 'closed/out'], ['run', clean, '--json=closed/out']):
            run(f'a closed folder: {command[0]}', command, r'^closed/out: cannot be written: Permission denied',
                status=3, prepare=as_nobody)
    make('out', 'what was there before\n')
    run('no space, older file', ['encode', clean, '-o', 'out'], r'^out: cannot be written', full=True,
        status=3)
    with open('out') as f:
        if f.read() != 'what was there before\n':
            failures.append('the older file was touched')
    run('/dev/full', ['encode', clean, '-o', '/dev/full'], r'^/dev/full: cannot be written: No space',
        status=3)
    for option in '--json', '--junit', '--sarif':
        run(f'/dev/full: {option}', ['run', clean, f'{option}=/dev/full'],
            r'^/dev/full: cannot be written: No space', status=3)
    with open('/dev/full', 'w') as device:
        for command in (['show', clean], ['run', clean], ['bugs'], ['trace', clean]):
            run(f'full standard output: {command[0]}', command, r'standard output cannot be written',
                stdout=device, status=3)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        bad_files()
        bad_text()
        bad_usage()
        bad_output()
        os.chdir('/')
    print(f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
