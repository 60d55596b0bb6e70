/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the world's half of the shim shares: mm slots, the MMU, pages, devices,
 * checkers. Included after the tree's own headers. The other half (locks, RCU,
 * scheduling) is in shim.h.
 */
#ifndef CORE_TREE_SHIM_WORLD_H
#define CORE_TREE_SHIM_WORLD_H

#include <linux/mm_types.h>

#include "core/tree/seam.h"

/* A user's page p lies at USER_BASE + p * PAGE_SIZE: region r is one page table. */
#define USER_BASE 0x40000UL
#define USER_PAGES 32
#define USER_END (USER_BASE + USER_PAGES * PAGE_SIZE)
#define REGION_PAGES 8
static inline unsigned long user_addr(int page)
{
	return USER_BASE + ((unsigned long)page << PAGE_SHIFT);
}

static inline unsigned long user_bytes(int pages)
{
	return (unsigned long)pages << PAGE_SHIFT;
}

/* Where a system call's arguments are, and a page for each byte value (uaccess.c). */
#define USER_ARGS 0x80000UL
#define USER_SOURCE 0x100000UL

extern struct tree_machine shim_machine;

/* Of a function that only checkers call: it looks at others' data without locks. */
#define SHIM_RAW __attribute__((disable_sanitizer_instrumentation)) noinline

/* May this allocation fail? A choice of the schedule; by default it does not. */
bool shim_should_fail(gfp_t gfp, unsigned long ip);

/* ---- who is inside: of an mm (mm_slots.c: why), of a shared file (shm.c) ----------- */

#define USERS_MASK 0xffffu /* flags above */

