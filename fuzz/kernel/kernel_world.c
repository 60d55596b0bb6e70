// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ops as system calls. Differences to the model in what an op *is*:
 *   ksm_scan N    whole passes (ksm_pass); the model gets as many
 *   ksm_unmerge   MADV_UNMERGEABLE, then MADV_MERGEABLE, on what is mergeable
 *   reclaim N, kswapd   process_madvise(MADV_PAGEOUT) by the controller: contents stay
 *                 right, but it takes other pages, so the comparison refuses them
 * Without a system call are hib_* (-ENOSYS: programs that have them are refused
 * before), and what has no visible effect (lru_drain, worker).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/kernel/kernel_world.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/bug.h"
#include "core/engine/engine.h"
#include "fuzz/kernel/edges.h"
#include "fuzz/kernel/fixed_order.h"
#include "fuzz/kernel/interval.h"
#include "fuzz/kernel/ksmd.h"
#include "fuzz/kernel/process.h"

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define PAGEMAP_FRAME ((1ull << 55) - 1)
#define KPF_SWAPCACHE (1ull << 13)
#define KPF_KSM (1ull << 21)
#define KPF_ZERO_PAGE (1ull << 24)

static struct {
	enum device_kind kind;
	bool open, ksm_used;
	char disturbed[80];   /* by what; "": by nothing */
	cpu_set_t cpus;       /* those that we may run on */
	const struct prog *concurrent;
	unsigned reclaims;    /* so many so far */
	unsigned generation;  /* ops so far: what was looked at before is old */
	struct { unsigned generation; struct process_page page[WORLD_PAGES]; } seen[AGENT_SLOTS];
} kw;

/* Forks and exits, one at a time: which process a number means. */
static pthread_mutex_t lives_lock = PTHREAD_MUTEX_INITIALIZER;

bool kernel_world_disturbed(void)
{
	return kw.disturbed[0] || process_stop;
}

const char *kernel_world_disturbed_by(void)
{
	return kw.disturbed[0] ? kw.disturbed : process_stop ? "a signal" : "";
}

static __printf_like(1, 2) void disturbed_by(const char *fmt, ...)
{
	va_list ap;

	if (kw.disturbed[0])
		return;
	va_start(ap, fmt);
	vsnprintf(kw.disturbed, sizeof(kw.disturbed), fmt, ap);
	va_end(ap);
}

bool kernel_world_stopped(void)
{
	return process_stop;
}

void kernel_world_stop(void)
{
	process_stop = true;
}

void kernel_world_concurrent(const struct prog *p)
{
	kw.concurrent = p;
}

/* ---- open and close ---- */

/* The nth of the CPUs that we may run on, counted round. */
static int allowed_cpu(int n)
{
	int left = n % CPU_COUNT(&kw.cpus);

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &kw.cpus) && left-- == 0)
			return cpu;
	}
	return 0;
}

/* The last one: interrupts and other people's processes prefer the first. */
static int pinned_cpu(void)
{
	CPU_ZERO(&kw.cpus);
	if (sched_getaffinity(0, sizeof(kw.cpus), &kw.cpus) != 0 || !CPU_COUNT(&kw.cpus))
		CPU_SET(0, &kw.cpus);
	return allowed_cpu(CPU_COUNT(&kw.cpus) - 1);
}

/* Nobody else shall swap to our devices, and nothing be read ahead that the model
 * does not: VMA readahead is what it leaves out. */
static void quiet_settings(void)
{
	undo_write("/proc/sys/vm/swappiness", "0");
	undo_write("/proc/sys/vm/page-cluster", "0");
	undo_write("/sys/kernel/mm/swap/vma_ra_enabled", "false");
}

