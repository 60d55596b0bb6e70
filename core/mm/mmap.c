/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/fork.c (mm_alloc, mmput, mmdrop), mm/mmap.c (exit_mmap,
 * find_vma, do_mmap), mm/vma.c (__split_vma, vms_gather_munmap_vmas,
 * vms_complete_munmap_vmas, unmap_region), mm/memory.c (__pte_alloc, free_pgtables).
 * A vma lies in one region, which has one page table page. The vmas of an mm
 * are a list by address (the kernel: a maple tree).
 * Left out: merging of vmas, mprotect, mremap, accounting, lazy TLB mms.
 * Locking: mmap_lock guards the list and the vmas; a vma's bounds also need the
 * anon_vma's lock, because rmap walks read them.
 */
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/pgtable.h"

DEFINE_SPINLOCK(mmlist_lock);
/* Never freed: swapoff's walk begins and ends with a reference on it. */
struct mm_struct init_mm __world = {
	.mm_users = ATOMIC_INIT(2), .mm_count = ATOMIC_INIT(1),
	.mmlist = LIST_HEAD_INIT(init_mm.mmlist),
};
WORLD_NAME(init_mm);

static DEFINE_KMEM_CACHE(mm_cachep, struct mm_struct, "mm");
static DEFINE_KMEM_CACHE(vm_area_cachep, struct vm_area_struct, "vma");

struct mm_struct *mm_table[MM_TABLE_MAX] __world = { NULL };
WORLD_NAME(mm_table);

/* Puts new in the place of old, NULL being none. */
static void mm_table_replace(struct mm_struct *old, struct mm_struct *new)
{
	for (int i = 0; i < MM_TABLE_MAX; i++) {
		struct mm_struct *was = old;

		if (engine_cmpxchg(&mm_table[i], &was, new, ENGINE_RELAXED, ENGINE_RELAXED))
			return;
	}
	report_bug("more mms than there can be", __func__, "");
}

void mm_prepare_for_swap_entries(struct mm_struct *mm)
{
	if (!list_empty(&mm->mmlist))
		return;
	spin_lock(&mmlist_lock);
	if (list_empty(&mm->mmlist))
		data_race(({ list_add(&mm->mmlist, &init_mm.mmlist); 0; }));
	spin_unlock(&mmlist_lock);
}

/* ---- the life of an mm ----------------------------------------------------------------- */

struct mm_struct *mm_alloc(unsigned int id)
{
	struct mm_struct *mm;

	BUG_ON(id == 0 || id > WORLD_MM_MAX);
	mm = kmem_cache_zalloc(&mm_cachep, GFP_KERNEL);
	if (!mm)
		return NULL;
	mm->id = id;
	role_set(mm, sizeof(*mm), "mm", (int)id, -1);
	init_new_context(mm);
	mmap_init_lock(mm);
	INIT_LIST_HEAD(&mm->vmas);
	spin_lock_init(&mm->page_table_lock);
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	seqcount_init(&mm->write_protect_seq);
	INIT_LIST_HEAD(&mm->mmlist);
	INIT_LIST_HEAD(&mm->ksm_slot);
	mm_table_replace(NULL, mm);
	return mm;
}

void mmget(struct mm_struct *mm)
{
	VM_WARN_ON(atomic_read(&mm->mm_users) <= 0);
	atomic_inc(&mm->mm_users);
}

bool mmget_not_zero(struct mm_struct *mm)
{
	return atomic_inc_not_zero(&mm->mm_users);
}

void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

static void check_mm(struct mm_struct *mm)
{
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		WARN_NAMED(atomic_long_read(&mm->rss_stat[i]) != 0, "rss counter not zero");
	for (int i = 0; i < PT_PAGES; i++)
		WARN_NAMED(READ_ONCE(mm->pt[i]) != NULL, "page table not freed");
}

void mmdrop(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_count))
		return;
	BUG_ON(!list_empty(&mm->vmas));
	BUG_ON(!list_empty(&mm->mmlist));
	check_mm(mm);
	mm_table_replace(mm, NULL);
	kmem_cache_free(&mm_cachep, mm);
}

void mmput(struct mm_struct *mm)
{
	bool off_list;

	might_sleep();
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	ksm_exit(mm); /* before the vmas go: ksmd may be inside */
	exit_mmap(mm);
	/* The kernel's list_empty() may say yes while drain_mmlist() still writes to
	 * the entry; then the mm is freed under it. */
	off_list = bug_seeded(BUG_MMPUT_LIST_EMPTY) ? list_empty(&mm->mmlist) :
						      list_empty_careful(&mm->mmlist);
	if (!off_list) {
		spin_lock(&mmlist_lock);
		list_del_init(&mm->mmlist);
		spin_unlock(&mmlist_lock);
	}
	mmdrop(mm);
}

