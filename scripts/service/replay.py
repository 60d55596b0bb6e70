# SPDX-License-Identifier: GPL-2.0-or-later
"""Does each finding still show in another revision's builds?

Usage: python3 -m service.replay ROOT WORK BUILDS OUT

Runs the minimal program and up to five inputs of each finding, in the builds in which it
has shown so far, and writes {finding: {"hits": N, "tries": N}} to OUT as JSON. A finding without one
try (its build is not there) is left out: nothing is known about it.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from service import child, files, titles  # noqa: E402

INPUTS = 5
AGAIN = 3               # runs of each, where the first did not show it: a race is missed by chance
SECONDS = 60


def programs_of(folder):
    inputs = os.path.join(folder, 'inputs')
    paths = [os.path.join(folder, 'minimal.prog'), os.path.join(folder, 'input')]
    if os.path.isdir(inputs):
        paths += [os.path.join(inputs, name) for name in sorted(os.listdir(inputs))[:INPUTS]]
    return [path for path in paths if os.path.exists(path)]


def builds_of(facts, builds):
    seen = [b for b, pair in facts['triage'].get('replays', {}).items() if pair[0]]
    return [b for b in builds if b in (seen or [facts['build']])]


def shows(root, build, facts, path, log):
    """True if this program or input still gives the title."""
    top = os.path.join(root, 'build', build)
    if facts['triage'].get('replays'):
        command = [os.path.join(top, 'swaprace'), 'run', path]
        if facts['bug']:
            command.append(f'--bug={facts["bug"]}')
        return titles.has_report(child.run(command, log, SECONDS)[1], facts['title'])
    # What is no program: the target itself says it, by ending.
    status, _ = child.run([os.path.join(top, f'{facts["target"]}_fuzzer'), '-timeout=20', path], log, SECONDS,
                          env=child.environment(SWAPRACE_BUG=facts['bug'] or None))
    return status not in (0, 124)


def replay(root, folder, facts, builds, log):
    hits = tries = 0
    for build in builds_of(facts, builds):
        for path in programs_of(folder):
            if path.endswith('.prog') and not facts['triage'].get('replays'):
                continue
            for _ in range(AGAIN):
                tries += 1
                if shows(root, build, facts, path, log):
                    hits += 1
                    break
    return {'hits': hits, 'tries': tries}


def main():
    root, work, builds, out = sys.argv[1:5]
    results, top = {}, os.path.join(work, 'findings')
    for slug in sorted(os.listdir(top)):
        try:
            with open(os.path.join(top, slug, 'finding.json')) as f:
                facts = json.load(f)
        except (OSError, ValueError):
            continue
        result = replay(root, os.path.join(top, slug), facts, builds.split(','), out + '.log')
        if result['tries']:
            results[slug] = result
    files.write_whole(out, json.dumps(results, indent=1) + '\n')


if __name__ == '__main__':
    main()
