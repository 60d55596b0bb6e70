// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/smp.c: functions that other CPUs run. An IPI is work in the
 * interrupt context of its CPU; who sent it waits, with preemption off, until all
 * have answered: a CPU with interrupts off delays it.
 * Left out: calls without waiting, single CPUs, CPUs that come and go.
 * Locking: none; hardware.
 */
#include <linux/smp.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

/* What a CPU has sent: one call at a time, because preemption is off until it is over. */
struct ipi_call {
	unsigned pending;
	smp_call_func_t func;
	void *info;
	const char *what; /* names the interrupt and the wait */
};

static struct ipi_call *ipi_calls;

void shim_smp_setup(void)
{
	unsigned cpu, cpus = shim_machine.cpus;

	ipi_calls = seam_arena_alloc(cpus * sizeof(*ipi_calls));
	for (cpu = 0; cpu < cpus; cpu++)
		seam_role_set(&ipi_calls[cpu], sizeof(*ipi_calls), "ipi cpu", (int)cpu, -1);
}

static void handle_ipi(void *arg)
{
	struct ipi_call *call = arg;

	call->func(call->info);
	if (__atomic_sub_fetch(&call->pending, 1, __ATOMIC_RELEASE) == 0)
		seam_wake(&call->pending, 1);
}

void shim_send_ipis(unsigned cpus, void (*func)(void *info), void *info, const char *what)
{
	struct ipi_call *call = &ipi_calls[seam_cpu()];
	unsigned cpu;

	BUG_ON(preemptible());
	BUG_ON(cpus & 1u << seam_cpu() || __atomic_load_n(&call->pending, __ATOMIC_ACQUIRE));
	call->func = func;
	call->info = info;
	call->what = what;
	call->pending = (unsigned)__builtin_popcount(cpus);
	for (cpu = 0; cpu < seam_cpus(); cpu++)
		if (cpus & 1u << cpu)
			seam_irq_queue(cpu, handle_ipi, call, what);
}

void shim_wait_for_ipis(unsigned long ip)
{
	struct ipi_call *call = &ipi_calls[seam_cpu()];
	unsigned pending;

	while ((pending = __atomic_load_n(&call->pending, __ATOMIC_ACQUIRE)))
		seam_wait(ip, &call->pending, pending, 1, call->what);
}

void smp_call_function(smp_call_func_t func, void *info, int wait)
{
	BUG_ON(!wait);
	if (!seam_live()) /* nobody else runs */
		return;
	if (unlikely(seam_irqs_are_off()))
		shim_warnf("WARNING: interrupts off in smp_call_function()", "%s", "");
	seam_preempt_off();
	shim_send_ipis(((1u << seam_cpus()) - 1) & ~(1u << seam_cpu()), func, info, "IPI");
	shim_wait_for_ipis(_RET_IP_);
	seam_preempt_on(_RET_IP_);
}
