// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes that no sanitizer sees: libc's functions are intercepted, and what the
 * glue fills, copies and compares is bookkeeping and no access of the tree's.
 * The start of a run, which puts all of it in order, is here as well.
 */
#include "core/tree/glue/glue.h"

#ifdef SWAPRACE_ASAN
void __asan_poison_memory_region(void const volatile *p, size_t size);
void __asan_unpoison_memory_region(void const volatile *p, size_t size);
#endif

void glue_reset(unsigned pages)
{
	BUG_ON(engine_running());
	pages_reset(pages); /* first: the pool is the arena's base */
	known_read_default();
	events_reset();
	cpu_reset();
	lockdep_maps_reset();
	rcu_heads_reset();
	irq_works_reset();
	slab_reset();
	percpu_reset();
}

__no_sanitize_tsan bool raw_filled_with(const void *p, u8 byte, size_t n)
{
	const volatile u64 *w = p;
	u64 word = byte * 0x0101010101010101ull;
	size_t i = 0, words = n / sizeof(*w);

	for (; i + 4 <= words; i += 4)
		if ((w[i] ^ word) | (w[i + 1] ^ word) | (w[i + 2] ^ word) | (w[i + 3] ^ word))
			return false;
	for (; i < words; i++)
		if (w[i] != word)
			return false;
	return true;
}

void asan_hide(const void *p, size_t n)
{
#ifdef SWAPRACE_ASAN
	__asan_poison_memory_region(p, n);
#else
	(void)p;
	(void)n;
#endif
}

void asan_show(const void *p, size_t n)
{
#ifdef SWAPRACE_ASAN
	__asan_unpoison_memory_region(p, n);
#else
	(void)p;
	(void)n;
#endif
}
