// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Swap devices on the running kernel: made, switched on and off, looked at. All
 * that is made is noted in undo.c first and taken away there.
 */
#include "fuzz/kernel/device.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <time.h>
#include <unistd.h>

#define DEVICE_PAGES 64
#define PAGE_BYTES 4096
_Static_assert(DEVICE_PAGES * PAGE_BYTES == UNDO_ZRAM_BYTES, "undo knows our zram by its size");
#define SETTLE_TRIES 20000
#define PRIORITY_BASE 1000

struct device {
	char path[40];
	char stat[64];           /* "/sys/block/loop3/inflight" */
	struct world_dev shape;  /* what its header says */
	bool have_header;
	bool on;
	int type;                /* swap type while on */
};

static struct device devices[WORLD_DEVS_MAX];
static enum device_kind device_kind;

const char *device_path(int dev)
{
	return devices[dev].path;
}

/* ---- making ---- */

/* The number that the kernel takes for the next "zram" or "loop". */
static int lowest_absent(const char *name)
{
	char path[64];
	int id = -1;

	do
		snprintf(path, sizeof(path), "/sys/block/%s%d", name, ++id);
	while (access(path, F_OK) == 0);
	return id;
}

static int make_zram(struct device *d, char why[UNDO_WHY_MAX])
{
	long id = -1;
	int expected = lowest_absent("zram");
	char path[64], size[16];
	int err;

	if (access("/sys/class/zram-control/hot_add", R_OK) == 0) {
		undo_note_zram(expected);
		/* Reading makes a device. */
		id = sysfile_number("/sys/class/zram-control/hot_add", -1);
	}
	if (id < 0) {
		snprintf(why, UNDO_WHY_MAX, "no zram device can be made (modprobe zram?)");
		return -ENODEV;
	}
	if (id != expected)
		undo_note_zram((int)id);
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", id);
	snprintf(d->path, sizeof(d->path), "/dev/zram%ld", id);
	snprintf(d->stat, sizeof(d->stat), "/sys/block/zram%ld/inflight", id);
	snprintf(size, sizeof(size), "%d", UNDO_ZRAM_BYTES);
	err = sysfile_write(path, size);
	if (err)
		snprintf(why, UNDO_WHY_MAX, "%s cannot be set: %s", path, strerror(-err));
	return err;
}

static int make_file(char path[64], char why[UNDO_WHY_MAX])
{
	static unsigned number;
	int fd, err;

	snprintf(path, 64, "%s/" UNDO_LABEL ".%ld.%u",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid(), number++);
	undo_note_file(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	/* All of it now: a file that is full later is a write error of the device. */
	err = fd < 0 ? errno : posix_fallocate(fd, 0, DEVICE_PAGES * PAGE_BYTES);
	if (err) {
		snprintf(why, UNDO_WHY_MAX, "%s cannot be made: %s", path, strerror(err));
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	return fd;
}

static int make_loop(struct device *d, char why[UNDO_WHY_MAX])
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), id = -1, loop = -1;
	char file[64];
	int fd = make_file(file, why);
	struct loop_config config = { .fd = (u32)fd };

	for (int tries = 0; control >= 0 && fd >= 0 && tries < 20; tries++) {
		undo_note_new_loop(lowest_absent("loop"));
		id = ioctl(control, LOOP_CTL_GET_FREE);
		if (id < 0)
			break;
		undo_note_loop(id);
		snprintf(d->path, sizeof(d->path), "/dev/loop%d", id);
		snprintf(d->stat, sizeof(d->stat), "/sys/block/loop%d/inflight", id);
		snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", file);
		loop = open(d->path, O_RDWR | O_CLOEXEC);
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) == 0)
			break;
		if (loop >= 0)
			close(loop);
		loop = -1; /* somebody else has taken it: the next one */
	}
	if (loop < 0 && fd >= 0)
		snprintf(why, UNDO_WHY_MAX, "no loop device can be set up: %s", strerror(errno));
	if (control >= 0)
		close(control);
	if (fd >= 0)
		close(fd);
	if (loop >= 0)
		close(loop);
	return loop < 0 ? -ENODEV : 0;
}

