// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RCU: the engine's heads beside the kernel's, which have two words only. A head
 * that is queued twice is a report: the kernel's list would be damaged.
 */
#include "core/tree/glue/glue.h"

#define RCU_HEADS_MAX 1024u

struct rcu_queued {
	struct engine_rcu_head head; /* first: the callback gets its address */
	void *kernel_head;
	void (*fn)(void *head);
	struct rcu_queued *prev, *next; /* of those that are queued; or next free */
};

static struct rcu_queued rcu_queued[RCU_HEADS_MAX];
static struct rcu_queued *rcu_free, *rcu_first;
static u32 rcu_used;

void rcu_heads_reset(void)
{
	rcu_free = rcu_first = NULL;
	rcu_used = 0;
}

bool rcu_heads_used(void)
{
	return rcu_first != NULL;
}

void seam_rcu_read_lock(unsigned long ip)
{
	if (likely(!engine_events_off))
		engine_rcu_read_lock(glue_site(ip, "rcu_read_lock"));
}

void seam_rcu_read_unlock(unsigned long ip)
{
	if (likely(!engine_events_off))
		engine_rcu_read_unlock(glue_site(ip, "rcu_read_unlock"));
}

static void rcu_run(struct engine_rcu_head *head)
{
	struct rcu_queued *q = container_of(head, struct rcu_queued, head);
	void (*fn)(void *head) = q->fn;
	void *kernel_head = q->kernel_head;

	if (q->prev)
		q->prev->next = q->next;
	else
		rcu_first = q->next;
	if (q->next)
		q->next->prev = q->prev;
	q->next = rcu_free;
	rcu_free = q;
	fn(kernel_head); /* last: a run may end in it, and it may queue again */
}

static struct rcu_queued *rcu_take(void)
{
	struct rcu_queued *q = rcu_free;

	if (q) {
		rcu_free = q->next;
		return q;
	}
	if (rcu_used == RCU_HEADS_MAX)
		report("tree: too many RCU callbacks at once", "");
	return rcu_used < RCU_HEADS_MAX ? &rcu_queued[rcu_used++] : NULL;
}

void seam_call_rcu(unsigned long ip, void *head, void (*fn)(void *head))
{
	const struct site *site = glue_site(ip, "call_rcu");
	struct rcu_queued *q;

	for (q = rcu_first; q; q = q->next)
		if (q->kernel_head == head)
			report_warn("call_rcu() of a head that is queued", site->func, "");
	q = rcu_take();
	if (!q)
		return;
	*q = (struct rcu_queued){ .kernel_head = head, .fn = fn, .next = rcu_first };
	if (rcu_first)
		rcu_first->prev = q;
	rcu_first = q;
	engine_call_rcu(site, &q->head, rcu_run);
}

void seam_synchronize_rcu(unsigned long ip)
{
	engine_synchronize_rcu(glue_site(ip, "synchronize_rcu"));
}

void seam_rcu_barrier(unsigned long ip)
{
	engine_rcu_barrier(glue_site(ip, "rcu_barrier"));
}
