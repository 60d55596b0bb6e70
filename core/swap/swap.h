/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/swap.h, include/linux/swap.h (the swap part), kernel/power/power.h.
 * Left out: memcg, zswap, large folio swapin, VMA readahead, swap files of a
 * filesystem (SWP_FS_OPS), /proc/swaps.
 * Lock order, outer to inner: swapon_mutex; folio lock; PTL; per-CPU cluster's
 * local_lock; si->global_cluster_lock; ci->lock; si->lock; swap_avail_lock.
 * swap_lock -> si->lock -> swap_avail_lock. si->lock to ci->lock by trylock only.
 * No ci->lock inside a ci->lock.
 */
#ifndef CORE_SWAP_SWAP_H
#define CORE_SWAP_SWAP_H

#include "core/base/counters.h"
#include "core/base/seeded_bug.h"
#include "core/base/types.h"
#include "core/kapi/kapi.h"
#include "core/page/mm_types.h"
#include "core/page/swapops.h"

struct vm_fault;
struct swap_iocb;
struct swap_io_ctx;
struct swap_info_struct;
struct rb_root;

/* ---- shape, from the machine line; constant during a run ---- */

struct swap_shape {
	unsigned int cluster_slots; /* slots a cluster: SWAPFILE_CLUSTER */
	unsigned int count_bits;    /* width of the count in a swap table word */
	unsigned int swap_full;     /* percent in use above which swap is "full" */
};
extern struct swap_shape swap_shape;
extern int page_cluster;            /* log2 of the readahead window; 0: none */
#define SWAPFILE_CLUSTER (swap_shape.cluster_slots)
#define SWAP_NR_ORDERS (FOLIO_ORDER_MAX + 1)
#define SWAP_ENTRY_INVALID 0
#define DEF_SWAP_PRIO (-1)

/* Sets the shape and makes the block devices (with their contents) of a world.
 * Single-threaded set-up, after core/page's. */
void swap_world_setup(const struct world_config *config);

/* ---- objects ---------------------------------------------------------------- */

/* All clusters on a list have a flag that says which. */
enum swap_cluster_flags {
	CLUSTER_FLAG_NONE = 0, /* off-list for a moment */
	CLUSTER_FLAG_FREE,
	CLUSTER_FLAG_NONFULL,
	CLUSTER_FLAG_FRAG,
	CLUSTER_FLAG_USABLE = CLUSTER_FLAG_FRAG, /* up to here: may be allocated from */
	CLUSTER_FLAG_FULL,
	CLUSTER_FLAG_DISCARD,
	CLUSTER_FLAG_MAX,
};

struct swap_cluster_info {
	spinlock_t lock;            /* all fields but list, and the words of the table */
	u16 count;                  /* slots that are not free, bad ones included */
	u8 flags;                   /* enum swap_cluster_flags; changed under lock */
	u8 order;
	atomic_long_t *table;       /* words, see swap_table.h; RCU */
	unsigned int *extend_table; /* counts that overflowed, one a slot; lock */
	struct list_head list;      /* si->lock */
};

enum swap_flags {
	SWP_USED = 1 << 0,
	SWP_WRITEOK = 1 << 1,        /* si->lock + swap_avail_lock; read racily */
	SWP_DISCARDABLE = 1 << 2,
	SWP_SOLIDSTATE = 1 << 4,
	SWP_BLKDEV = 1 << 6,
	SWP_ACTIVATED = 1 << 7,
	SWP_FS_OPS = 1 << 8,
	SWP_AREA_DISCARD = 1 << 9,
	SWP_PAGE_DISCARD = 1 << 10,
	SWP_STABLE_WRITES = 1 << 11,
	SWP_SYNCHRONOUS_IO = 1 << 12,
	SWP_HIBERNATION = 1 << 13,   /* pinned by uswsusp; swap_lock */
};

/* A range of slots and the blocks where they lie. */
struct swap_extent {
	struct rb_node rb_node;
	pgoff_t start_page;
	pgoff_t nr_pages;
	u64 start_block;
};

struct swap_sequential_cluster {
	unsigned int next[SWAP_NR_ORDERS]; /* si->global_cluster_lock */
};

struct block_device;

