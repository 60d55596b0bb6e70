// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module of `export-c --kernel-delays` (DELAYS, for the program in delays.sh) over
 * stubs: goal: a task waits at its side of an edge until the other one has been at its,
 * and nobody else waits. Method: functions are entered and threads renamed by hand;
 * what another task does meanwhile happens inside of udelay().
 */
#include "fuzz/kernel/test/kernel_stubs.h"

#include DELAYS

#define PROBES_MAX 32

static struct kprobe *probed[PROBES_MAX];
static unsigned long now, meanwhile_at;
static void (*meanwhile)(void);
static int failed;

int register_kprobe(struct kprobe *p)
{
	for (size_t i = 0; i < PROBES_MAX; i++) {
		if (!probed[i]) {
			probed[i] = p;
			return 0;
		}
	}
	return -ENOMEM;
}

void unregister_kprobe(struct kprobe *p)
{
	for (size_t i = 0; i < PROBES_MAX; i++)
		probed[i] = probed[i] == p ? NULL : probed[i];
}

void udelay(unsigned long us)
{
	void (*other)(void) = meanwhile;

	now += us;
	if (other && now >= meanwhile_at) {
		struct task mine = stub_task;

		meanwhile = NULL;
		other();
		stub_task = mine;
	}
}

static void enter(const char *task, const char *function)
{
	snprintf(stub_task.comm, sizeof(stub_task.comm), "%s", task);
	for (size_t i = 0; i < PROBES_MAX; i++) {
		if (probed[i] && strcmp(probed[i]->symbol_name, function) == 0)
			probed[i]->pre_handler(probed[i], NULL);
	}
}

static void begin(const char *task, const char *before)
{
	enter(before, "__set_task_comm");
	snprintf(stub_task.comm, sizeof(stub_task.comm), "%s", task);
}

static void end(const char *task)
{
	enter(task, "__set_task_comm");
}

#define CHECK_WAITED(call, us) check_waited(__LINE__, (now = 0, (call), now), us)
static void check_waited(int line, unsigned long got, unsigned long want)
{
	if (got == want)
		return;
	printf("line %d: waited %lu us, wanted %lu\n", line, got, want);
	failed++;
}

static void a3_writes(void)
{
	enter("swaprace-A3", "__swap_writepage");
}

static void a4_faults(void)
{
	enter("swaprace-A4", "do_swap_page");
}

static void b1_ends(void)
{
	end("swaprace-B1");
}

static void soon(void (*what)(void))
{
	meanwhile = what;
	meanwhile_at = now + 500;
}

/* B1 do_swap_page after A3 __swap_writepage. */
static void check_functions(void)
{
	begin("swaprace-A3", "swaprace-A3-");
	begin("swaprace-B1", "swaprace-B1-");
	CHECK_WAITED(enter("swaprace-B2", "do_swap_page"), 0);
	CHECK_WAITED(enter("swaprace-B11", "do_swap_page"), 0);
	CHECK_WAITED(enter("bash", "do_swap_page"), 0);
	now = 0;
	soon(a3_writes);
	CHECK_WAITED(enter("swaprace-B1", "do_swap_page"), 500);
	CHECK_WAITED(enter("swaprace-B1", "do_swap_page"), 0); /* the second one */
	/* The next run of the program: the earlier one is first. */
	begin("swaprace-A3", "swaprace-A3-");
	a3_writes();
	begin("swaprace-B1", "swaprace-B1-");
	CHECK_WAITED(enter("swaprace-B1", "do_swap_page"), 0);
	/* And it never comes. */
	begin("swaprace-A3", "swaprace-A3-");
	begin("swaprace-B1", "swaprace-B1-");
	CHECK_WAITED(enter("swaprace-B1", "do_swap_page"), hold_us);
}

/* B2 after A4 do_swap_page; A4 do_swap_page, the second one, after B1. */
static void check_whole_ops(void)
{
	begin("swaprace-B1", "swaprace-B1-");
	begin("swaprace-A4", "swaprace-A4-");
	now = 0;
	soon(a4_faults);
	CHECK_WAITED(begin("swaprace-B2", "swaprace-B2-"), 500);
	begin("swaprace-A4", "swaprace-A4-");
	CHECK_WAITED(a4_faults(), 0);
	now = 0;
	soon(b1_ends);
	CHECK_WAITED(a4_faults(), 500);
}

int main(void)
{
	if (stub_init() != 0)
		return 1;
	check_functions();
	check_whole_ops();
	stub_exit();
	for (size_t i = 0; i < PROBES_MAX; i++)
		failed += probed[i] != NULL;
	printf("delays_driver: %d failed\n", failed);
	return failed != 0;
}
