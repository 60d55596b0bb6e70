// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random programs. Each is built around a scenario: a few tasks whose ops in
 * this order make something happen (pages written, swapped out, wanted again).
 * Then ops by weight are put in anywhere behind the mappings. Order edges
 * between whole ops make most programs productive; every fourth goes without.
 * Every second program does without a random half of the op kinds (swarm testing,
 * Groce et al., ISSTA 2012); how many pages and ops it has is drawn once for it.
 * Where the world has shared files, every fourth program maps one instead of
 * anonymous memory: then its mms share their pages. Where it has pins, every fifth one has
 * a device that writes to its first page, and most of these a driver that pins it beside
 * the owner.
 */
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"
#include "fuzz/prog/profile.h"

#include <assert.h>
#include <string.h>

#define SCENARIO_TASKS_MAX 5
#define GENERATE_TASKS_MAX 6 /* fork children included, as a rule */

struct gen {
	struct prog *p;
	struct prng *rng;
	const struct prog_profile *profile;
	u64 kinds;       /* that fillers may be, as a mask */
	bool shared;     /* owners map a shared file */
	bool pins;       /* owners pin their first page, and a device writes to it */
	u8 pages_max;    /* of a mapping, mostly */
	u8 fillers_max;  /* of a task */
	u8 setup[PROG_TASKS_MAX]; /* leading ops that fillers stay behind */
};

static void emit(struct gen *g, unsigned t, u8 kind, unsigned a, unsigned b, unsigned c)
{
	struct prog_task *task = &g->p->task[t];

	assert(t < g->p->ntasks);
	if (task->nops < PROG_OPS_MAX)
		task->op[task->nops++] = (struct prog_op){ kind, { (u8)a, (u8)b, (u8)c } };
}

static unsigned add_task(struct gen *g, u8 mm)
{
	struct prog_task task = { .mm = mm };
	bool added;

	task.cpu = (u8)prng_below(g->rng, g->p->machine.cpus);
	added = prog_task_append(g->p, &task);
	assert(added);
	(void)added;
	return g->p->ntasks - 1u;
}

/* "t's op comes after before's op", 1-based; 0: the first, the last. */
static void order(struct gen *g, unsigned t, unsigned op, unsigned before, unsigned before_op)
{
	struct event_key event = event_key_whole((u8)t, (u16)(op ? op : 1));
	struct event_key after =
		event_key_whole((u8)before, before_op ? (u16)before_op : g->p->task[before].nops);

	if (t != before && after.op && percent(g->rng, 85))
		prog_edge_append(g->p, &event, &after);
}

static void emit_map(struct gen *g, unsigned t, unsigned page, unsigned pages, unsigned flags)
{
	if (g->shared)
		emit(g, t, OP_shm_map, page, pages, percent(g->rng, 90) ? 0 : 1);
	else
		emit(g, t, OP_mmap, page, pages, flags);
}

/* A task that maps and writes a few pages; *page and *pages say which. */
static unsigned add_owner(struct gen *g, u8 mm, unsigned flags, u8 value, unsigned *page,
			  unsigned *pages)
{
	unsigned t = add_task(g, mm);

	*page = percent(g->rng, 80) ? 0 : WORLD_REGION_PAGES * prng_below(g->rng, WORLD_REGIONS);
	*pages = between(g->rng, 1, g->pages_max);
	emit_map(g, t, *page, *pages, flags);
	g->setup[t] = 1;
	for (unsigned i = 0; i < *pages; i++) {
		if (i >= 1 && percent(g->rng, 35))
			continue;
		emit(g, t, OP_write, *page + i, value ? value : 0x11 * (i + 1), 0);
		g->setup[t]++;
	}
	if (g->pins) {
		emit(g, t, OP_pin, *page, 0, percent(g->rng, 60) ? WORLD_PIN_WRITE
								 : prng_below(g->rng, 8));
		if (percent(g->rng, 70)) /* what else there is to do with it goes in between */
			g->setup[t]++;
	}
	return t;
}

