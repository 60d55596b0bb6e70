# SPDX-License-Identifier: GPL-2.0-or-later
"""swaprace confirm --patch=FIX.diff: does a fix hold?

The patch is applied to copies of the files that it changes, in a copy of the own kernel's
build (build.py), so only what it reaches is compiled, and neither the user's tree nor the own
kernel changes. The copy takes the place of the build meanwhile, as kbuild's tools have its
path in them and all would be compiled again elsewhere. The kernel with it stays as
work/vm/NAME-patched/. What the fix is for has to show on the kernel without it, by the same
command.
"""
import os
import tempfile

from command import Failure, run
from tree import patched
from tree.state import digest, dotted, read_version

from . import build, kernels


def base_kernel(name, source, jobs, say):
    """The own kernel that is patched: the one of the name, or one of the source, which is built
    where there is none yet."""
    own = [kernel for kernel in kernels.all_kernels() if kernel.built and 'patch' not in kernel.built]
    if source:
        path = os.path.realpath(source)
        fit = [kernel for kernel in own if kernel.built['source'] == path and name in (None, kernel.name)]
        name = fit[0].name if fit else name or 'own-' + dotted(read_version(path))
        kind = fit[0].built['config'] if fit else 'plain'
    else:
        fit = [kernel for kernel in own if kernel.name == name]
        if not fit:
            raise Failure('confirm: --patch is for an own kernel: give --kernel=NAME of one that "vm '
                          'build" made, or --tree=PATH', 2)
        path, kind = fit[0].built['source'], fit[0].built['config']
    one = build.Build(name, kind, path, jobs)
    one.run(say)
    return one


def changed_by(base, path, folder):
    """Copies of the files that the patch changes, changed, in folder; {path: its content, or None
    where it goes}."""
    try:
        patched.apply_patch(base, folder, path)
        with open(path, encoding='utf-8', errors='surrogateescape') as f:
            touched = patched.touched(f.read())
    except FileNotFoundError as error:
        raise Failure(f'{error.filename}: no such file', 2) from None
    found = {}
    for name in touched:
        try:
            with open(os.path.join(folder, name), 'rb') as f:
                found[name] = f.read()
        except FileNotFoundError:
            found[name] = None
    return found


def put(tree, files):
    """In place of the links to what the user's tree has."""
    for name, content in files.items():
        path = os.path.join(tree, name)
        if os.path.lexists(path):
            os.remove(path)
        if content is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as f:
                f.write(content)


def build_patched(base, path, say):
    """The kernel with the patch. base: the Build of the one without."""
    with tempfile.TemporaryDirectory() as folder:
        files = changed_by(base, path, folder)
    built = {**base.kernel.built, 'patch': digest(*(part for name, content in sorted(files.items())
                                                    for part in (name, content or b'')))}
    kernel = kernels.Kernel(base.kernel.name + '-patched')
    if os.path.exists(kernel.folder) and kernel.load().built == built:
        return kernel
    say(f'building it with {os.path.relpath(path)}, which changes {" ".join(files)}')
    base.set_aside()
    try:
        run(['cp', '-a', '--reflink=auto', base.aside, base.tree], 'cp')
        put(base.tree, files)
        build.Make(base.tree, os.path.join(base.folder, 'log-patched'), base.make.jobs).run('bzImage')
        build.install(kernel, base.out, built)
    finally:
        base.take_back()
    return kernel
