/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/folio.c (cpu_fbatches, folio_batch_move_lru, lru_add, lru_activate,
 * folio_mark_accessed, lru_add_drain*), include/linux/mm_inline.h.
 * Deviation: lru_add_drain_all() does the per-CPU work items by moving the caller
 * from CPU to CPU, because a CPU has no worker thread of its own here: each drain
 * runs on its CPU as a preemptible task, like the kernel's bound workers, but one
 * after the other. Left out: MGLRU, mlock batches, lru_cache_disable(), memcg.
 * Locking: local_lock -> lru_lock (irqsave). PG_lru is what owns the right to move
 * a folio: test-and-cleared before, set again under lru_lock.
 */
#include "core/page/lru.h"

#include "core/page/page_alloc.h"
#include "core/page/workingset.h"

struct cpu_fbatches {
	/* Guards the batches up to lru_activate: process context only. */
	local_lock_t lock;
	struct folio_batch lru_add;
	struct folio_batch lru_deactivate;
	struct folio_batch lru_lazyfree;
	struct folio_batch lru_activate;
	/* Guards what follows; interrupts off: write completion adds to it. */
	local_lock_t lock_irq;
	struct folio_batch lru_move_tail;
};

static DEFINE_PER_CPU_INIT(struct cpu_fbatches, cpu_fbatches,
			   { .lock = INIT_LOCAL_LOCK(cpu_fbatches.lock),
			     .lock_irq = INIT_LOCAL_LOCK(cpu_fbatches.lock_irq) });

static struct lruvec lruvec_ __world = { .lru_size = { 0 } };
WORLD_NAME(lruvec_);

/* Serialises lru_add_drain_all(); gen counts drains that have begun. */
static DEFINE_MUTEX(lru_drain_mutex);
static unsigned int lru_drain_gen __world = 0;
WORLD_NAME(lru_drain_gen);

typedef void (*move_fn_t)(struct lruvec *lruvec, struct folio *folio);

struct lruvec *node_lruvec(void)
{
	return &lruvec_;
}

struct lruvec *folio_lruvec(const struct folio *folio)
{
	(void)folio; /* the zero page too: who pins it marks it accessed */
	return &lruvec_;
}

struct lruvec *folio_lruvec_lock_irq_at(const struct folio *folio, const struct site *site)
	__no_lock_analysis("returns with the lock of the result held")
{
	struct lruvec *lruvec = folio_lruvec(folio);

	spin_lock_irq_at(&lruvec->lru_lock, 0, site);
	return lruvec;
}

struct lruvec *folio_lruvec_lock_irqsave_at(const struct folio *folio, unsigned long *flags,
					    const struct site *site)
	__no_lock_analysis("returns with the lock of the result held")
{
	struct lruvec *lruvec = folio_lruvec(folio);

	spin_lock_irqsave_at(&lruvec->lru_lock, *flags, site);
	return lruvec;
}

/* ---- lists: lru_lock ----------------------------------------------------- */

bool folio_is_file_lru(const struct folio *folio)
{
	return !folio_test_swapbacked(folio);
}

bool folio_evictable(struct folio *folio)
{
	return !folio_test_mlocked(folio);
}

enum lru_list folio_lru_list(const struct folio *folio)
{
	enum lru_list lru;

	if (folio_test_unevictable(folio))
		return LRU_UNEVICTABLE;
	lru = folio_is_file_lru(folio) ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	if (folio_test_active(folio))
		lru = (enum lru_list)(lru + 1);
	return lru;
}

/* Written under lru_lock, read by reclaim without it: a marked store. */
void update_lru_size(struct lruvec *lruvec, enum lru_list lru, long nr_pages)
{
	lockdep_assert_held(&lruvec->lru_lock);
	BUG_ON(lru >= NR_LRU_LISTS);
	BUG_ON(nr_pages < 0 && lruvec->lru_size[lru] < (unsigned long)-nr_pages);
	engine_store_relaxed(&lruvec->lru_size[lru],
			     lruvec->lru_size[lru] + (unsigned long)nr_pages);
}

