/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/mm.h, include/linux/rmap.h, include/linux/mmap_lock.h,
 * include/linux/sched/mm.h, mm/internal.h: address spaces, faults, rmap, zap.
 * Left out: per-VMA locks (every fault takes mmap_lock), pmd-mapped and large
 * folios in faults, userfaultfd, mlock; their places are marked.
 * Locking, outer to inner: mmap_lock, folio lock, anon_vma root rwsem, PTL
 * (child's before parent's at fork), cluster lock or mmlist_lock.
 */
#ifndef CORE_MM_MM_H
#define CORE_MM_MM_H

#include "core/base/counters.h"
#include "core/base/seeded_bug.h"
#include "core/base/types.h"
#include "core/page/folio.h"
#include "core/page/mm_types.h"
#include "core/page/pgtable.h"
#include "core/page/tlb.h"

#ifndef SINGLE_DEPTH_NESTING
#define SINGLE_DEPTH_NESTING 1
#endif

/* ---- for assertions and counters: the state without an event --------------- */

static inline unsigned long folio_peek_tags(const struct folio *folio)
{
	return engine_load_relaxed(&folio->mapping) & FOLIO_MAPPING_FLAGS;
}
#define folio_peek_anon(folio) ((folio_peek_tags(folio) & FOLIO_MAPPING_ANON) != 0)
#define folio_peek_ksm(folio) (folio_peek_tags(folio) == FOLIO_MAPPING_KSM)
#define folio_peek_locked(folio) folio_flag_peek((folio), PG_locked)
/* PG_swapbacked of an isolated folio (PG_lru is clear) changes by its isolator's hand alone:
 * lru_lazyfree() takes a folio off the LRU before. So no event is needed where a folio is
 * known to be isolated. Follows folio_test_lazyfree(). */
#define folio_peek_lazyfree(folio) \
	(folio_peek_anon(folio) && !folio_flag_peek((folio), PG_swapbacked))
static inline bool page_peek_exclusive(const struct page *page)
{
	return (engine_load_relaxed(&page->flags_page.counter) >> PGP_anon_exclusive) & 1;
}
/* 0 based. */
static inline int page_peek_mapcount(const struct page *page)
{
	return engine_load_relaxed(&page->_mapcount.counter) + 1;
}
static inline int folio_peek_refs(const struct folio *folio)
{
	return engine_load_relaxed(&folio->_refcount.counter);
}

/* The page table lock of addr is held. */
#define assert_ptl_held(mm, addr) \
	lockdep_assert_held(ptlock_ptr(engine_load_relaxed(&(mm)->pt[pmd_index(addr)])))

/* ---- mmap_lock (include/linux/mmap_lock.h) ------------------------------- */

#define mmap_init_lock(mm) init_rwsem(&(mm)->mmap_lock)
#define mmap_read_lock(mm) down_read_at(&(mm)->mmap_lock, 0, SITE("mmap_read_lock"))
#define mmap_read_lock_killable(mm) \
	down_read_killable_at(&(mm)->mmap_lock, SITE("mmap_read_lock_killable"))
#define mmap_read_trylock(mm) down_read_trylock_at(&(mm)->mmap_lock, SITE("mmap_read_trylock"))
#define mmap_read_unlock(mm) up_read_at(&(mm)->mmap_lock, SITE("mmap_read_unlock"))
#define mmap_write_lock(mm) down_write_at(&(mm)->mmap_lock, 0, SITE("mmap_write_lock"))
#define mmap_write_lock_nested(mm, subclass) \
	down_write_at(&(mm)->mmap_lock, (subclass), SITE("mmap_write_lock"))
#define mmap_write_lock_killable(mm) \
	down_write_killable_at(&(mm)->mmap_lock, SITE("mmap_write_lock_killable"))
#define mmap_write_unlock(mm) up_write_at(&(mm)->mmap_lock, SITE("mmap_write_unlock"))
#define mmap_write_downgrade(mm) \
	downgrade_write_at(&(mm)->mmap_lock, SITE("mmap_write_downgrade"))
#define mmap_assert_locked(mm) lockdep_assert_held(&(mm)->mmap_lock)
#define mmap_assert_write_locked(mm) lockdep_assert_held_write(&(mm)->mmap_lock)

/* ---- counters (get_mm_counter) ------------------------------------------- */

