// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (__lock_acquire, validate_chain,
 * check_deadlock, check_wait_context, check_prevs_add, __lock_release). What
 * is checked depends on the classes held and how, so a chain of them that was
 * found good in this run is looked up by its hash and is not checked again.
 * Left out: merging of nested locks into one entry, pins, cross-release.
 */
#include "core/lockdep/state.h"

#include <string.h>

#define CHAINS_BITS 11

/* Chain hashes found good; the epoch is in the hash, so nothing is cleared. */
static u64 chains[1 << CHAINS_BITS];

static inline u64 *chain_slot(u64 chain)
{
	return &chains[chain >> (64 - CHAINS_BITS)];
}

static inline u64 chain_next(u64 chain, u64 id)
{
	return ((chain << 7 | chain >> 57) ^ id) * 0x9e3779b97f4a7c15ull;
}

/* All that the checks of one acquisition look at, besides what is below it. */
static inline u64 chain_id(const struct lockdep_ctx *ctx, const struct held_lock *lock, bool nest)
{
	return lock->class_ | (u64)lock->read << 16 | (u64)lock->trylock << 18 | (u64)nest << 19 |
	       (u64)ctx->irq_context << 20 | (u64)(ctx->rcu_nesting != 0) << 22 | 1ull << 23;
}

/*
 * Usage bits of an acquisition; follows mark_usage(). A trylock in an interrupt
 * cannot deadlock with its victim, but a victim that got the lock by trylock
 * with interrupts on can be interrupted all the same.
 */
static inline unsigned usage_bits(const struct lockdep_ctx *ctx, const struct held_lock *lock)
{
	unsigned bits = 0;

	if (ctx->irq_context && !lock->trylock)
		bits = ctx->irq_context == 2 ? 1u << LD_USED_IN_HARDIRQ : 1u << LD_USED_IN_SOFTIRQ;
	if (!ctx->hardirqs_off) {
		bits |= 1u << LD_ENABLED_HARDIRQ;
		if (!ctx->softirqs_off)
			bits |= 1u << LD_ENABLED_SOFTIRQ;
	}
	return (lock->read ? bits << 1 : bits) | 1u << LD_USED;
}

/* A lock may be waited for only inside of locks that allow its kind of waiting. */
static void check_wait(struct lockdep_ctx *ctx, const struct held_lock *next)
{
	const struct ld_class *class_ = &ld.classes[next->class_];
	unsigned allowed = ctx->irq_context ? LD_WAIT_CONFIG : LD_WAIT_SLEEP;

	if (class_->wait_inner == LD_WAIT_INV || next->trylock)
		return;
	if (ctx->rcu_nesting)
		allowed = min(allowed, (unsigned)LD_WAIT_CONFIG);
	for (unsigned i = 0; i < ctx->depth; i++) {
		unsigned inner = ld.classes[ctx->held[i].class_].wait_inner;

		if (inner != LD_WAIT_INV)
			allowed = min(allowed, inner);
	}
	if (class_->wait_outer > allowed)
		ld_report_wait(ctx, next, allowed);
}

/* Is a lock of next's class held already? False where a held nest_lock orders
 * them: then no dependency is added either. */
static bool check_recursion(struct lockdep_ctx *ctx, const struct held_lock *next,
			    const struct lockdep_map *nest_lock)
{
	bool nest = false;

	for (unsigned i = 0; i < ctx->depth; i++) {
		const struct held_lock *prev = &ctx->held[i];

		if (nest_lock && prev->map == nest_lock)
			nest = true;
		if (prev->class_ != next->class_)
			continue;
		if (next->read == 2 && prev->read)
			continue;
		if (nest)
			return false;
		ld_report_recursion(ctx, next, prev);
		return false;
	}
	return true;
}

static bool match_conflict(unsigned class_, bool only_xr, void *arg)
{
	const struct held_lock *prev = arg;

	return class_ == prev->class_ && (prev->read == 0 || !only_xr);
}

static void check_dependency(struct lockdep_ctx *ctx, struct held_lock *prev,
			     const struct held_lock *next)
{
	static struct ld_search search;
	u8 types = ld_dep_types(prev->read, next->read);

	if ((ld.types[prev->class_][next->class_] & types) == types)
		return;
	if (ld_set_has(&ld.classes[next->class_].reaches, prev->class_)) {
		int state = ld_search(&search, next->class_, next->read == 2, false,
				      match_conflict, prev);

		if (state >= 0) {
			ld_report_circular(ctx, next, prev, &search, state);
			return;
		}
	}
	ld_check_irq_dependency(ctx, prev, next);
	ld_edge_add(ctx, prev, next, types);
}

/*
 * Adds what next depends on. An older lock that was waited for has edges of its
 * own to what is held around it, so the walk ends there, unless it was taken
 * as a recursive reader: a path through such a lock need not be strong.
 */
static void check_dependencies(struct lockdep_ctx *ctx, const struct held_lock *next)
{
	for (unsigned i = ctx->depth; i-- > 0;) {
		struct held_lock *prev = &ctx->held[i];

		if (prev->class_ == next->class_)
			continue;
		check_dependency(ctx, prev, next);
		if (!prev->trylock && prev->read != 2)
			break;
	}
}