unsigned long lruvec_lru_size(const struct lruvec *lruvec, enum lru_list lru)
{
	return engine_load_relaxed(&lruvec->lru_size[lru]);
}

static void lruvec_link(struct lruvec *lruvec, struct folio *folio, bool tail)
{
	enum lru_list lru = folio_lru_list(folio);

	update_lru_size(lruvec, lru, folio_nr_pages(folio));
	folio->lru_list = (u8)lru;
	if (lru == LRU_UNEVICTABLE) /* counted, on no list */
		return;
	if (tail)
		list_add_tail(&folio->lru, &lruvec->lists[lru]);
	else
		list_add(&folio->lru, &lruvec->lists[lru]);
}

void lruvec_add_folio(struct lruvec *lruvec, struct folio *folio)
{
	lruvec_link(lruvec, folio, false);
}

void lruvec_add_folio_tail(struct lruvec *lruvec, struct folio *folio)
{
	lruvec_link(lruvec, folio, true);
}

void lruvec_del_folio(struct lruvec *lruvec, struct folio *folio)
{
	enum lru_list lru = folio_lru_list(folio);

	VM_WARN_FOLIO_NAMED(folio->lru_list != lru, folio, "folio on another LRU list");
	if (lru != LRU_UNEVICTABLE)
		list_del(&folio->lru);
	update_lru_size(lruvec, lru, -folio_nr_pages(folio));
}

void __folio_clear_lru_flags(struct folio *folio)
{
	VM_BUG_ON(!folio_flag_peek(folio, PG_lru));
	__folio_clear_lru(folio);
	/* This shouldn't happen, so the flags stay for the check at free. */
	if (folio_test_active(folio) && folio_test_unevictable(folio))
		return;
	__folio_clear_active(folio);
	__folio_clear_unevictable(folio);
}

/* ---- what a batch does with its folios; lru_lock ------------------------- */

static void lru_add(struct lruvec *lruvec, struct folio *folio)
{
	VM_WARN_FOLIO_NAMED(folio_flag_peek(folio, PG_lru), folio, "folio on the LRU already");
	folio_test_clear_unevictable(folio);
	if (!folio_evictable(folio)) {
		folio_clear_active(folio);
		folio_set_unevictable(folio);
	}
	lruvec_add_folio(lruvec, folio);
}

static void lru_move_tail(struct lruvec *lruvec, struct folio *folio)
{
	if (folio_test_unevictable(folio))
		return;
	lruvec_del_folio(lruvec, folio);
	folio_clear_active(folio);
	lruvec_add_folio_tail(lruvec, folio);
}

static void lru_activate(struct lruvec *lruvec, struct folio *folio)
{
	if (folio_test_active(folio) || folio_test_unevictable(folio))
		return;
	lruvec_del_folio(lruvec, folio);
	folio_set_active(folio);
	lruvec_add_folio(lruvec, folio);
}

static void lru_deactivate(struct lruvec *lruvec, struct folio *folio)
{
	if (folio_test_unevictable(folio) || !folio_test_active(folio))
		return;
	lruvec_del_folio(lruvec, folio);
	folio_clear_active(folio);
	folio_clear_referenced(folio);
	lruvec_add_folio(lruvec, folio);
}

static void lru_lazyfree(struct lruvec *lruvec, struct folio *folio)
{
	if (!folio_test_anon(folio) || !folio_test_swapbacked(folio) ||
	    (folio_test_swapcache(folio) && !bug_seeded(BUG_LAZYFREE_SWAPCACHE)) ||
	    folio_test_unevictable(folio))
		return;
	lruvec_del_folio(lruvec, folio);
	folio_clear_active(folio);
	folio_clear_referenced(folio);
	/* Clean and not swapbacked: reclaim may drop it without a slot. */
	folio_clear_swapbacked(folio);
	lruvec_add_folio(lruvec, folio);
	COUNT(pglazyfree);
}

/*
 * Empties a batch: the local lock of the batch is held, or its CPU is dead. A folio
 * that only the batch knows any more is not put on a list first to be taken off it
 * again: it goes back to the allocator.
 */
