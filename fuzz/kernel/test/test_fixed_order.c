// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fixed order: goal: it is the replay policy's, with whole-op edges kept and
 * impossible ones dropped. Method: small programs as text, their order as text;
 * and the model run under the policy shows its ops in that order.
 */
#include "core/base/test.h"
#include "fuzz/exec/run.h"
#include "fuzz/kernel/compare.h"

static struct prog prog;
static struct fixed_order order;
static struct observation seen;

static void load(const char *src)
{
	struct prog_error err;

	CHECK_EQ(prog_parse(&prog, NULL, src, strlen(src), &err), 0);
}

static const char *order_text(void)
{
	static char buf[256];
	int n = 0;

	buf[0] = 0;
	order_make(&prog, &order);
	for (unsigned i = 0; i < order.n; i++)
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "%s%c%u", i ? " " : "",
			      prog.task[order.step[i].task].label, order.step[i].op);
	return buf;
}

#define TASKS "task A cpu=0 mm=1\n 1 mmap r0 1\n 2 write r0+0 1\n 3 read r0+0\n"             \
	      "task B cpu=1 mm=1\n 1 read r0+0\n 2 write r0+0 2\n"

static void check_orders(void)
{
	load(TASKS);
	CHECK_STR(order_text(), "A1 A2 A3 B1 B2");
	load(TASKS "schedule\n A2 after B1\n");
	CHECK_STR(order_text(), "A1 B1 B2 A2 A3");
	load(TASKS "schedule\n A2 after B1\n B2 after A3\n");
	CHECK_STR(order_text(), "A1 B1 A2 A3 B2");
	CHECK_EQ(order.edges_left_out, 0);
	/* A circle: the first edge that holds somebody goes. */
	load(TASKS "schedule\n A1 after B2\n B1 after A3\n");
	CHECK_STR(order_text(), "A1 A2 A3 B1 B2");
	CHECK_EQ(order.edges_left_out, 1);
	/* An edge inside of an op is left out, and said. */
	load(TASKS "schedule\n A2 after B1 op@read\n");
	order_make(&prog, &order);
	CHECK_EQ(order.edges_left_out, 1);
}

/* The engine's run has the same order, whatever the tasks' CPUs. */
static void check_policy(void)
{
	char got[256] = "";

	load(TASKS "schedule\n A2 after B1\n B2 after A3\n");
	CHECK(compare_model(&prog, DEVICE_ZRAM, &order, &seen));
	for (unsigned i = 0; i < seen.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "",
			 seen.op[i].label);
	CHECK_STR(got, "A1 B1 A2 A3 B2");
	CHECK_EQ(seen.op[1].read, true);
	CHECK_EQ(seen.op[1].words[0], 0);
	CHECK_EQ(seen.op[3].words[0], 0x0101010101010101ll);
}

static void check_refusals(void)
{
	load("task A cpu=0 mm=1\n 1 mmap r0 1\n 2 madv_pageout r0 1\n 3 lru_drain\n");
	CHECK(order_refuses(&prog, false) == NULL);
	load("task A cpu=0 mm=1\n 1 mmap r0 1\ntask B cpu=0\n 1 reclaim 2\n");
	CHECK_HAS(order_refuses(&prog, false), "B1 reclaim: no system call");
	CHECK(order_refuses(&prog, true) == NULL);
	order_make_expressible(&prog);
	CHECK(order_refuses(&prog, false) == NULL);
	CHECK_EQ(prog.ntasks, 1);
	/* What reclaim would have swapped out, its owner pages out. */
	CHECK_EQ(prog.task[0].nops, 3);
	CHECK_EQ(prog.task[0].op[1].kind, OP_madv_pageout);
	CHECK_EQ(prog.task[0].op[2].kind, OP_read);
	load("task A cpu=0 mm=1\n 1 mmap r0+2 2\n 2 kswapd\n 3 hib_close\n");
	order_make_expressible(&prog);
	CHECK_EQ(prog.task[0].nops, 2);
	CHECK_EQ(prog.task[0].op[1].kind, OP_madv_pageout);
	CHECK_EQ(prog.task[0].op[1].arg[0], 2);
	CHECK_EQ(prog.task[0].op[1].arg[1], 2);
	/* A tree has reclaim: only what no system call does in any form is taken out. */
	load("task A cpu=0 mm=1\n 1 mmap r0+2 2\n 2 kswapd\n 3 hib_close\n"
	     "task B cpu=0\n 1 hib_open dev0\n");
	order_take_out_no_call(&prog);
	CHECK_EQ(prog.ntasks, 1);
	CHECK_EQ(prog.task[0].nops, 2);
	CHECK_EQ(prog.task[0].op[1].kind, OP_kswapd);
}

int main(void)
{
	sites_init();
	check_orders();
	check_policy();
	check_refusals();
	run_exit();
	return TEST_END();
}
