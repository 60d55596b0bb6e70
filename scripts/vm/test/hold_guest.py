#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: a hold of a booted kernel keeps its task where it is until the event; one to which
nobody comes changes nothing and says so; one whose event does not come ends.
Method: sync on one CPU, a shell on the other one, which looks whether sync is still there.
Exit status 77: no debug information of the kernel is here (it is large: not fetched for a test)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
from vm import confirm, holds, initramfs, kernels, machine, places  # noqa: E402

SHELL = '''taskset 1 sync &
sleep 0.5
if [ -e /proc/$!/status ]; then echo "sync is there"; fi
dmesg >/dev/null
wait
echo over
'''
COMMAND = f"cat >script <<'END'\n{SHELL}END\ntaskset 2 sh script\n"
CASES = (  # a hold, what the shell says, what was missed
    ('sync at __x64_sys_sync until dmesg at __x64_sys_syslog', 'sync is there\nover\n', None),
    ('nobody at __x64_sys_sync until dmesg at __x64_sys_syslog', 'over\n',
     'nobody never came to "__x64_sys_sync"'),
    ('sync at __x64_sys_sync for 1 s', 'sync is there\nover\n', None),
)


def main():
    kernel = kernels.Kernel(kernels.DEFAULT).load()
    if not any(os.path.exists(kernel.path(name)) for name in ('vmlinux', 'places.json')):
        print('left out: holds, as there is no debug information of this kernel here')
        return 77
    table = places.Table(kernel, lambda: kernel.path('vmlinux'))
    options = machine.Options()
    options.parallel = True
    failed = 0
    for text, wanted, missed in CASES:
        options.holder = holds.Holder([holds.Hold(text)], table)
        said = confirm.Collector(False)
        boot = machine.boot(kernel, initramfs.make(kernel, [], [], COMMAND), options, said)
        seen = (said.text.decode(errors='replace'), options.holder.missed(), boot.how, boot.code)
        good = seen == (wanted, missed, 'ended', 0)
        failed += not good
        print(f'{"ok" if good else "FAILED"}: {text}' + ('' if good else f': {seen}'), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