bool check_stable_address_space(struct mm_struct *mm)
{
	return unlikely(test_bit(MMF_UNSTABLE, &mm->flags));
}

/* ---- vmas ------------------------------------------------------------------------------- */

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(&vm_area_cachep, GFP_KERNEL);

	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	INIT_LIST_HEAD(&vma->vm_link);
	return vma;
}

struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig)
{
	struct vm_area_struct *new = kmem_cache_alloc(&vm_area_cachep, GFP_KERNEL);

	if (!new)
		return NULL;
	/* orig may be seen by rmap walks, but nobody changes it: mmap_lock. */
	*new = *orig;
	INIT_LIST_HEAD(&new->anon_vma_chain);
	INIT_LIST_HEAD(&new->vm_link);
	return new;
}

void vm_area_free(struct vm_area_struct *vma)
{
	BUG_ON(!list_empty(&vma->anon_vma_chain));
	BUG_ON(!list_empty(&vma->vm_link));
	kmem_cache_free(&vm_area_cachep, vma);
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	for_each_vma(mm, vma)
		if (addr < vma->vm_end)
			return vma;
	return NULL;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/* Links vma into the list of its mm, by address. */
static void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next = find_vma(mm, vma->vm_start);

	mmap_assert_write_locked(mm);
	BUG_ON(next && next->vm_start < vma->vm_end);
	if (next)
		list_add_tail(&vma->vm_link, &next->vm_link);
	else
		list_add_tail(&vma->vm_link, &mm->vmas);
}

static bool range_ok(unsigned long addr, unsigned long len)
{
	return len && !((addr | len) & ~PAGE_MASK) && addr + len > addr &&
	       addr + len <= TASK_SIZE;
}

static int do_mmap(struct mm_struct *mm, unsigned long addr, unsigned long end,
		   unsigned long vm_flags)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma && vma->vm_start < end)
		return -EEXIST;
	while (addr < end) {
		vma = vm_area_alloc(mm);
		if (!vma)
			return -ENOMEM;
		vma->vm_start = addr;
		vma->vm_end = pmd_addr_end(addr, end);
		vma->vm_pgoff = addr >> PAGE_SHIFT;
		vma->vm_flags = vm_flags;
		vma_link(mm, vma);
		addr = vma->vm_end;
	}
	return 0;
}

int vm_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long vm_flags)
{
	int ret;

	if (!range_ok(addr, len))
		return -EINVAL;
	mmap_write_lock(mm);
	ret = do_mmap(mm, addr, addr + len, vm_flags);
	mmap_write_unlock(mm);
	return ret;
}

int split_vma(struct vm_area_struct *vma, unsigned long addr)
	__no_lock_analysis("anon_vma lock only where there is one")
{
	struct vm_area_struct *new;

	mmap_assert_write_locked(vma->vm_mm);
	VM_WARN_ON(vma->vm_start >= addr || vma->vm_end <= addr);
	new = vm_area_dup(vma);
	if (!new)
		return -ENOMEM;
	new->vm_start = addr;
	new->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	/* From here on rmap walks find both; for a moment both cover the tail. */
	if (anon_vma_clone(new, vma)) {
		kmem_cache_free(&vm_area_cachep, new);
		return -ENOMEM;
	}
	PATH("vma_split");
	if (vma->anon_vma)
		anon_vma_lock_write(vma->anon_vma);
	vma->vm_end = addr;
	vma_link(vma->vm_mm, new);
	if (new->anon_vma)
		anon_vma_unlock_write(new->anon_vma);
	return 0;
}

/* ---- page tables -------------------------------------------------------------------------- */

int pte_alloc(struct mm_struct *mm, unsigned long addr)
{
	unsigned int region = pmd_index(addr);
	struct ptdesc *new;

	BUG_ON(region >= PT_PAGES);
	if (likely(READ_ONCE(mm->pt[region])))
		return 0;
	new = pte_alloc_one(mm, addr);
	if (!new)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (likely(!mm->pt[region])) { /* has another populated it? */
		/* Its contents before the pointer to it; pairs with the
		 * dependent load of whoever walks the table. */
		smp_store_release(&mm->pt[region], new);
		new = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (new) {
		PATH("pte_alloc_lost");
		pte_free(mm, new);
	}
	return 0;
}

/* Frees the region's page table page after the gather's TLB flush. */
static void free_pte_range(struct mmu_gather *tlb, unsigned int region)
{
	struct mm_struct *mm = tlb->mm;
	struct ptdesc *pt;

	spin_lock(&mm->page_table_lock);
	pt = mm->pt[region];
	WRITE_ONCE(mm->pt[region], NULL);
	spin_unlock(&mm->page_table_lock);
	if (pt)
		pte_free_tlb(tlb, pt, region);
}

/* Frees the page table pages of [addr, end) that lie within [floor, ceiling) as a
 * whole: beyond, somebody else may use them. */
static void free_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
			   unsigned long floor, unsigned long ceiling)
{
	addr &= PMD_MASK;
	if (addr < floor)
		addr += PMD_SIZE;
	end = min(end, ceiling & PMD_MASK);
	for (; addr < end; addr += PMD_SIZE)
		if (READ_ONCE(tlb->mm->pt[pmd_index(addr)]))
			free_pte_range(tlb, pmd_index(addr));
}

