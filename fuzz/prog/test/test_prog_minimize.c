// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the minimiser ends at the known minimum. Method: predicates over the
 * shape of a program, whose smallest programs are known, start from large
 * generated ones; the result is checked by hand, removal by removal.
 */
#include "core/base/test.h"
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"

struct want {
	u64 calls, budget;
	unsigned nops;
	u8 ops[8];         /* these must all be there ... */
	bool same_task;    /* ... in this order in one task */
	bool edge;         /* and an edge with this site */
	bool choice;
	u8 folios_max;     /* and a machine like this */
	bool second_device;
	bool policy;       /* and a policy other than replay */
};

#define EDGE_SITE 0x1234u

static bool ops_present(const struct prog *p, const struct want *w)
{
	unsigned found = 0;

	for (unsigned t = 0; t < p->ntasks; t++) {
		if (w->same_task)
			found = 0;
		for (unsigned i = 0; i < p->task[t].nops && found < w->nops; i++)
			found += p->task[t].op[i].kind == w->ops[found];
		if (found == w->nops)
			return true;
	}
	return w->nops == 0;
}

static bool holds(const struct prog *p, void *arg)
{
	struct want *w = arg;
	bool edge = !w->edge, choice = !w->choice;

	w->calls++;
	CHECK(prog_valid(p, NULL));
	for (unsigned i = 0; i < p->nedges; i++)
		edge |= p->edge[i].event.site == EDGE_SITE;
	for (unsigned i = 0; i < p->nchoices; i++)
		choice |= p->choice[i].value == 3;
	return ops_present(p, w) && edge && choice &&
	       (!w->folios_max || p->machine.folios <= w->folios_max) &&
	       (!w->second_device || p->machine.dev[1].flags) &&
	       (!w->policy || p->policy != PROG_POLICY_REPLAY);
}

static bool tick(void *arg)
{
	const struct want *w = arg;

	return w->calls < w->budget;
}

static void seed_program(struct prog *p, u64 seed, const struct want *w)
{
	struct prng rng = { seed };
	unsigned t, middle;

	prog_generate(p, &rng, &prog_profile_all);
	for (unsigned i = 0; i < 30; i++)
		prog_mutate(p, &rng, &prog_profile_all);
	while (p->ntasks < 3) /* mutations drop tasks, too */
		prog_task_append(p, &p->task[0]);
	prog_repair(p);
	t = p->ntasks - 1u;
	p->task[t].mm = 5;
	while (p->task[t].nops + w->nops > PROG_OPS_MAX)
		prog_op_remove(p, t, 0);
	middle = p->task[t].nops / 2;
	for (unsigned i = 0; i < w->nops; i++)
		prog_op_insert(p, t, middle + i, (struct prog_op){ w->ops[i], { 21, 3, 1 } });
	if (w->edge || w->choice) {
		if (!p->task[0].nops) /* the earlier side of the edges */
			prog_op_insert(p, 0, 0, (struct prog_op){ OP_kswapd, { 0, 0, 0 } });
		for (unsigned i = 0; i < 40 && p->ntasks > 1; i++) {
			struct order_edge edge = { event_key_whole((u8)t, 1),
						  event_key_whole(0, 1) };

			edge.event.site = i == 17 ? EDGE_SITE : 5 + i;
			prog_edge_append(p, &edge.event, &edge.after);
			if (i % 4 || p->nchoices == PROG_CHOICES_MAX)
				continue;
			p->choice[p->nchoices].event = edge.event;
			p->choice[p->nchoices++].value = i == 12 ? 3 : 1;
		}
	}
	if (w->folios_max)
		p->machine.folios = 8;
	if (w->second_device)
		p->machine.dev[1] = (struct world_dev){ WORLD_DEV_PRESENT | WORLD_DEV_DISCARD, 40,
							3, { 4, 5 } };
	p->policy = PROG_POLICY_PCT;
	p->seed = 99;
	prog_repair(p);
}

static unsigned count_ops(const struct prog *p)
{
	unsigned n = 0;

	for (unsigned t = 0; t < p->ntasks; t++)
		n += p->task[t].nops;
	return n;
}

