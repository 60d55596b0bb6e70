/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between a kernel tree's code and swaprace: the only header that both
 * sides include, with seam_machine.h, its part for inline functions. Plain C types
 * only, so it agrees with the tree's headers and with ours.
 *
 *	seam_*  what the kernel's side asks of the engine; core/tree/glue has it
 *	tree_*  what programs ask of the kernel's side; core/tree/shim has it
 *
 * Kernel side: the asm/ overlay (core/tree/include), core/tree/shim and the
 * tree's own files, all compiled with the tree's headers. Engine side:
 * core/tree/glue, compiled with ours and never instrumented. "ip" is always the
 * return address of the kernel function that the event belongs to: sites are
 * call sites, named after the link from the DWARF inline chain.
 */
#ifndef CORE_TREE_SEAM_H
#define CORE_TREE_SEAM_H

#include "core/tree/seam_machine.h"

#define SEAM_PAGE_WORDS 8   /* a page's contents: its first words; the rest stays zero */
#define SEAM_MMS_MAX 6
#define SEAM_DEVS_MAX 3
#define SEAM_SHMS_MAX 2     /* shared files */
#define SEAM_PINS_MAX 2     /* of a task */
/* Of tree_machine.pages, never free: the zero page and a swap header a device. */
#define SEAM_PAGES_RESERVED (1 + SEAM_DEVS_MAX)

/* ---- sleeping ------------------------------------------------------------------ */

/* As engine_wait(): sleeps while *word == value; atomic: with preemption off. */
void seam_wait(unsigned long ip, const volatile unsigned *word, unsigned value, int atomic,
	       const char *what);
void seam_wake(const volatile unsigned *word, unsigned n);
void seam_might_sleep(unsigned long ip);
void seam_cond_resched(unsigned long ip);
void seam_yield(unsigned long ip);
/* One of n alternatives, 0 the default. what: "alloc", "io", "signal", ... */
unsigned seam_choose(unsigned long ip, const char *what, unsigned n);

/* ---- lockdep ---------------------------------------------------------------------- */

/* slot: a pointer-sized field of the kernel's own lockdep_map that the glue owns
 * (NULL at first). inner: the kernel's wait type. nest: another map's slot. */
void seam_lock_acquire(void **slot, const void *key, const char *name, int inner,
		       unsigned subclass, int trylock, int read, void **nest, unsigned long ip);
void seam_lock_release(void **slot, unsigned long ip);
int seam_lock_is_held(void **slot, int read); /* 1 also where lockdep does not look */
int seam_rcu_is_held(void);

/* ---- RCU ------------------------------------------------------------------------ */

void seam_rcu_read_lock(unsigned long ip);
void seam_rcu_read_unlock(unsigned long ip);
/* fn(head) after a grace period, in softirq context. head: world memory. */
void seam_call_rcu(unsigned long ip, void *head, void (*fn)(void *head));
void seam_synchronize_rcu(unsigned long ip);
void seam_rcu_barrier(unsigned long ip);

/* ---- interrupts --------------------------------------------------------------------- */

/* fn(arg) in interrupt context of cpu, when the schedule delivers it. */
void seam_irq_queue(unsigned cpu, void (*fn)(void *arg), void *arg, const char *name);

/* ---- memory --------------------------------------------------------------------------- */

/* Zeroed world memory for set-up; it is never freed. 16-byte aligned. */
void *seam_arena_alloc(unsigned long size);
/* The slab: caches of poisoned objects, last in first out. typesafe: the memory of
 * a free object is neither poisoned nor constructed again (SLAB_TYPESAFE_BY_RCU). */
struct seam_cache;
struct seam_cache *seam_cache_create(const char *name, unsigned size, unsigned align,
				     int typesafe, void (*ctor)(void *object));
void *seam_cache_alloc(struct seam_cache *cache, int zero, unsigned long ip);
void *seam_kmalloc(unsigned long size, int zero, unsigned long ip);
void seam_free(const void *object, unsigned long ip); /* of any cache, or of kmalloc */
unsigned long seam_ksize(const void *object);
/* The i-th cache (kmalloc's too): its name, an object's size, objects in use. 0: none. */
int seam_cache_census(unsigned i, const char **name, unsigned *size, unsigned *live);
/* Text about up to lines objects in use of it, "  ROLE, allocated by SITE" each. */
void seam_cache_print(unsigned i, char *buf, unsigned long size, unsigned lines);
/* NULL: no object, or one that is free. For "freed to the wrong cache". */
struct seam_cache *seam_object_cache(const void *object);
/* Reports a free object that was written to: an allocation looks at its own, this
 * at all of them. For the audit. */
