// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: what is generated, mutated and crossed is valid, repeatable, varied and
 * mostly does something. Method: many programs of each profile, counted; edits
 * that renumber ops against pictures of what edges and object names must say.
 */
#include "core/base/test.h"
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"
#include "fuzz/prog/profile.h"

static const char *const names[] = { "all", "swap", "swapoff", "ksm", "hibernate", "reclaim" };

static struct prog p, q, r;
static u8 bytes[PROG_BYTES_MAX];

static u64 hash_prog(const struct prog *prog, u64 hash)
{
	size_t len = prog_encode(prog, bytes, sizeof(bytes));

	for (size_t i = 0; i < len; i++)
		hash = prng_mix(hash ^ bytes[i]);
	return hash;
}

static u64 hash_run(u64 seed)
{
	struct prng rng = { seed };
	u64 hash = 0;

	prog_generate(&q, &rng, &prog_profile_all);
	for (unsigned i = 0; i < 3000; i++) {
		prog_generate(&p, &rng, prog_profile_find(names[i % ARRAY_SIZE(names)]));
		prog_mutate(&p, &rng, &prog_profile_all);
		prog_crossover(&r, &p, &q, &rng);
		hash = hash_prog(&r, hash_prog(&p, hash));
		q = i % 7 ? r : p;
	}
	return hash;
}

static void test_determinism(void)
{
	u64 a = hash_run(1), b = hash_run(1), c = hash_run(2);

	CHECK_EQ(a, b);
	CHECK(a != c);
}

static void test_mutate_valid(void)
{
	struct prng rng = { 21 };
	unsigned bad = 0, same = 0, full = 0;

	prog_init(&p);
	for (unsigned i = 0; i < 60000; i++) {
		const char *why;

		q = p;
		prog_mutate(&p, &rng, prog_profile_find(names[i % ARRAY_SIZE(names)]));
		bad += !prog_valid(&p, &why);
		same += prog_equal(&p, &q);
		full += p.ntasks == MADE_TASKS_MAX;
		bad += p.ntasks > MADE_TASKS_MAX;
		if (i % 1000 == 999)
			prog_generate(&p, &rng, &prog_profile_all);
	}
	CHECK_EQ(bad, 0);
	CHECK(same < 60000 / 5); /* most mutations change something */
	CHECK(full < 60000 / 2);
}

static void test_crossover_valid(void)
{
	struct prng rng = { 22 };
	unsigned bad = 0, news = 0;
	struct prog a, b;

	for (unsigned i = 0; i < 20000; i++) {
		prog_generate(&a, &rng, &prog_profile_all);
		prog_generate(&b, &rng, prog_profile_find(names[i % ARRAY_SIZE(names)]));
		prog_crossover(&r, &a, &b, &rng);
		bad += !prog_valid(&r, NULL);
		news += !prog_equal(&r, &a) && !prog_equal(&r, &b);
	}
	CHECK_EQ(bad, 0);
	CHECK(news > 15000);
	/* full programs: crossing makes them smaller */
	prog_init(&a);
	for (unsigned t = 1; t < PROG_TASKS_MAX; t++)
		prog_task_append(&a, &a.task[0]);
	for (unsigned i = 0; i < 1000; i++) {
		prog_crossover(&r, &a, &a, &rng);
		CHECK(prog_valid(&r, NULL));
		CHECK(r.ntasks <= PROG_TASKS_MAX);
	}
	CHECK(!prog_task_append(&a, &a.task[0]));
}

/* Pages that an op touches lie in a mapping of its mm (or of an ancestor). */
static bool op_mapped(const struct prog *prog, unsigned t, const struct prog_op *op)
{
	u32 mms = 1u << prog->task[t].mm;

	for (unsigned round = 0; round < 6; round++) {
		for (unsigned u = 0; u < prog->ntasks; u++) {
			for (unsigned i = 0; i < prog->task[u].nops; i++) {
				const struct prog_op *o = &prog->task[u].op[i];

				if (o->kind == OP_fork && mms & (1u << o->arg[0]))
					mms |= 1u << prog->task[u].mm;
				if ((o->kind == OP_mmap || o->kind == OP_shm_map) &&
				    mms & (1u << prog->task[u].mm) &&
				    op->arg[0] >= o->arg[0] && op->arg[0] < o->arg[0] + o->arg[1])
					return true;
			}
		}
	}
	return false;
}

