// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (mark_lock, mark_lock_irq, check_irq_usage,
 * lockdep_hardirqs_on). Interrupt safety. A lock that an interrupt waits for
 * must never be held with that interrupt on, and no lock held with it on may
 * come to be waited for under such a lock. Each class notes how it was used;
 * a conflict shows itself when a bit is new or when a dependency is new.
 */
#include "core/lockdep/state.h"

/* What a bit does not go together with: the same state, the other direction,
 * as a writer. */
static enum ld_usage exclusive_bit(enum ld_usage bit)
{
	return (enum ld_usage)((bit ^ LD_DIR_BIT) & ~LD_READ_BIT);
}

struct usage_query {
	unsigned mask;   /* the usage that is looked for */
	unsigned found;  /* all usage that was seen */
};

/* A lock that the walk reached only as a recursive reader conflicts by its
 * write usage alone. */
static bool match_usage(unsigned class_, bool only_xr, void *arg)
{
	struct usage_query *q = arg;
	unsigned usage = ld.classes[class_].usage;

	if (only_xr)
		usage &= LD_WRITE_ALL;
	q->found |= usage;
	return usage & q->mask;
}

/* The classes that have any of the bits. */
static struct ld_set users_of(unsigned mask)
{
	struct ld_set users = { { 0 } };

	for (unsigned bit = 0; bit < LD_USED; bit++) {
		if (mask & (1u << bit))
			ld_set_join(&users, &ld.usage_set[bit]);
	}
	return users;
}

/* Can a walk from class_ come to a class that has a bit of mask? A superset. */
static bool may_find(unsigned class_, bool backward, unsigned mask)
{
	struct ld_set reach = backward ? ld.classes[class_].reached_by : ld.classes[class_].reaches;
	struct ld_set users = users_of(mask);

	ld_set_add(&reach, class_);
	return ld_set_meets(&reach, &users);
}

/*
 * bit is new for this lock. Used in an interrupt: nothing that is taken under
 * it may be irq-unsafe. Taken with interrupts on: nothing may be irq-safe under
 * which it is taken.
 */
static void check_neighbours(struct lockdep_ctx *ctx, const struct held_lock *lock,
			     enum ld_usage bit)
{
	static struct ld_search search;
	enum ld_usage excl = exclusive_bit(bit);
	bool backward = bit & LD_DIR_BIT;
	struct usage_query q = { .mask = 1u << excl | 1u << (excl | LD_READ_BIT) };
	int state;

	if (!may_find(lock->class_, backward, q.mask))
		return;
	state = ld_search(&search, lock->class_, backward ? lock->read != 0 : lock->read == 2,
			  backward, match_usage, &q);
	if (state >= 0)
		ld_report_inversion(ctx, lock, excl, &search, state);
}

void ld_mark_usage(struct lockdep_ctx *ctx, const struct held_lock *lock, unsigned bits)
{
	struct ld_class *class_ = &ld.classes[lock->class_];

	for (; bits; bits &= bits - 1) {
		enum ld_usage bit = (enum ld_usage)__builtin_ctz(bits);
		enum ld_usage excl = exclusive_bit(bit);

		class_->usage |= (u16)(1u << bit);
		ld_set_add(&ld.usage_set[bit], lock->class_);
		ld_trace_take(&ld.usage_trace[lock->class_][bit], ctx, lock->site);
		if (bit == LD_USED)
			continue;
		if (class_->usage & (1u << excl))
			ld_report_usage(ctx, lock, excl, bit);
		else if (!(bit & LD_READ_BIT) && (class_->usage & (1u << (excl | LD_READ_BIT))))
			ld_report_usage(ctx, lock, (enum ld_usage)(excl | LD_READ_BIT), bit);
		else
			check_neighbours(ctx, lock, bit);
	}
}

/* The bits that conflict with any bit of mask over a strong path, readers too. */
static unsigned exclusive_mask(unsigned mask)
{
	unsigned turned = (mask & LD_ENABLED_ALL) >> 2 | (mask & LD_USED_IN_ALL) << 2;

	return turned | (turned & LD_WRITE_ALL) << 1 | (turned & ~LD_WRITE_ALL) >> 1;
}

