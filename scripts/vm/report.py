# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel has said on its console: its reports, as its own headings name them."""
import os
import re

from command import Failure

KNOWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'known.txt')

# Headings of reports. Stalls and hung tasks are not among them: a slow host causes them.
HEADING = re.compile(r'(BUG: (?!workqueue lockup|soft lockup)|WARNING: |kernel BUG at |Oops: |'
                     r'general protection fault|UBSAN: |Kernel panic - not syncing|'
                     r'possible recursive locking|Poison overwritten|Bad page state)')
LINES_MAX = 60
STAMP = re.compile(r'^\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?')


def lines(console):
    """The console's text, without control characters and without the time of each line."""
    text = console.decode(errors='replace').replace('\r', '')
    return [STAMP.sub('', re.sub(r'[^\x20-\x7e\t]', '', line)) for line in text.split('\n')]


def has_heading(console):
    """Quicker than find_all(): may there be a report?"""
    return any(HEADING.search(line) for line in lines(console))


def find_all(console):
    """[(heading, the report's lines), ...]; what an oops leads to (a panic) belongs to it."""
    said, found, end = lines(console), [], 0
    for n, line in enumerate(said):
        if n < end or not HEADING.search(line):
            continue
        ends = [m + 1 for m in range(n, min(n + LINES_MAX, len(said))) if '---[ end ' in said[m]]
        end = ends[0] if ends else n + 1
        if found and 'Kernel panic' in line:
            continue
        found.append((line.strip(), said[n:end if ends else n + LINES_MAX]))
    return found


def find(console):
    """The first one, or None."""
    return next(iter(find_all(console)), None)


def read_known(path=KNOWN):
    """[(heading, line, reason), ...]: reports that are known and do not count as new."""
    known = []
    with open(path, encoding='utf-8') as f:
        for n, line in enumerate(f, 1):
            if line.strip() and not line.startswith('#'):
                row = line.rstrip('\n').split('\t')
                if len(row) != 3:
                    raise Failure(f'{path}:{n}: heading, line and reason, with tabs between', 2)
                known.append((re.compile(row[0]), re.compile(row[1]), row[2]))
    return known


def known_reason(known, found):
    """Why a report is known, or None."""
    return next((reason for heading, pattern, reason in known if heading.search(found[0])
                 and any(pattern.search(line) for line in found[1])), None)