static void folio_batch_move_lru(struct folio_batch *fbatch, move_fn_t move_fn)
	__no_lock_analysis("takes lru_lock for the first folio that needs it")
{
	const bool is_lru_add = move_fn == lru_add;
	struct lruvec *lruvec = NULL;
	struct folio_batch dead;
	unsigned long flags = 0;

	folio_batch_init(&dead);
	for (unsigned int i = 0; i < folio_batch_count(fbatch); i++) {
		struct folio *folio = fbatch->folios[i];

		if (!is_lru_add && !folio_test_clear_lru(folio)) {
			PATH("batch_folio_isolated");
			continue;
		}
		if (is_lru_add && folio_ref_freeze(folio, 1)) {
			PATH("batch_folio_dead");
			__folio_clear_active(folio);
			__folio_clear_unevictable(folio);
			fbatch->folios[i] = NULL;
			folio_batch_add(&dead, folio);
			continue;
		}
		if (!lruvec)
			lruvec = folio_lruvec_lock_irqsave(folio, &flags);
		move_fn(lruvec, folio);
		folio_set_lru(folio);
	}
	if (lruvec)
		lruvec_unlock_irqrestore(lruvec, flags);
	free_unref_folios(&dead);
	folios_put(fbatch);
}

/* ---- adding to this CPU's batches ---------------------------------------- */

/* which: offset of the batch in struct cpu_fbatches. */
static void folio_batch_add_and_move(size_t which, struct folio *folio, move_fn_t move_fn)
{
	struct cpu_fbatches *fbatches;
	struct folio_batch *fbatch;

	folio_get(folio);
	local_lock(&cpu_fbatches.lock);
	fbatches = this_cpu_ptr(&cpu_fbatches);
	fbatch = (struct folio_batch *)((char *)fbatches + which);
	if (!folio_batch_add(fbatch, folio) || !folio_may_be_lru_cached(folio)) {
		PATH("batch_full");
		folio_batch_move_lru(fbatch, move_fn);
	}
	local_unlock(&cpu_fbatches.lock);
}
#define FBATCH(name) offsetof(struct cpu_fbatches, name)

void folio_rotate_reclaimable(struct folio *folio)
{
	struct folio_batch *fbatch;
	unsigned long flags;

	if (folio_test_locked(folio) || folio_test_dirty(folio) ||
	    folio_test_unevictable(folio) || !folio_test_lru(folio)) {
		PATH("rotate_skipped");
		return;
	}
	folio_get(folio);
	local_lock_irqsave(&cpu_fbatches.lock_irq, flags);
	fbatch = &this_cpu_ptr(&cpu_fbatches)->lru_move_tail;
	if (!folio_batch_add(fbatch, folio) || !folio_may_be_lru_cached(folio))
		folio_batch_move_lru(fbatch, lru_move_tail);
	local_unlock_irqrestore(&cpu_fbatches.lock_irq, flags);
}

void folio_add_lru(struct folio *folio)
{
	VM_WARN_FOLIO_NAMED(folio_flag_peek(folio, PG_active) &&
			    folio_flag_peek(folio, PG_unevictable), folio,
			    "folio active and unevictable");
	VM_WARN_FOLIO_NAMED(folio_flag_peek(folio, PG_lru), folio, "folio on the LRU already");
	folio_batch_add_and_move(FBATCH(lru_add), folio, lru_add);
}

void folio_add_lru_vma(struct folio *folio, struct vm_area_struct *vma)
{
	/* Place of mlock_new_folio(): VM_LOCKED vmas don't exist yet. */
	VM_BUG_ON(vma->vm_flags & VM_LOCKED);
	folio_add_lru(folio);
}

void folio_activate(struct folio *folio)
{
	if (folio_test_active(folio) || folio_test_unevictable(folio) || !folio_test_lru(folio))
		return;
	folio_batch_add_and_move(FBATCH(lru_activate), folio, lru_activate);
}

/* Not on the LRU yet: if it waits in this CPU's lru_add batch, it will be added as
 * active; in another CPU's, this activation is lost (on purpose). */
