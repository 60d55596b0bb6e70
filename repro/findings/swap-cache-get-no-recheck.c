// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fault reads a folio from the swap cache's table and has no reference yet. The folio is
 * reclaimed and freed, and another fault allocates it for the same slot. The first one now gets
 * its reference and the lock before the second one sets the lock bit, which does not look
 * whether it is set. The first one finds the right slot in a folio that is not read yet: SIGBUS.
 * Usage: TRIES free | keep   (the folio is reclaimed meanwhile; or it is not)
 */
#include "confirm.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

/* What the two share. */
static struct shared {
	volatile bool is_cached, is_faulting;
} *shared;

static void on_sigbus(int signo)
{
	static const char text[] = "evidence: SIGBUS at a page that is swapped out and whole\n";

	(void)signo;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(3);
	syscall(SYS_getppid); /* here the last hold ends */
	_exit(1);
}

/* It faults the page in while the owner reclaims and faults. */
static void victim_run(volatile char *page)
{
	prctl(PR_SET_NAME, "victim");
	pin_to(0);
	signal(SIGBUS, on_sigbus);
	while (!shared->is_cached)
		usleep(1000);
	shared->is_faulting = true;
	if (*page != 0x11)
		cannot("another page came back");
	syscall(SYS_getppid);
	_exit(0);
}

static void page_out(char *page)
{
	for (int n = 0; n < 100 && !is_swapped(page); n++) {
		madvise(page, PAGE, MADV_PAGEOUT);
		usleep(1000);
	}
	if (!is_swapped(page))
		cannot("the page is not swapped out");
}

/* 1: the victim has got SIGBUS. The owner may never come back then: its folio's lock is lost. */
static int owner_run(bool frees)
{
	char *page = map_aligned(2 * PAGE, PAGE);
	pid_t victim;
	int status;

	prctl(PR_SET_NAME, "owner");
	*shared = (struct shared){false, false};
	page[0] = 0x11;
	page[PAGE] = 1;
	page_out(page);
	victim = fork();
	if (victim == 0)
		victim_run(page);
	(void)*(volatile char *)page; /* the folio is in the swap cache and mapped here alone */
	madvise(page + PAGE, PAGE, MADV_COLD); /* and not in this CPU's batch */
	shared->is_cached = true;
	while (!shared->is_faulting)
		usleep(1000);
	usleep(100000);
	if (frees) {
		madvise(page, PAGE, MADV_PAGEOUT);
		(void)*(volatile char *)page;
	}
	sched_yield();
	if (waitpid(victim, &status, 0) != victim)
		cannot("waitpid");
	return status != 0;
}

int main(int argc, char **argv)
{
	int tries = argc > 1 ? atoi(argv[1]) : 10, status;
	bool frees = argc < 3 || !strcmp(argv[2], "free");
	char *device = zram_new(1024);

	setvbuf(stdout, NULL, _IONBF, 0);
	shared = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(1);
	for (int n = 0; n < tries; n++) {
		pid_t owner = fork();

		if (owner == 0)
			_exit(owner_run(frees));
		for (double start = now(); waitpid(owner, &status, WNOHANG) == 0;) {
			if (now() - start > 10) {
				printf("a fault does not return\n");
				return 1;
			}
			usleep(1000);
		}
		if (status != 0)
			return 1;
	}
	if (swapoff(device) != 0)
		cannot("swapoff");
	return 0;
}
