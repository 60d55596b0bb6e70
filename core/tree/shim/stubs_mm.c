// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stubs of parts of mm/ that the world does not run yet: khugepaged, limits of the
 * machine, page protection.
 * Left out: what each of them does; khugepaged comes later as an op.
 */
#include <linux/cpuhotplug.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/khugepaged.h>
#include <linux/mman.h>
#include <linux/security.h>

#include "internal.h"

#include "core/tree/shim/world.h"

unsigned long mmap_min_addr = PAGE_SIZE;
s32 vm_committed_as_batch = 32;
pgd_t swapper_pg_dir[PTRS_PER_PGD];
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
unsigned int khugepaged_max_ptes_none = HPAGE_PMD_NR - 1;
#endif

/* ---- arch ------------------------------------------------------------------------ */

pgprot_t vm_get_page_prot(vm_flags_t flags)
{
	if (!(flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return PAGE_NONE;
	return (flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) ? PAGE_SHARED :
									    PAGE_READONLY;
}

/* The mm has no number of its own yet. */
pgd_t *pgd_alloc(struct mm_struct *mm)
{
	pgd_t *pgd = (pgd_t *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

	if (pgd)
		seam_role_set(pgd, PAGE_SIZE, "pgd mm", shim_task_of(current)->making_mm, -1);
	return pgd;
}

void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	free_page((unsigned long)pgd);
}

/* ---- security/commoncap.c -------------------------------------------------------- */

int cap_mmap_addr(unsigned long addr)
{
	return 0;
}

int cap_vm_enough_memory(struct mm_struct *mm, long pages)
{
	return 1;
}

/* ---- khugepaged ------------------------------------------------------------------- */

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* What madvise() asks for, without khugepaged. */
int hugepage_madvise(struct vm_area_struct *vma, vm_flags_t *vm_flags, int advice)
{
	vm_flags_t want = advice == MADV_HUGEPAGE ? VM_HUGEPAGE : VM_NOHUGEPAGE;

	*vm_flags = (*vm_flags & ~(VM_HUGEPAGE | VM_NOHUGEPAGE)) | want;
	return 0;
}

void khugepaged_enter_vma(struct vm_area_struct *vma, vm_flags_t flags)
{
}

void __khugepaged_enter(struct mm_struct *mm)
{
}

void __khugepaged_exit(struct mm_struct *mm)
{
}

bool current_is_khugepaged(void)
{
	return false;
}
#endif
