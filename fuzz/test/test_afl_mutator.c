// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: AFL++'s custom mutator, as afl-fuzz calls it, makes programs for the model and
 * nothing else, within the size it is given, the same for the same seed, of both inputs.
 * Method: a chain of inputs, each made of the last one; ops counted by kind. No AFL++.
 */
#include "core/base/test.h"
#include "core/base/world_ops.h"
#include "fuzz/targets/afl_mutator.h"
#include "fuzz/targets/target.h"

#define CHAIN 20000
#define SIZE 4096

const struct fuzz_target fuzz_targets[] = { { "test", &prog_profile_all, NULL }, { 0 } };

static u8 made[SIZE], first[SIZE], second[SIZE];
static struct prog p;
static unsigned kinds[PROG_OP_COUNT];

static bool model_lacks(unsigned kind)
{
	switch (kind) {
#define OP_BY_HAND(...)
#define OP(name, ...) case OP_##name: return !world_linked->name;
#include "core/base/ops.def"
	default:
		return false;
	}
}

/* A chain from the empty input on; the number of programs that are not valid. */
static unsigned chain(void *state, unsigned n)
{
	unsigned bad = 0;
	size_t size = 0;

	for (unsigned i = 0; i < n; i++) {
		const char *why;
		u8 *out = NULL;
		size_t len = afl_custom_fuzz(state, made, size, &out, first, sizeof(first), SIZE);

		bad += !out || len > SIZE;
		if (len == 0 || len > SIZE)
			continue;
		memcpy(made, out, len);
		size = len;
		prog_decode(&p, made, size);
		bad += !prog_valid(&p, &why);
		for (unsigned t = 0; t < p.ntasks; t++)
			for (unsigned op = 0; op < p.task[t].nops; op++)
				kinds[p.task[t].op[op].kind]++;
	}
	return bad;
}

static void test_for_the_model(void)
{
	unsigned lacked = 0, absent = 0;

	CHECK_EQ(chain(afl_custom_init(NULL, 1), CHAIN), 0);
	for (unsigned kind = 0; kind < PROG_OP_COUNT; kind++) {
		lacked += model_lacks(kind) && kinds[kind];
		absent += !model_lacks(kind) && !kinds[kind];
	}
	CHECK_EQ(lacked, 0);
	CHECK_EQ(absent, 0);
}

static void test_repeats(void)
{
	memset(made, 0, SIZE);
	chain(afl_custom_init(NULL, 2), 200);
	memcpy(second, made, SIZE);
	memset(made, 0, SIZE);
	chain(afl_custom_init(NULL, 2), 200);
	CHECK(memcmp(second, made, SIZE) == 0);
	memset(made, 0, SIZE);
	chain(afl_custom_init(NULL, 3), 200);
	CHECK(memcmp(second, made, SIZE) != 0);
}

static void test_size(void)
{
	static const size_t bounds[] = { 0, 1, 36, 40, 60, 100 };
	void *state = afl_custom_init(NULL, 4);
	unsigned over = 0, some = 0;

	/* An input longer than it may become. */
	chain(state, 100);
	for (unsigned i = 0; i < 3000; i++) {
		size_t max = bounds[i % ARRAY_SIZE(bounds)];
		u8 *out;
		size_t len = afl_custom_fuzz(state, made, sizeof(made), &out, NULL, 0, max);

		over += len > max;
		some += len > 0;
	}
	CHECK_EQ(over, 0);
	CHECK(some > 0);
}

/* What one has of an op that the other input alone has comes from there more often than
 * from mutation. */
static void test_crossover(void)
{
	static const char text[] = "machine: dev0=sync,8\ntask A cpu=0\n  1  hib_open dev0\n"
				   "  2  hib_alloc dev0 1\n  3  hib_free dev0\n  4  hib_close\n";
	static const char plain[] = "machine: dev0=sync,8\ntask A cpu=0 mm=1\n  1  mmap r0 1\n"
				    "  2  write r0 0x11\n";
	void *state = afl_custom_init(NULL, 5);
	size_t other_size, size;
	struct prog_error err;
	unsigned with[2] = { 0, 0 };

	CHECK_EQ(prog_parse(&p, NULL, text, sizeof(text) - 1, &err), 0);
	other_size = prog_encode(&p, first, sizeof(first));
	CHECK_EQ(prog_parse(&p, NULL, plain, sizeof(plain) - 1, &err), 0);
	size = prog_encode(&p, second, sizeof(second));
	for (unsigned i = 0; i < 4000; i++) {
		bool has = false;
		u8 *out;
		size_t len = afl_custom_fuzz(state, second, size, &out, i % 2 ? first : NULL,
					     i % 2 ? other_size : 0, SIZE);

		prog_decode(&p, out, len);
		for (unsigned t = 0; t < p.ntasks; t++)
			for (unsigned op = 0; op < p.task[t].nops; op++)
				has |= p.task[t].op[op].kind == OP_hib_alloc;
		with[i % 2] += has;
	}
	CHECK(with[1] > 3 * with[0]);
	afl_custom_deinit(state);
}

int main(void)
{
	test_for_the_model();
	test_repeats();
	test_size();
	test_crossover();
	return TEST_END();
}
