# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings for a CI system: JUnit (fuzzing.xml), and annotations and a summary on GitHub."""
import glob
import json
import os
import re
import sys
import xml.sax.saxutils

from service import files, groups, queue
from service.options import Refused

FIELD = re.compile('[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


def xml_text(text):
    """Text as XML may hold it: other characters have no way to be written there."""
    return xml.sax.saxutils.escape(FIELD.sub('\ufffd', text), {'"': '&quot;'})


def workflow_text(text):
    """Text within a workflow command of GitHub: one line, whatever the title says."""
    return text.replace('%', '%25').replace('\r', '%0D').replace('\n', '%0A')


def read(work):
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(work), 'findings', '*', 'finding.json'))):
        try:
            with open(path) as f:
                facts = json.load(f)
            facts['folder'] = os.path.dirname(path)
            facts['report'] = files.read_text(os.path.join(facts['folder'], 'report.txt'), 64 << 10)
            facts['program'] = files.read_text(os.path.join(facts['folder'], 'minimal.prog'), 64 << 10) or \
                files.read_text(os.path.join(facts['folder'], 'program.prog'), 64 << 10)
            found.append(facts)
        except (OSError, ValueError):
            print(f'fuzz: {path} is damaged and left out', file=sys.stderr)
    return found


def junit(found):
    failed = [f for f in found if f['state'] in ('new', 'flaky')]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<testsuite name="swaprace fuzzing" tests="{max(1, len(found))}" failures="{len(failed)}" '
             f'errors="0" skipped="{len(found) - len(failed)}">']
    if not found:
        lines.append('<testcase classname="swaprace.fuzzing" name="nothing found"/>')
    for facts in found:
        lines.append(f'<testcase classname="swaprace.fuzzing" name="{xml_text(facts["name"])}">')
        if facts in failed:
            lines.append(f'<failure message="{xml_text(facts["title"])}">{xml_text(queue.summary(facts))}\n\n'
                         f'{xml_text(facts["program"])}\n{xml_text(facts["report"])}</failure>')
        else:
            lines.append(f'<skipped message="{xml_text(facts["state"] + " " + facts.get("known", ""))}"/>')
        lines.append('</testcase>')
    return '\n'.join(lines + ['</testsuite>', ''])


def summary_line(facts):
    title = facts['title'].replace('`', "'")
    return f'{facts["state"]}: `{title}`, {facts["count"]} times; {queue.summary(facts)}'


def annotate(found):
    """On GitHub: an error for each new finding, but one for all that seem to have one cause; and
    a summary of all."""
    lists = groups.grouped(found)
    for facts, below in lists:
        if facts['state'] in ('new', 'flaky'):
            more = f', and {len(below)} more that seem to have the same cause' if below else ''
            print(f'::error title=swaprace::{workflow_text(facts["title"])} ({workflow_text(facts["folder"])}){more}')
    path = os.environ.get('GITHUB_STEP_SUMMARY')
    if path:
        with open(path, 'a') as f:
            f.write(f'### swaprace: {len(found)} finding(s)\n\n')
            for facts, below in lists:
                f.write(f'- {summary_line(facts)}\n')
                f.write(''.join(f'  - seems to have the same cause: {summary_line(other)}\n' for other in below))
                program = facts['program'].replace('```', "'''")
                if facts['state'] == 'new' and program:
                    f.write(f'\n```\n{program}```\n')


def write(work, out):
    if not os.path.isdir(os.path.join(work, 'findings')):
        raise Refused(f'{work} is no work folder')
    found = read(work)
    os.makedirs(out, exist_ok=True)
    files.write_whole(os.path.join(out, 'fuzzing.xml'), junit(found))
    if os.environ.get('GITHUB_ACTIONS'):
        annotate(found)
    return 0
