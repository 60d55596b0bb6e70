# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions of the tree's files ran, by the edges that a search wrote
(swaprace --world=tree:NAME search --edges=FILE).

A function ran if an edge in it was taken, inlined or not. Only what is linked counts:
a function that nothing of ours leads to is not in the executable.
"""
import collections
import os

from . import sites
from .state import TreeError


def read_edges(paths):
    """{address: programs}, over all files."""
    edges = collections.Counter()
    for path in paths:
        with open(path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                words = line.split()
                try:
                    edges[int(words[0], 16)] += int(words[1])
                except (ValueError, IndexError):
                    raise TreeError(f'{path}:{number}: not an address and a count') from None
    if not edges:
        raise TreeError('no edges: was it the search of a kernel tree?')
    return edges


def functions(tree, binary, edges):
    """{file: {function: programs}} of the tree's .c files."""
    source = os.path.realpath(tree.source) + '/'
    found = collections.defaultdict(dict)
    addresses = sorted(edges)
    for address, frames in zip(addresses, sites.frames(binary, addresses)):
        for name, path in sites.chain_of(frames):
            path = os.path.realpath(path)
            if path.endswith('.c') and path.startswith(source):
                file = found[path[len(source):]]
                file[name] = max(file.get(name, 0), edges[address])
    return found


def table(found):
    """Lines: a file each, the functions that never ran behind it."""
    yield f'{"file":34} {"ran":>5} {"of":>5} {"%":>5}  never ran'
    total = ran_total = 0
    for file in sorted(found):
        names = found[file]
        ran = sum(1 for count in names.values() if count)
        never = sorted(name for name, count in names.items() if not count)
        total += len(names)
        ran_total += ran
        yield f'{file:34} {ran:5} {len(names):5} {100 * ran / len(names):5.0f}  {" ".join(never)}'
    yield f'{"all":34} {ran_total:5} {total:5} {100 * ran_total / max(total, 1):5.0f}'