/* Never freed once it is in swap_info[]; used again when SWP_USED is clear. */
struct swap_info_struct {
	struct percpu_ref users;     /* of the device; dead outside of swapon..swapoff */
	unsigned long flags;         /* enum swap_flags; READ_ONCE/WRITE_ONCE */
	signed short prio;
	struct plist_node list;      /* swap_active_head; swap_lock */
	signed char type;            /* index in swap_info[] */
	unsigned int max;            /* last offset + 1 */
	unsigned int pages;          /* usable slots */
	struct swap_cluster_info *cluster_info;
	struct list_head free_clusters;                     /* si->lock, all lists */
	struct list_head full_clusters;
	struct list_head nonfull_clusters[SWAP_NR_ORDERS];
	struct list_head frag_clusters[SWAP_NR_ORDERS];
	struct list_head discard_clusters;
	atomic_long_t inuse_pages;   /* slots in use | SWAP_USAGE_OFFLIST_BIT */
	struct swap_sequential_cluster *global_cluster;     /* rotational only */
	spinlock_t global_cluster_lock;
	struct rb_root swap_extent_root;
	struct block_device *bdev;
	struct block_device *swap_file; /* non-NULL while swapped on; swapon_mutex */
	struct completion comp;      /* users is dead and gone */
	spinlock_t lock;
	struct work_struct discard_work;
	struct work_struct reclaim_work;
	struct plist_node avail_list; /* swap_avail_head; swap_avail_lock */
};

/* ---- globals (mm/swapfile.c) ---- */

extern struct swap_info_struct *swap_info[MAX_SWAPFILES]; /* set under swap_lock, read racily */
extern unsigned int nr_swapfiles;            /* swap_lock */
extern spinlock_t swap_lock;                 /* swap_info[], SWP_USED, active list, totals */
extern spinlock_t swap_avail_lock;           /* swap_avail_head */
extern struct plist_head swap_active_head;   /* all that are on, by priority */
extern struct plist_head swap_avail_head;    /* those that are not full */
extern struct mutex swapon_mutex;
extern atomic_long_t nr_swap_pages;          /* free slots over all devices */
extern long total_swap_pages;                /* swap_lock; racily in vm_swap_full() */
extern atomic_t nr_rotate_swap;

struct percpu_swap_cluster {
	struct swap_info_struct *si[SWAP_NR_ORDERS];
	unsigned long offset[SWAP_NR_ORDERS];
	local_lock_t lock;
	bool seeded_writeok; /* of the seeded bug ALLOC_WRITEOK_UNLOCKED alone */
};
DECLARE_PER_CPU(struct percpu_swap_cluster, percpu_swap_cluster);

/* ---- device.c -------------------------------------------------------------------- */

/* A reference on the device of entry, or NULL (no entry, device off or going
 * off, offset past its end). Follows get_swap_device(). */
struct swap_info_struct *get_swap_device(swp_entry_t entry);
bool get_swap_device_info(struct swap_info_struct *si);
void put_swap_device(struct swap_info_struct *si);

/* NULL for a type that never was. */
struct swap_info_struct *swap_type_to_info(int type);
struct swap_info_struct *swap_entry_to_info(swp_entry_t entry);

/* The device must be kept alive by the caller: a reference, a locked cached
 * folio, the lock of an owner of the entry, or RCU. "swap device used after
 * swapoff" otherwise, in the caller's name. */
struct swap_info_struct *swap_type_to_info_at(int type, const char *func);
struct swap_cluster_info *swap_offset_to_cluster_at(struct swap_info_struct *si, pgoff_t offset,
						    const char *func);
#define __swap_type_to_info(type) swap_type_to_info_at((type), __func__)
#define __swap_entry_to_info(entry) swap_type_to_info_at((int)swp_type(entry), __func__)
#define __swap_offset_to_cluster(si, offset) swap_offset_to_cluster_at((si), (offset), __func__)
#define __swap_entry_to_cluster(entry) \
	swap_offset_to_cluster_at(__swap_entry_to_info(entry), swp_offset(entry), __func__)

static inline unsigned int swp_cluster_offset(swp_entry_t entry)
{
	return (unsigned int)(swp_offset(entry) % SWAPFILE_CLUSTER);
}

/* Lock and return the cluster of an offset; contract as above. Not for interrupt
 * context. Follows swap_cluster_lock() and its relatives. */
