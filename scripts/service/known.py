# SPDX-License-Identifier: GPL-2.0-or-later
"""known.txt: findings that somebody knows about. They are counted, and are no news.

One entry a paragraph; '#' begins a comment:

    title:  WARNING: folio not in swap cache in folio_put_swap
    stack:  try_to_unuse sys_swapoff        (optional)
    object: folio S3.1                      (optional)
    reason: the series of 12 May repairs it
    until:  2027-03-01                      (optional; the entry counts up to that day)

A '*' at the end of a title stands for any rest; titles under their old names count (titles.py). The words of stack: must all stand in
the stacks of the report, the text of object: somewhere in the report; else the report
is another finding with the same title. An expired entry knows nothing any more and fails CI.
"""
import datetime
import os
import re

from service import files, titles

FIELDS = ('title', 'stack', 'object', 'reason', 'until')


class Entry:
    def __init__(self, line):
        self.line, self.title, self.reason, self.until = line, '', '', None
        self.stack, self.object = [], ''

    def fits_title(self, title):
        if self.title.endswith('*'):
            return title.startswith(self.title[:-1])
        return titles.same(title, self.title)

    def fits_report(self, report):
        stacks = ' '.join(re.findall(r'^stack:\n((?:[ \t]+.*\n)+)', report, re.M))
        words = set(re.findall(r'[A-Za-z_][A-Za-z0-9_.]*', stacks))
        return all(word in words for word in self.stack) and self.object in report

    def has_expired(self, today):
        return self.until is not None and today > self.until


def parse(text, path):
    """(entries, errors): errors are lines 'path:line: what is wrong'."""
    entries, errors, entry = [], [], None
    for number, line in enumerate(text.splitlines() + [''], 1):
        line = line.split('#')[0].rstrip() if line.lstrip().startswith('#') else line.rstrip()
        if not line:
            if entry is not None:
                for field in ('title', 'reason'):
                    if not getattr(entry, field):
                        errors.append(f'{path}:{entry.line}: an entry without "{field}:"')
                entries.append(entry)
            entry = None
            continue
        key, colon, value = line.partition(':')
        key, value = key.strip(), value.strip()
        if not colon or key not in FIELDS or not value:
            errors.append(f'{path}:{number}: "{line.strip()[:40]}": wanted one of '
                          + ' '.join(f'{f}:' for f in FIELDS) + ' and a value')
            continue
        entry = entry or Entry(number)
        if key == 'until':
            try:
                value = datetime.date.fromisoformat(value)
            except ValueError:
                errors.append(f'{path}:{number}: "{value}" is no date, wanted like 2027-03-01')
                continue
        setattr(entry, key, value.split() if key == 'stack' else value)
    return entries, errors


class Known:
    """The entries of a file; one that is absent knows nothing."""

    def __init__(self, path, today=None):
        self.path, self.today = path, today
        self.stamp = self.stamp_now()
        self.entries, self.errors = parse(files.read_text(path), path)

    def stamp_now(self):
        try:
            stat = os.stat(self.path)
            return stat.st_mtime_ns, stat.st_size, stat.st_ino
        except OSError:
            return None

    def has_changed(self):
        """Reads the file again if it has changed. Errors in it keep the entries as they were."""
        if self.stamp == self.stamp_now():
            return False
        self.stamp = self.stamp_now()
        entries, self.errors = parse(files.read_text(self.path), self.path)
        if not self.errors:
            self.entries = entries
        return True

    def day(self):
        return self.today or datetime.date.today()

    def match(self, title, report):
        """The entry that knows this report, or None."""
        for entry in self.entries:
            if not entry.has_expired(self.day()) and entry.fits_title(title) \
               and entry.fits_report(report):
                return entry
        return None

    def name_of(self, title, report):
        """The name that a report is filed under: its title, and where an entry knows the
        title but not this report, a name of its own."""
        alike = [e for e in self.entries if e.fits_title(title) and (e.stack or e.object)]
        if alike and not any(e.fits_report(report) for e in alike):
            return f'{title} (not the known one)'
        return title

    def expired(self):
        return [e for e in self.entries if e.has_expired(self.day())]
