// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The swap table: what a word says and what the folio, the cluster, the device and the
 * totals say (I2, I4, I5, Q4). A cluster is looked at when its lock is free; sums over
 * clusters when all are. Titles are the model's (core/check/check_swap.c).
 * Left out: memcg, per-CPU clusters (Q5).
 * Never instrumented: it reads everything raw.
 */
#include <linux/mm.h>
#include <linux/swap.h>

#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

/* What one pass over a device finds. */
struct device_sum {
	unsigned long count;  /* slots not free */
	unsigned long bad;
	bool held;            /* a cluster was locked: no sums */
};

__cold static void slot_fail(const char *title, int type, unsigned long offset,
			     unsigned long word)
{
	char line[256] = "no folio";

	if (swp_tb_is_folio(word) && check_word_pfn(word) < shim_pages)
		shim_page_line(pfn_to_page(check_word_pfn(word)), line, sizeof(line));
	check_fail(title, "slot %d:%lu, word %#lx; %s\n", type, offset, word, line);
}

/* I2 from the table's side. */
static void check_folio_word(int type, unsigned long offset, unsigned long word)
{
	unsigned long pfn = check_word_pfn(word), first;
	const struct folio *folio;

	if (unlikely(pfn < SEAM_PAGES_RESERVED || pfn >= shim_pages)) {
		slot_fail("invariant: swap table names no folio", type, offset, word);
		return;
	}
	folio = check_folio(pfn);
	first = swp_offset(folio->swap);
	if (unlikely(!check_flag(folio, PG_swapcache) || (int)swp_type(folio->swap) != type ||
		     offset < first || offset >= first + (1UL << page_state_order(&folio->page))))
		slot_fail("invariant: swap table names a folio that is not cached there", type,
			  offset, word);
}

static void check_cluster(const struct swap_info_struct *si, unsigned long index,
			  struct device_sum *sum)
{
	const struct swap_cluster_info *ci = &si->cluster_info[index];
	unsigned long i, word, offset, count = 0;

	if (check_spin_held(&ci->lock)) {
		sum->held = true;
		return;
	}
	for (i = 0; ci->table && i < SWAPFILE_CLUSTER; i++) {
		offset = index * SWAPFILE_CLUSTER + i;
		word = check_word(si, offset);
		if (!word)
			continue;
		count++;
		if (word == SWP_TB_BAD)
			sum->bad++;
		else if (swp_tb_is_folio(word))
			check_folio_word(si->type, offset, word);
		else if (unlikely(!check_count(si, offset)))
			slot_fail("invariant: swap slot in use by nobody", si->type, offset, word);
	}
	if (unlikely(count != ci->count))
		check_fail("invariant: cluster count does not match its table",
			   "cluster %d.%lu: count %u, %lu words in use, flags %u\n", si->type,
			   index, ci->count, count, ci->flags);
	if (unlikely(ci->flags == CLUSTER_FLAG_FREE && ci->count))
		check_fail("invariant: free cluster has slots in use",
			   "cluster %d.%lu: count %u\n", si->type, index, ci->count);
	sum->count += count;
}

static void check_device_sums(const struct swap_info_struct *si, struct device_sum *sum)
{
	unsigned long i, usable;

	for (i = 0; i < check_clusters(si); i++)
		check_cluster(si, i, sum);
	if (sum->held)
		return;
	usable = check_clusters(si) * SWAPFILE_CLUSTER - sum->bad;
	if (unlikely(si->pages != usable))
		check_fail("invariant: si->pages does not match the swap table",
			   "device %d: pages %u, %lu slots that are not bad\n", si->type,
			   si->pages, usable);
	if (unlikely(check_inuse(si) != (long)(sum->count - sum->bad)))
		check_fail("invariant: inuse_pages does not match the swap table",
			   "device %d: inuse_pages %ld, %lu slots in use\n", si->type,
			   check_inuse(si), sum->count - sum->bad);
}

void check_swap_cheap(void)
{
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info_struct *si = check_device(type);
		struct device_sum sum = { 0 };

		if (si)
			check_device_sums(si, &sum);
	}
}

/* ---- a quiet machine ------------------------------------------------------------- */

static unsigned list_has(const struct list_head *head, const struct swap_cluster_info *ci)
{
	const struct list_head *p;
	unsigned n = 0;

	for (p = head->next; p != head; p = p->next)
		n += p == &ci->list;
	return n;
}

/* I5: the flag says on which list the cluster is. */
static void check_cluster_list(const struct swap_info_struct *si, unsigned long index)
{
	const struct swap_cluster_info *ci = &si->cluster_info[index];
	unsigned order, all, right = 0;

	all = list_has(&si->free_clusters, ci) + list_has(&si->full_clusters, ci) +
	      list_has(&si->discard_clusters, ci);
	for (order = 0; order < SWAP_NR_ORDERS; order++)
		all += list_has(&si->nonfull_clusters[order], ci) +
		       list_has(&si->frag_clusters[order], ci);
	switch (ci->flags) {
	case CLUSTER_FLAG_FREE:
		right = list_has(&si->free_clusters, ci);
		break;
	case CLUSTER_FLAG_NONFULL:
		right = list_has(&si->nonfull_clusters[ci->order], ci);
		break;
	case CLUSTER_FLAG_FRAG:
		right = list_has(&si->frag_clusters[ci->order], ci);
		break;
	case CLUSTER_FLAG_FULL:
		right = list_has(&si->full_clusters, ci);
		break;
	case CLUSTER_FLAG_DISCARD:
		right = list_has(&si->discard_clusters, ci);
		break;
	default:
		break;
	}
	if (!all)
		check_fail("invariant: cluster is on no list",
			   "cluster %d.%lu: flags %u, count %u\n", si->type, index, ci->flags,
			   ci->count);
	else if (all != 1 || right != 1)
		check_fail("invariant: cluster is on the wrong list",
			   "cluster %d.%lu: flags %u, order %u, on %u lists\n", si->type, index,
			   ci->flags, ci->order, all);
	if (ci->flags == CLUSTER_FLAG_FULL && ci->count < SWAPFILE_CLUSTER)
		check_fail("invariant: full cluster has free slots", "cluster %d.%lu: count %u\n",
			   si->type, index, ci->count);
}

static void check_totals(void)
{
	long inuse = 0;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		if (check_device(type))
			inuse += check_inuse(swap_info[type]);
	if (unlikely(nr_swap_pages.counter != total_swap_pages - inuse))
		check_fail("invariant: nr_swap_pages does not match the devices",
			   "nr_swap_pages %ld, total %ld, in use %ld\n",
			   (long)nr_swap_pages.counter, total_swap_pages, inuse);
}

void check_swap_quiet(void)
{
	unsigned long i;
	int type;

	check_swap_cheap();
	check_totals();
	for (type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info_struct *si = check_device(type);

		for (i = 0; si && i < check_clusters(si); i++)
			check_cluster_list(si, i);
	}
}
