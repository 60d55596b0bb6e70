#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: what OSS-Fuzz and ClusterFuzzLite build by .clusterfuzzlite/build.sh is whole and runs
where they run it. Method: the Dockerfile's steps that need no image, in both services' ways; the tracked files in a folder of their own, built with the
environment that their image sets, once with each sanitizer; then sources and build folder are
removed and $OUT is moved, and each target runs from another folder under their runner's options.

Usage: test_oss_fuzz.py CC [--sanitizers=address,undefined] [--base-runner=DIR]
  --base-runner=DIR  also run OSS-Fuzz's own test_all.py, which lies there beside
                     bad_build_check, run_fuzzer and parse_options.py
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CFLAGS = '-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
# The image's lists, of its releases from 2024 on.
CHECKS = ('array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,'
          'returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr')
SANITIZER = {'address': '-fsanitize=address -fsanitize-address-use-after-scope',
             'undefined': f'-fsanitize={CHECKS},unsigned-integer-overflow '
                          f'-fno-sanitize-recover={CHECKS} -fno-sanitize=function'}
RUNNER = {
    'ASAN_OPTIONS': 'alloc_dealloc_mismatch=0:allocator_may_return_null=1:detect_leaks=1:'
                    'allocator_release_to_os_interval_ms=500:check_malloc_usable_size=0:'
                    'detect_container_overflow=1:detect_odr_violation=0:fast_unwind_on_fatal=0:'
                    'detect_stack_use_after_return=1:handle_abort=1:handle_segv=1:'
                    'handle_sigill=1:max_uar_stack_size_log=16:print_scariness=1:'
                    'quarantine_size_mb=10:strict_memcmp=1:symbolize=1:use_sigaltstack=1:'
                    'dedup_token_length=3',
    'UBSAN_OPTIONS': 'print_stacktrace=1:print_summary=1:silence_unsigned_overflow=1:symbolize=1:'
                     'dedup_token_length=3',
    'FUZZER_ARGS': '-rss_limit_mb=2560 -timeout=25',
}
# What a runner has, and what links a C++ engine here (their image has it static).
LIBRARIES = {'linux-vdso', 'ld-linux-x86-64', 'ld-linux-aarch64', 'libc', 'libm', 'libpthread', 'libdl',
             'librt', 'libresolv', 'libgcc_s', 'libstdc++'}
TARGETS = sorted(os.path.basename(path)[:-2] for path in glob.glob(f'{SOURCE}/fuzz/targets/*_fuzzer.c')
                 if not path.endswith('/canary_fuzzer.c'))
BUG, TITLE = 'wp-no-recheck', 'invariant: exclusive page behind a swap entry'


def check(condition, what, output=''):
    if not condition:
        print(output[-4000:])
        sys.exit(f'test_oss_fuzz.py: {what}')


def run(command, environment, cwd):
    return subprocess.run(command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')


def copy_sources(to):
    names = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                           cwd=SOURCE, stdout=subprocess.PIPE, check=True).stdout.decode().split('\0')
    for name in names:
        path = os.path.join(SOURCE, name)
        if name and os.path.isfile(path):
            os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
            shutil.copy(path, os.path.join(to, name))


def image(root, cc, sanitizer):
    """The environment of a build; paths in it are below root."""
    flags = f'{CFLAGS} {SANITIZER[sanitizer]} -fsanitize=fuzzer-no-link'
    keep = {name: os.environ[name] for name in ('PATH', 'HOME', 'LANG') if name in os.environ}
    return dict(keep, SRC=f'{root}/src', WORK=f'{root}/work', OUT=f'{root}/out', SANITIZER=sanitizer,
                FUZZING_ENGINE='libfuzzer', FUZZING_LANGUAGE='c', ARCHITECTURE='x86_64',
                LIB_FUZZING_ENGINE='-fsanitize=fuzzer', CC=cc, CXX=cc.replace('clang', 'clang++'),
                CFLAGS=flags, CXXFLAGS=flags)


def read(name):
    with open(f'{SOURCE}/.clusterfuzzlite/{name}') as f:
        return f.read()