/* rss_stat[member] in pages; atomic, no lock. */
#define add_mm_counter(mm, member, value) atomic_long_add((value), &(mm)->rss_stat[member])
#define inc_mm_counter(mm, member) atomic_long_inc(&(mm)->rss_stat[member])
#define dec_mm_counter(mm, member) atomic_long_dec(&(mm)->rss_stat[member])
#define get_mm_counter(mm, member) atomic_long_read(&(mm)->rss_stat[member])

static inline void add_mm_rss_vec(struct mm_struct *mm, const int *rss)
{
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (rss[i])
			add_mm_counter(mm, i, rss[i]);
}

/* ---- mmap.c: the life of an mm and its vmas ------------------------------- */

/* Anchor of the list of mms that swapoff walks, and its lock (kernel/fork.c). */
extern spinlock_t mmlist_lock;
extern struct mm_struct init_mm;
/* mm is about to get a swap PTE: swapoff must find it on the list of mms. PTL held, under
 * which the PTE is set. Follows mm/internal.h. */
void mm_prepare_for_swap_entries(struct mm_struct *mm);

/* All mms that exist, in any order, with holes: for the checkers. No event. */
#define MM_TABLE_MAX (2 * WORLD_MM_MAX)
extern struct mm_struct *mm_table[MM_TABLE_MAX];

/* A new mm with mm_users == mm_count == 1, or NULL. id: 1..WORLD_MM_MAX, names
 * its role. May sleep. Follows kernel/fork.c (mm_alloc, mm_init). */
struct mm_struct *mm_alloc(unsigned int id);
/* References on the address space (mm_users). mmput() of the last one tears the
 * address space down (exit_mmap), may sleep. mmget_not_zero() fails once 0. */
void mmget(struct mm_struct *mm);
bool __must_check mmget_not_zero(struct mm_struct *mm);
void mmput(struct mm_struct *mm);
/* References on the struct (mm_count); any context. */
void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);
/* Unmaps everything, frees page tables and vmas; mm_users is 0. */
void exit_mmap(struct mm_struct *mm);
/* Has dup_mmap() failed or the address space been torn down under us? Then a
 * reader of page tables must not go on. Caller holds mmap_lock or the PTL. */
bool check_stable_address_space(struct mm_struct *mm);

/* First vma with addr < vm_end, or NULL. mmap_lock held (read or write). */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/* The vma that covers addr, or NULL. mmap_lock held. */
struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);
#define for_each_vma(mm, vma) list_for_each_entry(vma, &(mm)->vmas, vm_link)

/* Maps len bytes at addr (both page aligned, fixed address, nothing mapped
 * there yet): one vma a region. Takes mmap_lock for write. -EINVAL out of
 * bounds, -EEXIST where something is mapped, -ENOMEM. Follows do_mmap(). */
int vm_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long vm_flags);
/* Unmaps what lies in the range, splits vmas at its ends. Takes mmap_lock for
 * write. -EINVAL, -EINTR, -ENOMEM (from a split, nothing is unmapped then). */
int vm_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len);
/* Splits vma at addr into two; mmap_lock for write. -ENOMEM. */
int split_vma(struct vm_area_struct *vma, unsigned long addr);

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);

/* The page table page of addr: allocates it where there is none. 0 or -ENOMEM;
 * mmap_lock held, no spinlock. Follows mm/memory.c (__pte_alloc). */
int pte_alloc(struct mm_struct *mm, unsigned long addr);
struct mmu_gather;
/* Where an address space ends; its end is the end of a page table page's region. */
#define TASK_SIZE (WORLD_PAGES * PAGE_SIZE)
/* Takes the vmas of a list that is not empty (detached ones, or all of an mm) out
 * of rmap, and frees the page table pages that no vma uses any more. [floor,
 * ceiling): from the end of the mapped vma before them to the start of the one
 * after them. mmap_lock held. */
void free_pgtables(struct mmu_gather *tlb, struct list_head *vmas, unsigned long floor,
		   unsigned long ceiling);
/* Unmaps the vmas of the list and frees their page tables, with a gather of its
 * own; as free_pgtables(). Follows mm/vma.c (unmap_region, vms_clear_ptes). */
void unmap_region(struct mm_struct *mm, struct list_head *vmas, unsigned long floor,
		  unsigned long ceiling);
/* Frees the vmas of the list: unmapped, out of rmap. mmap_lock held. */
void tear_down_vmas(struct list_head *vmas);

/* ---- fault.c, swap_fault.c, wp.c ------------------------------------------- */

