# SPDX-License-Identifier: GPL-2.0-or-later
"""What the commands in scripts/ share: a failure that is one line, and running a tool."""
import argparse
import os
import re
import subprocess
import sys
import traceback

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
WORK = os.path.join(ROOT, 'work')


class Failure(Exception):
    """One line that says what is wrong; status is the exit status."""

    def __init__(self, text, status=3):
        super().__init__(text)
        self.status = status


class Parser(argparse.ArgumentParser):
    """Bad usage is one line and status 2, as everywhere."""

    def error(self, message):
        self.exit(2, f'{self.prog.split()[0]}: {message}\n')


class InAnyOrder(Parser):
    """Of a command with options: they may stand before, between and behind the others, also
    where one of these may be missing. argparse by itself takes that one for missing as soon as an
    option comes."""

    in_any_order = True

    def parse_known_args(self, args=None, namespace=None):
        if not self.in_any_order:
            return super().parse_known_args(args, namespace)
        self.in_any_order = False  # it calls this function, for each half
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.in_any_order = True


def run(args, what, **kwargs):
    """Runs a command; a failure is a Failure with its first line of error."""
    done = subprocess.run(args, capture_output=True, text=True, check=False, **kwargs)
    if done.returncode != 0:
        raise Failure(f'{what}: {first_error(done.stderr or done.stdout)}')
    return done.stdout


def first_error(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if re.search(r'\b(error|undefined|multiple definition)\b', line):
            return line
    return lines[-1] if lines else 'it failed without a word'


def exit_with(main):
    """Ends with main()'s status; a defect of ours is no finding, so its traceback gives 3."""
    try:
        sys.exit(main())
    except Exception:
        traceback.print_exc()
        sys.exit(3)


def check_name(name, what):
    if not re.fullmatch(r'[A-Za-z0-9][A-Za-z0-9._-]*', name):
        raise Failure(f'{name!r} is no name for a {what}', 2)


def install_tools(option):
    """What the machine lacks: option as in scripts/setup.sh."""
    setup = os.path.join(ROOT, 'scripts', 'setup.sh')
    if subprocess.run(['bash', setup, option], check=False).returncode != 0:
        raise Failure(f'scripts/setup.sh {option} failed')
