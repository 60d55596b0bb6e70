// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for the CPU masks of kernel/cpu.c: the machine's CPUs are possible,
 * present, online and active from set-up to tear-down.
 * Left out: hotplug.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/smp.h>

#include "core/tree/shim/shim.h"

struct cpumask __cpu_possible_mask;
struct cpumask __cpu_online_mask;
struct cpumask __cpu_enabled_mask;
struct cpumask __cpu_present_mask;
struct cpumask __cpu_active_mask;
struct cpumask __cpu_dying_mask;
atomic_t __num_online_cpus;
unsigned int __num_possible_cpus;
unsigned int nr_cpu_ids;
enum system_states system_state = SYSTEM_RUNNING;

const DECLARE_BITMAP(cpu_all_bits, NR_CPUS) = CPU_BITS_ALL;

/* cpumask_of(cpu) is the row of the bit, moved back by whole words. */
static_assert(NR_CPUS == SEAM_CPUS_MAX && NR_CPUS == 4);
const unsigned long cpu_bit_bitmap[BITS_PER_LONG + 1][BITS_TO_LONGS(NR_CPUS)] = {
	[1] = { 1UL << 0 }, [2] = { 1UL << 1 }, [3] = { 1UL << 2 }, [4] = { 1UL << 3 },
};

void shim_sched_init(void)
{
	unsigned int cpus = seam_cpus();
	unsigned long bits = (1UL << cpus) - 1;

	BUG_ON(!cpus || cpus > NR_CPUS);
	__cpu_possible_mask.bits[0] = bits;
	__cpu_online_mask.bits[0] = bits;
	__cpu_enabled_mask.bits[0] = bits;
	__cpu_present_mask.bits[0] = bits;
	__cpu_active_mask.bits[0] = bits;
	atomic_set(&__num_online_cpus, (int)cpus);
	__num_possible_cpus = cpus;
	nr_cpu_ids = cpus;
}
