/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU data: the section swaprace_tree_percpu holds CPU 0's layout, and each
 * CPU's copy lies seam_percpu_offset[cpu] beyond it. this_cpu_*() are one
 * instruction on the machine we model: one event, so nothing comes in between.
 */
#ifndef __ASM_PERCPU_H
#define __ASM_PERCPU_H

#include <asm/shim.h>

#define PER_CPU_BASE_SECTION "swaprace_tree_percpu"
#define __per_cpu_offset seam_percpu_offset
#define per_cpu_offset(cpu) (seam_percpu_offset[cpu])
#define __my_cpu_offset (seam_percpu_offset[seam_cpu()])
#define arch_raw_cpu_ptr(ptr) SHIFT_PERCPU_PTR(ptr, __my_cpu_offset)

#define __this_cpu_rmw(pcp)							\
({										\
	typeof(&(pcp)) __mine = raw_cpu_ptr(&(pcp));				\
										\
	seam_rmw(__mine, sizeof(pcp));						\
	__mine;									\
})

#define __this_cpu_load(pcp) READ_ONCE(*raw_cpu_ptr(&(pcp)))
#define __this_cpu_store(pcp, val) WRITE_ONCE(*raw_cpu_ptr(&(pcp)), val)
#define __this_cpu_fetch(op, pcp, val)						\
	((void)__atomic_fetch_##op(__this_cpu_rmw(pcp), (val), __ATOMIC_RELAXED))
#define __this_cpu_sum(pcp, val)						\
	__atomic_add_fetch(__this_cpu_rmw(pcp), (val), __ATOMIC_RELAXED)
#define __this_cpu_swap(pcp, new)						\
	__atomic_exchange_n(__this_cpu_rmw(pcp), (new), __ATOMIC_RELAXED)
#define __this_cpu_try(pcp, oldp, new)						\
	__atomic_compare_exchange_n(__this_cpu_rmw(pcp), (oldp), (new), 0,	\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define __this_cpu_compare(pcp, old, new)					\
({										\
	typeof(pcp) __found = (old);						\
										\
	__this_cpu_try(pcp, &__found, new);					\
	__found;								\
})

#define this_cpu_read_1(pcp) __this_cpu_load(pcp)
#define this_cpu_read_2(pcp) __this_cpu_load(pcp)
#define this_cpu_read_4(pcp) __this_cpu_load(pcp)
#define this_cpu_read_8(pcp) __this_cpu_load(pcp)
#define this_cpu_write_1(pcp, val) __this_cpu_store(pcp, val)
#define this_cpu_write_2(pcp, val) __this_cpu_store(pcp, val)
#define this_cpu_write_4(pcp, val) __this_cpu_store(pcp, val)
#define this_cpu_write_8(pcp, val) __this_cpu_store(pcp, val)
#define this_cpu_add_1(pcp, val) __this_cpu_fetch(add, pcp, val)
#define this_cpu_add_2(pcp, val) __this_cpu_fetch(add, pcp, val)
#define this_cpu_add_4(pcp, val) __this_cpu_fetch(add, pcp, val)
#define this_cpu_add_8(pcp, val) __this_cpu_fetch(add, pcp, val)
#define this_cpu_and_1(pcp, val) __this_cpu_fetch(and, pcp, val)
#define this_cpu_and_2(pcp, val) __this_cpu_fetch(and, pcp, val)
#define this_cpu_and_4(pcp, val) __this_cpu_fetch(and, pcp, val)
#define this_cpu_and_8(pcp, val) __this_cpu_fetch(and, pcp, val)
#define this_cpu_or_1(pcp, val) __this_cpu_fetch(or, pcp, val)
#define this_cpu_or_2(pcp, val) __this_cpu_fetch(or, pcp, val)
#define this_cpu_or_4(pcp, val) __this_cpu_fetch(or, pcp, val)
#define this_cpu_or_8(pcp, val) __this_cpu_fetch(or, pcp, val)
#define this_cpu_add_return_1(pcp, val) __this_cpu_sum(pcp, val)
#define this_cpu_add_return_2(pcp, val) __this_cpu_sum(pcp, val)
#define this_cpu_add_return_4(pcp, val) __this_cpu_sum(pcp, val)
#define this_cpu_add_return_8(pcp, val) __this_cpu_sum(pcp, val)
#define this_cpu_xchg_1(pcp, new) __this_cpu_swap(pcp, new)
#define this_cpu_xchg_2(pcp, new) __this_cpu_swap(pcp, new)
#define this_cpu_xchg_4(pcp, new) __this_cpu_swap(pcp, new)
#define this_cpu_xchg_8(pcp, new) __this_cpu_swap(pcp, new)
#define this_cpu_cmpxchg_1(pcp, old, new) __this_cpu_compare(pcp, old, new)
#define this_cpu_cmpxchg_2(pcp, old, new) __this_cpu_compare(pcp, old, new)
#define this_cpu_cmpxchg_4(pcp, old, new) __this_cpu_compare(pcp, old, new)
#define this_cpu_cmpxchg_8(pcp, old, new) __this_cpu_compare(pcp, old, new)
#define this_cpu_try_cmpxchg_1(pcp, oldp, new) __this_cpu_try(pcp, oldp, new)
#define this_cpu_try_cmpxchg_2(pcp, oldp, new) __this_cpu_try(pcp, oldp, new)
#define this_cpu_try_cmpxchg_4(pcp, oldp, new) __this_cpu_try(pcp, oldp, new)
#define this_cpu_try_cmpxchg_8(pcp, oldp, new) __this_cpu_try(pcp, oldp, new)

#include <asm-generic/percpu.h>

#endif