static void test_productive(void)
{
	struct prng rng = { 23 };

	for (unsigned n = 0; n < ARRAY_SIZE(names); n++) {
		const struct prog_profile *profile = prog_profile_find(names[n]);
		unsigned ops[PROG_OP_COUNT] = { 0 }, touches = 0, mapped = 0, tasks = 0, edges = 0;
		unsigned tiny = 0, roomy = 0, two = 0, few = 0, full[2] = { 0 }, shared = 0;

		for (unsigned i = 0; i < 4000; i++) {
			u32 mms = 0;

			prog_generate(&p, &rng, profile);
			tasks += p.ntasks;
			edges += p.nedges;
			few += p.machine.folios <= 16;
			tiny += machine_dev_usable(&p.machine.dev[0]) <= 5;
			roomy += machine_dev_usable(&p.machine.dev[0]) > 5;
			two += p.machine.dev[1].flags != 0;
			full[machine_dev_usable(&p.machine.dev[0]) <= 5] +=
				p.machine.swap_full != 50;
			for (unsigned t = 0; t < p.ntasks; t++) {
				if (p.task[t].mm)
					shared += (mms >> p.task[t].mm) & 1;
				mms |= 1u << p.task[t].mm;
				for (unsigned o = 0; o < p.task[t].nops; o++) {
					const struct prog_op *op = &p.task[t].op[o];

					ops[op->kind]++;
					if (op->kind != OP_read && op->kind != OP_write)
						continue;
					touches++;
					mapped += op_mapped(&p, t, op);
				}
			}
		}
		CHECK(mapped * 100 > touches * 85);
		CHECK(tasks >= 2 * 4000 && tasks <= 5 * 4000);
		CHECK(edges > 4000 / 8);
		CHECK(tiny > 400 && roomy > 400 && two > 400 && few > 400);
		CHECK(full[0] > 200 && full[1] > 200);
		CHECK(shared > 100);
		for (unsigned o = 0; o < PROG_OP_COUNT; o++) {
			if (profile_weight(profile, o))
				CHECK(ops[o] > 0);
		}
	}
	CHECK_EQ(profile_weight(&prog_profile_swap, OP_ksm_scan), 0);
	CHECK_EQ(profile_weight(&prog_profile_all, OP_read), prog_ops[OP_read].weight);
}

/*
 *   A: mmap write read    B: read swap
 *   edge  B1 after A2 site(folio A2.0)     choice  A3 site
 */
static void picture(void)
{
	prog_init(&p);
	p.ntasks = 2;
	p.task[0] = (struct prog_task){ 'A', 0, 1, 3, { { OP_mmap, { 0, 1, 0 } },
						      { OP_write, { 0, 1, 0 } },
						      { OP_read, { 0, 0, 0 } } } };
	p.task[1] = (struct prog_task){ 'S', 1, 1, 2, { { OP_read, { 0, 0, 0 } },
						      { OP_kswapd, { 0, 0, 0 } } } };
	p.machine.mms = 1;
	p.nedges = 1;
	p.edge[0].event = event_key_whole(1, 1);
	p.edge[0].after = (struct event_key){ 0, 2, 1, 7, "folio A2.0" };
	p.nchoices = 1;
	p.choice[0] = (struct event_choice){ { 0, 3, 1, 8, "slot S1.12" }, 1 };
	CHECK(prog_valid(&p, NULL));
}

static void check_picture(unsigned after_ctx, unsigned after_op, const char *after_role,
			  unsigned choice_ctx, unsigned choice_op, const char *choice_role)
{
	CHECK(prog_valid(&p, NULL));
	CHECK_EQ(p.nedges, 1);
	CHECK_EQ(p.edge[0].after.ctx, after_ctx);
	CHECK_EQ(p.edge[0].after.op, after_op);
	CHECK_STR(p.edge[0].after.role, after_role);
	CHECK_EQ(p.nchoices, 1);
	CHECK_EQ(p.choice[0].event.ctx, choice_ctx);
	CHECK_EQ(p.choice[0].event.op, choice_op);
	CHECK_STR(p.choice[0].event.role, choice_role);
}

