// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff empties the list of the mms that may have swap entries: list_del_init() stores an
 * item's next, then its prev. Between the two __mmput() of that mm sees an item that is on no
 * list, takes no lock and goes on to free the mm; the second store goes to freed memory. With
 * slab_debug for mm_struct the kernel finds that.
 * Usage: exit | after   (the process exits while swapoff is held; or after it)
 */
#include "confirm.h"

#include <sys/prctl.h>

static volatile int *ready;

/* A process whose mm is on the list, and that has no slot: its page was read back. */
static void user_run(void)
{
	char *page = map_aligned(PAGE, PAGE);

	pin_to(1);
	*page = 1;
	madvise(page, PAGE, MADV_PAGEOUT);
	if (!is_swapped(page))
		cannot("the page is not swapped out");
	*(volatile char *)page = 2;
	if (is_swapped(page))
		cannot("the page has not come back");
	*ready = 1;
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	bool is_after = argc > 1 && !strcmp(argv[1], "after");
	char *device = zram_new(1024);
	pid_t user, drains;

	setvbuf(stdout, NULL, _IONBF, 0);
	prctl(PR_SET_NAME, "main");
	pin_to(1);
	ready = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	user = fork();
	if (user == 0)
		user_run();
	while (!*ready)
		usleep(1000);
	drains = fork();
	if (drains == 0) {
		pin_to(0);
		prctl(PR_SET_NAME, "drains");
		_exit(swapoff(device) == 0 ? 0 : errno);
	}
	usleep(1000000);
	if (!is_after) {
		kill(user, SIGKILL);
		waitpid(user, NULL, 0);
		usleep(100000);
	}
	/* Here the hold ends. */
	for (int n = 0; n < 100 && !ends_within(drains, 0); n++) {
		sched_yield();
		usleep(10000);
	}
	if (is_after) {
		kill(user, SIGKILL);
		waitpid(user, NULL, 0);
		usleep(100000);
	}
	put("/sys/kernel/slab/mm_struct/validate", "1");
	printf("the mms are validated\n");
	return 0;
}
