// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupts: work that the kernel's side queues for the interrupt context of a
 * CPU. The queue's links lie here, so that the kernel's side needs no memory.
 */
#include "core/tree/glue/glue.h"

#define IRQ_WORKS_MAX 512u

struct irq_queued {
	struct engine_irq_work work;
	void (*fn)(void *arg);
	void *arg;
	struct irq_queued *next_free;
};

static struct irq_queued irq_queued[IRQ_WORKS_MAX];
static struct irq_queued *irq_free;
static u32 irq_used;

void irq_works_reset(void)
{
	irq_free = NULL;
	irq_used = 0;
}

bool irq_works_used(void)
{
	return irq_used != 0;
}

static void irq_run(void *arg)
{
	struct irq_queued *q = arg;
	void (*fn)(void *arg) = q->fn;
	void *fn_arg = q->arg;

	q->next_free = irq_free;
	irq_free = q;
	fn(fn_arg); /* last: a run may end in it, and it may queue again */
}

void seam_irq_queue(unsigned cpu, void (*fn)(void *arg), void *arg, const char *name)
{
	struct irq_queued *q = irq_free;

	BUG_ON_CMP(cpu, >=, engine_cpus());
	if (q) {
		irq_free = q->next_free;
	} else if (irq_used < IRQ_WORKS_MAX) {
		q = &irq_queued[irq_used++];
	} else {
		report("tree: too many interrupts at once", "");
		return;
	}
	*q = (struct irq_queued){ .work = { .fn = irq_run, .arg = q, .name = name },
				  .fn = fn, .arg = arg };
	engine_irq_queue(cpu, &q->work);
}
