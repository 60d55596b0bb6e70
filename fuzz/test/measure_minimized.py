#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: what the minimiser makes of a finding is as small as what a person writes, and repeats
everywhere. Method: each seeded bug is searched for from nothing, in the first build that the
"expect:" of its program in repro/ is about, and what was found is minimised; the ops and order
edges that are left stand beside those of that program. Then it runs 100 times in each build.
What the search does not find has its own program minimised ("by hand").

A sanitizer may see the same mistake earlier, under a title of its own. As triage does, the program
then gets an "expect:" for each build, and each has to hold 100 times of 100.

Usage: measure_minimized.py [--schedules=30000] [--bugs=A,B] [--keep=FOLDER] SWAPRACE...
--schedules=N  of a search; a number, so that a busy machine finds the same
--keep=FOLDER  the minimised programs, found and small, and what was measured; what stands there, of
               the same executables, is not measured again
Exit status: 0 all repeat 100 of 100, without an unmet edge, in each build that "expect:"
is about; 1 not.
"""
import argparse
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

RUNS = 100
MINIMIZE_SECONDS = 300  # it is done long before, on a quiet machine
WORDS = {'plain', 'asan', 'tsan'}  # builds, as expect: names them


def run(*command):
    got = subprocess.run(command, capture_output=True, text=True, errors='replace', timeout=1800,
                         check=False)
    return got.returncode, got.stdout + got.stderr


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def size_of(path):
    """(ops, edges) of a program's text."""
    before, _, schedule = re.sub(r'#.*', '', read(path)).partition('\nschedule')
    return (len(re.findall(r'^ +\d+ +[a-z]', before, re.M)),
            len(re.findall(r'^.*\bafter\b', schedule, re.M)))


def expectations(path):
    """[(words in brackets, what)] of a program."""
    return [(set((words or '').split(',')) - {''}, what) for words, what in
            re.findall(r'^expect: *(?:\[([^]]*)\] *)?(.+)$', read(path), re.M)]


