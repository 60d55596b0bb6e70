#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command behind scripts/fuzz.sh: see scripts/service/supervisor.py and --help."""
import os
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from service import install, known, options, results, supervisor  # noqa: E402

PORT = 8773


def check_known(arguments):
    """Status 1 if an entry has expired, 2 if a line is wrong."""
    path = options.parse(arguments)['known']
    if not os.path.exists(path):
        raise options.Refused(f'{path} is not there')
    entries = known.Known(path)
    for line in entries.errors:
        print(f'fuzz: {line}', file=sys.stderr)
    for entry in entries.expired():
        print(f'{path}:{entry.line}: expired on {entry.until}: {entry.title} ({entry.reason})')
    if not entries.errors:
        print(f'{path}: {len(entries.entries)} known, {len(entries.expired())} expired')
    return 2 if entries.errors else 1 if entries.expired() else 0


def main(arguments):
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    if arguments[:1] == ['known']:
        return check_known(arguments[1:])
    if arguments[:1] == ['options']:  # ci.sh: are they ours?
        options.parse(arguments[1:])
        return 0
    if arguments[:1] == ['dashboard']:
        from service import dashboard
        given = options.parse(arguments[1:])
        return dashboard.serve(given['work'], *(given['dashboard'] or ('127.0.0.1', PORT)))
    if arguments[:1] == ['install']:
        return install.install(arguments[1:], os.getcwd())
    if arguments[:1] == ['results']:
        given = options.parse([a for a in arguments[1:] if not a.startswith('--out=')])
        out = [a[6:] for a in arguments if a.startswith('--out=')] or [os.path.join(given['work'], 'ci')]
        return results.write(given['work'], out[-1])
    return supervisor.fuzz(options.parse(arguments))


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except options.Refused as refused:
        print(f'fuzz: {refused}', file=sys.stderr)
        sys.exit(refused.status)
    except OSError as error:
        print(f'fuzz: {error.filename or "fuzz"}: {error.strerror or error}', file=sys.stderr)
        sys.exit(3)
    except Exception:  # a defect of ours is no finding
        traceback.print_exc()
        sys.exit(3)