enum fault_flag {
	FAULT_FLAG_WRITE = 1 << 0,
	FAULT_FLAG_ALLOW_RETRY = 1 << 2,
	FAULT_FLAG_RETRY_NOWAIT = 1 << 3,
	FAULT_FLAG_KILLABLE = 1 << 4,
	FAULT_FLAG_TRIED = 1 << 5,
	FAULT_FLAG_USER = 1 << 6,
	FAULT_FLAG_REMOTE = 1 << 7,
	FAULT_FLAG_UNSHARE = 1 << 10,
};

/* Results of a fault: a mask; 0 is success. */
enum vm_fault_reason {
	VM_FAULT_OOM = 0x1,
	VM_FAULT_SIGBUS = 0x2,
	VM_FAULT_MAJOR = 0x4,
	VM_FAULT_HWPOISON = 0x10,
	VM_FAULT_SIGSEGV = 0x40,
	VM_FAULT_RETRY = 0x400, /* mmap_lock was dropped */
};
#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON)

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;  /* page aligned */
	pgoff_t pgoff;
	unsigned int flags;     /* enum fault_flag */
	pte_t *pte;             /* NULL while not mapped */
	spinlock_t *ptl;        /* of pte */
	pte_t orig_pte;         /* what the fault was taken for */
	struct page *page;      /* do_wp_page(): the page of orig_pte, or NULL */
};

/* Handles a fault at address in vma; mmap_lock held for read and still held on
 * return, except where the result has VM_FAULT_RETRY. Follows mm/memory.c. */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
			   unsigned int flags);
/* Parts of it, each in the kernel's contract. */
vm_fault_t do_swap_page(struct vm_fault *vmf);
vm_fault_t do_wp_page(struct vm_fault *vmf);
/* The folio lock in a fault: 0 (locked) or VM_FAULT_RETRY (not locked; mmap_lock
 * dropped unless FAULT_FLAG_RETRY_NOWAIT). Follows folio_lock_or_retry(). */
vm_fault_t folio_lock_or_retry_at(struct folio *folio, struct vm_fault *vmf,
				  const struct site *site);
#define folio_lock_or_retry(folio, vmf) \
	folio_lock_or_retry_at((folio), (vmf), SITE("folio_lock"))
/* anon_vma of vmf->vma exists, or VM_FAULT_OOM; mmap_lock held. */
vm_fault_t vmf_anon_prepare(struct vm_fault *vmf);
/* A new folio for vma, not locked, one reference; NULL when out of memory. May
 * sleep: no spinlock. Follows folio_prealloc(). */
struct folio *folio_prealloc(struct vm_area_struct *vma, unsigned long addr, bool need_zero);
/* pte | writable where the vma allows writing. */
pte_t maybe_mkwrite(pte_t pte, struct vm_area_struct *vma);
/* Not exclusive, but is the mapping the folio's only user? Then it belongs to
 * vma's anon_vma afterwards. PTL held; takes FL by trylock. */
bool wp_can_reuse_anon_folio(struct folio *folio, struct vm_area_struct *vma);
/* lru_add_drain() for the sake of this folio's refcount; counts it. can_matter:
 * would a lower refcount change what the fault does? */
void fault_lru_add_drain(struct folio *folio, bool can_matter);

/* ---- fork.c ------------------------------------------------------------------ */

/* A copy of oldmm, with id of its own; NULL when out of memory or killed (what was
 * copied so far is torn down). Follows kernel/fork.c (dup_mm, dup_mmap). */
struct mm_struct *dup_mm(struct mm_struct *oldmm, unsigned int id);
/* Copies the page tables of src_vma to dst_vma; both mmap_locks for write. */
int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);

/* ---- zap.c ----------------------------------------------------------------------- */

#define MMU_GATHER_FOLIOS 4
/* Folios whose PTEs are gone and that wait for the TLB flush. */
struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end;   /* range to flush; end 0: nothing */
	unsigned int nr;
	struct folio *folios[MMU_GATHER_FOLIOS]; /* each owns the PTE's reference */
	bool fullmm;
	struct ptdesc *tables[PT_PAGES]; /* page table pages to free */
	unsigned int nr_tables;
};
/* pt, of this region, is out of mm->pt: free it after the flush, by RCU. */
void pte_free_tlb(struct mmu_gather *tlb, struct ptdesc *pt, unsigned int region);
/* Unmaps all vmas of the list; mmap_lock held at least for read. */
void unmap_vmas(struct mmu_gather *tlb, struct list_head *vmas);
void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_finish_mmu(struct mmu_gather *tlb);
void tlb_flush_mmu(struct mmu_gather *tlb);
/* A PTE of this page was changed: the gather's end flushes it. PTL held. */
void tlb_remove_tlb_entry(struct mmu_gather *tlb, unsigned long addr);
/* Unmaps [start, end) of vma; mmap_lock held at least for read. */
void __zap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end);
/* Number of PTEs from start_ptep on, at most max_nr, that are swap PTEs with pte's flags, of
 * slots one after the other; pte is the first. PTL held. Follows mm/internal.h. */
