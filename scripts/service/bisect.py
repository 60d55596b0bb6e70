# SPDX-License-Identifier: GPL-2.0-or-later
"""Which commit brought a finding? `git bisect run` in a worktree of its own.

Usage: python3 -m service.bisect REPOSITORY WORKTREE FOLDER GOOD BAD BUILD

Writes FOLDER/bisect.json: {"outcome": a line, "commit": the commit or ""}. A commit that does
not build, or that cannot read the program, is skipped (125). With ccache, if it is there.
As a step of `git bisect run`: python3 -m service.bisect step WORKTREE FOLDER BUILD
"""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from service import child, files, replay, titles  # noqa: E402

BUILD_SECONDS = 1800
SKIP, GOOD, BAD = 125, 0, 1


def build(worktree, preset, log):
    env = child.environment(CMAKE_C_COMPILER_LAUNCHER='ccache' if shutil.which('ccache') else None)
    for command in (['cmake', '--preset', preset], ['cmake', '--build', '--preset', preset, '--target', 'swaprace']):
        if child.run(command, log, BUILD_SECONDS, env=env, cwd=worktree)[0] != 0:
            return False
    return True


def step(worktree, folder, preset):
    """GOOD, BAD or SKIP for what is checked out."""
    log = os.path.join(folder, '.bisect-step.log')
    if not build(worktree, preset, log):
        return SKIP
    with open(os.path.join(folder, 'finding.json')) as f:
        facts = json.load(f)
    command = [os.path.join(worktree, 'build', preset, 'swaprace'), 'run', *replay.programs_of(folder)[:1]]
    if facts['bug']:
        command.append(f'--bug={facts["bug"]}')
    for _ in range(replay.AGAIN):
        status, text = child.run(command, log, replay.SECONDS)
        if titles.has_report(text, facts['title']):
            return BAD
        if status not in (0, 1):
            return SKIP
    return GOOD


class Bisection:
    def __init__(self, repository, worktree, folder, good, bad, preset):
        self.repository, self.worktree, self.folder = repository, worktree, folder
        self.good, self.bad, self.preset = good, bad, preset

    def git(self, where, *arguments):
        got = subprocess.run(['git', '-C', where, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, errors='replace')
        return got.returncode, got.stdout + got.stderr

    def outcome(self):
        """(line, commit)"""
        self.git(self.repository, 'worktree', 'prune')
        if not os.path.exists(os.path.join(self.worktree, '.git')):
            shutil.rmtree(self.worktree, ignore_errors=True)
            status, text = self.git(self.repository, 'worktree', 'add', '--force', '--detach', self.worktree, self.good)
            if status:
                return f'not bisected: {text.strip()[-200:]}', ''
        self.git(self.worktree, 'bisect', 'reset')
        for revision, wanted in ((self.good, GOOD), (self.bad, BAD)):
            if self.git(self.worktree, 'checkout', '--quiet', '--force', '--detach', revision)[0]:
                return f'not bisected: {revision} cannot be checked out', ''
            got = step(self.worktree, self.folder, self.preset)
            if got == SKIP:
                return f'not bisected: {revision} cannot be built or cannot read the program', ''
            if got != wanted:
                return (f'older than {revision}' if got == BAD else
                        f'not bisected: the program shows nothing in {revision}'), ''
        status, text = self.git(self.worktree, 'bisect', 'start', self.bad, self.good)
        if status:
            return f'not bisected: {text.strip()[-200:]}', ''
        status, text = self.git(self.worktree, 'bisect', 'run', sys.executable, os.path.abspath(__file__), 'step',
                                self.worktree, self.folder, self.preset)
        self.git(self.worktree, 'bisect', 'reset')
        found = re.search(r'^([0-9a-f]{40}) is the first bad commit', text, re.M)
        if found:
            subject = self.git(self.worktree, 'log', '-1', '--format=%h %s', found.group(1))[1].strip()
            return subject, found.group(1)
        maybe = re.findall(r'^([0-9a-f]{40})$', text, re.M)
        if maybe:
            return f'one of {" ".join(c[:12] for c in maybe)}, of which some cannot be built', ''
        return f'not bisected: {(text.strip().splitlines() or ["no word"])[-1][:200]}', ''


def main():
    if sys.argv[1] == 'step':
        return step(*sys.argv[2:5])
    bisection = Bisection(*sys.argv[1:7])
    line, commit = bisection.outcome()
    files.write_whole(os.path.join(sys.argv[3], 'bisect.json'),
                      json.dumps({'outcome': line, 'commit': commit}) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