/* No single removal keeps it: said by the minimiser, checked here. */
static void check_minimum(const struct prog *p, struct want *w)
{
	static struct prog c;

	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			c = *p;
			prog_op_remove(&c, t, i);
			prog_repair(&c);
			CHECK(!holds(&c, w));
		}
		c = *p;
		if (p->ntasks > 1) {
			prog_task_remove(&c, t);
			prog_repair(&c);
			CHECK(!holds(&c, w));
		}
	}
	for (unsigned i = 0; i < p->nedges; i++) {
		c = *p;
		prog_edges_remove(&c, i, 1);
		CHECK(!holds(&c, w));
	}
	for (unsigned i = 0; i < p->nchoices; i++) {
		c = *p;
		prog_choices_remove(&c, i, 1);
		CHECK(!holds(&c, w));
	}
}

static void run(struct want w, struct prog *p, u64 seed)
{
	struct prog_minimize m = { .holds = holds, .tick = tick, .arg = &w };
	static struct prog before;
	u64 calls;

	w.budget = 200000;
	seed_program(p, seed, &w);
	before = *p;
	CHECK(holds(p, &w));
	w.calls = 0;
	calls = prog_minimize(p, &m);
	CHECK_EQ(calls, w.calls);
	CHECK(m.minimal);
	CHECK(prog_valid(p, NULL));
	CHECK(holds(p, &w));
	CHECK(calls < 3000);
	check_minimum(p, &w);
	/* the same again, from the same program */
	w.calls = 0;
	CHECK_EQ(prog_minimize(&before, &m), calls);
	CHECK(prog_equal(&before, p));
}

static void check_machine_default(const struct prog *p)
{
	struct world_config m = prog_machine_default;

	m.cpus = 1;
	m.mms = prog_mms_default(p);
	CHECK(machine_equal(&p->machine, &m));
}

static void test_ops(void)
{
	static struct prog p;
	char text[4096];

	for (u64 seed = 1; seed <= 40; seed++) {
		run((struct want){ .nops = 3, .ops = { OP_mmap, OP_write, OP_swapoff },
				   .same_task = true }, &p, seed);
		text[prog_print(&p, NULL, text, sizeof(text))] = 0;
		CHECK_EQ(count_ops(&p), 3);
		CHECK_EQ(p.ntasks, 1);
		CHECK_EQ(p.nedges + p.nchoices, 0);
		CHECK_EQ(p.policy, PROG_POLICY_REPLAY);
		CHECK_EQ(p.seed, 0);
		check_machine_default(&p);
		CHECK_HAS(text, "cpu=0 mm=1\n  1  mmap r0+0 1\n  2  write r0+0 0x11\n"
			  "  3  swapoff dev0\n");
	}
	run((struct want){ .nops = 0 }, &p, 77);
	CHECK_EQ(count_ops(&p), 0);
	CHECK_EQ(p.ntasks, 1);
}

static void test_schedule(void)
{
	static struct prog p;

	for (u64 seed = 1; seed <= 20; seed++) {
		run((struct want){ .nops = 1, .ops = { OP_kswapd }, .edge = true, .choice = true,
				   .policy = true }, &p, seed);
		CHECK_EQ(p.nedges, 1);
		CHECK_EQ(p.nchoices, 1);
		CHECK_EQ(p.edge[0].event.site, EDGE_SITE);
		CHECK_EQ(p.edge[0].after.site, 0);
		CHECK_EQ(p.ntasks, 2); /* an edge has two sides */
		CHECK(count_ops(&p) == 2 || count_ops(&p) == 3); /* kswapd may be a third */
		CHECK(p.policy != PROG_POLICY_REPLAY);
		CHECK_EQ(p.seed, 0);
	}
}