/* A pair of conflicting bits, one of each mask; LD_USED where there is none. */
static enum ld_usage find_conflict(unsigned safe, unsigned unsafe, enum ld_usage *unsafe_bit)
{
	for (unsigned bit = 0; bit < LD_USED; bit++) {
		enum ld_usage excl = exclusive_bit((enum ld_usage)bit);

		if (!(safe & LD_USED_IN_ALL & (1u << bit)))
			continue;
		for (unsigned read = 0; read < 2; read++) {
			if (unsafe & (1u << (excl | read))) {
				*unsafe_bit = (enum ld_usage)(excl | read);
				return (enum ld_usage)bit;
			}
		}
	}
	return LD_USED;
}

void ld_check_irq_dependency(struct lockdep_ctx *ctx, const struct held_lock *prev,
			     const struct held_lock *next)
{
	static struct ld_search back, forth;
	struct usage_query safe = { 0 }, unsafe = { 0 };
	enum ld_usage safe_bit, unsafe_bit = LD_USED;
	int back_state, forth_state;

	if (!may_find(prev->class_, true, LD_USED_IN_ALL) ||
	    !may_find(next->class_, false, LD_ENABLED_ALL))
		return;
	/* all irq-safe usage above prev, then the nearest conflict below next, then
	 * the nearest lock above prev that it conflicts with */
	ld_search(&back, prev->class_, prev->read != 0, true, match_usage, &safe);
	unsafe.mask = exclusive_mask(safe.found & LD_USED_IN_ALL);
	if (!unsafe.mask)
		return;
	forth_state = ld_search(&forth, next->class_, next->read == 2, false, match_usage, &unsafe);
	if (forth_state < 0)
		return;
	safe.mask = exclusive_mask(ld.classes[forth_state / 2].usage & LD_ENABLED_ALL);
	back_state = ld_search(&back, prev->class_, prev->read != 0, true, match_usage, &safe);
	if (back_state < 0)
		return;
	safe_bit = find_conflict(ld.classes[back_state / 2].usage,
				 ld.classes[forth_state / 2].usage, &unsafe_bit);
	if (safe_bit != LD_USED)
		ld_report_irq_order(ctx, prev, next, &back, back_state, &forth, forth_state,
				    safe_bit, unsafe_bit);
}

/* Interrupts go on with locks held: these are irq-unsafe from now on. */
static void mark_held(struct lockdep_ctx *ctx, enum ld_usage bit, const struct site *site)
{
	for (unsigned i = 0; i < ctx->depth; i++) {
		const struct held_lock *held = &ctx->held[i];
		unsigned mask = 1u << (held->read ? bit | LD_READ_BIT : bit);
		struct held_lock lock;

		if (likely(ld.classes[held->class_].usage & mask))
			continue;
		lock = *held;
		lock.site = site;
		ld_mark_usage(ctx, &lock, mask);
	}
}

void lockdep_hardirqs_on(struct lockdep_ctx *ctx, const struct site *site)
{
	if (unlikely(ctx->recursion) || !ctx->hardirqs_off)
		return;
	if (unlikely(ctx->irq_context == 2)) {
		report_warn("interrupts enabled in a hard interrupt", ld_site_func(site), "");
		return;
	}
	ctx->hardirqs_off = 0;
	if (likely(!ctx->depth))
		return;
	mark_held(ctx, LD_ENABLED_HARDIRQ, site);
	if (!ctx->softirqs_off)
		mark_held(ctx, LD_ENABLED_SOFTIRQ, site);
}

void lockdep_hardirqs_off(struct lockdep_ctx *ctx, const struct site *site)
{
	(void)site;
	if (!ctx->recursion)
		ctx->hardirqs_off = 1;
}

void lockdep_softirqs_on(struct lockdep_ctx *ctx, const struct site *site)
{
	if (unlikely(ctx->recursion) || !ctx->softirqs_off || ctx->irq_context)
		return;
	ctx->softirqs_off = 0;
	if (ctx->depth && !ctx->hardirqs_off)
		mark_held(ctx, LD_ENABLED_SOFTIRQ, site);
}

void lockdep_softirqs_off(struct lockdep_ctx *ctx, const struct site *site)
{
	(void)site;
	if (!ctx->recursion)
		ctx->softirqs_off = 1;
}