/* Adds to users unless there are none or a flag of closed is set. */
static inline bool users_add(unsigned *users, unsigned add, unsigned closed)
{
	unsigned now = __atomic_load_n(users, __ATOMIC_RELAXED);

	do {
		if (!now || now & closed)
			return false;
	} while (!__atomic_compare_exchange_n(users, &now, now + add, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/* Drops one. Returns what users was before; the last one out acquires it. */
static inline unsigned users_drop(unsigned *users)
{
	unsigned old = __atomic_fetch_sub(users, 1, __ATOMIC_RELEASE);

	BUG_ON(!(old & USERS_MASK));
	return old;
}

/* ---- mm_slots.c: what an op holds its mm by; see there for the protocol ---------- */

#define MM_EXITING 0x10000u
#define MM_MAKING 0x20000u
#define MM_KILLED 0x40000u /* its process dies: no new op gets in, but exit */
struct mm_slot_of_op {
	unsigned users;        /* 1 for the process, 1 for each op inside; flags above */
	struct mm_struct *mm;  /* set before users, valid while users is not 0 */
};
extern struct mm_slot_of_op shim_mm_slots[SEAM_MMS_MAX + 1];

/* The op is inside of the mm from here on, and current->mm is that mm. NULL: no such
 * mm, or the pages are none of an address space's. */
struct mm_struct *mm_enter(int mm);
struct mm_struct *mm_enter_range(int mm, int page, int pages);
void mm_leave(int mm);
/* Claims a slot for a new mm; false: it is taken. Then publish it, NULL: it failed. */
bool mm_slot_claim(int mm);
void mm_slot_publish(int mm, struct mm_struct *new);
int mm_slot_exit(int mm);
/* The process of mm is killed. The mm with a reference (mmgrab), or NULL: there is none,
 * or that has been done. */
struct mm_struct *mm_slot_kill(int mm);
void mm_slots_setup(unsigned mms);

/* ---- task.c: task_struct with what the shim keeps beside it ---------------------- */

struct page;
struct shim_pin {
	struct page *page; /* NULL: none */
	int mm, at;        /* where it was mapped then */
	bool write;
};

struct shim_task {
	struct task_struct task;
	long move_by;     /* pages that its mremap() moves a range by; 0: none */
	void *kthread_fn; /* the kernel thread that its op is: kthread_func() */
	int making_mm; /* number of the mm that this task creates: init_new_context() */
	struct callback_head *late_puts; /* files whose last count it has dropped */
	unsigned long user_args[8];  /* of a system call, at USER_ARGS */
	unsigned long uffd_value;    /* what userfaultfd.c maps now, in each word */
	struct shim_pin pin[SEAM_PINS_MAX];
};
struct shim_task *shim_task_of(struct task_struct *task);
/* The op is a kernel thread's from here on: it gets no signal. Its flags are given back. */
static inline unsigned int shim_kthread_begin(void)
{
	unsigned int flags = current->flags;

	current->flags |= PF_KTHREAD;
	return flags;
}

static inline void shim_kthread_end(unsigned int flags)
{
	current->flags = flags;
}
void shim_tasks_setup(void);
/* SIGKILL for each task that is inside of mm. */
void shim_kill_users(const struct mm_struct *mm);

/* ---- smp.c ----------------------------------------------------------------------- */

void shim_smp_setup(void);
/* func(info) on each of cpus (a bit each, not the own one), and the wait until all have
 * run it. Preemption stays off from the one to the other. */
void shim_send_ipis(unsigned cpus, void (*func)(void *info), void *info, const char *what);
void shim_wait_for_ipis(unsigned long ip);

/* ---- tlb.c, mmu.c, fault.c ------------------------------------------------------- */

#define TLB_MISS (~0UL)
void shim_tlb_setup(void);
/* The pfn that an access of addr goes to by this CPU's TLB, or TLB_MISS. No point. */
unsigned long tlb_lookup(const struct mm_struct *mm, unsigned long addr, bool write);
void tlb_insert(const struct mm_struct *mm, unsigned long addr, unsigned long pfn, bool write,
		bool dirty);
/* Does cpu's TLB hold addr? No event. For checkers, as the next one. */
bool shim_tlb_peek(unsigned cpu, const struct mm_struct *mm, unsigned long addr,
		   unsigned long *pfn, bool *write);
/* The next mm from place *n on whose page tables still exist; NULL: no more. */
const struct mm_struct *shim_next_mm(unsigned *n);
/* Number of the mm (1..SEAM_MMS_MAX): part of the names of its page tables. */
int shim_mm_number(const struct mm_struct *mm);

int user_write_word(struct mm_struct *mm, int number, int page, int word, unsigned long value);
int user_read_word(struct mm_struct *mm, int number, int page, int word, unsigned long *value);
/* 0: try the access again; else what the op returns. */
int do_user_addr_fault(struct mm_struct *mm, unsigned long address, unsigned int flags);

/* ---- mm_ops.c, shm.c, inode.c ---------------------------------------------------- */

struct file;
/* Maps pages where nothing is yet; page n of a region is page n of the file. */
int shim_mmap_fixed(struct mm_struct *mm, struct file *file, int page, int pages,
		    unsigned long prot, unsigned long flags);
/* The next inode of a file from place *n on, until it is evicted; NULL: no more. */
struct inode *shim_next_inode(unsigned *n);
/* Closes what is open. */
void shim_shm_teardown(void);
/* pin.c: unpins what the calling task has pinned. */
void shim_pins_drop(void);
/* Frees the files whose last count the calling task has dropped: the end of an op. */
void shim_files_put_late(void);

/* ---- page_alloc.c, buddy.c, slab.c, percpu.c, contents.c --------------------------- */

/* Set-up: poisons the page, which is then known as free. */
void shim_page_set_free(unsigned long pfn);
/* Set-up: free lists, per-CPU lists, and all pages that are not reserved with the buddies.
 * The zone's size, node and watermarks are set. */
struct zone;
void shim_zone_setup(struct zone *zone);
void shim_page_alloc_setup(void);
bool shim_page_is_free(unsigned long pfn);
extern unsigned char *shim_free_map; /* by pfn; for checkers */
unsigned long shim_nr_free(void);
void shim_slab_setup(void);
/* Live objects of each cache that were not there when set-up ended. */
void shim_slab_baseline(void);
void shim_slab_audit(void);

/* ---- block.c, swap_file.c: see device.h ------------------------------------------ */

void shim_devices_setup(void);
bool shim_device_is_on(int dev);

/* ---- vmscan.c: static functions of the tree's ------------------------------------ */

/* Direct reclaim of nr pages, where try_to_free_pages() would go for 32. */
unsigned long shim_reclaim(unsigned long nr);
/* One pass of kswapd. */
void shim_balance_pgdat(void);
/* Generations instead of active and inactive lists, or back. */
void shim_lru_gen_enable(bool on);
void shim_lru_gen_exit(void);

/* ---- khugepaged.c, oom_kill.c ---------------------------------------------------- */

/* What khugepaged_init() does. */
int shim_khugepaged_init(void);
/* One wake-up of khugepaged. */
void shim_khugepaged(void);
/* The thread ends: it lets go of the mm that it was at. For tear-down. */
void shim_khugepaged_stop(void);
/* The OOM reaper comes for mm, of which the caller has a reference (mm_count). */
void shim_oom_reap(struct mm_struct *mm);

/* ---- names.c: roles of what the tree allocates for itself ------------------------ */

/* After swapon: clusters and the tables that exist. */
void shim_name_device(int dev);
/* What kmem_cache_alloc() hands out: its kind may have a name of the model's. */
struct kmem_cache;
void shim_name_cache(const struct kmem_cache *cache, const char *name);
void shim_name_object(const struct kmem_cache *cache, const void *object);
/* Number of objects of that size that swap_info[] keeps for ever (slab.c's audit). */
unsigned shim_swap_infos_of_size(unsigned size);

/* ---- report.c -------------------------------------------------------------------- */

__printf(2, 3) void shim_reportf(const char *title, const char *fmt, ...);
/* As a kernel's warning: it may stand in the tree's file of known ones. */
__printf(2, 3) void shim_warnf(const char *title, const char *fmt, ...);
/* "folio pfn 12: refs 2, mapcount 1, flags ..."; returns buf. */
const char *shim_page_line(const struct page *page, char *buf, unsigned long size);

#endif
