// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM and userfaultfd's write protection. Two pages have the same contents, or others; the first
 * one is write-protected, so that a store to it has to wait for whoever reads the userfaultfd.
 * ksmd passes over both, then a thread stores.
 * Usage: same | other
 */
#include "confirm.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/syscall.h>

static char *pages;

static void *store(void *unused)
{
	*(volatile char *)pages = 0x22;
	return unused;
}

static int userfaultfd_for(void *start, size_t size)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP};
	struct uffdio_register registration = {
		.range = {.start = (uintptr_t)start, .len = size},
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0)
		cannot("userfaultfd");
	if (ioctl(fd, UFFDIO_REGISTER, &registration) != 0)
		cannot("UFFDIO_REGISTER");
	return fd;
}

static void write_protect(int fd, void *start, size_t size, bool on)
{
	struct uffdio_writeprotect range = {
		.range = {.start = (uintptr_t)start, .len = size},
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	if (ioctl(fd, UFFDIO_WRITEPROTECT, &range) != 0)
		cannot("UFFDIO_WRITEPROTECT");
}

static bool is_protected(void)
{
	return pagemap(getpid(), pages) >> 57 & 1;
}

int main(int argc, char **argv)
{
	bool is_same = argc < 2 || !strcmp(argv[1], "same"), caught;
	struct uffd_msg message;
	pthread_t thread;
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	ksm_plain();
	pages = map_aligned(2 * PAGE, PAGE);
	if (madvise(pages, 2 * PAGE, MADV_MERGEABLE) != 0)
		cannot("MADV_MERGEABLE");
	memset(pages, 0x11, 2 * PAGE);
	pages[PAGE] = is_same ? 0x11 : 0x33;
	fd = userfaultfd_for(pages, PAGE);
	write_protect(fd, pages, PAGE, true);
	if (!is_protected())
		cannot("the page is not write-protected");
	ksm_passes(4);
	printf("after ksmd: pages shared %ld, the page is %sprotected\n", get(KSM "pages_shared"),
	       is_protected() ? "" : "not ");
	if (pthread_create(&thread, NULL, store, NULL) != 0)
		cannot("pthread_create");
	caught = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1000) == 1 &&
		 read(fd, &message, sizeof(message)) == sizeof(message) &&
		 message.event == UFFD_EVENT_PAGEFAULT;
	if (caught) {
		printf("the store was caught\n");
		write_protect(fd, pages, PAGE, false);
	} else if (*(volatile char *)pages == 0x22) {
		printf("evidence: a store to a write-protected page was made, and userfaultfd has "
		       "not caught it\n");
	} else {
		cannot("there was no store");
	}
	pthread_join(thread, NULL);
	put(KSM "run", "2");
	return !caught;
}
