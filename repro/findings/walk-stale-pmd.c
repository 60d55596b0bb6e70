// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MGLRU's walk of page tables reads a table that has been freed, and writes to it. A walk is asked
 * for by debugfs. It has read the entry of a page table when the process gives 2 MB back, and the
 * table goes with them; then a task of higher priority keeps the walk off its CPU until the table
 * is free, and has become a page of a pipe. What was written into the pipe looks like entries of
 * a page table, so the walk clears a bit in each of them.
 * Usage: free | keep   (keep: the process gives nothing back)
 */
#include "confirm.h"

#include <linux/membarrier.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define TABLE (2ul << 20)      /* what one page table maps */
#define AREA ((char *)0x200000) /* below all else, so that the walk begins with it */
#define PIPES 4
#define PIPE_SIZE (1ul << 20)
#define WORDS (PAGE / 8)
#define ACCESSED 0x20ul
#define ENTRY_FLAGS (0x47ul | ACCESSED) /* present, writable, user, dirty */

static volatile struct shared { bool ready, waited, walked; } *shared;
static bool keep;
static int wake[2];

/* Asks for a walk over the program's cgroup, from the youngest generation of its pages. */
static void find_generation(char *command, size_t size)
{
	FILE *file = fopen("/sys/kernel/debug/lru_gen", "r");
	unsigned id = 0, last = 0;
	unsigned long generation = 0, n;
	char line[256], path[128];

	if (!file)
		cannot("/sys/kernel/debug/lru_gen");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memcg %u %127s", &id, path) == 2)
			last = !strcmp(path, "/confirm") ? id : last;
		else if (last && last == id && sscanf(line, " %lu %*u", &n) == 1)
			generation = n;
	}
	fclose(file);
	if (!last)
		cannot("the cgroup is not in lru_gen");
	snprintf(command, size, "+ %u 0 %lu 200 1\n", last, generation);
}

/* kB of page tables. */
static unsigned table_size(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	unsigned size = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmPTE: %u", &size);
	if (!size)
		cannot("/proc/self/status");
	fclose(file);
	return size;
}

static void age(void)
{
	char command[64];

	pin_to(0);
	while (!shared->ready)
		usleep(1000);
	find_generation(command, sizeof(command));
	prctl(PR_SET_NAME, "ages");
	put("/sys/kernel/debug/lru_gen", command);
	(void)getppid(); /* for the holds: it is over */
	prctl(PR_SET_NAME, "done");
	shared->walked = true;
}

/* Keeps the walk off its CPU while the table goes, as any task of higher priority may. */
static void preempt(void)
{
	struct sched_param param = { .sched_priority = 50 };
	double start;
	char byte;

	pin_to(0);
	if (sched_setscheduler(0, SCHED_FIFO, &param) != 0)
		cannot("sched_setscheduler");
	if (read(wake[0], &byte, 1) != 1)
		cannot("pipe");
	start = now();
	while (!shared->waited && now() - start < 20)
		;
	printf("the walk was off its CPU for %.1f s\n", now() - start);
}

static uint64_t text[WORDS], back[WORDS];

/* Page tables are not movable, nor are a pipe's pages: one takes the other's place. */
static void write_pipes(int pipes[PIPES][2])
{
	for (int n = 0; n < PIPES; n++) {
		for (size_t at = 0; at < PIPE_SIZE; at += PAGE)
			if (write(pipes[n][1], text, PAGE) != (ssize_t)PAGE)
				cannot("write to a pipe");
	}
}

static void read_pipes(int pipes[PIPES][2])
{
	unsigned changed = 0;
	uint64_t word = 0;

	for (int n = 0; n < PIPES; n++) {
		for (size_t at = 0; at < PIPE_SIZE; at += PAGE) {
			if (read(pipes[n][0], back, PAGE) != (ssize_t)PAGE)
				cannot("read from a pipe");
			for (size_t i = 0; i < WORDS; i++) {
				changed += back[i] != text[i];
				word = back[i] != text[i] ? back[i] : word;
			}
		}
	}
	printf("%s %u words of the pipes' contents have changed", changed ? "evidence:" : "fine:",
	       changed);
	printf(changed ? ", from %#lx to %#lx\n" : "\n", text[0], word);
}

static void give_back(void)
{
	char *page = map_aligned(PAGE, PAGE);
	int pipes[PIPES][2];
	unsigned before;
	bool early;

	cgroup_enter();
	*(volatile char *)page = 1;
	for (size_t i = 0; i < WORDS; i++)
		text[i] = (pagemap(getpid(), page) & ((1ul << 55) - 1)) << 12 | ENTRY_FLAGS;
	memset(back, 1, sizeof(back));
	for (int n = 0; n < PIPES; n++)
		if (pipe(pipes[n]) != 0 || fcntl(pipes[n][1], F_SETPIPE_SZ, PIPE_SIZE) < 0)
			cannot("pipe");
	prctl(PR_SET_NAME, "frees");
	or_die(mmap(AREA, TABLE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), "mmap");
	for (size_t at = 0; at < 64 * PAGE; at += PAGE)
		*(volatile size_t *)(AREA + at) = 1;
	before = table_size();
	put("/proc/sys/vm/drop_caches", "1"); /* drains the LRU batches of all CPUs, too */
	shared->ready = true;
	sleep(3); /* from now on nothing that takes mmap_lock for writing: the walk has it */
	if (!keep && madvise(AREA, TABLE, MADV_DONTNEED) != 0)
		cannot("MADV_DONTNEED");
	if (write(wake[1], "", 1) != 1)
		cannot("pipe");
	sched_yield(); /* the hold ends */
	for (int n = 0; n < 3; n++) /* grace periods */
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
			cannot("membarrier");
	write_pipes(pipes);
	early = shared->walked;
	shared->waited = true;
	for (int n = 0; n < 3000 && !shared->walked; n++)
		usleep(10000);
	printf("page tables: %u kB, then %u kB; the walk %s\n", before, table_size(),
	       early ? "ended early" : shared->walked ? "has ended" : "goes on");
	read_pipes(pipes);
}

int main(int argc, char **argv)
{
	keep = argc > 1 && !strcmp(argv[1], "keep");
	setvbuf(stdout, NULL, _IONBF, 0);
	put("/sys/kernel/mm/lru_gen/enabled", "7");
	put("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	fair_server_off(0);
	put("/sys/kernel/mm/transparent_hugepage/enabled", "never");
	shared = shared_page();
	if (pipe(wake) != 0)
		cannot("pipe");
	cgroup_make();
	start(age);
	start(preempt);
	/* One that has never run on the other CPU has no TLB entries there to be flushed. */
	pin_to(1);
	waitpid(start(give_back), NULL, 0);
	return 0;
}
