// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Switching static keys, in the place of kernel/jump_label.c. On hardware code is
 * patched while no CPU runs it; here the key changes in one instant and makes no event.
 * Left out: rate-limited keys; that a switch sleeps on jump_label_mutex.
 */
#include <linux/jump_label.h>

#include "core/tree/shim/shim.h"

int static_key_count(struct static_key *key)
{
	return __atomic_load_n(&key->enabled.counter, __ATOMIC_RELAXED);
}

static bool key_add(struct static_key *key, int n)
{
	int now = __atomic_add_fetch(&key->enabled.counter, n, __ATOMIC_RELAXED);

	if (now < 0)
		seam_report("WARNING: static key switched off more often than on", "");
	return true;
}

bool static_key_slow_inc(struct static_key *key)
{
	return key_add(key, 1);
}

bool static_key_slow_inc_cpuslocked(struct static_key *key)
{
	return key_add(key, 1);
}

bool static_key_fast_inc_not_disabled(struct static_key *key)
{
	return static_key_count(key) > 0 && key_add(key, 1);
}

void static_key_slow_dec(struct static_key *key)
{
	key_add(key, -1);
}

void static_key_slow_dec_cpuslocked(struct static_key *key)
{
	key_add(key, -1);
}

static void key_set(struct static_key *key, int value)
{
	__atomic_store_n(&key->enabled.counter, value, __ATOMIC_RELAXED);
}

void static_key_enable(struct static_key *key)
{
	key_set(key, 1);
}

void static_key_enable_cpuslocked(struct static_key *key)
{
	key_set(key, 1);
}

void static_key_disable(struct static_key *key)
{
	key_set(key, 0);
}

void static_key_disable_cpuslocked(struct static_key *key)
{
	key_set(key, 0);
}
