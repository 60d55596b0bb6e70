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

/* After a fork: a page of the process's own, with the contents that it had. */
static void own_page(char *page, bool by_write)
{
	char byte = 0;
	struct iovec to = {&byte, 1}, from = {page, 1};

	if (by_write)
		*(volatile char *)page = FILLED;
	else if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1 || byte != FILLED)
		cannot("process_vm_readv");
}

static void wait_for(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		cannot("a child");
}

static void give_up(char *page, bool frees)
{
	pid_t child = fork();

	if (child < 0)
		cannot("fork");
	if (child == 0)
		_exit(frees && madvise(page, PAGE, MADV_FREE) != 0 ? 2 : 0);
	wait_for(child);
}

int main(int argc, char **argv)
{
	const char *how = argc < 2 ? "free" : argv[1];
	char *page = map_aligned(PAGE, PAGE);
	int *value = shared_page();
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	pin_to(0); /* the LRU batches are a CPU's own */
	memset(page, FILLED, PAGE);
	child = fork();
	if (child < 0)
		cannot("fork");
	if (child == 0) {
		own_page(page, !strcmp(how, "dirty"));
		give_up(page, strcmp(how, "keep") != 0);
		if (madvise(page, PAGE, MADV_PAGEOUT) != 0)
			cannot("MADV_PAGEOUT");
		*value = *(volatile unsigned char *)page;
		_exit(0);
	}
	wait_for(child);
	printf("the page reads 0x%02x\n", *value);
	if (*value != FILLED)
		printf("evidence: a page that its process never gave up reads 0x%02x, and was 0x%02x\n",
		       *value, FILLED);
	return *value != FILLED;
}
