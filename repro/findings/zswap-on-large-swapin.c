// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswap is switched on for the first time while faults read large folios back. Some threads have
 * more pages than their cgroup may have, and read them again and again: each fault allocates a
 * folio of 64 kB and has to reclaim for it, after it has asked whether zswap was ever on and
 * before it reads. Meanwhile root switches zswap on. A fault that is in between fails.
 * Usage: large | small   (folios of 64 kB, or of one page)
 */
#include "confirm.h"

#define FOLIO 65536ul
#define THREADS 8ul
#define PART_SIZE (16 * FOLIO) /* of each thread */
#define AREA_SIZE (THREADS * PART_SIZE)
#define LIMIT "4M"
#define SIZES "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"
#define ZSWAP "/sys/module/zswap/parameters/enabled"

static void *read_on(void *part)
{
	for (size_t at = 0;; at = (at + FOLIO) % PART_SIZE)
		(void)*((volatile char *)part + at);
	return NULL;
}

/* The process in the cgroup. It goes on until it is killed, or a read fails: SIGBUS. */
static void run_readers(int ready)
{
	char *area = map_aligned(AREA_SIZE, FOLIO);
	pthread_t thread;

	/* So that the charge of a large folio reclaims, and does not fail at once. */
	madvise(area, AREA_SIZE, MADV_HUGEPAGE);
	cgroup_enter();
	memset(area, 0x11, AREA_SIZE);
	for (size_t n = 0; n < THREADS; n++) {
		if (pthread_create(&thread, NULL, read_on, area + n * PART_SIZE) != 0)
			cannot("pthread_create");
	}
	if (write(ready, "r", 1) != 1)
		cannot("write");
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	bool is_large = argc < 2 || !strcmp(argv[1], "large");
	char *device = zram_new(AREA_SIZE / PAGE * 2), c;
	int ready[2], status;
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	put("/sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled", "never");
	put(SIZES "enabled", is_large ? "always" : "never");
	put("/proc/sys/vm/page-cluster", "0");
	cgroup_make();
	put(CGROUP "memory.max", LIMIT);
	if (swapon(device, 0) != 0 || pipe(ready) != 0)
		cannot("swapon");
	child = fork();
	if (child == 0)
		run_readers(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		cannot("read");
	usleep(20000);
	printf("large folios read before: %ld\n", get(SIZES "stats/swpin"));
	put(ZSWAP, "1");
	printf("zswap is on\n");
	usleep(20000);
	printf("large folios read: %ld\n", get(SIZES "stats/swpin"));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (WTERMSIG(status) == SIGBUS)
		printf("SIGBUS has ended the process\n");
	put(ZSWAP, "0");
	if (swapoff(device) != 0)
		cannot("swapoff");
	return WTERMSIG(status) == SIGBUS;
}
