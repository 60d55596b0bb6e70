// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stubs of parts of mm/ that the world does not run: limits of the machine, page
 * protection.
 * Left out: what each of them does.
 */
#include <linux/cpuhotplug.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/security.h>

#include "internal.h"

#include "core/tree/shim/world.h"

unsigned long mmap_min_addr = PAGE_SIZE;
s32 vm_committed_as_batch = 32;
pgd_t swapper_pg_dir[PTRS_PER_PGD];

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

/* Page n of a region maps page n of a file, so a file's pages move by whole regions.
 * mremap() asks here under mmap_lock, for each vma that it moves. */
int cap_mmap_addr(unsigned long addr)
{
	long by = shim_task_of(current)->move_by;
	const struct vm_area_struct *vma;

	if (by % REGION_PAGES == 0)
		return 0;
	vma = vma_lookup(current->mm, addr - (unsigned long)by * PAGE_SIZE);
	return vma && vma->vm_file ? -EACCES : 0;
}

int cap_vm_enough_memory(struct mm_struct *mm, long pages)
{
	return 1;
}
