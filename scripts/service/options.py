# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of scripts/fuzz.sh. Whatever is wrong with it is said in one line and
gives status 2."""
import os
import re
import sys

from service.builds import BUILDS, tree_folder

TARGETS = ('mm', 'swap', 'swapoff', 'ksm', 'hibernate', 'reclaim', 'codec')
TREE_TARGETS = ('mm', 'swap', 'swapoff', 'ksm', 'reclaim')
TREE_DEFAULTS = {'work': 'work/fuzz-{}', 'known': 'repro/findings/known.txt'}
USAGE = '''Builds, fuzzes all targets in turn, and files, explains and minimises what they find.

Usage: scripts/fuzz.sh [options]           fuzzes; sets up and builds by itself
       scripts/fuzz.sh dashboard [--work=DIR] [--dashboard=[HOST:]PORT]
       scripts/fuzz.sh known [--known=FILE]      checks known.txt: 1 if an entry has expired
       scripts/fuzz.sh results [--work=DIR] [--out=DIR]   JUnit of the findings, for CI
       scripts/fuzz.sh install [--user] [options of the service]   the systemd unit

  --time=SECONDS|forever   how long all builds fuzz (default 60); until the last
                           build is made, those that are ready fuzz already
  --jobs=N                 processes at once (default: the cores that this process may use)
  --slice=SECONDS          one process' turn (default: so that all have one; 2 to 300)
  --targets=a,b            of mm, swap, swapoff, ksm, hibernate, reclaim, codec (default: all)
  --builds=a,b             of release, asan, tsan (default: all three)
  --world=tree:NAME        the mm code of a kernel tree that "swaprace tree add" has added,
                           in place of the model
  --bug=A,B                with these seeded bugs on (swaprace bugs lists them)
  --work=DIR               corpora, findings, state (default: work; of a tree work/fuzz-NAME)
  --known=FILE             findings that are no news (default: repro/known.txt; of a tree
                           repro/findings/known.txt)
  --hook=COMMAND           called with what happened (new, flaky, fixed, build-broken), title, folder
  --dashboard=[HOST:]PORT  serves the dashboard, at 127.0.0.1 unless HOST says otherwise
  --follow=BRANCH          fuzzes that branch: builds its new commits beside, and switches over
  --follow-every=SECONDS   how often it looks for them (default 600)
  --grace=SECONDS          how long beyond its turn a process may take (default 20)
  --ballast=MB             room that is kept for filing on a full disk (default 64)
  --disk-max=MB            what the work folder may take (default 8192)
  --no-build               takes the builds as they are
  --no-triage              files what is found, and neither replays nor minimises it

Exit status: 0 nothing new was found, 1 findings that known.txt does not know, 2 bad
usage, 3 the host's fault: a build that fails, a target that does not run, no room.'''

DEFAULTS = {
    'time': '60', 'jobs': '', 'slice': '', 'targets': ','.join(TARGETS), 'builds': ','.join(BUILDS),
    'bug': '', 'work': 'work', 'known': 'repro/known.txt', 'hook': '', 'dashboard': '', 'follow': '',
    'world': 'model', 'follow-every': '600', 'grace': '20', 'ballast': '64', 'disk-max': '8192', 'root': '.'}
FLAGS = ('no-build', 'no-triage')
KNOWN_DEFAULTS = (DEFAULTS['known'], TREE_DEFAULTS['known'])  # a checkout may lack them
NUMBERS = ('jobs', 'slice', 'follow-every', 'grace', 'ballast', 'disk-max')


class Refused(Exception):
    """One line for the user, and the exit status."""

    def __init__(self, text, status=2):
        super().__init__(text)
        self.status = status


def usable_cores():
    return len(os.sched_getaffinity(0))


def seeded_bugs(root):
    """Their names, by the table that the builds are made from."""
    path = os.path.join(root, 'core', 'base', 'seeded_bug.def')
    try:
        with open(path) as f:
            return re.findall(r'^\s*SEEDED_BUG\(\s*\w+,\s*"([^"]+)"', f.read(), re.M)
    except OSError:
        raise Refused(f'{path} cannot be read: is this a whole checkout?', 3) from None


def nearest(word, words):
    import difflib
    close = difflib.get_close_matches(word, words, 1, 0.5)
    return f'; did you mean {close[0]}?' if close else ''


def parse_address(text):
    match = re.fullmatch(r'(?:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})', text)
    if not match or not 0 <= int(match.group(2)) < 65536:
        raise Refused(f"--dashboard={text}: PORT or HOST:PORT is wanted")
    return (match.group(1) or '127.0.0.1').strip('[]'), int(match.group(2))


def check_world(options, given):
    """A kernel tree has its own targets and places, and lacks some of what the model has."""
    world = options['world']
    if world == 'model':
        return
    if not re.fullmatch(r'tree:[A-Za-z0-9][A-Za-z0-9._-]*', world):
        raise Refused(f'--world={world}: model or tree:NAME is wanted')
    if not os.path.exists(os.path.join(tree_folder(options['root'], world), 'tree.json')):
        raise Refused(f'--world={world}: there is no such tree; "swaprace tree add NAME PATH" adds one')
    if options['bug']:
        raise Refused('--bug: a tree has no seeded bugs; "swaprace tree add NAME --of=TREE --edit=RULES" plants one')
    if options['follow']:
        raise Refused('--follow follows a branch of swaprace; it does not go with --world=tree:NAME')
    for name, value in TREE_DEFAULTS.items():
        if name not in given:
            options[name] = value.format(world.removeprefix('tree:'))
    if 'targets' not in given:
        options['targets'] = ','.join(TREE_TARGETS)


def parse(arguments):
    """A dictionary of all options; the numbers are numbers, the lists are lists."""
    options, given = dict(DEFAULTS, **{flag: False for flag in FLAGS}), set()
    for argument in arguments:
        if argument in ('-h', '--help'):
            print(USAGE)
            sys.exit(0)
        match = re.fullmatch(r'--([a-z-]+)(?:=(.*))?', argument, re.S)
        if not match or match.group(1) not in options:
            name = match.group(1) if match else argument
            raise Refused(f"unknown option '{argument}' (see --help){nearest(name, list(options))}")
        name, value = match.groups()
        if (name in FLAGS) != (value is None):
            raise Refused(f"--{name} takes {'no value' if name in FLAGS else 'a value'}")
        if value == '' and name != 'bug':
            raise Refused(f'--{name}=: a value is wanted')
        options[name] = True if name in FLAGS else value
        given.add(name)
    check_world(options, given)
    for name in NUMBERS:
        if options[name] and not re.fullmatch(r'[1-9][0-9]{0,8}', options[name]):
            raise Refused(f'--{name}={options[name]}: a whole number of 1 or more is wanted')
        options[name] = int(options[name]) if options[name] else None
    if options['time'] != 'forever' and not re.fullmatch(r'[1-9][0-9]{0,8}', options['time']):
        raise Refused(f"--time={options['time']}: a whole number of seconds, or 'forever', is wanted")
    options['time'] = None if options['time'] == 'forever' else int(options['time'])
    targets = TARGETS + ('canary',) if options['world'] == 'model' else TREE_TARGETS
    for name, all_of_them in (('targets', targets), ('builds', BUILDS)):
        options[name] = list(dict.fromkeys(options[name].split(',')))
        for word in options[name]:
            if word not in all_of_them:
                raise Refused(f"--{name}: there is no '{word}'; there are {' '.join(all_of_them)}")
    options['jobs'] = options['jobs'] or usable_cores()
    if options['dashboard']:
        options['dashboard'] = parse_address(options['dashboard'])
    bugs = seeded_bugs(options['root']) if options['bug'] else []
    for bug in options['bug'].split(',') if options['bug'] else []:
        if bug not in bugs:
            raise Refused(f"--bug={options['bug']}: no seeded bug '{bug}' (swaprace bugs lists "
                          f"them){nearest(bug, bugs)}")
    return options
