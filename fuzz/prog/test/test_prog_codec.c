// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: bytes and programs are one thing in two shapes. Method: noise of all
 * lengths and generated programs go through decode and encode; each result is
 * valid, canonical, and the same after a second turn. Twins: a struct that is
 * off in one field is not valid, and repair touches nothing of a valid one.
 */
#include "core/base/test.h"
#include "fuzz/prog/edit.h"
#include "fuzz/prog/encode.h"
#include "fuzz/prog/machine.h"

#include <stdlib.h>

#define NOISE_ROUNDS 100000
#define NOISE_MAX 512
#define REPAIR_ROUNDS 500 /* each is noise for thousands of edges */

static u8 noise[1 << 20];
static u8 bytes[PROG_BYTES_MAX], again[PROG_BYTES_MAX];
static struct prog p, q;

/* Roles with the zeroes behind their ends, which prog_equal() does not look at. */
static bool same_roles(void)
{
	bool same = true;

	for (unsigned i = 0; i < p.nedges; i++)
		same &= !memcmp(p.edge[i].event.role, q.edge[i].event.role, EVENT_ROLE_MAX) &&
			!memcmp(p.edge[i].after.role, q.edge[i].after.role, EVENT_ROLE_MAX);
	for (unsigned i = 0; i < p.nchoices; i++)
		same &= !memcmp(p.choice[i].event.role, q.choice[i].event.role, EVENT_ROLE_MAX);
	return same;
}

/* decode(data) is valid; its encoding is canonical and gives it back. */
static bool turn_holds(const u8 *data, size_t size)
{
	const char *why = NULL;
	size_t len, len2;

	prog_decode(&p, data, size);
	if (!prog_valid(&p, &why)) {
		printf("invalid: %s\n", why);
		return false;
	}
	len = prog_encode(&p, bytes, sizeof(bytes));
	prog_decode(&q, bytes, len);
	len2 = prog_encode(&q, again, sizeof(again));
	return len && !prog_is_text(bytes, len) && prog_equal(&p, &q) && same_roles() &&
	       !memcmp(&p, &q, offsetof(struct prog, choice)) && len == len2 &&
	       !memcmp(bytes, again, len);
}

static void fill(struct prng *rng, u8 *out, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(u64)) { /* a struct prog is more than a megabyte */
		u64 word = prng_next(rng);

		memcpy(out + i, &word, min(sizeof(word), size - i));
	}
}

static void test_noise(void)
{
	struct prng rng = { 1 };
	unsigned bad = 0, tasks = 0, edges = 0;

	for (unsigned i = 0; i < NOISE_ROUNDS; i++) {
		size_t size = prng_below(&rng, NOISE_MAX);

		fill(&rng, noise, size);
		bad += !turn_holds(noise, size);
		tasks += p.ntasks;
		edges += p.nedges;
	}
	CHECK_EQ(bad, 0);
	/* noise makes programs, not only empty ones */
	CHECK(tasks > 3 * NOISE_ROUNDS);
	CHECK(edges > NOISE_ROUNDS / 10);
}

/* Noise where all tables overflow, and what is no program at all. */
static void test_extremes(void)
{
	struct prng rng = { 2 };

	CHECK(turn_holds(NULL, 0));
	CHECK_EQ(p.ntasks, 1);
	CHECK(machine_equal(&p.machine, &prog_machine_default));
	for (unsigned first = 0; first < 256; first++) {
		memset(noise, (int)first, sizeof(noise));
		CHECK(turn_holds(noise, sizeof(noise)));
		CHECK(turn_holds(noise, 37));
	}
	for (unsigned i = 0; i < 8; i++) {
		fill(&rng, noise, sizeof(noise));
		CHECK(turn_holds(noise, sizeof(noise)));
	}
	CHECK_EQ(p.ntasks, PROG_TASKS_MAX);
	CHECK(p.nedges > 8);
}

static void test_generated(void)
{
	static const char *const names[] = { "all", "swap", "swapoff", "ksm", "hibernate",
					     "reclaim" };
	struct prng rng = { 3 };
	static struct prog g;
	unsigned bad = 0;

	for (unsigned i = 0; i < 20000; i++) {
		size_t len;

		prog_generate(&g, &rng, prog_profile_find(names[i % ARRAY_SIZE(names)]));
		len = prog_encode(&g, bytes, sizeof(bytes));
		prog_decode(&q, bytes, len);
		bad += !len || !prog_equal(&g, &q);
	}
	CHECK_EQ(bad, 0);
	CHECK(!prog_profile_find("none"));
}