def image_files(root):
    """Both services get the sources and build.sh where they look for them: ClusterFuzzLite
    copies the repository, OSS-Fuzz three files, to which whoever hands them in adds main_repo."""
    project, docker = read('project.yaml'), read('Dockerfile').replace('\\\n', ' ')
    named = set(re.findall(r'^  - (\w+)$', project, re.M))
    check(set(SANITIZER) < named, f'project.yaml names {sorted(named)}')
    system = re.search(r'^base_os_version: (\S+)$', project, re.M).group(1)
    check(f'FROM gcr.io/oss-fuzz-base/base-builder:{system}\n' in docker,
          'Dockerfile and project.yaml have different systems')
    step = re.findall(r'^RUN (.*)$', docker, re.M)[-1]
    for service in ('ClusterFuzzLite', 'OSS-Fuzz'):
        src = f'{root}/{service}'
        if service == 'OSS-Fuzz':
            shutil.copytree(f'{SOURCE}/.clusterfuzzlite', f'{src}/swaprace')
            with open(f'{src}/swaprace/project.yaml', 'a') as f:
                f.write(f'main_repo: "file://{SOURCE}"\n')
        else:
            copy_sources(f'{src}/swaprace')
        got = run(['sh', '-c', step], dict(os.environ, SRC=src), root)
        check(got.returncode == 0 and os.path.isfile(f'{src}/build.sh') and
              os.path.isfile(f'{src}/swaprace/CMakeLists.txt'), f'{service}: {step}', got.stdout)


def refusals(cc, root):
    environment = image(root, cc, 'address')
    for name, value in (('SANITIZER', 'thread'), ('SANITIZER', 'memory'), ('FUZZING_ENGINE', 'honggfuzz')):
        got = run(['bash', '.clusterfuzzlite/build.sh'], dict(environment, **{name: value}), SOURCE)
        check(got.returncode == 2 and got.stdout.startswith(f'build.sh: {name}={value}: ') and
              got.stdout.count('\n') == 1, f'{name}={value} is not refused in one line', got.stdout)


def build(environment):
    """As the service does it: its copy of build.sh, in the source folder, traced."""
    source = f'{environment["SRC"]}/swaprace'
    for name in ('SRC', 'WORK', 'OUT'):
        os.makedirs(environment[name])
    copy_sources(source)
    shutil.copy(f'{source}/.clusterfuzzlite/build.sh', environment['SRC'])
    got = run(['bash', '-eux', f'{environment["SRC"]}/build.sh'], environment, source)
    check(got.returncode == 0, f'build.sh: status {got.returncode}', got.stdout)


def make_crash(environment):
    """The bytes of a program that reports under BUG, for later."""
    command, = glob.glob(f'{environment["WORK"]}/*/swaprace')
    crash = f'{os.path.dirname(environment["OUT"])}/crash'
    got = run([command, 'encode', f'{SOURCE}/repro/{BUG}.prog', '-o', crash], environment, SOURCE)
    check(got.returncode == 0, 'encode', got.stdout)
    return crash


def check_contents(out):
    wanted = {target + suffix for target in TARGETS
              for suffix in ('', '.options', '.dict', '_seed_corpus.zip')}
    check(set(os.listdir(out)) == wanted, f'in $OUT too much or too little: '
          f'{sorted(set(os.listdir(out)) ^ wanted)}')
    for target in TARGETS:
        check(os.access(f'{out}/{target}', os.X_OK), f'{target} is not executable')
        check(os.path.getsize(f'{out}/{target}.dict') > 0, f'{target}.dict is empty')
        with zipfile.ZipFile(f'{out}/{target}_seed_corpus.zip') as seeds:
            check(len(seeds.namelist()) > 0, f'{target} has no seeds')
        libraries = run(['ldd', f'{out}/{target}'], os.environ, '/').stdout
        names = {os.path.basename(line.split()[0]).split('.so')[0] for line in libraries.splitlines()}
        check(names <= LIBRARIES, f'{target} needs {sorted(names - LIBRARIES)}', libraries)


