# SPDX-License-Identifier: GPL-2.0-or-later
"""The round-the-clock service: see supervisor.py, which opens with how it works."""