static void test_edits(void)
{
	const struct prog_op op = { OP_lru_drain, { 0, 0, 0 } };

	picture();
	CHECK(prog_op_insert(&p, 0, 1, op));
	check_picture(0, 3, "folio A3.0", 0, 4, "slot S1.12");
	picture();
	CHECK(prog_op_insert(&p, 1, 0, op));
	check_picture(0, 2, "folio A2.0", 0, 3, "slot S2.12");
	CHECK_EQ(p.edge[0].event.op, 2);
	picture();
	prog_op_remove(&p, 0, 0);
	check_picture(0, 1, "folio A1.0", 0, 2, "slot S1.12");
	picture(); /* within the task: 2 behind 3 */
	CHECK(prog_op_move(&p, 0, 1, 0, 3));
	check_picture(0, 3, "folio A3.0", 0, 2, "slot S1.12");
	CHECK_EQ(p.task[0].op[2].kind, OP_write);
	picture(); /* and 3 before 1 */
	CHECK(prog_op_move(&p, 0, 2, 0, 0));
	check_picture(0, 3, "folio A3.0", 0, 1, "slot S1.12");
	picture(); /* into the other task: S1 becomes A4, A's choice becomes S's */
	CHECK(prog_op_move(&p, 0, 2, 1, 1));
	check_picture(0, 2, "folio A2.0", 1, 2, "slot S1.12");
	picture();
	prog_task_relabel(&p, 0, 'Q');
	check_picture(0, 2, "folio Q2.0", 0, 3, "slot S1.12");
	picture(); /* an edge between two ops of one task goes */
	CHECK(prog_op_move(&p, 1, 0, 0, 3));
	CHECK_EQ(p.nedges, 0);
	CHECK_STR(p.choice[0].event.role, "slot A4.12");
	CHECK(prog_valid(&p, NULL));
	picture(); /* what the op named goes, what it allocated becomes "any" */
	prog_op_remove(&p, 0, 1);
	CHECK_EQ(p.nedges, 0);
	CHECK_EQ(p.nchoices, 1);
	picture();
	prog_task_remove(&p, 0);
	CHECK_EQ(p.ntasks, 1);
	CHECK_EQ(p.task[0].label, 'S');
	CHECK_EQ(p.nedges + p.nchoices, 0);
	picture();
	prog_task_remove(&p, 1);
	CHECK_EQ(p.nedges, 0);
	CHECK_EQ(p.nchoices, 1);
	CHECK_STR(p.choice[0].event.role, "");
	picture(); /* a full task takes no more */
	while (p.task[0].nops < PROG_OPS_MAX)
		CHECK(prog_op_insert(&p, 0, 3, op));
	CHECK(!prog_op_insert(&p, 0, 3, op));
	CHECK(!prog_op_move(&p, 1, 0, 0, 0));
	check_picture(0, 2, "folio A2.0", 0, 3, "slot S1.12");
}

/* Names that only look like ops stay as they are. */
static void test_role_names(void)
{
	static const char *const others[] = { "slot dev0.3", "A2", "cluster dev0.1", "folio A0.1",
					      "folio A17.1", "folio B2.0", "folio irq0.1.0",
					      "x A2y.0", "" };

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		picture();
		memset(p.edge[0].after.role, 0, EVENT_ROLE_MAX);
		strcpy(p.edge[0].after.role, others[i]);
		CHECK(prog_op_insert(&p, 0, 0, (struct prog_op){ OP_kswapd, { 0, 0, 0 } }));
		CHECK_STR(p.edge[0].after.role, others[i]);
	}
}

int main(void)
{
	test_determinism();
	test_mutate_valid();
	test_crossover_valid();
	test_productive();
	test_edits();
	test_role_names();
	return TEST_END();
}
