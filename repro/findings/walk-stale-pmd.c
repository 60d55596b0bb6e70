// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MGLRU's walk of page tables reads a table that has been freed. A walk is asked for by debugfs.
 * It has read the entry of a page table when the process gives 2 MB back, and the table goes
 * with them; then a task of higher priority keeps the walk off its CPU until the table is free.
 * Usage: free | keep   (keep: the process gives nothing back)
 */
#include "confirm.h"

#include <sys/prctl.h>

#define TABLE (2ul << 20)      /* what one page table maps */
#define AREA ((char *)0x200000) /* below all else, so that the walk begins with it */

static volatile struct shared { bool ready, freed, waited, walked; } *shared;
static bool keep;

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

	pin_to(0);
	if (sched_setscheduler(0, SCHED_FIFO, &param) != 0)
		cannot("sched_setscheduler");
	while (!shared->freed)
		usleep(1000);
	start = now();
	while (!shared->waited && now() - start < 20)
		;
	printf("the walk was off its CPU for %.1f s\n", now() - start);
}

static void give_back(void)
{
	unsigned before;

	cgroup_enter();
	prctl(PR_SET_NAME, "frees");
	or_die(mmap(AREA, TABLE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), "mmap");
	for (size_t at = 0; at < 64 * PAGE; at += PAGE)
		*(volatile size_t *)(AREA + at) = 1;
	before = table_size();
	shared->ready = true;
	sleep(3); /* from now on nothing that takes mmap_lock for writing: the walk has it */
	if (!keep && madvise(AREA, TABLE, MADV_DONTNEED) != 0)
		cannot("MADV_DONTNEED");
	shared->freed = true;
	sched_yield();
	sleep(3); /* a grace period */
	shared->waited = true;
	for (int n = 0; n < 3000 && !shared->walked; n++)
		usleep(10000);
	printf("page tables: %u kB, then %u kB; the walk %s\n", before, table_size(),
	       shared->walked ? "has ended" : "goes on");
}

int main(int argc, char **argv)
{
	keep = argc > 1 && !strcmp(argv[1], "keep");
	setvbuf(stdout, NULL, _IONBF, 0);
	put("/sys/kernel/mm/lru_gen/enabled", "7");
	put("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "never");
	shared = shared_page();
	cgroup_make();
	start(age);
	start(preempt);
	/* One that has never run on the other CPU has no TLB entries there to be flushed. */
	pin_to(1);
	waitpid(start(give_back), NULL, 0);
	return 0;
}
