// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff of a full device that a signal interrupts. It puts the device back onto the list of
 * those that have free slots, though it has none. With two such devices of one priority the
 * next allocation goes from one to the other and never ends.
 * Usage: DEVICES interrupt | not   (not: the devices are full, and nobody calls swapoff)
 */
#include "confirm.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>

#define SLOTS 63ul /* of a device; the first one has the header */
#define PAGES (SLOTS - 1)

static unsigned swapped_out(const char *area)
{
	unsigned count = 0;

	for (size_t n = 0; n < PAGES; n++)
		count += is_swapped(area + n * PAGE);
	return count;
}

static char *fill(const char *device)
{
	char *area = map_aligned(PAGES * PAGE, PAGE);

	if (swapon(device, SWAP_FLAG_PREFER | 1) != 0)
		cannot("swapon");
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (size_t n = 0; n < PAGES; n++)
		*(size_t *)(area + n * PAGE) = n + 1;
	madvise(area, PAGES * PAGE, MADV_PAGEOUT);
	if (swapped_out(area) != PAGES)
		cannot("the device is not full");
	return area;
}

/* A child calls swapoff; a signal comes when it has just entered the system call, where a
 * tracer holds it, so that it is there when swapoff looks for one. */
static void interrupt_swapoff(const char *device)
{
	struct __ptrace_syscall_info at;
	pid_t child = fork();
	int status;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		kill(getpid(), SIGSTOP);
		_exit(swapoff(device) == 0 ? 0 : errno);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD) != 0)
		cannot("ptrace");
	do {
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0 ||
		    waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(at), &at) < 0)
			cannot("ptrace");
	} while (at.op != PTRACE_SYSCALL_INFO_ENTRY || at.entry.nr != SYS_swapoff);
	kill(child, SIGALRM);
	ptrace(PTRACE_CONT, child, NULL, NULL);
	/* The child stops to take the signal; it does not get it. */
	if (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		ptrace(PTRACE_CONT, child, NULL, NULL);
		waitpid(child, &status, 0);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EINTR) {
		printf("cannot: swapoff was not interrupted (status 0x%x)\n", status);
		exit(2);
	}
	printf("%s: swapoff was interrupted\n", device);
}

static void swap_one_more_out(void)
{
	char *page = map_aligned(PAGE, PAGE);

	pin_to(1);
	*page = 1;
	madvise(page, PAGE, MADV_PAGEOUT);
	_exit(0);
}

int main(int argc, char **argv)
{
	int devices = argc > 1 ? atoi(argv[1]) : 2;
	bool do_interrupt = argc < 3 || !strcmp(argv[2], "interrupt");
	char *device[2], *area[2];
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	pin_to(1);
	for (int n = 0; n < devices && n < 2; n++) {
		device[n] = zram_new(SLOTS);
		area[n] = fill(device[n]);
		if (do_interrupt)
			interrupt_swapoff(device[n]);
		if (swapped_out(area[n]) != PAGES)
			cannot("the device is not full any more");
	}
	pin_to(0); /* the other CPU may never do anything else again */
	child = fork();
	if (child == 0)
		swap_one_more_out();
	if (never_ends(child, "MADV_PAGEOUT of one page", 0.5))
		return 1;
	printf("MADV_PAGEOUT of one page has returned\n");
	for (int n = 0; n < devices && n < 2; n++) {
		munmap(area[n], PAGES * PAGE);
		if (swapoff(device[n]) != 0)
			cannot("swapoff");
	}
	return 0;
}
