#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests that change the machine, which source it: state prints all that must
# be afterwards as it was before.

state() {
	cat /proc/swaps
	ls /sys/block
	for file in /sys/block/zram*/disksize /sys/block/loop*/loop/backing_file \
		/sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/sleep_millisecs \
		/sys/kernel/mm/ksm/pages_to_scan /sys/kernel/mm/ksm/smart_scan \
		/sys/kernel/mm/ksm/use_zero_pages /sys/kernel/mm/ksm/pages_shared \
		/sys/kernel/mm/swap/vma_ra_enabled /proc/sys/vm/page-cluster \
		/proc/sys/vm/swappiness; do
		if [ -r "$file" ]; then echo "$file: $(cat "$file")"; fi
	done
	for file in /dev/shm/swaprace* /tmp/swaprace.[0-9]* /run/swaprace-kernel; do
		if [ -e "$file" ]; then echo "$file"; fi
	done
}
