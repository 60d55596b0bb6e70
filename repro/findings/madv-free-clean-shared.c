// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_FREE of a page that is clean and shared. A process has a page of its own that was never
 * written to since it was made: after a fork it only read it by process_vm_readv(), which pins
 * it and breaks the sharing, as a registered buffer or direct I/O from it do. It forks, the
 * child gives the page up with MADV_FREE (or not) and exits. The process itself has never
 * called MADV_FREE. Nothing here wants a right or a swap device.
 * Usage: free | keep | dirty (the page is written to in the place of the read)
 */
#include "confirm.h"

#include <sys/uio.h>

#define FILLED 0x5a

static char *page;
static bool frees = true, writes;
static int *value;

/* After a fork: a page of the process's own, with the contents that it had. */
static void own_page(void)
{
	char byte = 0;
	struct iovec to = {&byte, 1}, from = {page, 1};

	if (writes)
		*(volatile char *)page = FILLED;
	else if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1 || byte != FILLED)
		cannot("process_vm_readv");
}

static void wait_for(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status != 0)
		cannot("a child");
}

static void give_up(void)
{
	if (frees && madvise(page, PAGE, MADV_FREE) != 0)
		cannot("MADV_FREE");
}

static void owner(void)
{
	own_page();
	wait_for(start(give_up));
	if (madvise(page, PAGE, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	*value = *(volatile unsigned char *)page;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		frees = strcmp(argv[1], "keep") != 0;
		writes = !strcmp(argv[1], "dirty");
	}
	page = map_aligned(PAGE, PAGE);
	value = shared_page();
	pin_to(0); /* the LRU batches are a CPU's own */
	memset(page, FILLED, PAGE);
	wait_for(start(owner));
	printf("the page reads 0x%02x\n", *value);
	if (*value != FILLED)
		printf("evidence: a page that its process never gave up reads 0x%02x, and was 0x%02x\n",
		       *value, FILLED);
	return *value != FILLED;
}
