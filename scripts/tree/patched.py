# SPDX-License-Identifier: GPL-2.0-or-later
"""A tree with a change: a patch series or edits by rule over another tree.

Nothing of the base is written to. The files that change are copied into
work/trees/NAME/changed/, where the compiler looks first; a file of the base that
includes a changed header by its short name gets a link there. Only what the change
reaches is compiled again; the other objects are the base's.
"""
import os
import re
import shutil
import subprocess

from . import edit
from .state import TreeError, digest


def changed_folder(tree):
    return os.path.join(tree.folder, 'changed')


def messages(text):
    """The patches of a series, each with a name: a mailbox, or one diff."""
    starts = [m.start() for m in re.finditer(r'^From [0-9a-f]{7,40} ', text, re.M)] or [0]
    for number, (begin, end) in enumerate(zip(starts, starts[1:] + [len(text)]), 1):
        part = text[begin:end]
        subject = re.search(r'^Subject: (.*(?:\n[ \t].*)*)', part, re.M)
        name = re.sub(r'\s+', ' ', subject.group(1)) if subject else f'patch {number}'
        yield name, part


def touched(text):
    """The paths that a diff changes, without the a/ and b/ before them."""
    paths = []
    for old, new in re.findall(r'^--- (\S+).*\n\+\+\+ (\S+)', text, re.M):
        for path in (old, new):
            if path != '/dev/null' and '/' in path:
                paths.append(path.split('/', 1)[1])
    return list(dict.fromkeys(paths))


def copy_in(base, folder, path):
    target, source = os.path.join(folder, path), os.path.join(base.source, path)
    if os.path.normpath(path).startswith(('..', '/')):
        raise TreeError(f'the patch changes {path}, outside of the tree', 2)
    if os.path.exists(target) or not os.path.exists(source):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)


def failed_hunk(output):
    """What patch(1) says of the first hunk that does not apply."""
    path = '?'
    for line in output.splitlines():
        if line.startswith('patching file '):
            path = line[len('patching file '):]
        hunk = re.match(r'Hunk #(\d+) FAILED at (\d+)', line)
        if hunk:
            return f'hunk {hunk.group(1)} of {path} does not apply (line {hunk.group(2)})'
        if "can't find file" in line or 'No file to patch' in line:
            return 'it changes a file that the tree does not have'
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else 'patch(1) failed without a word'


def apply_patch(base, folder, path):
    if not shutil.which('patch'):
        raise TreeError('patch(1) is missing (package patch)')
    with open(path, encoding='utf-8', errors='surrogateescape') as f:
        text = f.read()
    if not touched(text):
        raise TreeError(f'{path}: there is no unified diff in it', 2)
    for name, part in messages(text):
        for changed in touched(part):
            copy_in(base, folder, changed)
        done = subprocess.run(['patch', '-p1', '--batch', '--no-backup-if-mismatch', '-r', '-'],
                              input=part, text=True, capture_output=True, cwd=folder, check=False,
                              errors='surrogateescape')
        if done.returncode != 0:
            raise TreeError(f'{path}: {name}: {failed_hunk(done.stdout + done.stderr)}', 2)


def edit_name(path):
    return os.path.basename(path).removesuffix('.edit')


def switched_edits(tree):
    """Names of the edits that the tree's executable can switch on, in order; or none."""
    return [edit_name(path) for path in tree.about.get('edits', [])] if tree.about.get('switch') \
        else []


def apply_edits(tree, base, folder):
    """All of them hold, or (--switch) each only while it is switched on."""
    rules = []
    for number, path in enumerate(tree.about.get('edits', []), 1):
        with open(path, encoding='utf-8') as f:
            own = edit.parse(f.read(), path)
        rules += edit.switch(own, number) if tree.about.get('switch') else own
    for changed in edit.paths(rules):
        copy_in(base, folder, changed)
        target = os.path.join(folder, changed)
        if not os.path.exists(target):
            raise TreeError(f'{rules_of(rules, changed)}: {base.name} has no {changed}', 2)
        with open(target, encoding='utf-8') as f:
            text = f.read()
        with open(target, 'w', encoding='utf-8') as f:
            f.write(edit.apply(rules, changed, text))


def rules_of(rules, path):
    return next(rule.where for rule in rules if rule.path == path)


def make(tree, base):
    """Fills changed/ anew, from what tree.about says; unchanged files keep their times."""
    folder = changed_folder(tree)
    new = folder + '.new'
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    try:
        for path in tree.about.get('patches', []):
            apply_patch(base, new, path)
        apply_edits(tree, base, new)
    except FileNotFoundError as error:
        raise TreeError(f'{error.filename}: no such file', 2) from None
    for path in changed_files(new):
        keep_time(os.path.join(folder, path), os.path.join(new, path))
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(new, folder)


def keep_time(old, new):
    if not os.path.isfile(old) or os.path.islink(old):
        return
    with open(old, 'rb') as a, open(new, 'rb') as b:
        if a.read() != b.read():
            return
    times = os.stat(old)
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))


def changed_files(folder):
    """The changed files, relative to the tree; links are not among them."""
    found = []
    for top, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(top, name), folder) for name in names
                  if not os.path.islink(os.path.join(top, name))]
    return sorted(found)


def change_digest(tree):
    """Identifies the change, for reports."""
    folder = changed_folder(tree)
    parts = []
    for path in changed_files(folder):
        with open(os.path.join(folder, path), 'rb') as f:
            parts += [path, f.read()]
    return digest(*parts)


def link_in(tree, base, name):
    """A file of the base under changed/, so that it sees the changed headers beside it."""
    target = os.path.join(changed_folder(tree), name)
    if not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.path.join(base.source, name), target)
    return target