struct swap_cluster_info *swap_cluster_lock_at(struct swap_info_struct *si, pgoff_t offset,
					       bool irq, const char *func,
					       const struct site *site);
struct swap_cluster_info *swap_cluster_get_and_lock_at(const struct folio *folio, bool irq,
						       const char *func, const struct site *site);
#define swap_cluster_lock(si, offset) \
	swap_cluster_lock_at((si), (offset), false, __func__, SITE("swap_cluster_lock"))
/* Of a locked folio in the swap cache. */
#define swap_cluster_get_and_lock(folio) \
	swap_cluster_get_and_lock_at((folio), false, __func__, SITE("swap_cluster_get_and_lock"))
#define swap_cluster_get_and_lock_irq(folio)                   \
	swap_cluster_get_and_lock_at((folio), true, __func__,  \
				     SITE("swap_cluster_get_and_lock_irq"))
#define swap_cluster_unlock(ci) spin_unlock_at(&(ci)->lock, SITE("swap_cluster_unlock"))
#define swap_cluster_unlock_irq(ci) spin_unlock_irq_at(&(ci)->lock, SITE("swap_cluster_unlock_irq"))

/* Slots in use on the device, and over all: reads racily. */
unsigned long swap_usage_offlist_bit(void);
#define SWAP_USAGE_OFFLIST_BIT swap_usage_offlist_bit()
long swap_usage_in_pages(struct swap_info_struct *si);
long get_nr_swap_pages(void);
/* More than swap_shape.swap_full percent of all slots are in use. */
bool vm_swap_full(void);

void swap_range_alloc(struct swap_info_struct *si, unsigned int nr_entries);
void swap_range_free(struct swap_info_struct *si, unsigned long offset, unsigned int nr_entries);

struct sysinfo { unsigned long totalswap, freeswap; };
void si_swapinfo(struct sysinfo *val);

/* ---- alloc.c ------------------------------------------------------------------------ */

/* Allocates slots for a locked, uptodate folio that is not cached and puts it in
 * the swap cache with count 0. May sleep. 0, -ENOMEM; -EINVAL too large.
 * Follows folio_alloc_swap(). */
int folio_alloc_swap(struct folio *folio);
/* A slot of si for folio (NULL: hibernation), 0 for none. local_lock held.
 * Follows cluster_alloc_swap_entry(). */
unsigned long cluster_alloc_swap_entry(struct swap_info_struct *si, struct folio *folio);
unsigned int alloc_swap_scan_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci,
				     struct folio *folio, unsigned long offset);
void swap_reclaim_work(struct work_struct *work);

/* ---- entries.c ------------------------------------------------------------------------- */

/* The count of the folio's slots, or of one page's slot: up, down. Folio locked
 * and in the swap cache; the lock of the entry's new owner (PTL) held. put never
 * frees a slot: the cache pins it. dup: 0, -ENOMEM (no extension table). */
int folio_dup_swap(struct folio *folio, struct page *subpage);
void folio_put_swap(struct folio *folio, struct page *subpage);
/* The same without a folio, from an owner that exists already (count >= 1) and
 * whose lock (PTL) is held. dup: 0, -ENOMEM: drop all spinlocks, call
 * swap_retry_table_alloc(), retry; -EINVAL. put frees what nobody uses any more. */
int swap_dup_entry_direct(swp_entry_t entry);
void swap_put_entries_direct(swp_entry_t entry, int nr);
/* Allocates the extension table that a dup wanted. May sleep with GFP_KERNEL.
 * 0 (retry the dup) or -ENOMEM. Follows swap_retry_table_alloc(). */
int swap_retry_table_alloc(swp_entry_t entry, gfp_t gfp);
/* Drops the folio from the swap cache if no slot of it is swapped out; FL held.
 * True: it is out and dirty. Follows folio_free_swap(). */
bool folio_free_swap(struct folio *folio);
/* Does the locked, cached folio have a slot with count > 0? */
bool folio_maybe_swapped(struct folio *folio);
bool swap_entry_swapped(struct swap_info_struct *si, swp_entry_t entry);
int __swap_count(swp_entry_t entry);
/* Exact count of an entry; takes the cluster lock. 0 where there is no device. */
int swp_swapcount(swp_entry_t entry);

