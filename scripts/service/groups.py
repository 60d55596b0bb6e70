# SPDX-License-Identifier: GPL-2.0-or-later
"""Which findings seem to have one cause: one bug often shows under several titles.

A new finding is listed beneath another new one that its own smallest program gives as well:
under fresh schedules, or in a build that does not show the first one's title. Of the two, the one
with the smaller program stands above. That is a guess, because a second bug may show in the
program of the first one, so it decides how findings are listed and nothing else: each stays a
finding with a folder and a state of its own, and nothing is listed beneath what is known or fixed.
"""
import re

from service import titles


def size_of(facts):
    """Ops and edges of the smallest program; None: not minimised (yet)."""
    match = re.search(r'-> \d+ tasks, (\d+) ops, (\d+) order edges', facts['triage'].get('minimal') or '')
    return int(match.group(1)) + int(match.group(2)) if match else None


def rank(facts):
    return size_of(facts), facts['first'], facts['slug']


def ties_of(facts):
    """{title: schedules} of what its smallest program gives besides its own title."""
    triage = facts['triage']
    return {**dict.fromkeys(triage.get('elsewhere', {}).values(), 1), **triage.get('also', {})}


def beneath(findings):
    """{slug: slug of the finding that it is listed beneath}; the others are not in it."""
    fit = [f for f in findings if f['state'] == 'new' and size_of(f) is not None]
    above = {}
    for facts in fit:
        ties = ties_of(facts)
        best = [(-count, rank(other)) for other in fit for title, count in ties.items()
                if other is not facts and titles.same(other['title'], title) and rank(other) < rank(facts)]
        if best:
            above[facts['slug']] = min(best)[1][2]
    for slug in above:
        while above[slug] in above:  # ranks fall, so that this ends
            above[slug] = above[above[slug]]
    return above


def grouped(findings):
    """[(finding, [those beneath it])], in the order of the findings."""
    above = beneath(findings)
    return [(facts, [f for f in findings if above.get(f['slug']) == facts['slug']])
            for facts in findings if facts['slug'] not in above]
