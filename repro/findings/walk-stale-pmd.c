// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MGLRU's walk of page tables reads a table that has been freed. A walk is asked for by debugfs.
 * It has read the entry of a page table when the process gives 2 MB back, and the table goes
 * with them; then a task of higher priority keeps the walk off its CPU until the table is free
 * and has become a page of the process, full of words that look like entries of a page table.
 * The walk clears accessed bits in them.
 * Usage: free | keep   (keep: the process gives nothing back)
 */
#include "confirm.h"

#include <sys/prctl.h>

#define TABLE (2ul << 20)            /* what one page table maps */
#define AREA ((char *)0x200000)      /* below all else, so that the walk begins with it */
#define SPRAY 512ul
#define ACCESSED 0x20ul
#define ENTRY_FLAGS 0x67ul           /* present, writable, user, accessed, dirty */

static volatile struct shared { bool ready, freed, filled, walked; } *shared;

/* The number of the program's cgroup and the youngest generation of its pages. */
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

static void age(void)
{
	char command[64];

	pin_to(0);
	while (!shared->ready)
		usleep(1000);
	find_generation(command, sizeof(command));
	printf("asks for: %s", command);
	prctl(PR_SET_NAME, "ages");
	put("/sys/kernel/debug/lru_gen", command);
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
	while (!shared->filled && now() - start < 20)
		;
}

static pid_t start(void (*function)(void))
{
	pid_t child = fork();

	if (child < 0)
		cannot("fork");
	if (child == 0) {
		function();
		_exit(0);
	}
	return child;
}

int main(int argc, char **argv)
{
	bool keep = argc > 1 && !strcmp(argv[1], "keep");
	size_t *spray, word, changed = 0;
	char *target;

	setvbuf(stdout, NULL, _IONBF, 0);
	put("/sys/kernel/mm/lru_gen/enabled", "7");
	put("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "never");
	shared = shared_page();
	start(age);
	start(preempt);
	cgroup_make();
	cgroup_enter();
	pin_to(1);
	prctl(PR_SET_NAME, "frees");
	target = map_aligned(PAGE, PAGE);
	spray = (size_t *)map_aligned(SPRAY * PAGE, PAGE);
	or_die(mmap(AREA, TABLE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), "mmap");
	*(volatile size_t *)target = 1;
	for (size_t at = 0; at < 64 * PAGE; at += PAGE)
		*(volatile size_t *)(AREA + at) = 1; /* so that the target is on its list, too */
	word = (pagemap(getpid(), target) & ((1ul << 55) - 1)) * PAGE | ENTRY_FLAGS;
	printf("the words are %#zx\n", word);
	shared->ready = true;
	sleep(3);
	if (!keep && madvise(AREA, TABLE, MADV_DONTNEED) != 0)
		cannot("MADV_DONTNEED");
	shared->freed = true;
	sched_yield();
	usleep(300000); /* a grace period */
	for (size_t n = 0; n < SPRAY * PAGE / sizeof(word); n++)
		spray[n] = word;
	shared->filled = true;
	for (int n = 0; n < 3000 && !shared->walked; n++)
		usleep(10000);
	for (size_t n = 0; n < SPRAY * PAGE / sizeof(word); n++)
		changed += spray[n] == (word & ~ACCESSED);
	printf("%s, %zu words have lost their accessed bit\n",
	       shared->walked ? "the walk has ended" : "the walk goes on", changed);
	if (changed)
		printf("evidence: the walk has changed a page of the process\n");
	return changed != 0;
}