/* Reads, or writes value. */
static void emit_touch(struct gen *g, unsigned t, unsigned page, u8 value)
{
	if (percent(g->rng, 50))
		emit(g, t, OP_read, page, 0, 0);
	else
		emit(g, t, OP_write, page, value, 0);
}

/* One more task in the mm of an owner, behind what it has done so far. */
static unsigned add_peer(struct gen *g, unsigned owner)
{
	unsigned t = add_task(g, g->p->task[owner].mm);
	unsigned done = g->p->task[owner].nops;

	emit_touch(g, t, g->p->task[owner].op[0].arg[0], 0x33);
	order(g, t, 1, owner, done);
	return t;
}

static void emit_swapout(struct gen *g, unsigned t, unsigned page, unsigned pages)
{
	if (g->p->task[t].mm && percent(g->rng, 70))
		emit(g, t, OP_madv_pageout, page, pages, 0);
	else if (percent(g->rng, 75))
		emit(g, t, OP_reclaim, between(g->rng, 1, 8), 0, 0);
	else
		emit(g, t, OP_kswapd, 0, 0, 0);
}

/* ---- scenarios ---- */

static void scenario_plain(struct gen *g)
{
	unsigned owners = between(g->rng, 1, 2), page, pages, t;

	for (unsigned i = 0; i < owners; i++) {
		u8 mm = generate_free_mm(g->p);

		if (!mm)
			continue;
		t = add_owner(g, mm, percent(g->rng, 20) ? WORLD_VMA_MERGEABLE : 0, 0, &page,
			      &pages);
		if (percent(g->rng, 40))
			add_peer(g, t);
	}
	if (owners == 1 || percent(g->rng, 30))
		add_task(g, 0);
}

static void scenario_refault(struct gen *g)
{
	u8 mm = generate_free_mm(g->p);
	unsigned page, pages, owner, peer;

	if (!mm)
		return;
	owner = add_owner(g, mm, 0, 0, &page, &pages);
	emit_swapout(g, owner, page, pages);
	g->setup[owner] = g->p->task[owner].nops;
	emit_touch(g, owner, page, 0x44);
	peer = add_peer(g, owner);
	emit_swapout(g, peer, page, pages);
	if (percent(g->rng, 50)) {
		unsigned t = percent(g->rng, 50) ? add_peer(g, owner) : add_task(g, 0);

		emit_swapout(g, t, page, pages);
		order(g, t, 1, owner, g->setup[owner]);
	}
	emit(g, owner, OP_read, page, 0, 0);
}

static void scenario_fork(struct gen *g)
{
	unsigned forks = between(g->rng, 1, percent(g->rng, 70) ? 2 : 4), page, pages, owner;
	u8 mm = generate_free_mm(g->p);
	bool swapped = percent(g->rng, 60);

	if (!mm)
		return;
	owner = add_owner(g, mm, 0, 0, &page, &pages);
	if (swapped)
		emit_swapout(g, owner, page, pages);
	for (unsigned i = 0; i < forks; i++) {
		u8 child = generate_free_mm(g->p);
		unsigned t;

		if (!child)
			break;
		emit(g, owner, OP_fork, child, 0, 0);
		if (i >= 2 || percent(g->rng, 25))
			continue;
		t = add_task(g, child);
		order(g, t, 1, owner, 0);
		if (percent(g->rng, 40)) { /* beside the next fork of its parent */
			u8 grandchild = generate_free_mm(g->p);

			if (grandchild)
				emit(g, t, OP_fork, grandchild, 0, 0);
		}
		emit_touch(g, t, page, 0x55);
		if (percent(g->rng, 40))
			emit(g, t, OP_exit, 0, 0, 0);
	}
	if (!swapped || percent(g->rng, 40))
		emit_swapout(g, owner, page, pages);
	emit_touch(g, owner, page, 0x66);
	if (percent(g->rng, 40))
		add_task(g, 0);
}

