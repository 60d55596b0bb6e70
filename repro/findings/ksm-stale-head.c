// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An item of KSM is taken for one of a later stable node. Three processes A, B and C have a page
 * of the same contents each; ksmd is stepped from page to page. It merges them, in node N1.
 * Reclaim swaps the KSM page out, and N1 is stale. B and C read it back, and ksmd merges them
 * again, in node N2, which gets N1's memory. A reads as well and maps N2's page; its item still
 * has the address of N1 as its head, so ksmd takes it for merged and never adds it to N2.
 * Usage: zero | other   (the low half of the contents' xxh64: zero, or not)
 */
#include "confirm.h"

#define AREA ((char *)0x200000000ul)
#define TASKS 3
/* A page of 0x11 that ends with this number has an xxh64 whose low 32 bits are 0. */
#define END_ZERO 0x137fa258ul

static struct {
	pid_t pid;
	int to, from;
} task[TASKS];
static uint64_t end_of_page = END_ZERO;

/* Maps the page, then reads it whenever it is asked to. */
static void run_task(int from, int to)
{
	char *p = or_die(mmap(AREA, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), "mmap");
	char c = 0;

	cgroup_enter();
	if (madvise(p, PAGE, MADV_MERGEABLE) != 0)
		cannot("MADV_MERGEABLE");
	memset(p, 0x11, PAGE);
	memcpy(p + PAGE - 8, &end_of_page, 8);
	while (write(to, &c, 1) == 1 && read(from, &c, 1) == 1)
		c = *(volatile char *)p;
	exit(0);
}

static void answer_of(int n)
{
	char c;

	if (read(task[n].from, &c, 1) != 1)
		cannot("a process has ended");
}

static void start_tasks(void)
{
	for (int n = 0; n < TASKS; n++) {
		int to[2], from[2];

		if (pipe(to) != 0 || pipe(from) != 0)
			cannot("pipe");
		task[n].pid = fork();
		if (task[n].pid == 0)
			run_task(to[0], from[1]);
		task[n].to = to[1];
		task[n].from = from[0];
		answer_of(n);
	}
}

static void let_read(int n)
{
	if (write(task[n].to, "r", 1) != 1)
		cannot("write");
	answer_of(n);
}

/* Folios leave the batches of the CPUs: a folio there has one more reference. */
static void drain_lru(void)
{
	put("/proc/sys/vm/drop_caches", "1");
}

/* ksmd scans one page, or ends a pass: another time to sleep wakes it. */
static void step(void)
{
	static long sleep_ms = 1000000;
	long pages = get(KSM "pages_scanned"), passes = get(KSM "full_scans");
	char text[32];

	snprintf(text, sizeof(text), "%ld", ++sleep_ms);
	put(KSM "sleep_millisecs", text);
	for (int n = 0; n < 3000; n++) {
		if (get(KSM "pages_scanned") != pages || get(KSM "full_scans") != passes)
			break;
		usleep(1000);
	}
	usleep(20000);
}

static void step_to_end(void)
{
	long passes = get(KSM "full_scans");

	for (int n = 0; n < 6 && get(KSM "full_scans") == passes; n++)
		step();
}

static uint64_t of_frame(const char *path, uint64_t frame)
{
	uint64_t value = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &value, 8, (off_t)(frame * 8)) != 8)
		cannot(path);
	close(fd);
	return value;
}

/* What each process has there; how many have it swapped out. */
static int look(const char *when)
{
	int swapped = 0;

	printf("%s:", when);
	for (int n = 0; n < TASKS; n++) {
		uint64_t entry = pagemap(task[n].pid, AREA), number = entry & ((1ul << 55) - 1);

		if (entry >> 63)
			printf(" %c frame %lx mapped %lu%s", 'A' + n, number,
			       of_frame("/proc/kpagecount", number),
			       of_frame("/proc/kpageflags", number) >> 21 & 1 ? " ksm" : "");
		else
			printf(" %c %s", 'A' + n, entry >> 62 & 1 ? "swapped" : "none");
		swapped += !(entry >> 63) && entry >> 62 & 1;
	}
	printf("; shared %ld sharing %ld\n", get(KSM "pages_shared"), get(KSM "pages_sharing"));
	return swapped;
}

static int reclaim(int times)
{
	int swapped = 0;

	for (int n = 0; n < times && swapped < TASKS; n++) {
		cgroup_reclaim();
		swapped = look("reclaimed");
	}
	return swapped;
}

static void set_up(void)
{
	cgroup_make();
	put("/proc/sys/vm/page-cluster", "0");
	put(KSM "run", "2");
	put(KSM "run", "0");
	ksm_plain();
	put(KSM "advisor_mode", "none");
	put(KSM "pages_to_scan", "1");
	put(KSM "sleep_millisecs", "1000000");
	start_tasks();
	drain_lru();
	put(KSM "run", "1");
	usleep(300000);
}

/* Does KSM know fewer entries than map its page, for good? */
static bool is_broken(void)
{
	uint64_t frame = pagemap(task[0].pid, AREA) & ((1ul << 55) - 1);
	long known = get(KSM "pages_shared") + get(KSM "pages_sharing"), mapped;

	if (!(pagemap(task[0].pid, AREA) >> 63) || !(of_frame("/proc/kpageflags", frame) >> 21 & 1))
		return false;
	mapped = (long)of_frame("/proc/kpagecount", frame);
	if (mapped <= known || reclaim(12) != TASKS - 1 || !(pagemap(task[0].pid, AREA) >> 63))
		return false;
	printf("evidence: a KSM page was mapped %ld times and KSM knew %ld; reclaim cannot unmap "
	       "the one that is left\n", mapped, known);
	return true;
}

int main(int argc, char **argv)
{
	char *device = zram_new(1024);
	bool broken;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1 && !strcmp(argv[1], "other"))
		end_of_page++;
	if (swapon(device, 0) != 0)
		cannot("swapon");
	set_up();
	for (int n = 0; n < 16 && get(KSM "pages_sharing") != TASKS - 1; n++)
		step();
	step_to_end();
	look("merged");
	step(); /* A's page: its turn in this pass is over */
	if (reclaim(20) != TASKS)
		cannot("the pages are not swapped out");
	let_read(2);
	let_read(1);
	drain_lru();
	step();
	step();
	look("B and C scanned");
	let_read(0);
	drain_lru();
	step_to_end();
	for (int n = 0; n < 8; n++)
		step();
	look("two passes later");
	broken = is_broken();
	put(KSM "run", "0");
	for (int n = 0; n < TASKS; n++) {
		kill(task[n].pid, SIGKILL);
		waitpid(task[n].pid, NULL, 0);
	}
	if (swapoff(device) != 0)
		cannot("swapoff");
	return broken;
}