static void __lru_cache_activate_folio(struct folio *folio)
{
	struct folio_batch *fbatch;

	local_lock(&cpu_fbatches.lock);
	fbatch = &this_cpu_ptr(&cpu_fbatches)->lru_add;
	for (unsigned int i = folio_batch_count(fbatch); i-- > 0;) {
		if (fbatch->folios[i] == folio) {
			folio_set_active(folio);
			break;
		}
	}
	local_unlock(&cpu_fbatches.lock);
}

void folio_mark_accessed(struct folio *folio)
{
	if (!folio_test_referenced(folio)) {
		folio_set_referenced(folio);
		return;
	}
	if (folio_test_unevictable(folio) || folio_test_active(folio))
		return;
	if (folio_test_lru(folio))
		folio_activate(folio);
	else
		__lru_cache_activate_folio(folio);
	folio_clear_referenced(folio);
	workingset_activation(folio);
}

void folio_deactivate(struct folio *folio)
{
	if (folio_test_unevictable(folio) || !folio_test_lru(folio) || !folio_test_active(folio))
		return;
	folio_batch_add_and_move(FBATCH(lru_deactivate), folio, lru_deactivate);
}

void folio_mark_lazyfree(struct folio *folio)
{
	if (!folio_test_anon(folio) || !folio_test_swapbacked(folio) || !folio_test_lru(folio) ||
	    folio_test_swapcache(folio) || folio_test_unevictable(folio))
		return;
	folio_batch_add_and_move(FBATCH(lru_lazyfree), folio, lru_lazyfree);
}

/* ---- draining ------------------------------------------------------------ */

void lru_add_drain_cpu(int cpu)
{
	struct cpu_fbatches *fbatches = per_cpu_ptr(&cpu_fbatches, (unsigned int)cpu);

	if (folio_batch_count(&fbatches->lru_add))
		folio_batch_move_lru(&fbatches->lru_add, lru_add);
	/* An interrupt of this CPU may add one right now: it waits for the next. */
	if (data_race(fbatches->lru_move_tail.nr)) {
		unsigned long flags;

		local_lock_irqsave(&cpu_fbatches.lock_irq, flags);
		folio_batch_move_lru(&fbatches->lru_move_tail, lru_move_tail);
		local_unlock_irqrestore(&cpu_fbatches.lock_irq, flags);
	}
	if (folio_batch_count(&fbatches->lru_deactivate))
		folio_batch_move_lru(&fbatches->lru_deactivate, lru_deactivate);
	if (folio_batch_count(&fbatches->lru_lazyfree))
		folio_batch_move_lru(&fbatches->lru_lazyfree, lru_lazyfree);
	if (folio_batch_count(&fbatches->lru_activate))
		folio_batch_move_lru(&fbatches->lru_activate, lru_activate);
}

void lru_add_drain(void)
{
	local_lock(&cpu_fbatches.lock);
	lru_add_drain_cpu((int)smp_processor_id());
	local_unlock(&cpu_fbatches.lock);
	/* Place of mlock_drain_local(). */
}

unsigned int lru_batch_count(int cpu)
{
	const struct cpu_fbatches *fbatches = per_cpu_ptr(&cpu_fbatches, (unsigned int)cpu);

	/* A sum of racy reads: a hint while tasks run. */
	return data_race((unsigned int)(fbatches->lru_add.nr + fbatches->lru_deactivate.nr +
					fbatches->lru_lazyfree.nr + fbatches->lru_activate.nr +
					fbatches->lru_move_tail.nr));
}

void lru_add_drain_all(void)
{
	unsigned int home = raw_smp_processor_id();
	unsigned int this_gen;

	might_sleep();
	smp_mb(&lru_drain_gen); /* what the caller queued, before the generation */
	this_gen = smp_load_acquire(&lru_drain_gen);
	mutex_lock(&lru_drain_mutex);
	if (unlikely(this_gen != READ_ONCE(lru_drain_gen))) {
		/* Another drain began after this call did, and is over. */
		PATH("drain_all_piggyback");
		goto done;
	}
	WRITE_ONCE(lru_drain_gen, lru_drain_gen + 1);
	smp_mb(&lru_drain_gen); /* new generation before looking at the batches */
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++) {
		if (!lru_batch_count((int)cpu))
			continue;
		engine_migrate(cpu, SITE("queue_work_on"));
		lru_add_drain();
	}
	engine_migrate(home, SITE("flush_work"));