void seam_cache_check(void);
/* Per-CPU memory, as addresses of CPU 0's layout: see seam_percpu_offset. */
void *seam_percpu_alloc(unsigned long size, unsigned long align);
void seam_percpu_free(void *p);
unsigned seam_percpu_live(void); /* areas in use */
/* The page pool: reset clears the contents of the pages that were touched. */
void seam_page_touch(unsigned long pfn);
/* ASan: a free page may not be touched. Its first words hold poison in every build;
 * unpoison looks whether they still do, and leaves it there. */
void seam_page_poison(unsigned long pfn);
void seam_page_unpoison(unsigned long pfn);
/* Reports a page that is not zero behind its first words. For the audit: slow. */
void seam_page_check(void);
/* Roles, see engine_role_new() and engine_role_set(). kind: a string literal. */
void seam_role_new(const void *p, unsigned long size, const char *kind);
void seam_role_set(const void *p, unsigned long size, const char *kind, int a, int b);
/* Happens-before that TSan cannot see. */
void seam_hb_release(const volatile void *token);
void seam_hb_acquire(const volatile void *token);
/* TSan does not look in between (data_race(), KCSAN's disable). Nests. */
void seam_race_ignore_begin(void);
void seam_race_ignore_end(void);

/* ---- reports ---------------------------------------------------------------------------- */

/* Ends the run (never returns while tasks run). title: stable, no numbers. */
void seam_report(const char *title, const char *body);
/* A WARN: as seam_report(), but a title that stands in the tree's file of known ones
 * is counted and the run goes on. */
void seam_warn(const char *title, const char *body);
/* Name of the kernel function that ip lies in, as the site of an event has it. */
const char *seam_func(unsigned long ip);
/* The call sites of the seam, by ascending pc (a return address): the build makes
 * the table after the first link and links again. The executable is not a PIE. */
struct seam_site { unsigned long pc; const char *op, *func; };
extern const struct seam_site seam_site_table[];
extern const unsigned seam_site_count;
/* Of the build: "tree:NAME", and what reports say beside it (version, configuration,
 * patches, shim). */
extern const char seam_tree_name[], seam_tree_identity[];
/* Edits by rule that are compiled in under a switch: which one holds (0: none; N: the
 * Nth of the names, which end with a null pointer). Changed while nothing runs. */
extern unsigned int seam_edit;
extern const char *const seam_edit_names[];
void seam_print(const char *text); /* printk(); shown by trace --printk alone */
/* What a stub calls that nobody expected to be reached. */
void seam_unexpected(const char *name) __attribute__((noreturn));
/* A user's word is stored or loaded, at this very instant: the contents oracle. */
void seam_user_store(int mm, int page, int word, unsigned long value);
void seam_user_load(int mm, int page, int word, unsigned long value);
/* ... or a page that was missing is mapped with such a word (userfaultfd). */
void seam_user_fill(int mm, int page, int word, unsigned long value);

/* ======================================================================================= */

struct tree_device {
	unsigned char present, on, synchronous, discard, rotational, stable;
	unsigned char slots;      /* header and usable ones */
	short priority;           /* -1: the kernel's default */
	unsigned char bad[2];     /* bad slots, 0: none */
};

struct tree_machine {
	unsigned cpus, pages, readahead, mms; /* mms: bit i-1: mm i exists */
	unsigned thp;                         /* large folios are on */
	unsigned low_watermark;               /* free pages below which an allocation reclaims */
	struct tree_device device[SEAM_DEVS_MAX];
};

/* enum world_page_bit (glue asserts the numbers). */
enum tree_page_bit {
	TREE_PAGE_MAPPED = 1, TREE_PAGE_PRESENT = 2, TREE_PAGE_SWAPPED = 4,
	TREE_PAGE_EXCLUSIVE = 8, TREE_PAGE_ZERO = 16, TREE_PAGE_POISON = 32,
	TREE_PAGE_WRITABLE = 64, TREE_PAGE_SWAPCACHE = 128, TREE_PAGE_KSM = 256,
};
struct tree_page_state { unsigned bits; int dev, slot, frame; };
struct tree_counters { long swap_total, swap_used, ksm_shared, ksm_sharing, pages_free; };

/* As the ops of struct world_ops: 0 or -errno, never a positive number. Set-up and
 * tear-down run while no task does. */
int tree_setup(const struct tree_machine *machine);
void tree_teardown(void);
void tree_check_cheap(void);
void tree_check_quiet(void);
void tree_audit(void);
void *tree_task_make(unsigned index, char label); /* a task_struct, in world memory */
/* Clears the task's signals, frees its files; last: drops its pins. */
void tree_op_end(int last);

