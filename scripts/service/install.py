# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/fuzz.sh install: the systemd unit, filled in and put where systemd looks.

As root it is a unit of the system, whose work folder is /var/lib/swaprace; with --user, or as
another user, one of that user's manager, with a work folder in the user's state. --print prints
it and installs nothing. All other options are those of the service.
"""
import os
import subprocess
import sys

from service import options

NAME = 'swaprace.service'
HERE = os.path.dirname(os.path.abspath(__file__))
OWN = ('--user', '--print')
ROOM_MB = 2560          # of memory for one process: what libFuzzer lets it have, and some more


def quoted(word):
    """A word of ExecStart=, as systemd reads it."""
    escaped = word.replace('%', '%%').replace('$', '$$').replace('\\', '\\\\').replace('"', '\\"')
    return f'"{escaped}"' if escaped != word or not word or any(c in word for c in ' \t;\'') else word


def unit(arguments, root, is_user):
    """The text of the unit; Refused where an option of the service is wrong."""
    for name in ('time', 'work'):
        if any(a.startswith(f'--{name}=') for a in arguments):
            raise options.Refused(f'--{name} is set by the unit itself')
    given = options.parse([f'--root={root}', *arguments])
    for path in (root, sys.executable):
        if any(c in path for c in ' \t"\'\\%$'):
            raise options.Refused(f'{path}: a unit cannot name this path; move it', 3)
    with open(os.path.join(HERE, NAME + '.in')) as f:
        text = f.read()
    builds = 1 + given['jobs'] + 1
    words = {
        'ROOT': root, 'PYTHON': os.path.realpath(sys.executable), 'WORK': '%S/swaprace',
        'OPTIONS': ' '.join(map(quoted, arguments)), 'STATE': 'StateDirectory=swaprace',
        'MEMORY': f'{ROOM_MB * builds}M', 'WANTED': 'default.target' if is_user else 'multi-user.target'}
    for word, value in words.items():
        text = text.replace(f'@{word}@', value)
    return text


def place(is_user):
    if not is_user:
        return f'/etc/systemd/system/{NAME}'
    home = os.environ.get('XDG_CONFIG_HOME') or os.path.expanduser('~/.config')
    return os.path.join(home, 'systemd', 'user', NAME)


def install(arguments, root):
    is_user = '--user' in arguments or os.geteuid() != 0
    text = unit([a for a in arguments if a not in OWN], root, is_user)
    if '--print' in arguments:
        print(text, end='')
        return 0
    path, manager = place(is_user), ['systemctl'] + (['--user'] if is_user else [])
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)
    except OSError as error:
        raise options.Refused(f'{path}: {error.strerror}', 3) from None
    print(f'{path} is written')
    try:
        reloaded = subprocess.run([*manager, 'daemon-reload'], capture_output=True, text=True)
        problem = reloaded.stderr.strip() if reloaded.returncode else ''
    except OSError as error:
        problem = f'systemctl: {error.strerror}'
    if problem:
        print(f'fuzz: systemd was not told: {problem}', file=sys.stderr)
        return 3
    print(f'start it, now and at each boot:  {" ".join(manager)} enable --now {NAME}')
    if is_user:
        print('so that it runs without a login:  loginctl enable-linger')
    return 0
