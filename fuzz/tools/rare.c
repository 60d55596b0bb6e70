// SPDX-License-Identifier: GPL-2.0-or-later
/* The pool of a search, by what its programs reached: see rare.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "core/base/site.h"
#include "core/base/world_ops.h"
#include "fuzz/tools/rare.h"

#define SLOTS 320
#define DRAWS 4

/* The records that PATH() leaves, in the order of the link. */
extern struct path *const __start_swaprace_paths[] __attribute__((weak));
extern struct path *const __stop_swaprace_paths[] __attribute__((weak));

/* A place of the code: a named path or, where the world has edges, an edge. */
static struct place {
	u64 before;   /* taken, at rare_begin(); of a path */
	u64 programs; /* that reached it */
	u32 slot;     /* index + 1 of its program; 0: none is kept */
} *places;
static u32 nplaces;
static struct world_edges edges;

/* A program that is kept for one place. */
static struct slot {
	u32 place;
	u64 points;
	struct prog last;
} slots[SLOTS];
static u32 nslots;

void rare_reset(void)
{
	free(places);
	edges = (struct world_edges){ 0 };
	if (world_linked->edges)
		world_linked->edges(&edges);
	nplaces = edges.n ? edges.n : (u32)(__stop_swaprace_paths - __start_swaprace_paths);
	places = calloc(nplaces ? nplaces : 1, sizeof(*places));
	BUG_ON(!places);
	nslots = 0;
}

void rare_begin(void)
{
	if (edges.n)
		memset(edges.taken, 0, edges.n);
	else
		for (u32 i = 0; i < nplaces; i++)
			places[i].before = __start_swaprace_paths[i]->taken;
}

static struct slot *commonest(void)
{
	struct slot *most = &slots[0];

	for (u32 i = 1; i < nslots; i++) {
		if (places[slots[i].place].programs > places[most->place].programs)
			most = &slots[i];
	}
	return most;
}

/* A slot for a place without one: a free one, or that of a place which many more
 * programs reach; NULL: the pool has rarer ones. */
static struct slot *slot_for(u32 place, u64 most)
{
	struct slot *slot;

	if (nslots < SLOTS) {
		slot = &slots[nslots++];
	} else {
		if (most <= 2 * places[place].programs)
			return NULL;
		slot = commonest();
		if (places[slot->place].programs <= 2 * places[place].programs)
			return NULL;
		places[slot->place].slot = 0;
	}
	slot->place = place;
	places[place].slot = (u32)(slot - slots) + 1;
	return slot;
}

static void reached(u32 i, const struct prog *p, u64 points, u64 most)
{
	struct place *place = &places[i];
	struct slot *slot = place->slot ? &slots[place->slot - 1] : NULL;

	place->programs++;
	if (!p)
		return;
	if (!slot) {
		slot = slot_for(i, most);
		if (!slot)
			return;
	} else {
		/* Else the pool drifts to programs that take long, and the search slows down. */
		if (points > slot->points + slot->points / 8)
			return;
		/* The common ones need no program of their own. */
		if (place->programs & (place->programs - 1) && place->programs >= 1000)
			return;
	}
	prog_copy(&slot->last, p);
	slot->points = points;
}

static bool is_taken(u32 i)
{
	return edges.n ? edges.taken[i] != 0 : __start_swaprace_paths[i]->taken != places[i].before;
}

size_t rare_bytes(void)
{
	return (nplaces + 63) / 64 * 8;
}

void rare_end(u8 *taken)
{
	memset(taken, 0, rare_bytes());
	for (u32 i = 0; i < nplaces; i++) {
		u64 eight = 1;

		if (edges.n && i + 8 <= nplaces) { /* most edges are not taken */
			memcpy(&eight, &edges.taken[i], 8);
			if (!eight) {
				i += 7;
				continue;
			}
		}
		if (is_taken(i))
			taken[i / 8] |= (u8)(1u << (i % 8));
	}
}

void rare_add(const struct prog *p, u64 points, const u8 *taken)
{
	u64 most = nslots == SLOTS ? places[commonest()->place].programs : 0;

	for (u32 i = 0; i < nplaces; i += 64) {
		u64 bits;

		memcpy(&bits, &taken[i / 8], 8);
		for (; bits; bits &= bits - 1) {
			BUG_ON_CMP(i + (u32)__builtin_ctzll(bits), >=, nplaces);
			reached(i + (u32)__builtin_ctzll(bits), p, points, most);
		}
	}
}

const struct prog *rare_pick(struct prng *rng)
{
	const struct slot *best = NULL;

	for (unsigned i = 0; i < DRAWS && nslots; i++) {
		const struct slot *s = &slots[prng_below(rng, nslots)];

		if (!best || places[s->place].programs < places[best->place].programs)
			best = s;
	}
	return best ? &best->last : NULL;
}

int rare_save(const char *path, u32 *taken)
{
	FILE *out = edges.n ? fopen(path, "w") : NULL;

	*taken = 0;
	if (!out)
		return edges.n ? -errno : -ENODATA;
	for (u32 i = 0; i < edges.n; i++) {
		fprintf(out, "%lx %llu\n", edges.at[i].pc, (unsigned long long)places[i].programs);
		*taken += places[i].programs > 0;
	}
	return fclose(out) ? -errno : 0;
}
