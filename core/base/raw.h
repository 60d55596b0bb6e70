/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcpy() and memset() that nobody watches: TSan would take those for accesses of the
 * world's (and spend more time on them than the run). What is short is done in words, for it
 * is not worth the start of a rep instruction.
 */
#ifndef CORE_BASE_RAW_H
#define CORE_BASE_RAW_H

#include "core/base/types.h"

#define RAW_COPY_SHORT 256u /* bytes */
#define RAW_FILL_SHORT 512u

typedef u64 __attribute__((aligned(1), may_alias)) raw_word;

static inline __no_sanitize_tsan void raw_copy(void *to, const void *from, size_t n)
{
	volatile u8 *t = to;
	const volatile u8 *f = from;

#if defined(__x86_64__)
	if (n > RAW_COPY_SHORT) {
		__asm__ __volatile__("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
		return;
	}
#endif
	for (; n >= sizeof(raw_word); n -= sizeof(raw_word)) {
		*(volatile raw_word *)t = *(const volatile raw_word *)f;
		t += sizeof(raw_word);
		f += sizeof(raw_word);
	}
	for (; n; n--)
		*t++ = *f++;
}

static inline __no_sanitize_tsan void raw_fill(void *p, u8 byte, size_t n)
{
	if (n <= RAW_FILL_SHORT && (n | (size_t)p) % sizeof(u64) == 0) {
		volatile u64 *w = p;

		for (; n; n -= sizeof(*w))
			*w++ = byte * 0x0101010101010101ull;
		return;
	}
#if defined(__x86_64__)
	__asm__ __volatile__("rep stosb" : "+D"(p), "+c"(n) : "a"(byte) : "memory");
#else
	for (volatile u8 *c = p; n; n--)
		*c++ = byte;
#endif
}

#endif