static void scenario_ksm(struct gen *g)
{
	u8 value = generate_mergeable_value(g->rng);
	unsigned page, pages, owner[2], ksmd, n = percent(g->rng, 75) ? 2 : 1;

	for (unsigned i = 0; i < n; i++) {
		u8 mm = generate_free_mm(g->p);

		if (!mm)
			return;
		owner[i] = add_owner(g, mm, WORLD_VMA_MERGEABLE, value, &page, &pages);
	}
	ksmd = add_task(g, 0);
	for (unsigned i = 0; i < n; i++)
		order(g, ksmd, 1, owner[i], 0);
	for (unsigned i = between(g->rng, 1, 3); i; i--)
		emit(g, ksmd, OP_ksm_scan, between(g->rng, 2, 12), 0, 0);
	if (percent(g->rng, 80))
		emit_swapout(g, ksmd, page, pages);
	if (percent(g->rng, 50))
		emit(g, ksmd, OP_swapoff, 0, 0, 0);
	g->setup[ksmd] = g->p->task[ksmd].nops;
	for (unsigned i = 0; i < n; i++) {
		emit_touch(g, owner[i], page, 0x77);
		if (percent(g->rng, 70))
			order(g, owner[i], g->p->task[owner[i]].nops, ksmd, 1);
	}
}

static void scenario_swapoff(struct gen *g)
{
	u8 mm = generate_free_mm(g->p);
	unsigned page, pages, owner, off, dev;

	if (!mm)
		return;
	owner = add_owner(g, mm, percent(g->rng, 20) ? WORLD_VMA_MERGEABLE : 0, 0, &page, &pages);
	emit_swapout(g, owner, page, pages);
	g->setup[owner] = g->p->task[owner].nops;
	off = add_task(g, 0);
	if (percent(g->rng, 75))
		order(g, off, 1, owner, percent(g->rng, 50) ? 0 : g->setup[owner] - 1u);
	dev = g->p->machine.dev[1].flags && percent(g->rng, 30) ? 1 : 0;
	emit(g, off, OP_swapoff, dev, 0, 0);
	if (percent(g->rng, 50)) { /* the same device, or another in its place */
		if (g->p->machine.dev[1].flags && percent(g->rng, 40))
			dev = !dev;
		emit(g, off, OP_swapon, dev, 0, 0);
	}
	if (percent(g->rng, 50))
		emit_touch(g, owner, page, 0x22);
	else
		emit(g, owner, percent(g->rng, 40) ? OP_munmap : OP_madv_dontneed, page, pages, 0);
	if (percent(g->rng, 50)) {
		unsigned t = add_peer(g, owner);

		emit_swapout(g, t, page, pages);
	}
}

static void scenario_hibernate(struct gen *g)
{
	unsigned page, pages, dev = g->p->machine.dev[1].flags && percent(g->rng, 30) ? 1 : 0;
	unsigned t = add_task(g, 0);

	if (percent(g->rng, 80))
		emit(g, t, OP_hib_open, dev, 0, 0);
	for (unsigned i = between(g->rng, 1, 2); i; i--)
		emit(g, t, OP_hib_alloc, dev, between(g->rng, 1, percent(g->rng, 70) ? 3 : 8), 0);
	if (percent(g->rng, 75))
		emit(g, t, OP_hib_free, dev, 0, 0);
	if (percent(g->rng, 60))
		emit(g, t, OP_hib_close, 0, 0, 0);
	if (percent(g->rng, 65)) {
		u8 mm = generate_free_mm(g->p);
		unsigned owner = mm ? add_owner(g, mm, 0, 0, &page, &pages) : t;

		if (mm)
			emit_swapout(g, owner, page, pages);
		if (percent(g->rng, 50))
			order(g, t, 1, owner, 0);
	}
	if (percent(g->rng, 40)) {
		unsigned off = add_task(g, 0);

		if (percent(g->rng, 50))
			order(g, off, 1, t, between(g->rng, 1, g->p->task[t].nops));
		emit(g, off, OP_swapoff, dev, 0, 0);
		if (percent(g->rng, 50))
			emit(g, off, OP_swapon, dev, 0, 0);
	}
}