int swap_pte_batch(pte_t *start_ptep, int max_nr, pte_t pte);
/* The same for size bytes from address on: madvise(MADV_DONTNEED). */
void zap_vma_range_batched(struct mmu_gather *tlb, struct vm_area_struct *vma,
			   unsigned long address, unsigned long size);
/* Drops the swap cache of an idle folio, by trylock; the caller holds a reference.
 * Follows mm/swap_state.c (free_swap_cache). */
void free_swap_cache(struct folio *folio);
/* The same for each of nr folios, and puts the references: batch by batch. */
void free_pages_and_swap_cache(struct folio **folios, unsigned int nr);

/* ---- rmap.c ------------------------------------------------------------------------ */

typedef unsigned int rmap_t;
#define RMAP_NONE 0u
#define RMAP_EXCLUSIVE 1u

/* anon_vma: prepare gives vma one (mmap_lock held, 0 or -ENOMEM); clone links
 * dst to all of src's; fork clones and makes the child's own; unlink undoes. */
int __anon_vma_prepare(struct vm_area_struct *vma);
static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	/* Acquire, where the kernel relies on the address dependency. */
	return likely(smp_load_acquire(&vma->anon_vma)) ? 0 : __anon_vma_prepare(vma);
}
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
void unlink_anon_vmas(struct vm_area_struct *vma);
void get_anon_vma(struct anon_vma *anon_vma);
void put_anon_vma(struct anon_vma *anon_vma);
/* The lock of a whole tree is its root's rwsem. */
#define anon_vma_lock_write(av) down_write_at(&(av)->root->rwsem, 0, SITE("anon_vma_lock_write"))
#define anon_vma_unlock_write(av) up_write_at(&(av)->root->rwsem, SITE("anon_vma_unlock_write"))
#define anon_vma_lock_read(av) down_read_at(&(av)->root->rwsem, 0, SITE("anon_vma_lock_read"))
#define anon_vma_trylock_read(av) \
	down_read_trylock_at(&(av)->root->rwsem, SITE("anon_vma_trylock_read"))
#define anon_vma_unlock_read(av) up_read_at(&(av)->root->rwsem, SITE("anon_vma_unlock_read"))
/* Referenced anon_vma of a mapped folio, NULL where it isn't anon or mapped. */
struct anon_vma *folio_get_anon_vma(const struct folio *folio);
struct rmap_walk_control;
/* The same, read-locked instead of referenced; rwc->contended on a failed try. */
struct anon_vma *folio_lock_anon_vma_read(const struct folio *folio,
					  struct rmap_walk_control *rwc);
/* The anon_vma of folio->mapping, NULL for none and for KSM. */
struct anon_vma *folio_anon_vma(const struct folio *folio);

/* Rmap of one PTE; the PTL of the PTE is held. new: a folio nobody knows yet;
 * add: a folio that is anon already. address: where it is mapped. */
void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address, rmap_t flags);
void folio_add_anon_rmap_pte(struct folio *folio, struct page *page, struct vm_area_struct *vma,
			     unsigned long address, rmap_t flags);
void folio_remove_rmap_pte(struct folio *folio, struct page *page, struct vm_area_struct *vma);
/* The folio is this vma's alone: its anon_vma becomes vma->anon_vma. FL held. */
void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma);
/* fork: shares the page; -EBUSY where it may be pinned. Source PTL held. */
int folio_try_dup_anon_rmap_pte(struct folio *folio, struct page *page,
				struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);
/* Clears AnonExclusive after the PTE was cleared and flushed; -EBUSY if pinned. */
int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page);
/* FOLL_PIN adds so much to a small folio's refcount. */
#define GUP_PIN_COUNTING_BIAS 1024u
bool folio_maybe_dma_pinned(struct folio *folio);

