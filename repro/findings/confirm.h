/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the C programs share that show findings on a booted kernel (*.confirm). They are
 * root in a guest of their own and clean nothing up. A program prints what it does, and
 * "evidence: ..." when it has looked at the kernel's state and found it broken. It ends with
 * 0 where nothing went wrong.
 */
#ifndef REPRO_FINDINGS_CONFIRM_H
#define REPRO_FINDINGS_CONFIRM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/loop.h>

#define PAGE 4096ul
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define HERE __attribute__((unused)) static

/* The program itself could not do its part: no verdict. */
HERE __attribute__((noreturn)) void cannot(const char *what)
{
	printf("cannot: %s: %s\n", what, strerror(errno));
	exit(2);
}

HERE void *or_die(void *p, const char *what)
{
	if (p == MAP_FAILED || !p)
		cannot(what);
	return p;
}

HERE double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 0, or -1 with errno. */
HERE int try_put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -1 : 0;
}

HERE void put(const char *path, const char *value)
{
	if (try_put(path, value) != 0)
		cannot(path);
}

/* The number in a file; -1: none. */
HERE long get(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? atol(text) : -1;
}

HERE void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		cannot("sched_setaffinity");
}

/* A real-time task that does not sleep has the CPU to itself. Else others get it for 50 ms of each
 * second, and what they are kept from is over too early on a machine as slow as an emulated one. */
HERE void fair_server_off(int cpu)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu);
	put(path, "0");
}

/* A page of zeroes that this process and those that it forks share. */
HERE void *shared_page(void)
{
	return or_die(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
		      "mmap");
}

/* Anonymous memory, aligned to align bytes. */
HERE char *map_aligned(size_t size, size_t align)
{
	char *p = or_die(mmap(NULL, size + align, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "mmap");

	return (char *)(((uintptr_t)p + align - 1) / align * align);
}

/* The header that mkswap writes (version 1), for a device of so many pages of which bad_pages,
 * from first_bad on, are bad. */
HERE void make_swap_with_bad(const char *path, uint32_t pages, uint32_t bad_pages,
			     uint32_t first_bad)
{
	static char header[PAGE];
	uint32_t start[3] = {1, pages - 1, bad_pages};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	memset(header, 0, sizeof(header));
	memcpy(header + 1024, start, sizeof(start));
	for (uint32_t n = 0; n < bad_pages; n++)
		memcpy(header + 1536 + n * 4, &(uint32_t){first_bad + n}, 4);
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	if (fd < 0 || pwrite(fd, header, PAGE, 0) != (ssize_t)PAGE || fsync(fd) != 0)
		cannot(path);
	close(fd);
}

HERE void make_swap(const char *path, uint32_t pages)
{
	make_swap_with_bad(path, pages, 0, 0);
}

/* A new loop device over a file of so many pages; its path, to be kept. It needs a header. */
HERE char *loop_new(const char *file, unsigned pages)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd, loop;
	int id = ioctl(control, LOOP_CTL_GET_FREE);
	char *device = or_die(malloc(32), "malloc");

	snprintf(device, 32, "/dev/loop%d", id);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (id < 0 || fd < 0 || ftruncate(fd, (off_t)(pages * PAGE)) != 0)
		cannot(file);
	loop = open(device, O_RDWR | O_CLOEXEC);
	if (loop < 0 || ioctl(loop, LOOP_SET_FD, fd) != 0)
		cannot(device);
	close(loop);
	close(fd);
	close(control);
	return device;
}

/* A new zram device with a swap header; its path, to be kept. */
HERE char *zram_new(unsigned pages)
{
	char path[64], size[32], *device = or_die(malloc(32), "malloc");
	long id = get("/sys/class/zram-control/hot_add");

	if (id < 0)
		cannot("/sys/class/zram-control/hot_add");
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", id);
	snprintf(size, sizeof(size), "%lu", pages * PAGE);
	put(path, size);
	snprintf(device, 32, "/dev/zram%ld", id);
	make_swap(device, pages);
	return device;
}

/* A new file of shared memory, of so many bytes, that is swapped out: in large folios of 64 kB,
 * each as a whole, or page by page. Pin the task to a CPU before: a folio in another one's batch
 * would stay. */
#define SHMEM_FOLIO 65536ul
#define SIZES_64K "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"

HERE int file_swapped_out(size_t size, bool is_large)
{
	long before = get(SIZES_64K "stats/swpout"), written;
	long wanted = is_large ? (long)(size / SHMEM_FOLIO) : 0;
	int fd = memfd_create("file", MFD_CLOEXEC);
	char *p;

	put(SIZES_64K "shmem_enabled", is_large ? "always" : "never");
	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		cannot("memfd_create");
	p = or_die(mmap(map_aligned(size, SHMEM_FOLIO), size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, 0), "mmap");
	memset(p, 0x11, size);
	if (madvise(p, size, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	munmap(p, size);
	written = get(SIZES_64K "stats/swpout") - before;
	printf("large folios swapped out: %ld\n", written);
	if (written != wanted) {
		printf("cannot: they are not swapped out as they should be\n");
		exit(2);
	}
	return fd;
}

/* A cgroup for the program's processes, to reclaim from or to limit. */
#define CGROUP "/sys/fs/cgroup/confirm/"

HERE void cgroup_make(void)
{
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) != 0 && errno != EEXIST)
		cannot(CGROUP);
}

