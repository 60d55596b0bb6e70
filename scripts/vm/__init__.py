# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels in virtual machines: scripts/vm.py.

kernels.py    which kernels there are: Debian's packages, the user's own images
build.py      own kernels: vm build
config/       what these are configured with
sources.py    Debian's kernel sources
modules.py    a kernel's modules, in the order in which they load
initramfs.py  the guest's root file system: busybox, init, what is asked for
init          the guest's first process
machine.py    one boot: qemu, what comes out of it, how it ended
report.py     what the guest's kernel said on its console
stacks.py     where the CPUs of a guest that hangs are
compare.py    swaprace kernel --vm: many programs a boot
finding.py    what a finding's file says
confirm.py    swaprace confirm: a finding shown on a booted kernel
fix.py        confirm --patch: does a fix hold?
holds.py      virtual CPUs that stand still at a place until something else has happened
places.py     where these places are, by the kernel's debug information
gdb/          what runs inside gdb for these two
"""
