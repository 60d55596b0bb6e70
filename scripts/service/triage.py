# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a finding ready to act on: how often it repeats, its smallest program, trace, C.

Usage: python3 -m service.triage ROOT FOLDER BUILDS BUG

A process of its own, so that fuzzing goes on meanwhile. What it has learnt so far lies
in FOLDER/triage.json; killed and started again, it goes on from there. In FOLDER:
  program.prog   the program as text, with bug: and expect:
  minimal.prog   the same, minimised; report.txt and trace.txt are those of this one
  minimal.c      a standalone C program, where system calls can express it
Two numbers say how often it repeats, for each build: replays of the input that give the
title, and fresh schedules of the program (under --policy=random) that do. What else the
smallest program gives is noted, under fresh schedules ("also") and in builds that do not show the
title ("elsewhere"): often the same bug, seen at another place. Not always, so findings are never
made one by it, only listed together (groups.py).
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from service import child, files, titles  # noqa: E402
from service.builds import folder_of  # noqa: E402

REPLAYS = 20
SCHEDULES = 1000
ALSO_SCHEDULES = 2000
ALSO_KEPT = 10
ALSO_SECONDS = 60
SECONDS = 120          # of one command
MINIMIZE_SECONDS = 60
MINIMIZE_TREE_SECONDS = 300  # a kernel tree's runs are longer
BUILD_WORDS = {'release': 'plain', 'asan': 'asan', 'tsan': 'tsan'}
OUTSIDE = re.compile(r'SUMMARY: |^codec: |without a report$')