/* Where nr_pages pages from pgoff on are mapped in vma, or -EFAULT. */
unsigned long vma_anon_address(const struct vm_area_struct *vma, pgoff_t pgoff,
			       unsigned long nr_pages);
/* Address at which vma may map page of folio: by anon_vma and index. */
unsigned long page_address_in_vma(const struct folio *folio, const struct page *page,
				  const struct vm_area_struct *vma);

struct page_vma_mapped_walk {
	unsigned long pfn;
	struct vm_area_struct *vma;
	unsigned long address;
	pte_t *pte;
	spinlock_t *ptl;
	unsigned int flags;
};
#define PVMW_SYNC 1u
#define PVMW_MIGRATION 2u
#define DEFINE_FOLIO_VMA_WALK(name, folio_, vma_, address_, flags_)              \
	struct page_vma_mapped_walk name = { .pfn = (folio_)->pfn, .vma = (vma_), \
		.address = (address_), .flags = (flags_) }
/* True with pte mapped and ptl held where vma maps the pfn; next call ends the
 * walk and unlocks. done() ends it early. */
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);

struct rmap_walk_control {
	void *arg;
	bool try_lock;
	bool contended;
	/* false ends the walk; anon_vma held for read */
	bool (*rmap_one)(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			 void *arg);
	int (*done)(struct folio *folio);
	struct anon_vma *(*anon_lock)(const struct folio *folio, struct rmap_walk_control *rwc);
	bool (*invalid_vma)(struct vm_area_struct *vma, void *arg);
};
/* Calls rmap_one for each vma that may map the folio (KSM: rmap_walk_ksm). FL
 * held, except for an anon folio with rwc->try_lock. _locked: rwsem held. */
void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc);
void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc);

/* Number of vmas that accessed the folio since the last call, clears the young
 * bits; -1 where the rmap lock was contended. *vm_flags: their flags' union. */
int folio_referenced(struct folio *folio, int is_locked, unsigned long *vm_flags);

/* ---- try_to_unmap.c -------------------------------------------------------------------- */

enum ttu_flags {
	TTU_SYNC = 0x10,
	TTU_BATCH_FLUSH = 0x40, /* the caller flushes: try_to_unmap_flush() */
	TTU_RMAP_LOCKED = 0x80,
};
/* Replaces all PTEs of the folio by swap entries; FL held. Look at
 * folio_mapped() for the result. */
void try_to_unmap(struct folio *folio, enum ttu_flags flags);
/* The calling task's batch (the kernel's current->tlb_ubc). */
static inline struct tlbflush_unmap_batch *current_tlb_ubc(void)
{
	_Static_assert(sizeof(struct tlbflush_unmap_batch) <= sizeof(current->tlb_ubc),
		       "the task's room for it");
	return (struct tlbflush_unmap_batch *)(void *)current->tlb_ubc;
}
/* Does the TLB flushes that TTU_BATCH_FLUSH put off for this task; _dirty only
 * if one of the PTEs may have been written through. */
void try_to_unmap_flush(void);
void try_to_unmap_flush_dirty(void);
/* PTL held: flushes mm's TLB if reclaim has a batched flush under way for it. */
void flush_tlb_batched_pending(struct mm_struct *mm);

/* ---- access.c ----------------------------------------------------------------------------- */

/* A user's load or store of one 8-byte word: TLB, page table, fault, retry. The
 * caller holds mm_users. word < PAGE_WORDS. 0, -EFAULT (no vma, read-only),
 * -EHWPOISON (poison marker, failed read: SIGBUS), -ENOMEM, -EINTR (killed). The store
 * and world_hooks.store happen without a scheduling point in between. */
int user_write_word(struct mm_struct *mm, unsigned long address, unsigned int word, u64 value);
int user_read_word(struct mm_struct *mm, unsigned long address, unsigned int word, u64 *value);
/* One fault with its retries, as arch code does: takes and drops mmap_lock. */
int do_user_addr_fault(struct mm_struct *mm, unsigned long address, unsigned int flags);

/* ---- madvise.c ----------------------------------------------------------------------------- */

#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_MERGEABLE 12
#define MADV_UNMERGEABLE 13
#define MADV_COLD 20
#define MADV_PAGEOUT 21
/* Takes mmap_lock as the advice needs it. 0, -EINVAL, -ENOMEM (a hole). */
int do_madvise(struct mm_struct *mm, unsigned long start, size_t len, int behavior);

#endif