int device_open(enum device_kind kind, char why[UNDO_WHY_MAX])
{
	device_kind = kind;
	memset(devices, 0, sizeof(devices));
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		int err = kind == DEVICE_ZRAM ? make_zram(&devices[i], why) :
						make_loop(&devices[i], why);

		if (err)
			return err;
	}
	return 0;
}

void device_close(void)
{
	memset(devices, 0, sizeof(devices));
}

u8 device_flags(enum device_kind kind)
{
	return WORLD_DEV_PRESENT | (kind == DEVICE_ZRAM ? WORLD_DEV_SYNC | WORLD_DEV_STABLE : 0);
}

/* ---- headers ---- */

/* The kernel's union swap_header, version 1. */
struct swap_header {
	char boot[1024];
	u32 version, last_page, nr_badpages;
	u8 uuid[16];
	char name[16];
	u32 padding[117];
	u32 badpages[637];
	u8 unused[2];
	char magic[10];
} __attribute__((packed));
_Static_assert(sizeof(struct swap_header) == PAGE_BYTES, "a swap header fills a page");

static int write_header(struct device *d, const struct world_dev *shape)
{
	static struct swap_header h;
	int fd, err = 0;

	memset(&h, 0, sizeof(h));
	h.version = 1;
	h.last_page = shape->slots - 1u;
	for (int i = 0; i < 2; i++) {
		if (shape->bad[i])
			h.badpages[h.nr_badpages++] = shape->bad[i];
	}
	memcpy(h.name, UNDO_LABEL, sizeof(UNDO_LABEL));
	memcpy(h.magic, "SWAPSPACE2", 10);
	fd = open(d->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, &h, sizeof(h), 0) != sizeof(h) || fsync(fd) != 0)
		err = -EIO;
	close(fd);
	d->shape = *shape;
	d->have_header = !err;
	return err;
}

/* ---- on and off ---- */

/* The kernel takes the lowest type that is free; no other swap is on. */
static int lowest_free_type(void)
{
	int type = 0;

	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		if (devices[i].on && devices[i].type == type) {
			type++;
			i = -1;
		}
	}
	return type;
}

int device_on(int dev)
{
	struct device *d = &devices[dev];
	int flags, type = lowest_free_type();

	assert(dev >= 0 && dev < WORLD_DEVS_MAX);
	if (!d->have_header)
		return -EINVAL;
	/* Priorities of a header line may be negative, those of swapon may not. */
	flags = SWAP_FLAG_PREFER | ((PRIORITY_BASE + d->shape.prio) & SWAP_FLAG_PRIO_MASK);
	undo_note_swap(d->path);
	if (swapon(d->path, flags) != 0)
		return -errno;
	d->on = true;
	d->type = type;
	return 0;
}

int device_off(int dev)
{
	struct device *d = &devices[dev];

	assert(dev >= 0 && dev < WORLD_DEVS_MAX);
	if (swapoff(d->path) != 0)
		return -errno;
	d->on = false;
	return 0;
}

static bool same_shape(const struct world_dev *a, const struct world_dev *b)
{
	return a->slots == b->slots && a->bad[0] == b->bad[0] && a->bad[1] == b->bad[1] &&
	       a->prio == b->prio;
}

static bool is_wanted(const struct world_dev *dev)
{
	return (dev->flags & WORLD_DEV_PRESENT) && (dev->flags & WORLD_DEV_ON);
}

/*
 * May all stay as it is? Only with one device, and nothing on it: the slot that is
 * next depends on the program before, which shows where there are two devices (a
 * CPU's cluster stays on the device that it was on).
 */
static bool may_stay(const struct world_dev dev[WORLD_DEVS_MAX])
{
	int wanted = 0;
	long total, used;

	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		wanted += is_wanted(&dev[i]);
		if (is_wanted(&dev[i]) != devices[i].on ||
		    (devices[i].on && !same_shape(&dev[i], &devices[i].shape)))
			return false;
	}
	device_counters(&total, &used);
	return wanted <= 1 && !used;
}

