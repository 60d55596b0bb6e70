// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A swap device becomes full, so the kernel's work goes through its slots to free those whose
 * pages are only cached. It has found one and dropped the cluster's lock when a task of a higher
 * priority takes its CPU. swapoff meanwhile brings all pages in and sees the last user of the
 * device go; then it waits for the work. The work goes on and asks for the cached page of a device
 * that nobody has a reference to.
 * Usage: meet | late   (swapoff comes while the work waits for its CPU; or after the work)
 */
#include "confirm.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#define SLOTS 512u /* one cluster; the first slot has the header */
#define FIRST 100u
#define SPARE 64u

enum step { START, FILLING, OVER };

static volatile int *step;
static int wake[2];

/* The device gets full by this task, on the CPU where the work is then done. */
static void fills_run(void)
{
	size_t pages = SLOTS - 1 + SPARE;
	char *area = map_aligned(pages * PAGE, PAGE);

	prctl(PR_SET_NAME, "fills");
	pin_to(1);
	madvise(area, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t n = 0; n < pages; n++)
		*(size_t *)(area + n * PAGE) = n + 1;
	madvise(area, FIRST * PAGE, MADV_PAGEOUT);
	usleep(300000);
	if (!is_swapped(area))
		cannot("the page is not swapped out");
	(void)*(volatile char *)area; /* its slot is cached from now on, and nobody else's */
	*step = FILLING;
	madvise(area + FIRST * PAGE, (pages - FIRST) * PAGE, MADV_PAGEOUT);
	await(step, OVER);
	_exit(0);
}

/* Takes the CPU from whoever is not as urgent, until swapoff waits for the work. */
static void *rival_run(void *off)
{
	struct sched_param urgent = {.sched_priority = 50};
	char path[64], where[64] = "";
	double start;

	prctl(PR_SET_NAME, "rival");
	pin_to(1);
	if (sched_setscheduler(0, SCHED_FIFO, &urgent) != 0)
		cannot("SCHED_FIFO");
	snprintf(path, sizeof(path), "/proc/%d/wchan", *(pid_t *)off);
	if (read(wake[0], where, 1) != 1)
		cannot("pipe");
	for (start = now(); *step < OVER && now() - start < 20;) {
		int fd = open(path, O_RDONLY);
		ssize_t n = read(fd, where, sizeof(where) - 1);

		close(fd);
		where[n > 0 ? n : 0] = 0;
		if (strstr(where, "flush_work"))
			break;
	}
	printf("swapoff %s the work, after %.1f s\n", *step < OVER ? "waits for" : "has not waited for",
	       now() - start);
	return NULL;
}

int main(int argc, char **argv)
{
	bool meets = argc < 2 || !strcmp(argv[1], "meet");
	char *device = loop_new("/dev/shm/swap", SLOTS);
	pid_t fills, self = getpid();
	pthread_t rival;

	setvbuf(stdout, NULL, _IONBF, 0);
	prctl(PR_SET_NAME, "off");
	put("/proc/sys/vm/page-cluster", "0");
	put("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	make_swap(device, SLOTS);
	step = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(0);
	if (pipe(wake) != 0)
		cannot("pipe");
	if (meets && pthread_create(&rival, NULL, rival_run, &self) != 0)
		cannot("pthread_create");
	fills = fork();
	if (fills == 0)
		fills_run();
	while (*step < FILLING) {
		if (waitpid(fills, NULL, WNOHANG) == fills)
			return 1;
		usleep(500);
	}
	usleep(500000); /* the work is held by now, and with it the task that fills */
	if (write(wake[1], "", 1) != 1)
		cannot("pipe");
	syscall(SYS_getppid);
	if (!meets)
		usleep(300000);
	if (swapoff(device) != 0)
		cannot("swapoff");
	*step = OVER;
	if (meets)
		pthread_join(rival, NULL);
	waitpid(fills, NULL, 0);
	return 0;
}
