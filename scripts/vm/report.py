# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel has said on its console: its reports, as its own headings name them."""
import re

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


def find(console):
    """(heading, the report's lines) of the first report, or None."""
    said = lines(console)
    for n, line in enumerate(said):
        if HEADING.search(line):
            heading = re.sub(r'^-+\[ cut here \]-+', '', line).strip()
            return heading, said[n:n + LINES_MAX]
    return None
