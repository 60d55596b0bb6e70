/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/bitmap.h, find.h: bit arrays of unsigned longs, plain
 * accesses. The atomic bit operations are core/kapi's. Bits beyond the given
 * size are never looked at.
 */
#ifndef CORE_BASE_BITMAP_H
#define CORE_BASE_BITMAP_H

#include "core/base/types.h"

#include <string.h>

#ifndef BITS_PER_LONG
#define BITS_PER_LONG 64
#endif
BUILD_BUG_ON(sizeof(unsigned long) * 8 != BITS_PER_LONG);
#define BITS_TO_LONGS(bits) DIV_ROUND_UP(bits, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static inline bool bitmap_test(const unsigned long *map, unsigned long bit)
{
	return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & 1;
}

static inline void bitmap_zero(unsigned long *map, unsigned long bits)
{
	memset(map, 0, BITS_TO_LONGS(bits) * sizeof(*map));
}

static inline void bitmap_fill(unsigned long *map, unsigned long bits)
{
	memset(map, 0xff, BITS_TO_LONGS(bits) * sizeof(*map));
}

static inline void bitmap_set(unsigned long *map, unsigned long start, unsigned long count)
{
	for (unsigned long bit = start; bit < start + count; bit++)
		map[bit / BITS_PER_LONG] |= 1ul << (bit % BITS_PER_LONG);
}

static inline void bitmap_clear(unsigned long *map, unsigned long start, unsigned long count)
{
	for (unsigned long bit = start; bit < start + count; bit++)
		map[bit / BITS_PER_LONG] &= ~(1ul << (bit % BITS_PER_LONG));
}

/* The first bit at or after from whose word, xored with flip, has it set; bits
 * where there is none. */
static inline unsigned long bitmap_find_(const unsigned long *map, unsigned long bits,
					 unsigned long from, unsigned long flip)
{
	while (from < bits) {
		unsigned long word = (map[from / BITS_PER_LONG] ^ flip) >> (from % BITS_PER_LONG);

		if (word) {
			from += (unsigned long)__builtin_ctzl(word);
			return from < bits ? from : bits;
		}
		from = (from / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return bits;
}

static inline unsigned long find_next_bit(const unsigned long *map, unsigned long bits,
					  unsigned long from)
{
	return bitmap_find_(map, bits, from, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map, unsigned long bits,
					       unsigned long from)
{
	return bitmap_find_(map, bits, from, ~0ul);
}

static inline unsigned long find_first_bit(const unsigned long *map, unsigned long bits)
{
	return find_next_bit(map, bits, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long bits)
{
	return find_next_zero_bit(map, bits, 0);
}

#define for_each_set_bit(bit, map, bits)                                        \
	for ((bit) = find_first_bit((map), (bits)); (bit) < (bits);             \
	     (bit) = find_next_bit((map), (bits), (bit) + 1))

static inline bool bitmap_empty(const unsigned long *map, unsigned long bits)
{
	return find_first_bit(map, bits) >= bits;
}

static inline bool bitmap_full(const unsigned long *map, unsigned long bits)
{
	return find_first_zero_bit(map, bits) >= bits;
}

static inline unsigned long bitmap_weight(const unsigned long *map, unsigned long bits)
{
	unsigned long n = 0, bit;

	for_each_set_bit(bit, map, bits)
		n++;
	return n;
}

#endif