static void *off_thread(void *arg)
{
	device_off((int)(long)arg);
	return NULL;
}

/* All at a time: each waits for a grace period of RCU. */
static int all_off(void)
{
	pthread_t thread[WORLD_DEVS_MAX];
	bool started[WORLD_DEVS_MAX];
	int left = 0;

	for (int i = 0; i < WORLD_DEVS_MAX; i++)
		started[i] = devices[i].on &&
			     pthread_create(&thread[i], NULL, off_thread, (void *)(long)i) == 0;
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		if (started[i])
			pthread_join(thread[i], NULL);
		left += devices[i].on;
	}
	return left ? -EBUSY : 0;
}

int device_setup(const struct world_dev dev[WORLD_DEVS_MAX])
{
	int err = may_stay(dev) ? 0 : all_off();

	if (err)
		return err;
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		if (!(dev[i].flags & WORLD_DEV_PRESENT)) {
			devices[i].have_header = false;
			memset(&devices[i].shape, 0, sizeof(devices[i].shape));
			continue;
		}
		if (devices[i].on)
			continue;
		if (!devices[i].have_header || !same_shape(&dev[i], &devices[i].shape)) {
			err = write_header(&devices[i], &dev[i]);
			if (err)
				return err;
		}
		if (dev[i].flags & WORLD_DEV_ON) {
			err = device_on(i);
			/* a header that swapon refuses: the device stays off */
			if (err && err != -EINVAL)
				return err;
		}
	}
	return 0;
}

/* ---- looking ---- */

int device_of_type(unsigned type)
{
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		if (devices[i].on && devices[i].type == (int)type)
			return i;
	}
	return -1;
}

static int device_named(const char *path, size_t len)
{
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		if (strlen(devices[i].path) == len && memcmp(devices[i].path, path, len) == 0)
			return i;
	}
	return -1;
}

/* Calls fn for each line of /proc/swaps. */
static void for_each_swap(void (*fn)(int dev, const char *path, size_t len, long size, long used,
				     void *arg), void *arg)
{
	char buf[2048], *line, *save = NULL;
	int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, sizeof(buf) - 1) : -1;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	strtok_r(buf, "\n", &save); /* the heading */
	while ((line = strtok_r(NULL, "\n", &save)) != NULL) {
		size_t len = strcspn(line, " \t");
		long size = 0, used = 0;

		if (sscanf(line + len, " %*s %ld %ld", &size, &used) == 2)
			fn(device_named(line, len), line, len, size, used, arg);
	}
}

static void add_counters(int dev, const char *path, size_t len, long size, long used, void *arg)
{
	long *sum = arg;

	(void)path;
	(void)len;
	if (dev < 0)
		return;
	sum[0] += size / 4;
	sum[1] += used / 4;
}

void device_counters(long *total, long *used)
{
	long sum[2] = { 0, 0 };

	for_each_swap(add_counters, sum);
	*total = sum[0];
	*used = sum[1];
}

static void take_foreign(int dev, const char *path, size_t len, long size, long used, void *arg)
{
	char **out = arg;

	(void)size;
	(void)used;
	if (dev < 0 && !(*out)[0])
		snprintf(*out, 100, "%.*s", (int)min(len, (size_t)99), path);
}

void device_foreign(char *buf, size_t size)
{
	assert(size >= 100);
	buf[0] = 0;
	for_each_swap(take_foreign, &buf);
}

static bool is_quiet(const struct device *d)
{
	char buf[64];
	unsigned reads = 0, writes = 0;

	if (!d->on || sysfile_read(d->stat, buf, sizeof(buf)) != 0)
		return true;
	return sscanf(buf, "%u %u", &reads, &writes) != 2 || !(reads | writes);
}

void device_settle(void)
{
	if (device_kind != DEVICE_FILE)
		return;
	for (int tries = 0; tries < SETTLE_TRIES; tries++) {
		bool quiet = true;

		for (int i = 0; i < WORLD_DEVS_MAX; i++)
			quiet &= is_quiet(&devices[i]);
		if (quiet)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	}
}
