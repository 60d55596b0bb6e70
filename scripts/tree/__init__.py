# SPDX-License-Identifier: GPL-2.0-or-later
"""Building a kernel tree's own mm for swaprace; scripts/tree.py is the command.

    state       where a tree's things lie, and what is known of it
    debian      a source package, through an apt directory of our own
    configure   the tree's own Kconfig with our architecture and wishes
    generate    headers that the tree's build would generate
    compiler    flags, and compiling what changed
    partial     the tree and the shim into one object with few global names
    sites       the table of call sites
    final       the executable
"""