HERE void cgroup_enter(void)
{
	char self[32];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	put(CGROUP "cgroup.procs", self);
}

/* Anonymous and shared memory goes out, that which waits in the swap cache as well. The write
 * fails if less than it asks for is reclaimed, as it is here. */
HERE void cgroup_reclaim(void)
{
	(void)try_put(CGROUP "memory.reclaim", "8M swappiness=max");
	usleep(50000);
}

/* KSM as it was made first: nothing is skipped, a zero page is like any other. */
#define KSM "/sys/kernel/mm/ksm/"

HERE void ksm_plain(void)
{
	put(KSM "smart_scan", "0");
	put(KSM "use_zero_pages", "0");
}

/* ksmd takes a page that stays the same in its second pass; the pass may have begun already. */
HERE void ksm_passes(int passes)
{
	long start = get(KSM "full_scans");

	put(KSM "pages_to_scan", "100");
	put(KSM "sleep_millisecs", "1");
	put(KSM "run", "1");
	for (int n = 0; n < 5000 && get(KSM "full_scans") < start + passes; n++)
		usleep(1000);
	put(KSM "run", "0");
	if (get(KSM "full_scans") < start + passes)
		cannot("ksmd does not run");
}

/* A page's entry in pagemap: present in bit 63, swapped in bit 62; then the device's number
 * in bits 0 to 4 and the slot above them. */
HERE uint64_t pagemap(pid_t pid, const void *address)
{
	char path[64];
	uint64_t entry = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &entry, 8, (off_t)((uintptr_t)address / PAGE * 8)) != 8)
		cannot(path);
	close(fd);
	return entry;
}

HERE bool is_swapped_of(pid_t pid, const void *address)
{
	return pagemap(pid, address) >> 62 & 1;
}

HERE bool is_swapped(const void *address)
{
	return is_swapped_of(getpid(), address);
}

/* The slot that a page is swapped out to; 0: it is not. */
HERE uint64_t slot_of(const void *address)
{
	uint64_t entry = pagemap(getpid(), address);

	return entry >> 62 & 1 ? (entry & ((1ul << 55) - 1)) >> 5 : 0;
}

/* Processes go on step by step: the number of the last one lies in a shared_page(). */
HERE void await(const volatile int *step, int n)
{
	while (*step < n)
		usleep(500);
}

/* The same where a hold of the other task ends at sched_yield(). */
HERE void await_yielding(const volatile int *step, int n)
{
	while (*step < n) {
		usleep(1000);
		sched_yield();
	}
}

/* A child that does this and ends with 0. */
HERE pid_t start(void (*function)(void))
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

/* Waits until the child has ended, at most so long; false: it runs on. */
HERE bool ends_within(pid_t child, double seconds)
{
	double start = now();
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now() - start > seconds)
			return false;
		usleep(10000);
	}
	return true;
}

/* /proc/PID/stat from the state on, behind the process' name; "" if there is none. */
HERE const char *stat_of(pid_t pid)
{
	static char text[512];
	char path[64], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		cannot(path);
	close(fd);
	text[n] = 0;
	end = strrchr(text, ')');
	return end && end[1] ? end + 2 : "";
}

/* The nth allocation of this thread from here on fails that may not sleep, be it of a page or of
 * a slab. The kernel needs FAILSLAB and FAIL_PAGE_ALLOC. */
HERE void fail_nth(unsigned n)
{
	char text[16];

	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	snprintf(text, sizeof(text), "%u", n);
	put("/proc/thread-self/fail-nth", text);
}

/* Has the failure been, that this thread asked for? */
HERE bool has_failed(void)
{
	return get("/proc/thread-self/fail-nth") == 0;
}

/* The state of a process: R, S, D, Z ... */
HERE char state_of(pid_t pid)
{
	const char *stat = stat_of(pid);

	return stat[0] ? stat[0] : '?';
}

/* Seconds of a CPU that a process has used; one that a debugger holds counts none. */
HERE double cpu_time_of(pid_t pid)
{
	unsigned long user = 0, system = 0;

	if (sscanf(stat_of(pid), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system) != 2)
		cannot("no times in stat");
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Is the child, which is in a system call, still in it after so long, and again so long after
 * SIGKILL? If it runs all the time, that is the evidence. */
HERE bool never_ends(pid_t child, const char *call, double seconds)
{
	double start = cpu_time_of(child), ran;
	char before, after;

	if (ends_within(child, seconds))
		return false;
	before = state_of(child);
	kill(child, SIGKILL);
	if (ends_within(child, seconds)) {
		printf("%s took more than %g s (state %c), then SIGKILL ended it\n", call,
		       seconds, before);
		return false;
	}
	after = state_of(child);
	ran = cpu_time_of(child) - start;
	printf("%s %s has not returned after %g s, nor %g s after SIGKILL "
	       "(state %c, %c; it ran for %.1f s)\n",
	       before == 'R' && after == 'R' && ran > seconds ? "evidence:" : "waits:", call,
	       seconds, seconds, before, after, ran);
	return true;
}

#endif