/* The byte of a field that came later lies behind the devices; without it the bytes are
 * those of before. */
static void test_later_fields(void)
{
	size_t len;

	prog_init(&p);
	len = prog_encode(&p, bytes, sizeof(bytes));
	CHECK_EQ(bytes[34] | bytes[35], 0);
	p.machine.thp = 1;
	CHECK_EQ(prog_encode(&p, again, sizeof(again)), len);
	CHECK_EQ(again[34], 1);
	again[34] = 0;
	CHECK(!memcmp(bytes, again, len));
	again[34] = 1;
	CHECK(turn_holds(again, len));
	CHECK_EQ(p.machine.thp, 1);
}

/* The largest program fits into PROG_BYTES_MAX, and not into one byte less. */
static void test_full(void)
{
	size_t len;

	prog_init(&p);
	p.ntasks = PROG_TASKS_MAX;
	for (unsigned t = 0; t < PROG_TASKS_MAX; t++) {
		p.task[t].label = (char)('Z' - t);
		p.task[t].nops = PROG_OPS_MAX;
		memset(p.task[t].op, 0, sizeof(p.task[t].op));
		for (unsigned i = 0; i < PROG_OPS_MAX; i++)
			p.task[t].op[i].kind = OP_kswapd;
	}
	p.nedges = PROG_EDGES_MAX;
	p.nchoices = PROG_CHOICES_MAX;
	for (unsigned i = 0; i < PROG_EDGES_MAX; i++) {
		p.edge[i].event = (struct event_key){ .ctx = (u8)(i % 8), .op = 16, .nth = 0xffff,
						       .site = 0xffffffff - i };
		memset(p.edge[i].event.role, 'x', EVENT_ROLE_MAX - 1);
		p.edge[i].after = p.edge[i].event;
		p.edge[i].after.ctx = i & 1 ? PROG_CTX_IRQ(1) : PROG_CTX_SOFTIRQ(0);
		p.edge[i].after.op = (u16)(0xffff - i);
	}
	for (unsigned i = 0; i < PROG_CHOICES_MAX; i++)
		p.choice[i] = (struct event_choice){ p.edge[i].event, (u8)(i * 4) };
	CHECK(prog_valid(&p, NULL));
	len = prog_encode(&p, bytes, sizeof(bytes));
	CHECK(len > 0);
	prog_decode(&q, bytes, len);
	CHECK(prog_equal(&p, &q));
	CHECK_EQ(prog_encode(&p, bytes, len), len);
	CHECK_EQ(prog_encode(&p, bytes, len - 1), 0);
	CHECK_EQ(prog_encode(&p, bytes, 3), 0);
}

/* A changed byte changes little: most programs keep nearly all of their ops. */
static void test_local(void)
{
	struct prng rng = { 4 };
	unsigned long kept = 0, all = 0;
	static struct prog g;

	for (unsigned round = 0; round < 2000; round++) {
		size_t len;

		prog_generate(&g, &rng, &prog_profile_all);
		len = prog_encode(&g, bytes, sizeof(bytes));
		bytes[prng_below(&rng, (u32)len)] = (u8)prng_next(&rng);
		prog_decode(&q, bytes, len);
		for (unsigned t = 0; t < g.ntasks; t++) {
			all += g.task[t].nops;
			for (unsigned i = 0; i < g.task[t].nops && t < q.ntasks; i++)
				kept += !memcmp(&g.task[t].op[i], &q.task[t].op[i], 4);
		}
	}
	CHECK(kept * 100 > all * 93);
}

/* Each bound of a valid program, broken one at a time. */
#define BROKEN(change)                                                          \
	do {                                                                    \
		q = p;                                                          \
		change;                                                         \
		CHECK(!prog_valid(&q, &why) && why);                            \
		prog_repair(&q);                                                \
		CHECK(prog_valid(&q, &why));                                    \
		CHECK(!why);                                                    \
	} while (0)

