# SPDX-License-Identifier: GPL-2.0-or-later
"""Titles under their old names: core/base/title_alias.def, as fuzz/exec/title.c reads it."""
import os
import re

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'core', 'base',
                     'title_alias.def')


def pattern(text):
    """A regular expression: '#' is a number, '*' any text."""
    return re.compile(re.escape(text).replace(r'\#', '[0-9]+').replace(r'\*', '(.*)'), re.S)


def read(path=TABLE):
    """[(old, now)]"""
    with open(path, encoding='utf-8') as f:
        return [(pattern(old), pattern(now)) for old, now in
                re.findall(r'^TITLE_ALIAS\("([^"]*)",\s*"([^"]*)"\)', f.read(), re.M)]


ALIASES = read()


def same(title, wanted):
    """Is a report's title the wanted one, or does wanted name it as it was called before?"""
    if title == wanted:
        return True
    for old, now in ALIASES:
        was, is_now = old.fullmatch(wanted), now.fullmatch(title)
        if was and is_now and (not was.groups() or was.groups() == is_now.groups()):
            return True
    return False


def reports(text):
    """The titles of a text's lines "report: TITLE"."""
    return re.findall(r'^(?:.*?: )?report: (.*)$', text, re.M)


def first_report(text):
    """The first of them, or None."""
    return next(iter(reports(text)), None)


def has_report(text, wanted):
    """Does one of the lines "report: TITLE" of a text have the title?"""
    return any(same(title, wanted) for title in reports(text))
