// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page fault of a user, as an architecture's handler goes about it: first under
 * the VMA's own lock, then under mmap_lock, again as often as the kernel says so.
 * Results are the model's (core/mm/access.c): -EFAULT for SIGSEGV, -EHWPOISON for
 * SIGBUS, -ENOMEM for out of memory, -EINTR for a task that dies.
 * Left out: stack growth, signals' delivery, the OOM killer, exception fix-up.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>

#include "core/tree/shim/world.h"

static bool access_error(const struct vm_area_struct *vma, unsigned int flags)
{
	vm_flags_t need = flags & FAULT_FLAG_WRITE ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC;

	return !(vma->vm_flags & need);
}

static int fault_error(vm_fault_t fault)
{
	if (likely(!(fault & VM_FAULT_ERROR)))
		return 0;
	if (fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (fault & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return -EHWPOISON;
	return -EFAULT;
}

/* 1: the slow path must go on. */
static int fault_under_vma_lock(struct mm_struct *mm, unsigned long address, unsigned int *flags)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, address);
	vm_fault_t fault;

	if (!vma)
		return 1;
	if (access_error(vma, *flags)) {
		vma_end_read(vma);
		return -EFAULT;
	}
	fault = handle_mm_fault(vma, address, *flags | FAULT_FLAG_VMA_LOCK, NULL);
	if (!(fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)))
		vma_end_read(vma);
	if (!(fault & VM_FAULT_RETRY))
		return fault_error(fault);
	if (fault & VM_FAULT_MAJOR)
		*flags |= FAULT_FLAG_TRIED;
	return fatal_signal_pending(current) ? -EINTR : 1;
}

int do_user_addr_fault(struct mm_struct *mm, unsigned long address, unsigned int flags)
{
	struct vm_area_struct *vma;
	vm_fault_t fault;
	int ret;

	flags |= FAULT_FLAG_DEFAULT | FAULT_FLAG_USER;
	ret = fault_under_vma_lock(mm, address, &flags);
	if (ret <= 0)
		return ret;
retry:
	mmap_read_lock(mm);
	vma = vma_lookup(mm, address);
	if (!vma || access_error(vma, flags)) {
		mmap_read_unlock(mm);
		return -EFAULT;
	}
	fault = handle_mm_fault(vma, address, flags, NULL);
	if ((fault & VM_FAULT_RETRY) && fatal_signal_pending(current))
		return -EINTR;
	if (fault & VM_FAULT_COMPLETED)
		return 0;
	if (fault & VM_FAULT_RETRY) {
		flags |= FAULT_FLAG_TRIED;
		goto retry;
	}
	mmap_read_unlock(mm);
	return fault_error(fault);
}
