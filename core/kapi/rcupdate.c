/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models: kernel/rcu/update.c: the kernel's callbacks over the engine's, and the
 * check behind rcu_dereference(). */
#include "core/kapi/rcupdate.h"
#include "core/kapi/slab.h"

/* A "function" below this is the offset of the head in an object to be freed. */
#define KFREE_RCU_OFFSET_MAX 4096u

static void rcu_invoke(struct engine_rcu_head *engine)
{
	struct rcu_head *head = container_of(engine, struct rcu_head, engine);
	uintptr_t offset = (uintptr_t)head->func;

	if (offset < KFREE_RCU_OFFSET_MAX)
		kfree_at((char *)head - offset, SITE("kfree_rcu"));
	else
		head->func(head);
}

void call_rcu_at(struct rcu_head *head, void (*func)(struct rcu_head *head),
		 const struct site *site)
{
	BUG_ON(!func);
	head->func = func;
	engine_call_rcu(site, &head->engine, rcu_invoke);
}

void kfree_rcu_at(struct rcu_head *head, size_t offset, const struct site *site)
{
	BUG_ON(offset >= KFREE_RCU_OFFSET_MAX);
	head->func = (void (*)(struct rcu_head *))offset;
	engine_call_rcu(site, &head->engine, rcu_invoke);
}

void rcu_check_dereference(bool condition, const struct site *site)
{
	struct lockdep_ctx *ctx;

	if (condition)
		return;
	ctx = engine_lockdep_begin();
	if (ctx) {
		lockdep_rcu_dereference(ctx, condition, site);
		engine_lockdep_end();
	}
}
