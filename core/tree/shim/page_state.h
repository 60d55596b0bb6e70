/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mem_map. Included after linux/mm.h. */
#ifndef CORE_TREE_SHIM_PAGE_STATE_H
#define CORE_TREE_SHIM_PAGE_STATE_H

/* mem_map for n pages; the first SEAM_PAGES_RESERVED are not to be freed. */
void page_state_setup(unsigned long n);
unsigned int page_state_order(const struct page *page);

/* contents.c: each of the page's used words gets value, as by clear_page(), with the site
 * of ip. */
void shim_fill_page_at(void *page, unsigned long value, unsigned long ip);
/* As copy_page(), with the site of ip. */
void shim_copy_page_at(void *to, const void *from, unsigned long ip);

#endif