class Build:
    """One executable, and the word by which "expect:" names it."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.word = re.search(r'build (\w+)', run(self.path, '--version')[1]).group(1)
        with open(self.path, 'rb') as f:
            self.hash = hashlib.sha1(f.read()).hexdigest()

    def is_meant(self, path):
        """Is an expect: of the program about this build?"""
        return any(not words & WORDS or self.word in words for words, _ in expectations(path))

    def results(self, path):
        """(schedules that were as expected, {title: schedules}, why not) of RUNS."""
        _, out = run(self.path, 'run', '--check', '--quiet', f'--schedules={RUNS}', '--json=small.json', path)
        try:
            got = json.loads(read('small.json'))[0]
            os.unlink('small.json')
            return got['good'], got['titles'], got['why']
        except (OSError, ValueError, KeyError, IndexError):
            return 0, {}, out.strip()[-200:]


def search(build, bug, schedules):
    """Does the build find it? Then the program lies in found.prog."""
    with tempfile.TemporaryDirectory() as out:
        run(build.path, 'search', f'--bug={bug}', '--seed=1', f'--schedules={schedules}', '--jobs=1',
            f'--out={out}')
        for path in glob.glob(f'{out}/*.prog'):
            shutil.copy(path, 'found.prog')
            return True
    return False


def expect_by_build(path, titles):
    """Writes an expect: for each title: of the builds that give it."""
    lines = [f'expect:  [{",".join(w for w in titles if titles[w] == title)}] {title}\n'
             for title in dict.fromkeys(titles.values())]
    text = re.sub(r'^expect:.*\n', '', read(path), flags=re.M)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(re.sub(r'^(?=bug:.*\n)(.*\n)', lambda m: m.group(1) + ''.join(lines), text, count=1,
                       flags=re.M))


def own_titles(builds):
    """{build's word: title}, if each build that is meant always gives one title, and those that
    are not the expected one come from a sanitizer. Else None."""
    meant = [b for b in builds if b.is_meant('small.prog')]
    wanted = expectations('small.prog')[0][1]
    titles = {}
    for build in meant:
        _, seen, _ = build.results('small.prog')
        if len(seen) != 1 or sum(seen.values()) != RUNS:
            return None
        titles[build.word] = next(iter(seen))
        if titles[build.word] != wanted and not re.match(
                r'data-race in |UBSAN: |[a-z]+(-[a-z]+)+ in ', titles[build.word]):
            return None
    return titles


def measure(builds, bug, by_hand, schedules):
    """What there is to say of a bug: a dictionary."""
    fact = {'bug': bug, 'how': 'by hand', 'hand': size_of(by_hand), 'wrong': ''}
    finder = next(b for b in builds if b.is_meant(by_hand))
    if search(finder, bug, schedules):
        fact['how'] = finder.word
    else:
        shutil.copy(by_hand, 'found.prog')
    status, out = run(finder.path, 'minimize', 'found.prog', f'--time={MINIMIZE_SECONDS}',
                      '--jobs=1', '-o', 'small.prog')
    took = re.search(r'in ([0-9.]+) s', out)
    if status != 0 or not took:
        return dict(fact, wrong=f'minimize ends in {status}: {out.strip()[-200:]}')
    fact.update(small=size_of('small.prog'), seconds=took.group(1), good={},
                minimal='a checked local minimum' in out)
    for again in False, True:
        fact['good'], fact['wrong'] = {}, ''
        for build in builds:
            if build.is_meant('small.prog'):
                good, _, why = build.results('small.prog')
                fact['good'][build.word] = good
                if good != RUNS or why:
                    fact['wrong'] += f'{build.word}: {good} of {RUNS}: {why}\n'
        titles = own_titles(builds) if fact['wrong'] and not again else None
        if not titles:
            break
        expect_by_build('small.prog', titles)
    fact['titles'] = [what for _, what in expectations('small.prog')]
    if not fact['good']:
        fact['wrong'] = 'no build is meant'
    return fact


def remembered(folder, bug, key):
    """What was measured of the same executables, or None."""
    try:
        fact = json.loads(read(f'{folder}/{bug}.json'))
        return fact if fact['key'] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(folder, fact):
    for kind in 'found', 'small':
        if os.path.exists(f'{kind}.prog'):
            os.replace(f'{kind}.prog', f'{folder}/{fact["bug"]}.{kind}.prog')
    with open(f'{folder}/{fact["bug"]}.json', 'w', encoding='utf-8') as f:
        json.dump(fact, f, indent=1)


def show(fact, builds):
    if 'small' in fact:
        goods = [f'{fact["good"].get(b.word, "-"):>6}' for b in builds]
        own = f'  {len(fact["titles"])} titles' if len(fact['titles']) > 1 else ''
        print(f'{fact["bug"]:<30} {fact["how"]:<8}{fact["small"][0]:>4}{fact["small"][1]:>7}'
              f'{fact["seconds"]:>7}{"" if fact["minimal"] else "+":<1}{fact["hand"][0]:>8}'
              f'{fact["hand"][1]:>7} {"".join(goods)}{own}', flush=True)
    else:
        print(f'{fact["bug"]:<30} {fact["how"]}', flush=True)
    for line in fact['wrong'].splitlines():
        print(f'    WRONG {line}', flush=True)


def sum_up(facts, builds):
    """Prints the last lines; the exit status."""
    sized = [f for f in facts if 'small' in f]
    wrong = [f['bug'] for f in facts if f['wrong']]
    print(f'{len(facts)} bugs: ' + ', '.join(
        f'{sum(f["how"] == how for f in facts)} {text}' for how, text in
        [(b.word, f'found in {b.word}') for b in builds] + [('by hand', 'by hand')]))
    for i, what in enumerate(('ops', 'edges')):
        print(f'{what}: {sum(f["small"][i] for f in sized)} minimised, '
              f'{sum(f["hand"][i] for f in sized)} by hand; '
              f'as many or fewer in {sum(f["small"][i] <= f["hand"][i] for f in sized)} of {len(sized)}')
    for b in builds:
        meant = [f for f in sized if b.word in f['good']]
        print(f'{b.word}: {sum(f["good"][b.word] == RUNS for f in meant)} of {len(meant)} '
              f'repeat {RUNS} of {RUNS}')
    print(f'{len(wrong)} wrong' + (': ' + ' '.join(wrong) if wrong else ''))
    return 1 if wrong or not facts else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('builds', nargs='+')
    parser.add_argument('--schedules', type=int, default=30000)
    parser.add_argument('--bugs', default='')
    parser.add_argument('--keep', default='')
    given = parser.parse_args()
    builds = [Build(b) for b in given.builds]
    programs = {}
    for path in sorted(glob.glob('repro/*.prog')):
        match = re.search(r'^bug: *(\S+)', read(path), re.M)
        if match:
            programs.setdefault(match.group(1), os.path.abspath(path))
    bugs = given.bugs.split(',') if given.bugs else list(programs)
    unknown = [bug for bug in bugs if bug not in programs]
    if unknown:
        parser.error(f'repro/ has no program of {", ".join(unknown)}')
    folder = os.path.abspath(given.keep) if given.keep else ''
    if folder:
        os.makedirs(folder, exist_ok=True)
    key = [given.schedules] + [b.hash for b in builds]
    print(f'{"":<39}minimised{"":>9}by hand  good of {RUNS}')
    print(f'{"bug":<30} {"found in":<8}{"ops":>4}{"edges":>7}{"s":>7}{"ops":>9}{"edges":>7} '
          + ''.join(f'{b.word:>6}' for b in builds))
    facts = []
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        for bug in bugs:
            fact = remembered(folder, bug, key) if folder else None
            if not fact:
                fact = dict(measure(builds, bug, programs[bug], given.schedules), key=key)
                if folder:
                    keep(folder, fact)
            facts.append(fact)
            show(fact, builds)
            for name in os.listdir('.'):
                os.unlink(name)
        os.chdir('/')
    return sum_up(facts, builds)


if __name__ == '__main__':
    sys.exit(main())
