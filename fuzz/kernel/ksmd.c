// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ksmd by hand. "run" is 1 during a pass alone: each write to it takes the mutex
 * that ksmd holds while it scans, so a pass is over when the write returns.
 * pages_to_scan is more than there can be, so that one scan is one pass.
 */
#include "fuzz/kernel/ksmd.h"

#include "fuzz/kernel/process.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define KSM "/sys/kernel/mm/ksm/"
#define PASS_TRIES 10000
#define WAKE_TRIES 60

static unsigned toggle;

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 30000 }, NULL);
}

/* Ends ksmd's sleep between two scans. */
static void wake(void)
{
	char value[32];

	snprintf(value, sizeof(value), "%u", 100000 + (toggle++ & 1));
	sysfile_write(KSM "sleep_millisecs", value);
}

int ksmd_open(char why[UNDO_WHY_MAX])
{
	static const struct { const char *path, *value; } settings[] = {
		{ KSM "run", "0" }, { KSM "sleep_millisecs", "100000" },
		{ KSM "pages_to_scan", "1000000" }, { KSM "smart_scan", "0" },
		{ KSM "use_zero_pages", "0" },
	};

	if (sysfile_number(KSM "run", -1) < 0) {
		snprintf(why, UNDO_WHY_MAX, "this kernel has no KSM");
		return -ENODEV;
	}
	if (sysfile_number(KSM "run", 0) != 0 || sysfile_number(KSM "pages_shared", 0) != 0) {
		snprintf(why, UNDO_WHY_MAX, "KSM is in use on this machine (" KSM "run)");
		return -EBUSY;
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int err = undo_write(settings[i].path, settings[i].value);

		/* Older kernels lack a setting, and what it is for. */
		if (err && err != -ENOENT) {
			snprintf(why, UNDO_WHY_MAX, "%s cannot be written: %s", settings[i].path,
				 strerror(-err));
			return err;
		}
	}
	return 0;
}

/* Waits until the number of passes is no longer before; false: it stays. */
static bool await_pass(long before, int tries)
{
	while (tries-- > 0 && !process_stop) {
		if (sysfile_number(KSM "full_scans", 0) != before)
			return true;
		nap();
	}
	return false;
}

int ksmd_pass(void)
{
	long before = sysfile_number(KSM "full_scans", 0);
	bool done;

	sysfile_write(KSM "run", "1");
	/* It waits for "run", or still sleeps between two scans: then it is woken,
	 * but not before, for that would be one pass more. */
	done = await_pass(before, WAKE_TRIES);
	if (!done) {
		wake();
		done = await_pass(before, PASS_TRIES);
	}
	sysfile_write(KSM "run", "0");
	wake();
	if (!done)
		return -ETIMEDOUT;
	return sysfile_number(KSM "full_scans", 0) == before + 1 ? 0 : -EAGAIN;
}

int ksmd_forget(void)
{
	int err = sysfile_write(KSM "run", "2");

	sysfile_write(KSM "run", "0");
	return err;
}

void ksmd_counters(long *shared, long *sharing)
{
	*shared = sysfile_number(KSM "pages_shared", 0);
	*sharing = sysfile_number(KSM "pages_sharing", 0);
}