static void scenario_pressure(struct gen *g)
{
	unsigned owners = between(g->rng, 1, 3), regions = between(g->rng, 1, 2);

	for (unsigned i = 0; i < owners; i++) {
		u8 mm = generate_free_mm(g->p);
		unsigned t;

		if (!mm)
			break;
		t = add_task(g, mm);
		for (unsigned r = 0; r < regions; r++)
			emit_map(g, t, r * WORLD_REGION_PAGES, WORLD_REGION_PAGES, 0);
		g->setup[t] = (u8)regions;
		for (unsigned n = between(g->rng, 4, 9); n; n--) /* no value twice */
			emit(g, t, OP_write,
			     prng_below(g->rng, regions * WORLD_REGION_PAGES), 0x10 * i + n, 0);
		emit(g, t, OP_read, prng_below(g->rng, WORLD_REGION_PAGES), 0, 0);
	}
	if (percent(g->rng, 60)) {
		unsigned t = add_task(g, 0);

		emit(g, t, percent(g->rng, 50) ? OP_kswapd : OP_reclaim, 0, 0, 0);
	}
}

/* Pages are written, swapped out, and wanted again or dropped, without a pause:
 * writes are still under way then, slots are cached without a user, folios and slots
 * are used again at once. */
static void scenario_churn(struct gen *g)
{
	unsigned tasks = between(g->rng, 2, 3), owner = 0, page = 0, pages = 1, t;

	for (unsigned i = 0; i < tasks; i++) {
		u8 mm = generate_free_mm(g->p);

		if (i && (!mm || percent(g->rng, 50))) {
			t = add_peer(g, owner);
		} else if (mm) {
			owner = t = add_owner(g, mm, 0, (u8)(0x20 * i), &page, &pages);
		} else {
			return;
		}
		for (unsigned n = between(g->rng, 1, 3); n; n--) {
			unsigned at = page + prng_below(g->rng, pages);

			emit_swapout(g, t, at, percent(g->rng, 50) ? 1 : pages - (at - page));
			at = page + prng_below(g->rng, pages);
			if (percent(g->rng, 30))
				emit(g, t, OP_madv_dontneed, at, 1, 0);
			else
				emit_touch(g, t, at, (u8)(0x20 * i + 8 + n));
		}
	}
}

static void add_scenario(struct gen *g)
{
	static void (*const scenarios[SCENARIO_COUNT])(struct gen *g) = {
		[SCENARIO_PLAIN] = scenario_plain, [SCENARIO_REFAULT] = scenario_refault,
		[SCENARIO_FORK] = scenario_fork, [SCENARIO_KSM] = scenario_ksm,
		[SCENARIO_SWAPOFF] = scenario_swapoff, [SCENARIO_HIBERNATE] = scenario_hibernate,
		[SCENARIO_PRESSURE] = scenario_pressure, [SCENARIO_CHURN] = scenario_churn,
	};
	u32 weight[SCENARIO_COUNT];

	for (unsigned i = 0; i < SCENARIO_COUNT; i++)
		weight[i] = g->profile->scenario[i];
	assert(g->p->ntasks + SCENARIO_TASKS_MAX <= MADE_TASKS_MAX);
	scenarios[pick_weighted(g->rng, weight, SCENARIO_COUNT)](g);
}

/* Ops by weight in between; a fork brings a task for its child. */
static void add_filler(struct gen *g, unsigned t)
{
	struct prog_task *task = &g->p->task[t];
	u8 kind = profile_pick_op(g->profile, g->rng, task->mm != 0, g->kinds);
	unsigned at = min(g->setup[t], task->nops);
	struct prog_op op;

	at = kind == OP_exit ? task->nops : between(g->rng, at, task->nops);
	generate_op(g->p, t, kind, g->rng, &op);
	if (!prog_op_insert(g->p, t, at, op) || kind != OP_fork)
		return;
	if (g->p->ntasks < GENERATE_TASKS_MAX) {
		unsigned child = add_task(g, op.arg[0]);

		order(g, child, 1, t, at + 1);
	}
}

static void add_fillers(struct gen *g)
{
	for (unsigned t = 0; t < g->p->ntasks; t++) { /* ntasks may grow */
		unsigned n = between(g->rng, 0, g->fillers_max);

		if (!g->p->task[t].nops)
			n++;
		while (n--)
			add_filler(g, t);
	}
}

/* A driver in the mm of an owner pins its first page, beside the owner's fork if it has
 * one, and lets a device write to it. */
