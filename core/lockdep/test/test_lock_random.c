// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: lockdep against a model that is too simple to be wrong. Random locking
 * by two tasks, a softirq and a hard interrupt; the model keeps each fact "x
 * held in this mode while y was waited for in that mode" and asks, with no
 * cache, no closure and no shortcut, whether the facts can close a circle. An
 * interrupt adds the facts "its victim holds x, it waits for y" for every x
 * that was held with it on and every y that it waited for. Lockdep must report
 * at the very step at which the model says so, and at no other.
 */
#include "core/base/prng.h"
#include "core/lockdep/test/locks.h"

#define LOCKS 5
#define NODES (LOCKS * 3)  /* lock * 3 + mode */

static struct lockdep_map *const lock_of[LOCKS] = { &a, &b, &c, &d, &e };
static struct lockdep_ctx *const ctx_of[4] = { &A, &B, &SOFT, &HARD };

/* fact[x][y]: lock x / 3 was held in mode x % 3 while y was waited for. */
static bool fact[NODES][NODES];
static bool safe[2][NODES], unsafe[2][NODES];  /* hard, soft */

struct model_held { u8 lock, mode; };
static struct model_held held[4][LOCKS];
static unsigned depth[4];

/* Does one who wants the lock in mode t wait for one who holds it in mode h? A
 * recursive reader waits for a writer only; a reader also for a reader, behind
 * whom a writer may wait. */
static bool waits(unsigned t, unsigned h)
{
	return t != 2 || h == 0;
}

/* From "y is waited for" through facts to "x is waited for by a holder", so
 * that the holder of x, who waits for y, waits for itself. */
static bool closes(unsigned x, unsigned y)
{
	bool reached[NODES] = { false };
	unsigned stack[NODES], n = 0;

	reached[y] = true;
	stack[n++] = y;
	while (n) {
		unsigned at = stack[--n];

		if (at / 3 == x / 3 && waits(at % 3, x % 3))
			return true;
		for (unsigned h = 0; h < NODES; h++) {
			if (h / 3 != at / 3 || !waits(at % 3, h % 3))
				continue;
			for (unsigned t = 0; t < NODES; t++) {
				if (fact[h][t] && !reached[t]) {
					reached[t] = true;
					stack[n++] = t;
				}
			}
		}
	}
	return false;
}

static bool model_bad(void)
{
	for (unsigned x = 0; x < NODES; x++) {
		for (unsigned y = 0; y < NODES; y++) {
			bool irq = (unsafe[0][x] && safe[0][y]) || (unsafe[1][x] && safe[1][y]);

			if ((fact[x][y] || irq) && closes(x, y))
				return true;
		}
	}
	return false;
}

static void model_enabled(unsigned ctx, unsigned node)
{
	if (ctx_of[ctx]->hardirqs_off)
		return;
	unsafe[0][node] = true;
	if (!ctx_of[ctx]->softirqs_off)
		unsafe[1][node] = true;
}

static void model_acquire(unsigned ctx, unsigned lock, unsigned mode, bool trylock)
{
	unsigned node = lock * 3 + mode;

	if (!trylock) {
		for (unsigned i = 0; i < depth[ctx]; i++)
			fact[held[ctx][i].lock * 3 + held[ctx][i].mode][node] = true;
		if (ctx >= 2)
			safe[ctx == 2][node] = true;
	}
	model_enabled(ctx, node);
	held[ctx][depth[ctx]++] = (struct model_held){ (u8)lock, (u8)mode };
}

static bool model_holds(unsigned ctx, unsigned lock)
{
	for (unsigned i = 0; i < depth[ctx]; i++) {
		if (held[ctx][i].lock == lock)
			return true;
	}
	return false;
}

static void release(unsigned ctx, unsigned i)
{
	lock_release(ctx_of[ctx], lock_of[held[ctx][i].lock], SITE("unlock"));
	memmove(&held[ctx][i], &held[ctx][i + 1], (depth[ctx] - i - 1) * sizeof(held[ctx][0]));
	depth[ctx]--;
}