int tree_mmap(int mm, int page, int pages, unsigned mergeable, unsigned readonly);
int tree_munmap(int mm, int page, int pages);
int tree_write(int mm, int page, unsigned long value);
int tree_read(int mm, int page, unsigned long words[SEAM_PAGE_WORDS]);
int tree_madvise(int mm, int page, int pages, int advice); /* MADV_* */
int tree_mprotect(int mm, int page, int pages, int readonly);
int tree_mlock(int mm, int page, int pages);
int tree_munlock(int mm, int page, int pages);
int tree_mremap(int mm, int page, int pages, int to); /* to: its first page */
int tree_madv_collapse(int mm, int page, int pages);
int tree_oom_reap(int mm);
int tree_smaps(int mm);
int tree_smaps_rollup(int mm);
int tree_fork(int mm, int child);
int tree_exit(int mm);
int tree_reclaim(int pages);
int tree_kswapd(void);
int tree_lru_drain(void);
int tree_lru_drain_all(void);
int tree_ksm_scan(int pages);
int tree_ksm_pass(void);
int tree_ksm_unmerge(int mm, int page, int pages);
int tree_migrate(int mm, int page, int pages, int sync);
int tree_compact(int sync);
int tree_khugepaged(void);
int tree_deferred_split(void);
int tree_sysinfo(void);
int tree_swapon(int dev);
int tree_swapoff(int dev);
int tree_worker(void);
int tree_shm_map(int mm, int page, int pages, int shm);
int tree_shm_punch(int shm, int index, int pages);
int tree_shm_truncate(int shm, int size); /* in pages */
int tree_shm_close(int shm);
/* mode: TREE_UFFD_*. The first registration opens the mm's userfaultfd. */
enum tree_uffd_mode { TREE_UFFD_MISSING = 1, TREE_UFFD_WP = 2 };
int tree_uffd_register(int mm, int page, int pages, unsigned mode);
int tree_uffd_unregister(int mm, int page, int pages);
int tree_uffd_copy(int mm, int page, unsigned long value);
int tree_uffd_zeropage(int mm, int page, int pages);
int tree_uffd_wp(int mm, int page, int pages, int on);
int tree_uffd_move(int mm, int page, int from, int pages);
int tree_uffd_close(int mm);
int tree_mglru(int on);
int tree_zswap(int on);
int tree_zswap_shrink(int entries);
enum tree_pin_flag { SEAM_PIN_WRITE = 1, SEAM_PIN_LONGTERM = 2, SEAM_PIN_SLOW = 4 };
int tree_pin(int mm, int page, int pin, unsigned flags);
int tree_pin_write(int pin, unsigned long value);
int tree_pin_read(int pin);
int tree_unpin(int pin);
void tree_page_state(int mm, int page, struct tree_page_state *out);
void tree_mm_counters(int mm, long *anon, long *swap);
void tree_counters(struct tree_counters *out);
/* A data race of the tree that is known: writer's function writes the field plainly,
 * other's accesses it plainly. Of the shim, with the layouts of the tree's headers. */
struct tree_known_race {
	const char *writer;         /* NULL: any function, where the reason is other's */
	const char *other;          /* NULL: any function, where the reason is the field's */
	unsigned char other_writes;
	const char *kind;           /* of the object's role; NULL: a variable at address */
	unsigned long address;
	unsigned long stride;       /* not 0: a pointer is at address, to an array of *count */
	const unsigned long *count; /* elements of this size */
	unsigned char percpu;       /* 1: a pointer to per-CPU memory is at address */
	unsigned long offset, size; /* of the field, in the object or behind address */
};
const struct tree_known_race *tree_known_race(unsigned i); /* the i-th; NULL: no more */
/* The tree's version, LINUX_VERSION_CODE. */
extern const unsigned tree_version_code;

/* ---- tests of the shim (core/tree/test/shim_*.c) ---------------------------------- */

#define SEAM_SELFTEST_TASKS 3
/* Tasks run the functions at the same time, on CPU 0, 1, 0. title: a planted fault, which
 * some schedule must report; NULL: no schedule may report anything. see: outcomes
 * (bits) that must all have come over the schedules. tsan: the title is TSan's, and
 * other builds are silent. */
struct tree_selftest {
	const char *name, *title;
	void (*task[SEAM_SELFTEST_TASKS])(void);
	unsigned see, tsan;
};
/* The i-th one; NULL: no more. */
const struct tree_selftest *tree_selftest(unsigned i);
/* One of the outcomes of a test has come. */
void seam_selftest_saw(unsigned outcome);

#endif
