// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the probe tells the zero page from any other page.
 * Method: a page that was written and one that nobody touched are never it; a page
 * that was only read is, unless this kernel never maps the zero page: then the same
 * answer must come twice, and the test says which kind of kernel it ran on.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "core/base/test.h"
#include "fuzz/kernel/zero_page.h"

int main(void)
{
	volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int probe = zero_page_probe();

	if (probe == -EACCES || probe == -EPERM || probe == -ENOENT) {
		printf("skipped: /proc does not show page frames and their flags here\n");
		return 77;
	}
	CHECK(page != MAP_FAILED);
	CHECK(probe == 0 || probe == 1);
	CHECK_EQ(zero_page_at(page), 0);
	(void)*page;
	CHECK_EQ(zero_page_at(page), probe);
	*page = 1;
	CHECK_EQ(zero_page_at(page), 0);
	CHECK_EQ(zero_page_probe(), probe);
	printf("this kernel %s the zero page\n", probe ? "maps" : "never maps");
	return TEST_END();
}