static void test_machine(void)
{
	static struct prog p;

	for (u64 seed = 1; seed <= 20; seed++) {
		run((struct want){ .nops = 1, .ops = { OP_hib_close }, .folios_max = 16,
				   .second_device = true }, &p, seed);
		CHECK_EQ(p.machine.folios, 16); /* as near to the default as it may be */
		CHECK(!p.machine.dev[0].flags);
		CHECK(!p.machine.dev[2].flags);
		CHECK_EQ(p.machine.dev[1].flags, WORLD_DEV_PRESENT | WORLD_DEV_ON | WORLD_DEV_SYNC);
		CHECK_EQ(p.machine.dev[1].slots, 8);
		CHECK_EQ(p.machine.dev[1].prio, 0);
		CHECK_EQ(p.machine.dev[1].bad[0] + p.machine.dev[1].bad[1], 0);
		CHECK_EQ(p.machine.cpus, 1);
	}
}

/* Pairs that only go together. */
static bool holds_pair(const struct prog *p, void *arg)
{
	unsigned n[PROG_OP_COUNT] = { 0 };

	(void)arg;
	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++)
			n[p->task[t].op[i].kind]++;
	}
	return n[OP_hib_open] == n[OP_hib_close] && n[OP_kswapd];
}

static void test_pairs(void)
{
	static struct prog p;
	struct prog_minimize m = { .holds = holds_pair };
	const u8 kinds[] = { OP_hib_open, OP_kswapd, OP_worker, OP_hib_close, OP_lru_drain };

	prog_init(&p);
	for (unsigned i = 0; i < sizeof(kinds); i++)
		p.task[0].op[p.task[0].nops++].kind = kinds[i];
	CHECK(prog_minimize(&p, &m) > 0);
	CHECK(m.minimal);
	CHECK_EQ(p.task[0].nops, 1);
	CHECK_EQ(p.task[0].op[0].kind, OP_kswapd);
}

/*
 *   A: read kswapd   S: worker    "S1 after A2": A2 matters only for the edge,
 *   and can go where the edge hangs on A1 instead.
 */
static bool holds_order(const struct prog *p, void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < p->nedges; i++) {
		const struct event_key *e = &p->edge[i].event, *a = &p->edge[i].after;
		bool read = false;

		for (unsigned o = 0; o < a->op && a->ctx < p->ntasks; o++)
			read |= p->task[a->ctx].op[o].kind == OP_read;
		if (read && p->task[e->ctx].op[e->op - 1].kind == OP_worker)
			return true;
	}
	return false;
}

static void test_edge_moves(void)
{
	struct prog_minimize m = { .holds = holds_order };
	static struct prog p;

	prog_init(&p);
	p.ntasks = 2;
	p.task[0] = (struct prog_task){ 'A', 0, 1, 2, { { OP_read, { 0, 0, 0 } },
						      { OP_kswapd, { 0, 0, 0 } } } };
	p.task[1] = (struct prog_task){ 'S', 0, 0, 1, { { OP_worker, { 0, 0, 0 } } } };
	p.machine.mms = 1;
	p.nedges = 1;
	p.edge[0].event = event_key_whole(1, 1);
	p.edge[0].after = event_key_whole(0, 2);
	CHECK(prog_minimize(&p, &m) > 0);
	CHECK(m.minimal);
	CHECK_EQ(count_ops(&p), 2);
	CHECK_EQ(p.edge[0].after.op, 1);
}

/* Out of time: still holds, and says that it isn't minimal. Never held: untouched. */
static void test_ends(void)
{
	struct want w = { .nops = 2, .ops = { OP_read, OP_swapon }, .budget = 5 };
	struct prog_minimize m = { .holds = holds, .tick = tick, .arg = &w };
	static struct prog p, before;

	seed_program(&p, 3, &w);
	CHECK(prog_minimize(&p, &m) <= 5);
	CHECK(!m.minimal);
	CHECK(holds(&p, &w));
	w = (struct want){ .folios_max = 1, .budget = 1000 };
	prog_init(&p);
	before = p;
	CHECK_EQ(prog_minimize(&p, &m), 1);
	CHECK(!m.minimal);
	CHECK(prog_equal(&p, &before));
}

int main(void)
{
	test_ops();
	test_schedule();
	test_machine();
	test_pairs();
	test_edge_moves();
	test_ends();
	return TEST_END();
}