static void add_driver(struct gen *g)
{
	unsigned owner = prng_below(g->rng, g->p->ntasks), before, t;
	const struct prog_task *task = &g->p->task[owner];
	u8 page = task->op[0].arg[0], child;

	if (!task->mm || !g->setup[owner] || g->p->ntasks >= GENERATE_TASKS_MAX)
		return;
	for (before = g->setup[owner]; before < task->nops; before++)
		if (task->op[before].kind == OP_fork)
			break;
	if (before >= task->nops) {
		before = g->setup[owner];
		child = percent(g->rng, 60) ? generate_free_mm(g->p) : 0;
		if (child)
			emit(g, owner, OP_fork, child, 0, 0);
	}
	t = add_task(g, task->mm);
	g->p->task[t].cpu = (u8)((task->cpu + 1u) % g->p->machine.cpus);
	order(g, t, 1, owner, before);
	emit(g, t, OP_pin, page, 1, percent(g->rng, 70) ? WORLD_PIN_WRITE
							: prng_below(g->rng, 8));
	emit(g, t, OP_pin_write, 1, 0x88, 0);
	if (percent(g->rng, 50))
		emit(g, t, OP_unpin, 1, 0, 0);
	emit(g, t, OP_read, page, 0, 0);
}

/* Each that has pinned a page ends with the device's store, and looks at it. */
static void add_device(struct gen *g)
{
	for (unsigned t = 0; t < g->p->ntasks; t++) {
		const struct prog_task *task = &g->p->task[t];
		unsigned i = 0;

		while (i < task->nops && task->op[i].kind != OP_pin)
			i++;
		if (i == task->nops)
			continue;
		emit(g, t, OP_pin_write, task->op[i].arg[1], 0x99, 0);
		if (percent(g->rng, 70))
			emit(g, t, OP_read, task->op[i].arg[0], 0, 0);
		else
			emit(g, t, OP_pin_read, task->op[i].arg[1], 0, 0);
	}
}

/* What holds for the whole program. */
static void draw_program(struct gen *g, const struct prog_profile *profile)
{
	static const u8 pages_max[] = { 1, 2, 3, 3, WORLD_REGION_PAGES };
	static const u8 fillers_max[] = { 0, 2, 4, 4, 8 };

	g->profile = profile_of_program(profile, g->rng);
	g->pages_max = pages_max[prng_below(g->rng, ARRAY_SIZE(pages_max))];
	g->fillers_max = fillers_max[prng_below(g->rng, ARRAY_SIZE(fillers_max))];
	g->shared = profile_weight(g->profile, OP_shm_map) > 0 && percent(g->rng, 25);
	g->pins = profile_weight(g->profile, OP_pin) > 0 && percent(g->rng, 20);
	g->kinds = PROFILE_KINDS_ALL;
	if (percent(g->rng, 50))
		g->kinds &= prng_next(g->rng);
}

/* Each that has turns with the same chance. */
static u8 draw_policy(struct prng *rng)
{
	u32 weight[PROG_POLICY_COUNT];

	for (unsigned i = 0; i < PROG_POLICY_COUNT; i++)
		weight[i] = prog_policy_turns[i] > 0;
	return (u8)pick_weighted(rng, weight, PROG_POLICY_COUNT);
}

void prog_generate(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct gen g = { .p = p, .rng = rng };

	prog_init(p);
	p->ntasks = 0;
	draw_program(&g, profile);
	generate_machine(&p->machine, rng, g.profile);
	add_scenario(&g);
	if (p->ntasks + SCENARIO_TASKS_MAX <= MADE_TASKS_MAX && percent(rng, 25))
		add_scenario(&g);
	if (g.pins && percent(rng, 60))
		add_driver(&g);
	add_fillers(&g);
	if (g.pins)
		add_device(&g);
	if (percent(rng, 25))
		p->nedges = 0;
	p->policy = draw_policy(rng);
	p->seed = prng_next(rng) >> 32;
	p->machine.mms = prog_mms_default(p);
	prog_repair(p);
	assert(prog_valid(p, NULL));
}