static struct vm_area_struct *vma_next(struct vm_area_struct *vma, struct list_head *vmas)
{
	return list_is_last(&vma->vm_link, vmas) ? NULL : list_next_entry(vma, vm_link);
}

void free_pgtables(struct mmu_gather *tlb, struct list_head *vmas, unsigned long floor,
		   unsigned long ceiling)
{
	struct vm_area_struct *vma = list_first_entry(vmas, struct vm_area_struct, vm_link);

	do {
		struct vm_area_struct *next = vma_next(vma, vmas);
		unsigned long addr = vma->vm_start;

		/* Hidden from rmap before the page tables go, and so are those nearby,
		 * which may share one. */
		unlink_anon_vmas(vma);
		while (next && next->vm_start <= vma->vm_end + PMD_SIZE) {
			vma = next;
			next = vma_next(vma, vmas);
			unlink_anon_vmas(vma);
		}
		free_pgd_range(tlb, addr, vma->vm_end, floor, next ? next->vm_start : ceiling);
		vma = next;
	} while (vma);
}

/* ---- munmap, exit --------------------------------------------------------------------------- */

void unmap_region(struct mm_struct *mm, struct list_head *vmas, unsigned long floor,
		  unsigned long ceiling)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	unmap_vmas(&tlb, vmas);
	free_pgtables(&tlb, vmas, floor, ceiling);
	tlb_finish_mmu(&tlb);
}

void tear_down_vmas(struct list_head *vmas)
{
	struct vm_area_struct *vma, *next;

	list_for_each_entry_safe(vma, next, vmas, vm_link) {
		list_del_init(&vma->vm_link);
		vm_area_free(vma);
	}
}

/* Splits at both ends and takes the vmas of the range off the list. Nothing has
 * happened where -ENOMEM is returned, except perhaps a split. */
static int vms_gather_munmap_vmas(struct mm_struct *mm, unsigned long start, unsigned long end,
				  struct list_head *detached)
{
	struct vm_area_struct *vma, *next;

	vma = find_vma(mm, start);
	if (vma && vma->vm_start < start && split_vma(vma, start))
		return -ENOMEM;
	vma = find_vma(mm, end - 1);
	if (vma && vma->vm_start < end && vma->vm_end > end && split_vma(vma, end))
		return -ENOMEM;
	list_for_each_entry_safe(vma, next, &mm->vmas, vm_link)
		if (vma->vm_start >= start && vma->vm_end <= end)
			list_move_tail(&vma->vm_link, detached);
	return 0;
}

int vm_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
	__no_lock_analysis("the killable form returns without the lock")
{
	struct vm_area_struct *vma, *prev = NULL, *next;
	struct list_head detached;
	int ret;

	if (!range_ok(addr, len))
		return -EINVAL;
	INIT_LIST_HEAD(&detached);
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = vms_gather_munmap_vmas(mm, addr, addr + len, &detached);
	if (ret || list_empty(&detached)) {
		mmap_write_unlock(mm);
		return ret;
	}
	next = find_vma(mm, addr);
	for_each_vma(mm, vma)
		if (vma->vm_end <= addr)
			prev = vma;
	/* Nobody finds them any more: faults elsewhere may go on. */
	mmap_write_downgrade(mm);
	unmap_region(mm, &detached, prev ? prev->vm_end : 0,
		     next ? next->vm_start : TASK_SIZE);
	tear_down_vmas(&detached);
	mmap_read_unlock(mm);
	return 0;
}

void exit_mmap(struct mm_struct *mm)
{
	struct mmu_gather tlb;

	BUG_ON(atomic_read(&mm->mm_users) != 0);
	mmap_read_lock(mm);
	if (list_empty(&mm->vmas)) {
		mmap_read_unlock(mm);
		return;
	}
	tlb_gather_mmu_fullmm(&tlb, mm);
	unmap_vmas(&tlb, &mm->vmas);
	mmap_read_unlock(mm);

	/* Reclaim and swapoff may have come in between; all is unmapped. */
	mmap_write_lock(mm);
	free_pgtables(&tlb, &mm->vmas, 0, TASK_SIZE);
	tlb_finish_mmu(&tlb);
	tear_down_vmas(&mm->vmas);
	mmap_write_unlock(mm);
}