int kernel_world_open(enum device_kind kind, char why[UNDO_WHY_MAX])
{
	char foreign[100];
	int err;

#if defined(SWAPRACE_TSAN) || defined(SWAPRACE_ASAN)
	snprintf(why, UNDO_WHY_MAX, "needs a build without sanitizers: a process of its own "
		 "stands for each mm, and its memory is the program's alone");
	return -EOPNOTSUPP;
#endif
	err = undo_open(why);
	if (err)
		return err;
	kw.open = true;
	kw.kind = kind;
	device_foreign(foreign, sizeof(foreign));
	if (foreign[0]) {
		snprintf(why, UNDO_WHY_MAX, "swap is on (%s): pages would go there as well; "
			 "the comparison wants a machine without", foreign);
		err = -EBUSY;
	}
	if (!err)
		err = device_open(kind, why);
	if (!err)
		err = ksmd_open(why);
	if (!err) {
		quiet_settings();
		err = process_open(pinned_cpu());
		if (err)
			snprintf(why, UNDO_WHY_MAX, "no process can be looked at: %s",
				 strerror(-err));
	}
	if (err)
		kernel_world_close();
	return err;
}

int kernel_world_close(void)
{
	int err;

	if (!kw.open)
		return 0;
	process_close();
	if (kw.ksm_used)
		ksmd_forget();
	device_close();
	err = undo_all();
	undo_close();
	memset(&kw, 0, sizeof(kw));
	return err;
}

/* ---- set-up and tear-down of a program ---- */

static void kernel_teardown(void)
{
	process_end_all();
	if (kw.ksm_used)
		ksmd_forget();
	kw.ksm_used = false;
	kw.generation++;
	device_settle();
}

static int kernel_setup(const struct world_config *config)
{
	char readahead[16];
	int err;

	BUG_ON(!kw.open);
	kernel_teardown(); /* a run that was given up */
	kw.disturbed[0] = 0;
	snprintf(readahead, sizeof(readahead), "%d", config->readahead);
	err = sysfile_write("/proc/sys/vm/page-cluster", readahead);
	if (!err)
		err = device_setup(config->dev);
	for (int slot = 1; slot <= WORLD_MM_MAX && !err; slot++) {
		if (config->mms & 1u << (slot - 1))
			err = process_new(slot);
	}
	if (err)
		disturbed_by("a device or process cannot be set up: %s", strerror(-err));
	edges_begin(kw.concurrent);
	interval_reset();
	return err;
}

/* ---- around an op ---- */

/* The thread that stands for the calling context in the agent of this mm. */
static int op_begin(int mm)
{
	unsigned ctx = engine_current();
	int thread = 0;

	kw.generation++;
	if (!kw.concurrent || !engine_running())
		return 0;
	edges_wait(ctx);
	if (process_get(mm) && ctx < PROG_TASKS_MAX) {
		int cpu = allowed_cpu(kw.concurrent->task[ctx].cpu);

		if (process_thread(mm, 1 + (int)ctx, cpu) == 0)
			thread = 1 + (int)ctx;
	}
	return thread;
}

/* Frames that pages had when they were last looked at, and have no more: they may
 * be on their way to a device. */
static void settle(void)
{
	s32 frame[AGENT_SLOTS * WORLD_PAGES];
	unsigned n = 0;

	for (int slot = 1; slot < AGENT_SLOTS; slot++) {
		for (int i = 0; i < WORLD_PAGES; i++) {
			const struct process_page *page = &kw.seen[slot].page[i];

			if (page->pagemap & PAGEMAP_PRESENT && !(page->flags & KPF_ZERO_PAGE))
				frame[n++] = (s32)(page->pagemap & PAGEMAP_FRAME);
		}
	}
	process_settle_frames(frame, n);
	device_settle();
}

/* The same around an op of a concurrent program that the contents oracle is to know;
 * mm and page are valid. */
static void contents_begin(struct interval_op *op)
{
	if (kw.concurrent)
		interval_begin(op);
}

static void contents_end(const struct interval_op *op, long ret, const u64 *words)
{
	const char *what = "", *title = NULL;

	if (kw.concurrent)
		title = interval_end(op, (int)ret, words, &what);
	if (title && !kernel_world_disturbed())
		reportf(title, "%s", what);
}

