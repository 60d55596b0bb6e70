// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs' ops on an mm's userfaultfd, as mm_ops.c has the others: 0 or -errno, -EINVAL when
 * there is no such mm or range.
 */
#include <linux/mm.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/userfaultfd.h"
#include "core/tree/shim/world.h"

int tree_uffd_register(int mm, int page, int pages, unsigned mode)
{
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = shim_uffd_register(mm, user_addr(page), user_bytes(pages), mode);
	mm_leave(mm);
	return ret;
}

int tree_uffd_unregister(int mm, int page, int pages)
{
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = shim_uffd_unregister(mm, user_addr(page), user_bytes(pages));
	mm_leave(mm);
	return ret;
}

int tree_uffd_copy(int mm, int page, unsigned long value)
{
	int ret;

	if (!mm_enter_range(mm, page, 1))
		return -EINVAL;
	ret = shim_uffd_copy(mm, user_addr(page), value);
	mm_leave(mm);
	return ret;
}

int tree_uffd_zeropage(int mm, int page, int pages)
{
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = shim_uffd_zeropage(mm, user_addr(page), user_bytes(pages));
	mm_leave(mm);
	return ret;
}

int tree_uffd_wp(int mm, int page, int pages, int on)
{
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = shim_uffd_wp(mm, user_addr(page), user_bytes(pages), on);
	mm_leave(mm);
	return ret;
}

int tree_uffd_move(int mm, int page, int from, int pages)
{
	int ret;

	if (from < 0 || pages > USER_PAGES - from || !mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = shim_uffd_move(mm, user_addr(page), user_addr(from), user_bytes(pages));
	mm_leave(mm);
	return ret;
}

int tree_uffd_close(int mm)
{
	int ret;

	if (!mm_enter(mm))
		return -EINVAL;
	ret = shim_uffd_close(mm);
	mm_leave(mm);
	return ret;
}