static void valid_program(void)
{
	const char *why;

	prog_init(&p);
	p.machine.dev[0] = (struct world_dev){ WORLD_DEV_PRESENT, 8, -1, { 2, 3 } };
	p.ntasks = 2;
	p.task[0] = (struct prog_task){ 'A', 0, 1, 2, { { OP_mmap, { 5, 3, 0 } },
							{ OP_fork, { 2, 0, 0 } } } };
	p.task[1] = (struct prog_task){ 'B', 1, 2, 1, { { OP_read, { 5, 0, 0 } } } };
	p.machine.mms = 1;
	p.nedges = 1;
	p.edge[0].event = event_key_whole(1, 1);
	p.edge[0].after = (struct event_key){ PROG_CTX_IRQ(1), 9, 2, 77, "folio A2.0" };
	p.nchoices = 1;
	p.choice[0] = (struct event_choice){ { 0, 1, 1, 5, "" }, 1 };
	CHECK(prog_valid(&p, &why));
	q = p;
	prog_repair(&q);
	CHECK(!memcmp(&p, &q, sizeof(p)));
}

static void test_invalid(void)
{
	const char *why;

	valid_program();
	BROKEN(q.machine.cpus = 0);
	BROKEN(q.machine.cpus = 5);
	BROKEN(q.machine.folios = 7);
	BROKEN(q.machine.cluster_slots = 12);
	BROKEN(q.machine.low_watermark = 17);
	BROKEN(q.machine.mms = 0x40);
	BROKEN(q.machine.mms = 0);
	BROKEN(q.machine.dev[0].slots = 1);
	BROKEN(q.machine.dev[0].slots = 65);
	BROKEN(q.machine.dev[0].slots = 3);
	BROKEN(q.machine.dev[0].bad[0] = 0);
	BROKEN(q.machine.dev[0].flags |= 0x80);
	BROKEN(q.machine.dev[1].slots = 8);
	BROKEN(q.ntasks = 0);
	BROKEN(q.ntasks = 9);
	BROKEN(q.task[1].label = 'A');
	BROKEN(q.task[1].label = 'a');
	BROKEN(q.task[1].cpu = 2);
	BROKEN(q.task[1].mm = 7);
	BROKEN(q.task[1].mm = 3; q.task[0].nops = 2; q.machine.mms = 1);
	BROKEN(q.task[0].mm = 0);
	BROKEN(q.task[0].nops = 17);
	BROKEN(q.task[0].op[0].kind = PROG_OP_COUNT);
	BROKEN(q.task[0].op[0].arg[0] = WORLD_PAGES);
	BROKEN(q.task[0].op[0].arg[0] = 6);
	BROKEN(q.task[0].op[0].arg[1] = 0);
	BROKEN(q.task[0].op[1].arg[0] = 1);
	BROKEN(q.task[0].op[1].arg[1] = 1);
	BROKEN(q.policy = PROG_POLICY_COUNT);
	BROKEN(q.nedges = PROG_EDGES_MAX + 1);
	BROKEN(q.nchoices = PROG_CHOICES_MAX + 1);
	BROKEN(q.edge[0].event.ctx = 2);
	BROKEN(q.edge[0].event.op = 2);
	BROKEN(q.edge[0].event.op = 0);
	BROKEN(q.edge[0].event.nth = 0);
	BROKEN(q.edge[0].event.nth = 2);
	BROKEN(q.edge[0].after.ctx = PROG_CTX_IRQ(2));
	BROKEN(q.edge[0].after.ctx = 1; q.edge[0].after.op = 1);
	BROKEN(q.edge[0].after.role[0] = '(');
	BROKEN(memset(q.edge[0].after.role, 'a', EVENT_ROLE_MAX));
	BROKEN(q.choice[0].event.site = 0);
	BROKEN(q.choice[0].event.ctx = 9);
}

/* Any bytes in the struct: repair makes it valid, and a second one does nothing. */
static void test_repair_noise(void)
{
	struct prng rng = { 5 };
	unsigned bad = 0;

	for (unsigned i = 0; i < REPAIR_ROUNDS; i++) {
		fill(&rng, (u8 *)&p, sizeof(p));
		prog_repair(&p);
		q = p;
		prog_repair(&q);
		bad += !prog_valid(&p, NULL) || memcmp(&p, &q, sizeof(p));
	}
	CHECK_EQ(bad, 0);
}