static int op_end(long ret)
{
	if (ret == -EIO || ret == -EINTR)
		disturbed_by(ret == -EIO ? "a process died, or an I/O error" : "a signal");
	if (kw.kind == DEVICE_FILE)
		settle();
	if (kw.concurrent && engine_running())
		edges_done(engine_current());
	return (int)ret;
}

static bool range_valid(int mm, int page, int pages)
{
	return mm >= 1 && mm <= WORLD_MM_MAX && page >= 0 && pages >= 1 &&
	       page < WORLD_PAGES && pages <= WORLD_PAGES - page;
}

static long range_call(int mm, int page, int pages, enum agent_command command, u64 arg,
		       enum interval_effect effect)
{
	struct interval_op op = { .effect = effect, .mm = mm, .page = page, .pages = pages };
	bool changes = effect != INTERVAL_NONE;
	int thread = op_begin(mm);
	long ret;

	if (!range_valid(mm, page, pages))
		return -EINVAL;
	if (changes)
		contents_begin(&op);
	ret = process_call(mm, thread, command, (u64)page, (u64)pages, arg, NULL);
	if (changes)
		contents_end(&op, ret, NULL);
	return ret;
}

/* ---- ops on an mm ---- */

static void vma_set(int mm, int page, int pages, u8 bits)
{
	struct process *p = process_get(mm);

	for (int i = page; p && i < page + pages; i++) {
		p->vma[i] = bits;
		p->mergeable[i] = false;
	}
}

static int mergeable_call(int mm, int page, int pages, bool on)
{
	long ret = range_call(mm, page, pages, AGENT_MADVISE,
			      on ? MADV_MERGEABLE : MADV_UNMERGEABLE, INTERVAL_NONE);
	struct process *p = process_get(mm);

	if (p && (ret == 0 || ret == -ENOMEM)) {
		for (int i = page; i < page + pages; i++)
			p->mergeable[i] = on && p->vma[i];
	}
	if (on && p && (ret == 0 || ret == -ENOMEM)) {
		if (!kw.ksm_used)
			undo_note_ksm();
		kw.ksm_used = true;
		process_ksm_enter(p);
	}
	return op_end(ret);
}

static int kernel_mmap(int mm, int page, int pages, u32 vma_flags)
{
	int prot = PROT_READ | (vma_flags & WORLD_VMA_READONLY ? 0 : PROT_WRITE);
	long ret = range_call(mm, page, pages, AGENT_MMAP, (u64)prot, INTERVAL_MAP);

	if (ret == 0)
		vma_set(mm, page, pages, WORLD_PAGE_MAPPED |
			(u8)(prot & PROT_WRITE ? WORLD_PAGE_WRITABLE : 0));
	if (ret == 0 && vma_flags & WORLD_VMA_MERGEABLE)
		return mergeable_call(mm, page, pages, true);
	return op_end(ret);
}

static int kernel_madv_mergeable(int mm, int page, int pages)
{
	return mergeable_call(mm, page, pages, true);
}

static int kernel_madv_unmergeable(int mm, int page, int pages)
{
	return mergeable_call(mm, page, pages, false);
}

static int kernel_munmap(int mm, int page, int pages)
{
	long ret = range_call(mm, page, pages, AGENT_MUNMAP, 0, INTERVAL_UNMAP);

	if (ret == 0)
		vma_set(mm, page, pages, 0);
	return op_end(ret);
}

static int kernel_write(int mm, int page, u64 value)
{
	struct interval_op op = { .effect = INTERVAL_WRITE, .mm = mm, .page = page, .pages = 1,
				  .value = value };
	int thread = op_begin(mm);
	long ret;

	if (!range_valid(mm, page, 1))
		return op_end(-EINVAL);
	contents_begin(&op);
	ret = process_call(mm, thread, AGENT_WRITE, (u64)page, value, 0, NULL);
	contents_end(&op, ret, NULL);
	return op_end(ret);
}