class Triage:
    def __init__(self, root, folder, builds, bug, world):
        self.root, self.folder, self.builds, self.bug, self.world = root, folder, builds, bug, world
        with open(self.path('finding.json')) as f:
            self.finding = json.load(f)
        self.title = self.finding['title']
        self.facts = {}
        try:
            with open(self.path('triage.json')) as f:
                self.facts = json.load(f)
        except (OSError, ValueError):
            pass

    def path(self, name):
        return os.path.join(self.folder, name)

    def keep(self, **facts):
        self.facts.update(facts)
        files.write_whole(self.path('triage.json'), json.dumps(self.facts, indent=1) + '\n')

    def swaprace(self, build, *arguments, timeout=SECONDS):
        """(status, output) of a command of that build."""
        command = os.path.join(folder_of(self.root, build, self.world), 'swaprace')
        return child.run([command, *arguments], self.path('.command.log'), timeout)

    def bug_option(self):
        return [f'--bug={self.bug}'] if self.bug else []

    # ---- steps ----

    def program(self):
        """program.prog: the input as text, with what it is about. False: it is no program."""
        status, text = self.swaprace(self.builds[0], 'show', self.path('input'))
        if status != 0 or 'task ' not in text:
            return False
        lines = [line for line in text.splitlines(True) if not re.match(r'(bug|expect|world):', line)]
        head = f'# Found by fuzzing: {self.finding["target"]} ({self.finding["build"]}).\n'
        if self.world != 'model':
            head += 'world:   tree\n'
        if self.bug:
            head += f'bug:     {self.bug}\n'
        head += f'expect:  {self.condition()}{self.title}\n'
        files.write_whole(self.path('program.prog'), head + ''.join(lines))
        return True

    def condition(self):
        """"[tsan] " and the like, where the title shows in some builds alone."""
        rates = self.facts.get('replays', {})
        if not rates:
            return ''
        seen = [b for b, (hits, _) in rates.items() if hits]
        return '' if not seen or len(seen) == len(rates) else \
            f'[{",".join(BUILD_WORDS[b] for b in seen)}] '

    def replays(self, build):
        """How many of REPLAYS processes give the title: [hits, tries]."""
        hits = 0
        for tries in range(1, REPLAYS + 1):
            _, text = self.swaprace(build, 'run', *self.bug_option(), self.path('input'))
            hits += titles.has_report(text, self.title)
            if tries == 3 and hits == 0:
                break  # another build's title
        return [hits, tries]

    def schedules(self, build, program):
        """What SCHEDULES fresh schedules of a program give, as run --json says it; or None."""
        out = self.path('.fresh.json')
        self.swaprace(build, 'run', '--check', '--quiet', '--policy=random', '--edges=may', '--seed=1',
                      f'--schedules={SCHEDULES}', f'--json={out}', *self.bug_option(), self.path(program))
        try:
            with open(out, errors='replace') as f:
                result = json.load(f)[0]
            os.unlink(out)
            return result
        except (OSError, ValueError, IndexError):
            return None

    def fresh(self, build):
        """How many fresh schedules give the title: [hits, tries], or None."""
        try:
            result = self.schedules(build, 'program.prog')
            return [int(result['good']), int(result['schedules'])]
        except (ValueError, KeyError, TypeError):
            return None

    def smallest(self):
        minimal = self.path('minimal.prog')
        return minimal if os.path.exists(minimal) else self.path('program.prog')

    def also(self, build):
        """{other title: schedules} of the smallest program, the most frequent first. All policies
        of a search have a part in it: what is rare under one is often not under another."""
        _, text = self.swaprace(build, 'search', self.smallest(), '--keep-going', '--jobs=1', '--seed=1',
                                f'--schedules={ALSO_SCHEDULES}', f'--time={ALSO_SECONDS}')
        others = sorted((-int(n), title) for n, title in re.findall(r'^ *(\d+) x (.*) \(first after \d+\)$', text, re.M)
                        if not titles.same(title, self.title))
        return {title: -count for count, title in others[:ALSO_KEPT]}

    def elsewhere(self, seen):
        """{build: title} of what the smallest program itself gives where its title does not show."""
        found = {}
        for build in self.builds:
            if build not in seen:
                _, text = self.swaprace(build, 'run', self.smallest())
                title = titles.first_report(text)
                if title:
                    found[build] = title
        return found

    def minimize(self, build):
        """minimal.prog. Returns a line about it, or None where it failed."""
        out = self.path('.minimal.prog')
        seconds = MINIMIZE_SECONDS if self.world == 'model' else MINIMIZE_TREE_SECONDS
        status, text = self.swaprace(build, 'minimize', self.path('program.prog'), '-o', out,
                                     f'--time={seconds}', f'--title={self.title}',
                                     timeout=seconds + SECONDS)
        if status != 0 or not os.path.exists(out):
            return None
        with open(out, 'rb') as f:
            files.write_whole(self.path('minimal.prog'), f.read())
        os.unlink(out)
        match = re.search(r'^\d+ tasks, .*', text, re.M)
        return match.group(0) if match else 'minimised'

    def explain(self, build):
        """report.txt and trace.txt of the smallest program, and minimal.c where there can be one."""
        program = self.smallest()
        status, text = self.swaprace(build, 'run', program)
        if status == 1 and titles.has_report(text, self.title):
            files.write_whole(self.path('report.txt'), text.replace(self.folder + '/', ''))
        status, text = self.swaprace(build, 'trace', program)
        if text:
            files.write_whole(self.path('trace.txt'), text.replace(self.folder + '/', ''))
        out = self.path('.minimal.c')
        status, text = self.swaprace(build, 'export-c', program, '-o', out)
        if status == 0 and os.path.exists(out):
            with open(out, 'rb') as f:
                files.write_whole(self.path('minimal.c'), f.read())
            os.unlink(out)
        else:
            self.keep(no_c=([line for line in text.splitlines() if line] or ['export-c gave nothing'])[0])

    def run(self):
        if OUTSIDE.search(self.title) or not self.program():
            self.keep(done=True, note='the input is no program that swaprace runs: no rates, no minimal program')
            return
        for build in self.builds:
            if build not in self.facts.get('replays', {}):
                self.keep(replays=dict(self.facts.get('replays', {}), **{build: self.replays(build)}))
        seen = [b for b in self.builds if self.facts['replays'][b][0]]
        if not seen:
            self.keep(done=True, flaky=True, note='no replay gives this title; log.txt is what was seen')
            return
        self.program()  # again: now it is known which builds the expect: is for
        for build in seen:
            if build not in self.facts.get('fresh', {}):
                self.keep(fresh=dict(self.facts.get('fresh', {}), **{build: self.fresh(build)}))
        if 'minimal' not in self.facts:
            self.keep(minimal=self.minimize(seen[0]) or 'could not be minimised')
        if 'also' not in self.facts:
            self.keep(also=self.also(seen[0]))
        if 'elsewhere' not in self.facts:
            self.keep(elsewhere=self.elsewhere(seen))
        self.explain(seen[0])
        self.keep(done=True, flaky=False)


def main():
    root, folder, builds, bug, world = sys.argv[1:6]
    Triage(root, folder, builds.split(','), bug, world).run()


if __name__ == '__main__':
    main()
