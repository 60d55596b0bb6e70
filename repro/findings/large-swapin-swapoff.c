// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff beside a fault that swaps a large folio in. One thread reads folios of 64 kB back
 * from zram, which is synchronous, so that each comes back as a whole; another one calls
 * swapoff at the same time. unuse_pte() maps one page of such a folio as a small one.
 * Usage: TRIES beside | after   (after: swapoff when the reader has ended)
 */
#include "confirm.h"

#define FOLIO 65536ul
#define FOLIOS 32ul
#define SIZES "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"

static char *area;
static volatile bool go;
static long delay; /* loops, so that the two meet at another place in each try */

static void *reader(void *unused)
{
	unsigned long sum = 0;

	(void)unused;
	pin_to(0);
	while (!go)
		;
	for (volatile long i = 0; i < delay; i++)
		;
	for (size_t at = 0; at < FOLIOS * FOLIO; at += FOLIO)
		sum += *(volatile char *)(area + at);
	return (void *)sum;
}

static void fill(int value)
{
	madvise(area, FOLIOS * FOLIO, MADV_DONTNEED);
	memset(area, value, FOLIOS * FOLIO);
	for (size_t at = 0; at < FOLIOS * FOLIO; at += PAGE)
		*(size_t *)(area + at) = at ^ (size_t)value;
}

static void check(int value)
{
	for (size_t at = 0; at < FOLIOS * FOLIO; at += PAGE) {
		if (*(size_t *)(area + at) != (at ^ (size_t)value)) {
			printf("evidence: a page has lost what was written to it\n");
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	int tries = argc > 1 ? atoi(argv[1]) : 100;
	bool after = argc > 2 && !strcmp(argv[2], "after");
	char *device = zram_new(FOLIOS * FOLIO / PAGE * 2);

	setvbuf(stdout, NULL, _IONBF, 0);
	put(SIZES "enabled", "always");
	put("/proc/sys/vm/page-cluster", "0");
	area = map_aligned(FOLIOS * FOLIO, FOLIO);
	pin_to(1);
	for (int n = 0; n < tries; n++) {
		pthread_t thread;

		if (swapon(device, 0) != 0)
			cannot("swapon");
		fill(n + 1);
		if (madvise(area, FOLIOS * FOLIO, MADV_PAGEOUT) != 0)
			cannot("MADV_PAGEOUT");
		go = false;
		delay = rand() % 20000;
		if (pthread_create(&thread, NULL, reader, NULL) != 0)
			cannot("pthread_create");
		usleep(200);
		go = true;
		if (after)
			pthread_join(thread, NULL);
		if (swapoff(device) != 0)
			cannot("swapoff");
		if (!after)
			pthread_join(thread, NULL);
		check(n + 1);
	}
	printf("%d tries, large folios read: %ld\n", tries, get(SIZES "stats/swpin"));
	return 0;
}