static int kernel_read(int mm, int page, u64 words[WORLD_WORDS])
{
	struct interval_op op = { .effect = INTERVAL_READ, .mm = mm, .page = page, .pages = 1 };
	int thread = op_begin(mm);
	long ret;

	if (!range_valid(mm, page, 1))
		return op_end(-EINVAL);
	contents_begin(&op);
	ret = process_call(mm, thread, AGENT_READ, (u64)page, 0, 0, words);
	contents_end(&op, ret, words);
	return op_end(ret);
}

/* The ops whose row is madvise(). */
#define OP_MADVISE(name, advice, effect, ...)                                           \
	static int kernel_##name(int mm, int page, int pages)                           \
	{                                                                               \
		return op_end(range_call(mm, page, pages, AGENT_MADVISE, MADV_##advice, \
					 INTERVAL_##effect));                           \
	}
#include "core/base/ops.def"

static int kernel_fork(int mm, int child)
{
	struct interval_op op = { .effect = INTERVAL_FORK, .mm = mm, .child = child };
	int thread = op_begin(mm);
	long ret;

	if (mm < 1 || mm > WORLD_MM_MAX || child < 1 || child > WORLD_MM_MAX)
		return op_end(-EINVAL);
	pthread_mutex_lock(&lives_lock);
	if (!process_get(mm) || process_get(child)) {
		ret = process_fork(mm, child, thread); /* an error */
	} else {
		contents_begin(&op);
		ret = process_fork(mm, child, thread);
		contents_end(&op, ret, NULL);
	}
	pthread_mutex_unlock(&lives_lock);
	return op_end(ret);
}

static int kernel_exit(int mm)
{
	int thread = op_begin(mm), ret;

	if (mm < 1 || mm > WORLD_MM_MAX)
		return op_end(-EINVAL);
	pthread_mutex_lock(&lives_lock);
	ret = process_exit(mm, thread);
	if (!ret)
		interval_exited(mm);
	pthread_mutex_unlock(&lives_lock);
	return op_end(ret);
}

/* ---- ops on the machine ---- */

static int kernel_ksm_pass(void)
{
	int ret;

	op_begin(0);
	ret = process_ksm_begin() ? ksmd_pass() : 0;
	if (ret)
		disturbed_by(ret == -EAGAIN ? "ksmd made more than one pass" : "ksmd made no pass");
	process_ksm_end();
	return op_end(0);
}

static int kernel_ksm_scan(int pages)
{
	(void)pages; /* concurrent programs: exact numbers of pages have no call */
	return kernel_ksm_pass();
}

/* The mergeable parts of the range, one after the other. */
static int kernel_ksm_unmerge(int mm, int page, int pages)
{
	struct process *p = process_get(mm);
	long ret = 0;
	int end;

	if (!p || !range_valid(mm, page, pages))
		return op_end(-EINVAL);
	for (int i = page; i < page + pages && !ret; i = end) {
		end = i + 1;
		if (!p->mergeable[i])
			continue;
		while (end < page + pages && p->mergeable[end])
			end++;
		ret = range_call(mm, i, end - i, AGENT_MADVISE, MADV_UNMERGEABLE,
				 INTERVAL_NONE);
		if (!ret)
			ret = range_call(mm, i, end - i, AGENT_MADVISE, MADV_MERGEABLE,
					 INTERVAL_NONE);
	}
	return op_end(ret);
}

static void pin_caller(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* From the next mm on each time; on each CPU, because a page in the batch of another
 * one is not found. */
static int kernel_reclaim(int pages)
{
	unsigned first = __atomic_fetch_add(&kw.reclaims, 1, __ATOMIC_RELAXED);

	op_begin(0);
	for (int cpu = 0; cpu < CPU_COUNT(&kw.cpus) && pages > 0; cpu++) {
		pin_caller(allowed_cpu(cpu));
		for (unsigned i = 0; i < WORLD_MM_MAX && pages > 0; i++)
			pages -= process_pageout(1 + (int)((first + i) % WORLD_MM_MAX), pages);
	}
	pin_caller(allowed_cpu(CPU_COUNT(&kw.cpus) - 1));
	return op_end(0);
}

static int kernel_kswapd(void)
{
	return kernel_reclaim(ORDER_KSWAPD_PAGES);
}

static int kernel_swapon(int dev)
{
	op_begin(0);
	return op_end(dev < 0 || dev >= WORLD_DEVS_MAX ? -EINVAL : device_on(dev));
}

static int kernel_swapoff(int dev)
{
	op_begin(0);
	return op_end(dev < 0 || dev >= WORLD_DEVS_MAX ? -EINVAL : device_off(dev));
}

/* ---- looking ---- */

static const struct process_page *pages_of(int slot, const struct process *p)
{
	if (kw.seen[slot].generation != kw.generation) {
		for (int region = 0; region < WORLD_REGIONS; region++)
			process_pages(p, region,
				      &kw.seen[slot].page[region * WORLD_REGION_PAGES]);
		kw.seen[slot].generation = kw.generation;
	}
	return kw.seen[slot].page;
}

static void kernel_page_state(int slot, int page, struct world_page_state *out)
{
	struct process *p = slot >= 1 && slot <= WORLD_MM_MAX ? process_get(slot) : NULL;
	const struct process_page *seen;

	*out = (struct world_page_state){ .dev = -1, .slot = -1, .frame = -1 };
	if (!p || page < 0 || page >= WORLD_PAGES)
		return;
	seen = &pages_of(slot, p)[page];
	out->bits = p->vma[page];
	if (seen->pagemap & PAGEMAP_SWAPPED) {
		out->bits |= WORLD_PAGE_SWAPPED;
		out->dev = device_of_type(seen->pagemap & 31);
		out->slot = (s32)((seen->pagemap & PAGEMAP_FRAME) >> 5);
	}
	if (!(seen->pagemap & PAGEMAP_PRESENT))
		return;
	out->bits |= WORLD_PAGE_PRESENT;
	if (seen->flags & KPF_ZERO_PAGE) {
		out->bits |= WORLD_PAGE_ZERO;
		return;
	}
	out->frame = (s32)(seen->pagemap & PAGEMAP_FRAME);
	out->bits |= seen->pagemap & PAGEMAP_EXCLUSIVE ? WORLD_PAGE_EXCLUSIVE : 0;
	out->bits |= seen->flags & KPF_SWAPCACHE ? WORLD_PAGE_SWAPCACHE : 0;
	out->bits |= seen->flags & KPF_KSM ? WORLD_PAGE_KSM : 0;
}

static void kernel_mm_counters(int slot, struct world_mm_counters *out)
{
	struct process *p = slot >= 1 && slot <= WORLD_MM_MAX ? process_get(slot) : NULL;

	*out = (struct world_mm_counters){ 0 };
	if (p)
		process_counters(p, &out->anon, &out->swap);
}

static void kernel_counters(struct world_counters *out)
{
	*out = (struct world_counters){ 0 };
	device_counters(&out->swap_total, &out->swap_used);
	if (kw.ksm_used)
		ksmd_counters(&out->ksm_shared, &out->ksm_sharing);
}

const struct world_ops kernel_world_ops = {
	.name = "kernel",
	.native = true,
	.setup = kernel_setup,
	.teardown = kernel_teardown,
#define MEMBER_MADVISE(name_) .name_ = kernel_##name_,
#define MEMBER_OWN(name_) .name_ = kernel_##name_,
#define MEMBER_CONTENTS(name_) .name_ = kernel_##name_,
#define MEMBER_ITSELF(name_)
#define MEMBER_NO_CALL(name_)
#define OP_BY_HAND(...)
#define OP(name_, on, nargs, a, b, c, effect, call, ...) MEMBER_##call(name_)
#include "core/base/ops.def"
	.read = kernel_read,
	.ksm_pass = kernel_ksm_pass,
	.page_state = kernel_page_state,
	.mm_counters = kernel_mm_counters,
	.counters = kernel_counters,
};