#define TTRS_ANYWAY 0x1   /* reclaim the cached slot in any case */
#define TTRS_UNMAPPED 0x2 /* ... if no page table maps the folio */
#define TTRS_FULL 0x4     /* ... if swap is full */
/* Tries to drop the folio cached at offset: > 0 pages dropped, < 0 pages kept, 0
 * nothing cached. Takes FL by trylock. Follows __try_to_reclaim_swap(). */
int __try_to_reclaim_swap(struct swap_info_struct *si, unsigned long offset, unsigned long flags);

void __swap_cluster_put_entry(struct swap_cluster_info *ci, unsigned int ci_off)
	__must_hold(&ci->lock);
void __swap_cluster_free_entries(struct swap_info_struct *si, struct swap_cluster_info *ci,
				 unsigned int ci_start, unsigned int nr_pages);

/* Storage is suspended while the image is written: no cached slot is freed then. They nest;
 * system_transition_mutex held. */
void pm_restrict_gfp_mask(void);
void pm_restore_gfp_mask(void);
bool pm_suspended_storage(void);

/* ---- swap_state.c: the swap cache ---- */

/* A cached folio with a reference for the caller, unlocked and perhaps stale:
 * lock it and look at folio_matches_swap_entry(). NULL: none. Device kept alive. */
struct folio *swap_cache_get_folio(swp_entry_t entry);
bool swap_cache_has_folio(swp_entry_t entry);
void *swap_cache_get_shadow(swp_entry_t entry);
/* FL held: is this folio (still) the one cached for entry? */
bool folio_matches_swap_entry_at(const struct folio *folio, swp_entry_t entry, const char *func);
#define folio_matches_swap_entry(folio, entry) \
	folio_matches_swap_entry_at((folio), (entry), __func__)

/* A new folio in the swap cache of a swapped-out entry, of the largest of orders (a mask of
 * orders, not 0) that fits: locked, on the LRU; the caller starts the read, or deletes it. vmf may be
 * NULL. ERR_PTR: -EEXIST: cached already, -ENOENT: not swapped out, -ENOMEM, -EBUSY: the
 * neighbours don't fit, -EINVAL. Device kept alive. May sleep. Follows swap_cache_alloc_folio(). */
struct folio *swap_cache_alloc_folio(swp_entry_t targ_entry, gfp_t gfp, unsigned long orders,
				     struct vm_fault *vmf);
/* FL held, no writeback; clean or count 0. Frees slots with count 0. */
void swap_cache_del_folio(struct folio *folio);
/* Cluster locked and passed in. del leaves the folio's references to the caller. */
void __swap_cache_add_folio(struct swap_cluster_info *ci, struct folio *folio, swp_entry_t entry);
void __swap_cache_del_folio(struct swap_cluster_info *ci, struct folio *folio, swp_entry_t entry,
			    void *shadow, bool swapout);
/* Both locked and with their swap entries set; migration and split. */
void __swap_cache_replace_folio(struct swap_cluster_info *ci, struct folio *old,
				struct folio *new);

/* Read entry in, with its neighbours; vmf for the VMA's policy, may be NULL. The
 * result has a reference for the caller; it is locked while the read is under way. NULL: no
 * memory, or entry isn't swapped out any more. Device kept alive. May sleep. */
struct folio *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_fault *vmf);
struct folio *swap_cluster_readahead(swp_entry_t entry, gfp_t gfp);
/* The same on a synchronous device, without readahead: the cached folio of entry, or a new one
 * of one of orders (a mask) that is being read. ERR_PTR as swap_cache_alloc_folio() gives it, but
 * for -EEXIST. Device kept alive. May sleep. Follows swapin_sync(). */
struct folio *swapin_sync(swp_entry_t entry, gfp_t gfp, unsigned long orders,
			  struct vm_fault *vmf);
/* Reads entry into ctx: the caller submits it. NULL as above. Follows read_swap_cache_async(). */
struct folio *read_swap_cache_async(struct swap_io_ctx *ctx, swp_entry_t entry, gfp_t gfp,
				    struct vm_area_struct *vma, unsigned long addr);
/* Statistics of readahead after a hit in the cache. */
void swap_update_readahead(struct folio *folio, struct vm_area_struct *vma, unsigned long addr);

/* ---- page_io.c ---- */