static void acquire(struct prng *rng, unsigned ctx, unsigned modes)
{
	unsigned lock = prng_below(rng, LOCKS);
	unsigned mode = modes == 3 ? prng_below(rng, 3) : modes * prng_below(rng, 2);
	bool trylock = prng_chance(rng, 1, 6);

	if (model_holds(ctx, lock))
		return;
	model_acquire(ctx, lock, mode, trylock);
	lock_acquire(ctx_of[ctx], lock_of[lock], 0, trylock, mode, NULL, SITE("lock"));
}

static void switch_irqs(struct prng *rng, unsigned ctx)
{
	struct lockdep_ctx *x = ctx_of[ctx];
	bool hard = ctx == 2 || prng_chance(rng, 1, 2);

	/* the model must see the new state first: lockdep may not come back */
	if (hard && x->hardirqs_off) {
		x->hardirqs_off = 0;
		for (unsigned i = 0; i < depth[ctx]; i++)
			model_enabled(ctx, held[ctx][i].lock * 3u + held[ctx][i].mode);
		x->hardirqs_off = 1;
		lockdep_hardirqs_on(x, SITE("irq_on"));
	} else if (hard) {
		lockdep_hardirqs_off(x, SITE("irq_off"));
	} else if (x->softirqs_off) {
		x->softirqs_off = 0;
		for (unsigned i = 0; i < depth[ctx]; i++)
			model_enabled(ctx, held[ctx][i].lock * 3u + held[ctx][i].mode);
		x->softirqs_off = 1;
		lockdep_softirqs_on(x, SITE("bh_on"));
	} else {
		lockdep_softirqs_off(x, SITE("bh_off"));
	}
}

static void model_reset(void)
{
	fresh();
	memset(fact, 0, sizeof(fact));
	memset(safe, 0, sizeof(safe));
	memset(unsafe, 0, sizeof(unsafe));
	memset(depth, 0, sizeof(depth));
}

/* One run to the first report or to its end. contexts: 2 tasks alone, 4 with
 * interrupts. modes: 0 write only, 1 and 2 with readers of that kind, 3 all.
 * Returns whether there was a report. */
static bool one_run(u64 seed, unsigned contexts, unsigned modes)
{
	struct prng rng = { seed };

	model_reset();
	/* mostly interrupts are off at first, so that a run lives for a while */
	for (unsigned ctx = 0; ctx < 3 && contexts > 2; ctx++)
		ctx_of[ctx]->hardirqs_off = prng_chance(&rng, 7, 8);
	for (unsigned step = 0; step < 60; step++) {
		unsigned ctx = prng_below(&rng, contexts), what = prng_below(&rng, 20);
		const char *title;
		bool bad;

		title = REPORT_OF({
			if (what < 10)
				acquire(&rng, ctx, modes);
			else if (what < 19 && depth[ctx])
				release(ctx, prng_chance(&rng, 3, 4) ? depth[ctx] - 1
					: prng_below(&rng, depth[ctx]));
			else if (what == 19 && contexts > 2 && ctx != 3)
				switch_irqs(&rng, ctx);
		});
		bad = model_bad();
		CHECK_EQ(title[0] != 0, bad);
		if ((title[0] != 0) != bad)
			printf("  seed %llu contexts %u modes %u step %u: \"%s\"\n",
			       (unsigned long long)seed, contexts, modes, step, title);
		if (title[0] || bad)
			return true;
	}
	return false;
}

static void test_random(unsigned contexts, unsigned modes, unsigned runs)
{
	unsigned reported = 0;

	for (unsigned i = 0; i < runs && test_failures < 10; i++)
		reported += one_run(1000000ull * contexts + 100000ull * modes + i, contexts, modes);
	printf("contexts %u modes %u: %u of %u runs reported\n", contexts, modes, reported, runs);
	/* both outcomes must have been seen often */
	CHECK(reported > runs / 20);
	CHECK(reported < runs);
}

int main(void)
{
	test_random(2, 0, 3000);
	test_random(2, 1, 3000);
	test_random(2, 2, 3000);
	test_random(2, 3, 3000);
	test_random(4, 0, 3000);
	test_random(4, 2, 3000);
	return TEST_END();
}
