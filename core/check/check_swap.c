// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The swap table: what a word says and what the folio, the cluster, the device
 * and the totals say (I2, I4, I5, Q4, Q5).
 * A cluster is looked at when its lock is free; sums over clusters when all are.
 * Left out: memcg, zswap.
 */
#include "core/check/check.h"

#include "core/check/look.h"

/* What one pass over a device finds. */
struct device_sum {
	unsigned long count;  /* slots not free */
	unsigned long bad;
	bool held;            /* a cluster was locked: no sums */
};

__cold static void slot_fail(const char *title, const struct swap_info_struct *si,
			     unsigned long offset, unsigned long word)
{
	char line[400] = "no folio";

	if (swp_tb_is_folio(word) && look_word_pfn(word) < folio_map_size)
		look_folio_line(&folio_map[look_word_pfn(word)], line, sizeof(line));
	check_fail(title, "slot %d:%lu, word %#lx, count %u; %s\n", si->type, offset, word,
		   look_word_count(word), line);
}

/* I2 from the table's side. */
static void check_folio_word(const struct swap_info_struct *si, unsigned long offset,
			     unsigned long word)
{
	unsigned long pfn = look_word_pfn(word);
	const struct folio *folio;

	if (unlikely(pfn == 0 || pfn >= folio_map_size)) {
		slot_fail("invariant: swap table names no folio", si, offset, word);
		return;
	}
	folio = &folio_map[pfn];
	if (unlikely(!look_flag(folio, PG_swapcache) ||
		     swp_type(folio->swap) != (unsigned int)si->type ||
		     swp_offset(folio->swap) != offset))
		slot_fail("invariant: swap table names a folio that is not cached there", si,
			  offset, word);
}

static void check_cluster(const struct swap_info_struct *si, unsigned int index,
			  struct device_sum *sum)
{
	const struct swap_cluster_info *ci = &si->cluster_info[index];
	unsigned int off, count = 0, slots = swap_shape.cluster_slots;
	unsigned long first = (unsigned long)index * slots;

	if (look_spin_held(&ci->lock)) {
		sum->held = true;
		return;
	}
	for (off = 0; ci->table && off < slots; off++) {
		unsigned long word = (unsigned long)ci->table[off].counter;

		if (swp_tb_is_null(word))
			continue;
		count++;
		if (swp_tb_is_bad(word)) {
			sum->bad++;
			continue;
		}
		if (swp_tb_is_folio(word))
			check_folio_word(si, first + off, word);
		else if (unlikely(!look_word_count(word)))
			slot_fail("invariant: swap slot in use by nobody", si, first + off, word);
		if (unlikely(look_word_count(word) == (1U << swap_shape.count_bits) - 1 &&
			     !ci->extend_table))
			slot_fail("invariant: overflowed swap count without its extension", si,
				  first + off, word);
	}
	if (unlikely(count != ci->count))
		check_fail("invariant: cluster count does not match its table",
			   "cluster %d.%u: count %u, %u words in use, flags %u\n", si->type, index,
			   ci->count, count, ci->flags);
	if (unlikely(ci->flags == CLUSTER_FLAG_FREE && ci->count))
		check_fail("invariant: free cluster has slots in use",
			   "cluster %d.%u: count %u\n", si->type, index, ci->count);
	sum->count += count;
}

static void check_device(const struct swap_info_struct *si, struct device_sum *sum)
{
	unsigned int i, clusters = look_clusters(si);
	unsigned long usable;

	for (i = 0; i < clusters; i++)
		check_cluster(si, i, sum);
	if (sum->held || !(si->flags & SWP_WRITEOK))
		return;
	usable = (unsigned long)clusters * swap_shape.cluster_slots - sum->bad;
	if (unlikely(si->pages != usable))
		check_fail("invariant: si->pages does not match the swap table",
			   "device %d: pages %u, %lu slots that are not bad\n", si->type, si->pages,
			   usable);
	if (unlikely(look_inuse(si) != (long)(sum->count - sum->bad)))
		check_fail("invariant: inuse_pages does not match the swap table",
			   "device %d: inuse_pages %ld, %lu slots in use\n", si->type,
			   look_inuse(si), sum->count - sum->bad);
}

void check_swap_cheap(void)
{
	unsigned int type;
	bool held = look_spin_held(&swap_lock);
	long inuse = 0;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);
		struct device_sum sum = { 0 };

		if (!si)
			continue;
		check_device(si, &sum);
		held |= sum.held;
		inuse += look_inuse(si);
	}
	if (!held && unlikely(nr_swap_pages.counter != total_swap_pages - inuse))
		check_fail("invariant: nr_swap_pages does not match the devices",
			   "nr_swap_pages %ld, total %ld, in use %ld\n", nr_swap_pages.counter,
			   total_swap_pages, inuse);
}

/* ---- a quiet machine ----------------------------------------------------------------- */

/* How often a cluster is on a list. */
static unsigned int list_has(const struct list_head *head, const struct swap_cluster_info *ci)
{
	const struct list_head *p;
	unsigned int n = 0;

	for (p = head->next; p != head; p = p->next)
		n += p == &ci->list;
	return n;
}

/* I5: the flag says on which list the cluster is. */
static void check_cluster_list(const struct swap_info_struct *si, unsigned int index)
{
	const struct swap_cluster_info *ci = &si->cluster_info[index];
	unsigned int order, all, right = 0;

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
			   "cluster %d.%u: flags %u, count %u\n", si->type, index, ci->flags,
			   ci->count);
	else if (all != 1 || right != 1)
		check_fail("invariant: cluster is on the wrong list",
			   "cluster %d.%u: flags %u, order %u, on %u lists\n", si->type, index,
			   ci->flags, ci->order, all);
	if (ci->flags == CLUSTER_FLAG_FULL && ci->count < swap_shape.cluster_slots)
		check_fail("invariant: full cluster has free slots", "cluster %d.%u: count %u\n",
			   si->type, index, ci->count);
}

/* Q5: a CPU's cluster belongs to a device that is on. */
static void check_percpu_clusters(void)
{
	unsigned int cpu, order, type;

	for (cpu = 0; cpu < engine_cpus(); cpu++) {
		struct percpu_swap_cluster *pcp = per_cpu_ptr(&percpu_swap_cluster, cpu);

		for (order = 0; order < SWAP_NR_ORDERS; order++) {
			bool on = !pcp->si[order];

			for (type = 0; type < MAX_SWAPFILES; type++)
				on |= swap_info[type] == pcp->si[order] && look_device(type);
			if (!on)
				check_fail("invariant: per-CPU cluster of a device that is off",
					   "cpu %u, order %u\n", cpu, order);
		}
	}
}

void check_swap_quiet(void)
{
	unsigned int type, i;

	check_swap_cheap();
	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);

		for (i = 0; si && i < look_clusters(si); i++)
			check_cluster_list(si, i);
	}
	check_percpu_clusters();
}