/* I/O that is collected, of neighbouring blocks of one device in one direction, until it is
 * submitted or full. Zero it before use, and submit before it goes out of scope: a folio in it is locked
 * (read) or under writeback (write), and nobody else can start its transfer. */
struct swap_io_ctx {
	struct swap_iocb *sio; /* NULL: nothing */
	struct swap_info_struct *sis;
};

#define AOP_WRITEPAGE_ACTIVATE 0x80000
/* Writes a locked, unmapped folio of the swap cache and unlocks it: 0; the write may stay in
 * ctx. If it cannot be written: AOP_WRITEPAGE_ACTIVATE, still locked. If nobody needs the
 * slot, frees it instead: 0, unlocked. Follows swap_writeout(). */
int swap_writeout(struct swap_io_ctx *ctx, struct folio *folio);
/* Reads into a locked, cached folio that isn't uptodate; the read may stay in ctx. Completion
 * sets uptodate (not after an error) and unlocks. Follows swap_read_folio(). */
void swap_read_folio(struct swap_io_ctx *ctx, struct folio *folio);
/* Starts what is in ctx, if anything, and empties it. May sleep. */
void swap_write_submit(struct swap_io_ctx *ctx);
void swap_read_submit(struct swap_io_ctx *ctx);

/* ---- swapon.c, and what swapoff (core/mm/swapoff.c) needs of this side ---- */

/* Device of the machine line, -EINVAL rules of its header; -EBUSY: on already;
 * -ENOMEM; -EPERM: all types taken. May sleep. Returns 0. Follows swapon(2). */
int sys_swapon(unsigned int dev);
/* The swap type that device dev is on as, or -ENODEV. swap_lock not held. */
int swap_type_of_dev(unsigned int dev);

/* si->lock held if swapoff; clears SWP_WRITEOK then. Follows the kernel's names. */
void del_from_avail_list(struct swap_info_struct *si, bool swapoff);
void add_to_avail_list(struct swap_info_struct *si, bool swapon);
/* swap_lock and si->lock held / not held. */
void _enable_swap_info(struct swap_info_struct *si);
void reinsert_swap_info(struct swap_info_struct *si);
/* SWP_WRITEOK is clear: waits until no allocator is past its check. */
void wait_for_allocation(struct swap_info_struct *si);
/* No CPU names si any more. Users are dead. */
void flush_percpu_swap_cluster(struct swap_info_struct *si);
void destroy_swap_extents(struct swap_info_struct *si);
/* Only bad slots are left in use; frees tables (RCU) and the array. */
void free_swap_cluster_info(struct swap_cluster_info *cluster_info, unsigned long maxpages);
/* The device may be claimed again; contents are lost. */
void swap_release_bdev(struct block_device *bdev);
/* Offset after prev of a slot that is neither free nor bad, 0: none. */
unsigned int find_next_to_unuse(struct swap_info_struct *si, unsigned int prev);

/* ---- hibernate.c (mm/swapfile.c, kernel/power/{swap,user}.c) ---- */

swp_entry_t swap_alloc_hibernation_slot(int type);
void swap_free_hibernation_slot(swp_entry_t entry);
int pin_hibernation_swap_type(unsigned int dev);
int find_hibernation_swap_type(unsigned int dev);
void unpin_hibernation_swap_type(int type);
u64 swapdev_block(int type, pgoff_t offset);
unsigned int count_swap_pages(int type, int free);
/* Block number of a new slot, remembered for free_all_swap_pages(); 0: none. */
u64 alloc_swapdev_block(int swap);
void free_all_swap_pages(int swap);
bool swsusp_swap_in_use(void);
extern struct mutex system_transition_mutex;
unsigned int lock_system_sleep(void) __acquires(&system_transition_mutex);
void unlock_system_sleep(unsigned int flags) __releases(&system_transition_mutex);
/* The uswsusp character device: open pins the swap device dev, if it is on; release frees all
 * slots and unpins. One opener at a time (-EBUSY). The ioctls hold system_transition_mutex
 * (trylock: -EBUSY); -ENODEV: nothing is pinned. release: -EINVAL if nobody has it open. */
int snapshot_open(unsigned int dev);
int snapshot_release(void);
int snapshot_alloc_swap_page(u64 *block);
int snapshot_free_swap_pages(void);

#endif
