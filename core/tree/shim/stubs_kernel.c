// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stubs of kernel/, lib/ and drivers/: random numbers (fixed: each use that matters
 * should be a choice of the schedule), time conversions, hotplug, futexes.
 * Left out: everything behind them.
 */
#include <linux/cpuhotplug.h>
#include <linux/futex.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "core/tree/shim/world.h"

bool static_key_initialized = true;
DEFINE_STATIC_KEY_FALSE(init_on_alloc);
DEFINE_STATIC_KEY_FALSE(init_on_free);
DEFINE_STATIC_KEY_MAYBE(CONFIG_DEBUG_VM, check_pages_enabled);

/* ---- random numbers -------------------------------------------------------------- */

u32 get_random_u32(void)
{
	return 4;
}

u64 get_random_u64(void)
{
	return 4;
}

u32 __get_random_u32_below(u32 ceil)
{
	return 0;
}

/* ---- lib/, kernel/time/ ---------------------------------------------------------- */

unsigned long __msecs_to_jiffies(const unsigned int msecs)
{
	return msecs;
}

unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

/* kswapd's pass asks; an op is never frozen. Weak: the scheduler's half may have it. */
bool __weak kthread_freezable_should_stop(bool *was_frozen)
{
	if (was_frozen)
		*was_frozen = false;
	return false;
}

/* ---- kernel/ --------------------------------------------------------------------- */

/* Of the one state with several instances, zswap's. */
static int (*instance_startup)(unsigned int cpu, struct hlist_node *node);

int __cpuhp_setup_state(enum cpuhp_state state, const char *name, bool invoke,
			int (*startup)(unsigned int cpu), int (*teardown)(unsigned int cpu),
			bool multi_instance)
{
	if (multi_instance) {
		BUG_ON(state != CPUHP_MM_ZSWP_POOL_PREPARE);
		instance_startup = (void *)startup;
	}
	return 0;
}

/* All CPUs are there already, and stay. */
int __cpuhp_state_add_instance(enum cpuhp_state state, struct hlist_node *node, bool invoke)
{
	unsigned int cpu;
	int err;

	BUG_ON(state != CPUHP_MM_ZSWP_POOL_PREPARE || !invoke);
	for_each_possible_cpu(cpu) {
		err = instance_startup(cpu, node);
		if (err)
			return err;
	}
	return 0;
}

int __cpuhp_state_remove_instance(enum cpuhp_state state, struct hlist_node *node, bool invoke)
{
	return 0;
}

void __cpuhp_remove_state(enum cpuhp_state state, bool invoke)
{
}
