/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd's bit in an entry. 7.3 renamed the accessors from _uffd_wp to _uffd;
 * the bit and its meaning are the same.
 */
#ifndef __ASM_PGTABLE_UFFD_NAMES_H
#define __ASM_PGTABLE_UFFD_NAMES_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
PGTABLE_TEST(pte, uffd, _PAGE_UFFD_WP)
PGTABLE_CHANGE(pte, mkuffd, _PAGE_UFFD_WP, _PAGE_RW)
PGTABLE_CHANGE(pte, clear_uffd, 0UL, _PAGE_UFFD_WP)
PGTABLE_TEST(pte, swp_uffd, _PAGE_SWP_UFFD_WP)
PGTABLE_CHANGE(pte, swp_mkuffd, _PAGE_SWP_UFFD_WP, 0UL)
PGTABLE_CHANGE(pte, swp_clear_uffd, 0UL, _PAGE_SWP_UFFD_WP)
PGTABLE_TEST(pmd, uffd, _PAGE_UFFD_WP)
PGTABLE_CHANGE(pmd, mkuffd, _PAGE_UFFD_WP, _PAGE_RW)
PGTABLE_CHANGE(pmd, clear_uffd, 0UL, _PAGE_UFFD_WP)
PGTABLE_TEST(pmd, swp_uffd, _PAGE_SWP_UFFD_WP)
PGTABLE_CHANGE(pmd, swp_mkuffd, _PAGE_SWP_UFFD_WP, 0UL)
PGTABLE_CHANGE(pmd, swp_clear_uffd, 0UL, _PAGE_SWP_UFFD_WP)
#else
PGTABLE_TEST(pte, uffd_wp, _PAGE_UFFD_WP)
PGTABLE_CHANGE(pte, mkuffd_wp, _PAGE_UFFD_WP, _PAGE_RW)
PGTABLE_CHANGE(pte, clear_uffd_wp, 0UL, _PAGE_UFFD_WP)
PGTABLE_TEST(pte, swp_uffd_wp, _PAGE_SWP_UFFD_WP)
PGTABLE_CHANGE(pte, swp_mkuffd_wp, _PAGE_SWP_UFFD_WP, 0UL)
PGTABLE_CHANGE(pte, swp_clear_uffd_wp, 0UL, _PAGE_SWP_UFFD_WP)
PGTABLE_TEST(pmd, uffd_wp, _PAGE_UFFD_WP)
PGTABLE_CHANGE(pmd, mkuffd_wp, _PAGE_UFFD_WP, _PAGE_RW)
PGTABLE_CHANGE(pmd, clear_uffd_wp, 0UL, _PAGE_UFFD_WP)
PGTABLE_TEST(pmd, swp_uffd_wp, _PAGE_SWP_UFFD_WP)
PGTABLE_CHANGE(pmd, swp_mkuffd_wp, _PAGE_SWP_UFFD_WP, 0UL)
PGTABLE_CHANGE(pmd, swp_clear_uffd_wp, 0UL, _PAGE_SWP_UFFD_WP)
#endif

#endif
