/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/mm_types.h, include/linux/page-flags.h,
 * include/linux/swap.h (swp_entry_t). The structures that page, swap and mm
 * share. Folio structs are type-stable: a static pool in the arena, index = pfn;
 * a lock-free reader may look at one that was freed and reused.
 * Left out: memcg, nodes and zones, file pages, pmd-mapped pages.
 */
#ifndef CORE_PAGE_MM_TYPES_H
#define CORE_PAGE_MM_TYPES_H

#include "core/base/types.h"
#include "core/base/world_ops.h"
#include "core/kapi/kapi.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_WORDS WORLD_WORDS
#define PTRS_PER_PTE WORLD_REGION_PAGES /* a page table page covers one region */
#define PT_PAGES WORLD_REGIONS
#define FOLIO_ORDER_MAX 3
#define MAX_SWAPFILES 4
#ifndef SINGLE_DEPTH_NESTING
#define SINGLE_DEPTH_NESTING 1 /* subclass of a second lock of one class */
#endif

typedef struct { unsigned long val; } swp_entry_t;
typedef struct { unsigned long pte; } pte_t;
typedef unsigned long pgoff_t;
typedef unsigned int vm_fault_t;

/* Bits of folio->flags; PG_locked and PG_writeback are waited for. */
enum pageflags {
	PG_locked, PG_uptodate, PG_dirty, PG_writeback, PG_referenced, PG_active, PG_lru,
	PG_unevictable, PG_mlocked, PG_swapbacked, PG_swapcache, PG_reclaim, PG_readahead,
	PG_workingset, PG_hwpoison, PG_waiters, PG_head,
};

struct folio;
/* A page of a folio; page->folio is the head, for all orders. */
struct page {
	atomic_long_t flags_page;     /* bit PGP_anon_exclusive */
	atomic_t _mapcount;           /* -1 based, as the kernel's */
	u32 pfn;
	u32 head;                     /* pfn of the folio's first page; READ_ONCE */
	u64 *words;                   /* PAGE_WORDS words of contents, in the arena */
};
#define PGP_anon_exclusive 0

/* folio->mapping: tagged pointer, low bits as the kernel's PAGE_MAPPING_*. */
#define FOLIO_MAPPING_ANON 0x1UL
#define FOLIO_MAPPING_ANON_KSM 0x2UL
#define FOLIO_MAPPING_KSM (FOLIO_MAPPING_ANON | FOLIO_MAPPING_ANON_KSM)
#define FOLIO_MAPPING_FLAGS FOLIO_MAPPING_KSM

struct folio {
	atomic_long_t flags;          /* enum pageflags, one bit each */
	struct list_head lru;         /* lruvec list; lru_lock. Or a private list when isolated */
	unsigned long mapping;        /* anon_vma | tag; folio lock + PTL, read racily */
	pgoff_t index;
	swp_entry_t swap;             /* entry of the first page; folio lock + cluster lock */
	atomic_t _refcount;
	atomic_t _large_mapcount;
	u8 order;
	u8 lru_list;                  /* which list it is on; lru_lock */
	u16 pfn;
	u8 buddy;                     /* on the zone's free list; zone->lock */
	u8 lock_handed_off;           /* the I/O completion unlocks; PG_locked's holder */
	struct lockdep_map lock_map;  /* of PG_locked */
	struct page page[1];          /* page[0]; larger orders use the next structs */
	struct rcu_head rcu_head;
};

/* ---- page tables --------------------------------------------------------- */

/* One page table page: the PTEs of a region and their lock. */
struct ptdesc {
	spinlock_t ptl;
	pte_t pte[PTRS_PER_PTE];      /* accessed as marked words: the MMU reads them */
	struct rcu_head rcu_head;
};

/* ---- address spaces ------------------------------------------------------ */

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

#define VM_READ 0x1UL
#define VM_WRITE 0x2UL
#define VM_SHARED 0x8UL
#define VM_LOCKED 0x2000UL
#define VM_DROPPABLE 0x4000UL
#define VM_MERGEABLE 0x80000000UL

struct anon_vma {
	struct rw_semaphore rwsem;
	atomic_t refcount;
	struct anon_vma *root, *parent;
	unsigned num_children, num_active_vmas; /* root->rwsem */
	struct list_head avcs;        /* anon_vma_chain.same_anon_vma; root->rwsem. (the
				       * kernel's interval tree: 4 vmas need none) */
};

struct vm_area_struct;
struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma;    /* mmap_lock + page_table_lock */
	struct list_head same_anon_vma;
};

struct mm_struct;
/* One region at most; vm_start and vm_end are byte addresses, page aligned. */
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;       /* mmap_lock for write */
	struct anon_vma *anon_vma;
	struct list_head anon_vma_chain;
	pgoff_t vm_pgoff;             /* linear: vm_start >> PAGE_SHIFT */
	struct list_head vm_link;     /* mm->vmas; mmap_lock */
};

#define MMF_VM_MERGEABLE 16
#define MMF_UNSTABLE 22
#define MMF_HAS_PINNED 27

struct mm_struct {
	struct rw_semaphore mmap_lock;
	struct list_head vmas;        /* by address; mmap_lock */
	spinlock_t page_table_lock;
	struct ptdesc *pt[PT_PAGES];  /* NULL until the first fault; set once under
				       * page_table_lock, read with READ_ONCE */
	atomic_t mm_users;            /* users of the address space */
	atomic_t mm_count;            /* of the struct */
	atomic_long_t rss_stat[NR_MM_COUNTERS];
	struct list_head mmlist;      /* swapoff walks it; mmlist_lock */
	atomic_long_t flags;          /* MMF_* bits */
	seqcount_t write_protect_seq; /* odd: fork shares pages, GUP-fast keeps out */
	atomic_t tlb_flush_pending;
	atomic_t tlb_flush_batched;
	unsigned int id;              /* 1..WORLD_MM_MAX, for roles and the oracle */
	struct list_head ksm_slot;    /* ksm's list of mms; ksm_mmlist_lock */
	void *ksm_rmap_list;          /* first struct ksm_rmap_item */
	struct rcu_head rcu_head;
};

/* ---- per-CPU LRU batches (mm/folio.c) ------------------------------------- */

#define FOLIO_BATCH_MAX 31
struct folio_batch {
	u8 nr;
	struct folio *folios[FOLIO_BATCH_MAX];
};

enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE,
		LRU_UNEVICTABLE, NR_LRU_LISTS };
#define LRU_ACTIVE 1 /* from an inactive list to its active one */

struct lruvec {
	struct list_head lists[NR_LRU_LISTS];
	spinlock_t lru_lock;          /* interrupt-safe */
	unsigned long lru_size[NR_LRU_LISTS];
	atomic_long_t nonresident_age;
	atomic_long_t refaults;
};

#endif