def check_instrumented(path, sanitizer):
    """One sanitizer, not both: the thresholds of bad_build_check."""
    code = run(['objdump', '-d', '--no-show-raw-insn', path], os.environ, '/').stdout
    asan, ubsan = (len(re.findall(rf'call\s.*<{name}', code)) for name in ('__asan', '__ubsan'))
    good = asan >= 1000 and ubsan <= 200 if sanitizer == 'address' else asan == 0 and ubsan >= 168
    check(good, f'{sanitizer}: {asan} calls of ASan, {ubsan} of UBSan')


def run_targets(out, elsewhere, crash):
    environment = {'PATH': os.environ['PATH'], **RUNNER}
    for target in TARGETS:
        seeds = tempfile.mkdtemp(dir=elsewhere)
        with zipfile.ZipFile(f'{out}/{target}_seed_corpus.zip') as archive:
            archive.extractall(seeds)
        with open(f'{out}/{target}.options') as options:
            flags = [f'-{line.replace(" ", "").strip()}' for line in options if '=' in line]
        flags = [flag.replace('-dict=', f'-dict={out}/') for flag in flags]
        got = run([f'{out}/{target}', '--', *RUNNER['FUZZER_ARGS'].split(), seeds, *flags, '-seed=1',
                   '-runs=100'], environment, elsewhere)
        check(got.returncode == 0 and re.search(r'^Done 1\d\d runs', got.stdout, re.M),
              f'{target}: status {got.returncode}', got.stdout)
        check('runtime error' not in got.stdout, f'{target} makes UBSan speak', got.stdout)
    got = run([f'{out}/mm_fuzzer', crash], dict(environment, SWAPRACE_BUG=BUG), elsewhere)
    check(got.returncode != 0, 'a report ends with status 0', got.stdout)
    check(f'report: {TITLE}\n' in got.stdout and f"Assertion `{TITLE}' failed." in got.stdout,
          'a report without its title', got.stdout)
    check(re.search(r'^    #0 0x[0-9a-f]+ in check_fail core/check/check_page\.c:\d+', got.stdout, re.M),
          'a report without file and line from the culprit on', got.stdout)


def run_theirs(folder, environment, out):
    """OSS-Fuzz's test_all.py; true if it is content with all targets."""
    theirs = dict(environment, OUT=out, ALLOWED_BROKEN_TARGETS_PERCENTAGE='0', RUN_FUZZER_MODE='batch',
                  HELPER='True', PATH=f'{os.path.abspath(folder)}:{environment["PATH"]}', **RUNNER)
    got = run([sys.executable, f'{os.path.abspath(folder)}/test_all.py'], theirs, '/')
    print(got.stdout.rstrip())
    print(f'{environment["SANITIZER"]}: test_all.py: status {got.returncode}')
    return got.returncode == 0


def main():
    parser = argparse.ArgumentParser(description='see the head of this file')
    parser.add_argument('cc')
    parser.add_argument('--sanitizers', default='address,undefined')
    parser.add_argument('--base-runner')
    options = parser.parse_args()
    if not os.path.exists(f'{SOURCE}/.git'):
        print('skipped: the tracked files are wanted, and this is no checkout of git')
        return 77
    content = True
    with tempfile.TemporaryDirectory() as root:
        image_files(root)
        refusals(options.cc, root)
    for sanitizer in options.sanitizers.split(','):
        with tempfile.TemporaryDirectory() as root:
            environment = image(root, options.cc, sanitizer)
            build(environment)
            crash = make_crash(environment)
            shutil.rmtree(environment['SRC'])
            shutil.rmtree(environment['WORK'])
            out, elsewhere = f'{root}/moved', f'{root}/elsewhere'
            os.rename(environment['OUT'], out)
            os.mkdir(elsewhere)
            check_contents(out)
            check_instrumented(f'{out}/mm_fuzzer', sanitizer)
            run_targets(out, elsewhere, crash)
            print(f'{sanitizer}: {len(TARGETS)} targets, whole, moved, run')
            if options.base_runner:
                content = run_theirs(options.base_runner, environment, out) and content
    return 0 if content else 1


if __name__ == '__main__':
    sys.exit(main())
