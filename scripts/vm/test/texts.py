# SPDX-License-Identifier: GPL-2.0-or-later
"""A finding's file of the tests' own."""
import os
import tempfile

from vm import finding


def read_finding(text):
    """The Finding of a.confirm with this text, beside an a.c without any."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'a.confirm')
        for name, content in (('a.confirm', text), ('a.c', '')):
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as f:
                f.write(content)
        return finding.Finding(path)