static void test_load(void)
{
	static const char text[] = "task A cpu=0\n  kswapd\n";
	struct prog_error err;
	struct prog_text t;
	size_t len;

	CHECK_EQ(prog_load(&p, &t, text, sizeof(text) - 1, &err), 0);
	CHECK_EQ(p.task[0].op[0].kind, OP_kswapd);
	len = prog_encode(&p, bytes, sizeof(bytes));
	CHECK_EQ(prog_load(&q, &t, bytes, len, &err), 0);
	CHECK(prog_equal(&p, &q));
	CHECK_EQ(prog_load(&q, &t, bytes, 0, &err), -EINVAL);
	CHECK_STR(err.what, "the file is empty");
	CHECK_EQ(err.line, 1);
	CHECK_EQ(err.column, 1);
	memset(noise, PROG_BYTES_VERSION, sizeof(noise));
	CHECK_EQ(prog_load(&q, &t, noise, sizeof(noise), &err), -EINVAL);
	CHECK_STR(err.what, "too long for the bytes of a program");
	memset(noise, 0xfe, sizeof(noise));
	CHECK_EQ(prog_load(&q, NULL, noise, 100, &err), -EINVAL);
	CHECK_STR(err.what, "neither the text nor the bytes of a program");
	memset(noise, 'x', sizeof(noise));
	CHECK_EQ(prog_load(&q, NULL, noise, sizeof(noise), &err), -EINVAL);
	CHECK_EQ(err.line, 1);
	CHECK(prog_valid(&q, NULL));
}

/* One line for each version that was; the file as it is decodes all the same. */
static void test_version(void)
{
	struct prog_error err;
	size_t len;

	prog_init(&p);
	p.policy = PROG_POLICY_PCT;
	len = prog_encode(&p, bytes, sizeof(bytes));
	for (unsigned version = 0; version < 256; version++) {
		bytes[0] = (u8)version;
		prog_decode(&q, bytes, len);
		CHECK(prog_equal(&p, &q));
		if (!version || version > PROG_BYTES_VERSION_MAX || version == PROG_BYTES_VERSION)
			continue;
		CHECK_EQ(prog_load(&q, NULL, bytes, len, &err), -EINVAL);
		CHECK(strstr(err.what, "bytes of another version of the format: "));
	}
	bytes[0] = 1;
	CHECK_EQ(prog_load(&q, NULL, bytes, len, &err), -EINVAL);
	CHECK_STR(err.what, "bytes of another version of the format: 1, this one reads 2");
}

/* What is not known today, and may be tomorrow, is skipped. */
static void test_unknown(void)
{
	static const char text[] = "policy: pct seed=9\n"
				   "task A cpu=0 mm=1\n mmap r0 1\n kswapd\n read r0\n";
	struct prog_error err;
	size_t len;

	CHECK_EQ(prog_parse(&p, NULL, text, sizeof(text) - 1, &err), 0);
	len = prog_encode(&p, bytes, sizeof(bytes));
	CHECK_EQ(bytes[len - 8], OP_kswapd);
	for (unsigned kind = PROG_OP_COUNT; kind < 0xa0; kind++) {
		bytes[len - 8] = (u8)kind;
		prog_decode(&q, bytes, len);
		CHECK_EQ(q.task[0].nops, 2);
		CHECK_EQ(q.task[0].op[0].kind, OP_mmap);
		CHECK_EQ(q.task[0].op[1].kind, OP_read);
	}
	for (unsigned policy = PROG_POLICY_COUNT; policy < 256; policy++) {
		bytes[1] = (u8)policy;
		prog_decode(&q, bytes, len);
		CHECK_EQ(q.policy, PROG_POLICY_REPLAY);
	}
}

/* What version 2 stores by number. New names go to the end; for any other change
 * raise PROG_BYTES_VERSION, and write the new order here. */
static void test_numbers(void)
{
	static const char *const ops[] = {
		"mmap", "munmap", "write", "read", "madv_dontneed", "madv_pageout",
		"madv_mergeable", "madv_unmergeable", "fork", "exit", "reclaim", "kswapd",
		"lru_drain", "lru_drain_all", "ksm_scan", "ksm_unmerge", "swapon", "swapoff",
		"hib_open", "hib_close", "hib_alloc", "hib_free", "worker", "cond_resched",
	};
	static const char *const policies[] = { "replay", "random", "pct", "delay" };

	CHECK_EQ(PROG_BYTES_VERSION, 2);
	CHECK(PROG_OP_COUNT >= ARRAY_SIZE(ops) && PROG_POLICY_COUNT >= ARRAY_SIZE(policies));
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		CHECK_STR(prog_ops[i].name, ops[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(policies); i++)
		CHECK_STR(prog_policy_names[i], policies[i]);
}

int main(void)
{
	test_extremes();
	test_noise();
	test_generated();
	test_later_fields();
	test_full();
	test_local();
	test_invalid();
	test_repair_noise();
	test_load();
	test_version();
	test_unknown();
	test_numbers();
	return TEST_END();
}
