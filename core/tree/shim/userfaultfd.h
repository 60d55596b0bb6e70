/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ioctls of an mm's userfaultfd, by bytes. All give 0 or -errno; -EBADF: none is open. */
#ifndef CORE_TREE_SHIM_USERFAULTFD_H
#define CORE_TREE_SHIM_USERFAULTFD_H

#include <linux/types.h>

/* Opens it first if need be. mode: TREE_UFFD_*. */
int shim_uffd_register(int mm, unsigned long start, unsigned long len, unsigned mode);
int shim_uffd_unregister(int mm, unsigned long start, unsigned long len);
/* One page, each byte of it the lowest one of value. */
int shim_uffd_copy(int mm, unsigned long to, unsigned long value);
int shim_uffd_zeropage(int mm, unsigned long start, unsigned long len);
int shim_uffd_wp(int mm, unsigned long start, unsigned long len, bool protect);
int shim_uffd_move(int mm, unsigned long to, unsigned long from, unsigned long len);
int shim_uffd_close(int mm);
int shim_uffd_setup(void);

#endif