static noinline void validate_chain(struct lockdep_ctx *ctx, const struct held_lock *next,
				    const struct lockdep_map *nest_lock)
{
	if (next->trylock)
		return;
	if (check_recursion(ctx, next, nest_lock))
		check_dependencies(ctx, next);
}

static __cold noinline void held_overflow(struct lockdep_ctx *ctx, const struct site *site)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "BUG: MAX_LOCK_DEPTH too low!");
	ld_print_held(t, ctx);
	ld_print_backtrace(t, ctx, site);
	ld_report(t, "BUG: MAX_LOCK_DEPTH too low", ld_site_func(site));
}

void lock_acquire(struct lockdep_ctx *ctx, struct lockdep_map *map, unsigned subclass,
		  bool trylock, unsigned read, struct lockdep_map *nest_lock,
		  const struct site *site)
{
	struct held_lock *lock;
	unsigned bits;
	u64 chain;
	bool known;

	if (unlikely(ctx->recursion))
		return;
	if (unlikely(ctx->depth >= LOCKDEP_HELD_MAX)) {
		held_overflow(ctx, site);
		return;
	}
	lock = &ctx->held[ctx->depth];
	lock->map = map;
	lock->site = site;
	lock->prev_chain = ctx->depth ? ctx->chain : ld.chain_seed;
	lock->class_ = (u16)ld_class_of(map, subclass);
	lock->read = (u8)read;
	lock->trylock = trylock;
	lock->hardirqs_off = ctx->hardirqs_off;
	lock->irq_context = ctx->irq_context;
	lock->references = 0;
	memcpy(lock->label, ctx->label, sizeof(lock->label));
	lock->stack_depth = 0;
	if (unlikely(lockdep_capture_stack))
		lock->stack_depth = (u16)lockdep_capture_stack(lock->stack, LOCKDEP_STACK_MAX);

	chain = chain_next(lock->prev_chain, chain_id(ctx, lock, nest_lock != NULL));
	known = *chain_slot(chain) == chain && likely(!nest_lock);
	if (unlikely(!known))
		check_wait(ctx, lock);
	bits = usage_bits(ctx, lock) & ~ld.classes[lock->class_].usage;
	if (unlikely(bits))
		ld_mark_usage(ctx, lock, bits);
	if (unlikely(!known)) {
		if (nest_lock && !ld_find_held(ctx, nest_lock))
			ld_report_nest(ctx, lock, nest_lock);
		validate_chain(ctx, lock, nest_lock);
		*chain_slot(chain) = chain;
	}
	ctx->chain = chain;
	ctx->depth++;
}

struct held_lock *ld_find_held(const struct lockdep_ctx *ctx, const struct lockdep_map *map)
{
	for (unsigned i = ctx->depth; i-- > 0;) {
		if (ctx->held[i].map == map)
			return (struct held_lock *)(uintptr_t)&ctx->held[i];
	}
	return NULL;
}

/* The chain hashes from held[first] on; the order of the checks has not changed. */
static void rechain(struct lockdep_ctx *ctx, unsigned first, u64 chain)
{
	for (unsigned i = first; i < ctx->depth; i++) {
		ctx->held[i].prev_chain = chain;
		chain = chain_next(chain, chain_id(ctx, &ctx->held[i], false));
	}
	ctx->chain = chain;
}

static noinline void release_inner(struct lockdep_ctx *ctx, struct lockdep_map *map,
				   const struct site *site)
{
	struct held_lock *lock = ld_find_held(ctx, map);
	unsigned i;
	u64 chain;

	if (unlikely(!lock)) {
		ld_report_unlock(ctx, map->name, site);
		return;
	}
	i = (unsigned)(lock - ctx->held);
	chain = lock->prev_chain;
	memmove(lock, lock + 1, (ctx->depth - i - 1) * sizeof(*lock));
	ctx->depth--;
	rechain(ctx, i, chain);
}

void lock_release(struct lockdep_ctx *ctx, struct lockdep_map *map, const struct site *site)
{
	struct held_lock *lock;

	if (unlikely(ctx->recursion))
		return;
	if (likely(ctx->depth)) {
		lock = &ctx->held[ctx->depth - 1];
		if (likely(lock->map == map)) {
			ctx->depth--;
			ctx->chain = lock->prev_chain;
			return;
		}
	}
	release_inner(ctx, map, site);
}

void lock_downgrade(struct lockdep_ctx *ctx, struct lockdep_map *map, const struct site *site)
{
	struct held_lock *lock;

	if (unlikely(ctx->recursion))
		return;
	lock = ld_find_held(ctx, map);
	if (unlikely(!lock)) {
		ld_report_unlock(ctx, map->name, site);
		return;
	}
	if (unlikely(lock->read))
		report_warn("downgrading a read lock", ld_site_func(site), map->name);
	lock->read = 1;
	lock->site = site;
	rechain(ctx, (unsigned)(lock - ctx->held), lock->prev_chain);
}
