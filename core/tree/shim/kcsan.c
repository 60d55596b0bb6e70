// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/kcsan: what a tree that is built with CONFIG_KCSAN calls where
 * an access is not to be judged. TSan is told not to look in between.
 * A seqcount's read section: KCSAN takes its accesses for marked ones. Only the
 * reader is hidden, so a plain access elsewhere that races with the writer is
 * still found. Sections may end without a word (a failed try); the next begin or
 * the end of the op closes such a one. This can miss a race, it never invents one.
 * Left out: ASSERT_EXCLUSIVE_*() as such, scoped accesses, KCSAN's access mask, and what a
 * volatile access that is not READ_ONCE() races with. Not instrumented.
 */
#include <linux/kcsan-checks.h>
#include <linux/sched.h>
#include <linux/seqlock_types.h>

#include "core/tree/shim/shim.h"

#ifdef CONFIG_KCSAN

/* ---- data_race() and its like: they nest -------------------------------------------- */

void kcsan_disable_current(void)
{
	seam_race_ignore_begin();
}

void kcsan_enable_current(void)
{
	seam_race_ignore_end();
}

void kcsan_enable_current_nowarn(void)
{
	seam_race_ignore_end();
}

/* ---- seqcounts ---------------------------------------------------------------------- */

/* The task's own kcsan_ctx says whether a read section is open; interrupts share the
 * init task's, and none of them reads under a seqcount. */
static void read_section_close(void)
{
	struct kcsan_ctx *ctx = &current->kcsan_ctx;

	if (!ctx->atomic_next)
		return;
	ctx->atomic_next = 0;
	seam_race_ignore_end();
}

void kcsan_atomic_next(int n)
{
	/* 1: ASSERT_EXCLUSIVE_BITS() is about bits that no writer changes, so it marks the
	 * one access that follows. It says nothing of others, and begins no section. */
	if (n == 1 || !seam_live() || !in_task())
		return;
	read_section_close();
	if (!n)
		return;
	current->kcsan_ctx.atomic_next = n;
	seam_race_ignore_begin();
}

void shim_kcsan_op_end(void)
{
	if (seam_live())
		read_section_close();
}

/* The writer stays visible. */
void kcsan_nestable_atomic_begin(void)
{
}

void kcsan_nestable_atomic_end(void)
{
}

void kcsan_flat_atomic_begin(void)
{
}

void kcsan_flat_atomic_end(void)
{
}

/* ---- nothing to do ------------------------------------------------------------------ */

void kcsan_set_access_mask(unsigned long mask)
{
}

/*
 * ASSERT_EXCLUSIVE_WRITER() of mm_lock_seqcount_end(): what follows is a write barrier and
 * a plain increment, which KCSAN takes for marked ones. Who reads the count by an acquire
 * (vma_start_read()) sees all that was stored before.
 */
void __kcsan_check_access(const volatile void *p, size_t size, int type)
{
	if (type == KCSAN_ACCESS_ASSERT && size == sizeof(seqcount_t))
		seam_hb_release(p);
}

struct kcsan_scoped_access *kcsan_begin_scoped_access(const volatile void *p, size_t size,
						      int type, struct kcsan_scoped_access *access)
{
	return access;
}

void kcsan_end_scoped_access(struct kcsan_scoped_access *access)
{
}

#ifdef CONFIG_KCSAN_WEAK_MEMORY
void __kcsan_mb(void)
{
}

void __kcsan_wmb(void)
{
}

void __kcsan_rmb(void)
{
}

void __kcsan_release(void)
{
}
#endif

/*
 * clang's -tsan-distinguish-volatile calls these for each volatile access; TSan's
 * own runtime has none of them. A volatile access is a marked one.
 */
#define VOLATILE_HOOKS(size)					\
void __tsan_volatile_read##size(void *p);			\
void __tsan_volatile_write##size(void *p);			\
void __tsan_unaligned_volatile_read##size(void *p);		\
void __tsan_unaligned_volatile_write##size(void *p);		\
void __tsan_volatile_read##size(void *p) { }			\
void __tsan_volatile_write##size(void *p) { }			\
void __tsan_unaligned_volatile_read##size(void *p) { }		\
void __tsan_unaligned_volatile_write##size(void *p) { }

VOLATILE_HOOKS(1)
VOLATILE_HOOKS(2)
VOLATILE_HOOKS(4)
VOLATILE_HOOKS(8)
VOLATILE_HOOKS(16)
#else
void shim_kcsan_op_end(void)
{
}
#endif