done:
	mutex_unlock(&lru_drain_mutex);
}

/* ---- freeing, costs ------------------------------------------------------ */

/* Off its list, if it is on one; nobody has a reference. *lruvec is locked then. */
static void __page_cache_release(struct folio *folio, struct lruvec **lruvec,
				 unsigned long *flags)
	__no_lock_analysis("keeps lru_lock for the next folio of a batch")
{
	if (!folio_test_lru(folio))
		return;
	if (!*lruvec)
		*lruvec = folio_lruvec_lock_irqsave(folio, flags);
	lruvec_del_folio(*lruvec, folio);
	__folio_clear_lru_flags(folio);
}

void __folio_put(struct folio *folio)
	__no_lock_analysis("lru_lock is taken by __page_cache_release()")
{
	struct lruvec *lruvec = NULL;
	unsigned long flags = 0;

	__page_cache_release(folio, &lruvec, &flags);
	if (lruvec)
		lruvec_unlock_irqrestore(lruvec, flags);
	/* Places of folio_unqueue_deferred_split() and mem_cgroup_uncharge(). */
	free_unref_folio(folio);
}

void folios_put(struct folio_batch *fbatch)
	__no_lock_analysis("lru_lock is taken by __page_cache_release()")
{
	struct lruvec *lruvec = NULL;
	struct folio_batch free;
	unsigned long flags = 0;

	folio_batch_init(&free);
	for (unsigned int i = 0; i < folio_batch_count(fbatch); i++) {
		struct folio *folio = fbatch->folios[i];

		if (!folio) /* freed by folio_batch_move_lru() */
			continue;
		if (!folio_put_testzero_at(folio, 1, "folios_put", SITE("folios_put")))
			continue;
		__page_cache_release(folio, &lruvec, &flags);
		folio_batch_add(&free, folio);
	}
	if (lruvec)
		lruvec_unlock_irqrestore(lruvec, flags);
	folio_batch_reinit(fbatch);
	free_unref_folios(&free);
}

/* ---- set-up, audit ------------------------------------------------------- */

void lru_setup(const struct world_config *config)
{
	BUG_ON(config->batch == 0 || config->batch > FOLIO_BATCH_MAX);
	folio_batch_size = config->full_scale ? FOLIO_BATCH_MAX : config->batch;
	spin_lock_init(&lruvec_.lru_lock);
	for (unsigned int i = 0; i < NR_LRU_LISTS; i++)
		INIT_LIST_HEAD(&lruvec_.lists[i]);
	engine_role_set(&lruvec_, sizeof(lruvec_), "lruvec", -1, -1);
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		engine_role_set(per_cpu_ptr(&cpu_fbatches, cpu), sizeof(struct cpu_fbatches),
				"batches cpu", (int)cpu, -1);
}

void lru_audit(struct page_audit *out)
{
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		out->batched += lru_batch_count((int)cpu);
	for (unsigned int lru = 0; lru < NR_LRU_LISTS; lru++) {
		const struct folio *folio;
		unsigned long listed = 0;

		list_for_each_entry(folio, &lruvec_.lists[lru], lru) {
			listed += (unsigned long)folio_nr_pages(folio);
			if (!folio_flag_peek(folio, PG_lru) || folio->lru_list != lru)
				out->broken = "folio on a list without its flag";
			if (listed > folio_map_size) {
				out->broken = "LRU list is corrupt";
				return;
			}
		}
		out->on_lru += lruvec_lru_size(&lruvec_, (enum lru_list)lru);
		out->lru_listed += listed;
		if (lru != LRU_UNEVICTABLE && listed != lruvec_.lru_size[lru])
			out->broken = "LRU size differs from the list";
	}
}
