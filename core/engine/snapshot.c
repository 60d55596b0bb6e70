// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot: the world as its set-up left it, so that the next run of the same
 * machine begins with a copy and not with the set-up. It holds world memory, the globals
 * of the world, and what the world's owner adds of its own bookkeeping. Of the roles it
 * puts back those that the run named anew, behind what the world clears by itself. What
 * only grows in a run (names of roles) stays where it is and is cut off; so a snapshot is
 * good until the next reset that does not go back to it.
 * Long runs of one word (zeroes, poison, one role) are filled and not copied: copy and
 * world together are about as large as a processor's cache.
 * Left out: what ASan hides. There is no snapshot in that build.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/raw.h"
#include "core/engine/internal.h"

#define FILL_MIN 256u /* bytes; shorter runs of one word are copied */

struct part { char *p; size_t size; };
/* A piece of a part: size bytes of one word, or a copy. */
struct piece {
	char *p;
	size_t size;
	u64 word;
	bool fill;
};

static struct {
	struct part *part;
	struct piece *piece;
	char *copy;            /* of all pieces that are copied, one behind the other */
	size_t bytes, room;    /* of all parts; of copy */
	u32 nparts, parts_room, npieces, pieces_room;
	struct arena_mark mark;
	bool good;
} snapshot;

static __cold void snapshot_die(void)
{
	fprintf(stderr, "swaprace: out of memory for a snapshot\n");
	exit(3);
}

static void fill_words(char *to, u64 word, size_t n)
{
#if defined(__x86_64__)
	n /= sizeof(word);
	__asm__ __volatile__("rep stosq" : "+D"(to), "+c"(n) : "a"(word) : "memory");
#else
	for (; n; n -= sizeof(word), to += sizeof(word))
		*(volatile u64 *)to = word;
#endif
}

/* Room for one more in an array of so many. */
static void *more(void *array, u32 used, u32 *room, size_t size)
{
	if (used < *room)
		return array;
	*room = *room ? 2 * *room : 256;
	array = realloc(array, *room * size);
	if (!array)
		snapshot_die();
	return array;
}

static void part_add(void *p, size_t size)
{
	if (!size)
		return;
	snapshot.part = more(snapshot.part, snapshot.nparts, &snapshot.parts_room,
			     sizeof(*snapshot.part));
	snapshot.part[snapshot.nparts++] = (struct part){ p, size };
	snapshot.bytes += size;
}

/* ---- pieces ---- */

static void piece_add(char *p, size_t size, bool fill)
{
	if (!size)
		return;
	snapshot.piece = more(snapshot.piece, snapshot.npieces, &snapshot.pieces_room,
			      sizeof(*snapshot.piece));
	snapshot.piece[snapshot.npieces++] = (struct piece){
		.p = p, .size = size, .word = fill ? *(const u64 *)p : 0, .fill = fill };
}

/* Bytes of equal words at p. */
static size_t run_of(const char *p, const char *end)
{
	u64 first = *(const u64 *)p;
	const char *at = p;

	while (at + sizeof(first) <= end && *(const u64 *)at == first)
		at += sizeof(first);
	return (size_t)(at - p);
}

static void part_split(const struct part *part)
{
	char *end = part->p + part->size, *from = part->p, *p = part->p;

	if ((uintptr_t)p % sizeof(u64)) {
		piece_add(p, part->size, false);
		return;
	}
	while (p + FILL_MIN <= end) {
		size_t run = run_of(p, end);

		if (run >= FILL_MIN) {
			piece_add(from, (size_t)(p - from), false);
			piece_add(p, run, true);
			from = p + run;
		}
		p += run;
	}
	piece_add(from, (size_t)(end - from), false);
}

/* ---- what the world calls ---- */

void engine_snapshot_begin(void)
{
	struct engine_ctx *c = &eng.ctx[CTX_MAIN];

	BUG_ON(is_running() || eng.ngps);
	for (u32 i = 0; i < ENGINE_CPUS_MAX; i++)
		BUG_ON(eng.cpu[i].irq_head || eng.cpu[i].cb_head);
	snapshot.nparts = 0;
	snapshot.bytes = 0;
	part_add(role_map.world, role_map.world_size);
	part_add(c->role_kinds, c->nrole_kinds * sizeof(*c->role_kinds));
	part_add(&c->nrole_kinds, sizeof(c->nrole_kinds));
}

void engine_snapshot_add(void *p, size_t size)
{
	size_t off = (size_t)((char *)p - role_map.base);

	part_add(p, size);
	if (off >= role_map.size)
		return;
	BUG_ON(size > role_map.size - off || off % ROLE_GRANULE || size % ROLE_GRANULE);
	if (off >= eng.config.arena_kept) /* arena_mark() keeps these roles */
		return;
	part_add(&role_map.map[off / ROLE_GRANULE], size / ROLE_GRANULE * sizeof(u16));
}

bool engine_snapshot_end(void)
{
	char *to;

#ifdef SWAPRACE_ASAN
	return false;
#endif
	if (snapshot.bytes > snapshot.room) {
		free(snapshot.copy);
		snapshot.room = snapshot.bytes + snapshot.bytes / 4;
		snapshot.copy = malloc(snapshot.room);
		if (!snapshot.copy)
			snapshot_die();
	}
	snapshot.npieces = 0;
	for (u32 i = 0; i < snapshot.nparts; i++)
		part_split(&snapshot.part[i]);
	to = snapshot.copy;
	for (u32 i = 0; i < snapshot.npieces; i++) {
		const struct piece *piece = &snapshot.piece[i];

		if (piece->fill)
			continue;
		raw_copy(to, piece->p, piece->size);
		to += piece->size;
	}
	BUG_ON(to > snapshot.copy + snapshot.bytes);
	arena_mark(&snapshot.mark);
	snapshot.good = true;
	return true;
}

bool engine_has_snapshot(void)
{
	return snapshot.good;
}

void snapshot_drop(void)
{
	snapshot.good = false;
}

void engine_snapshot_restore(void)
{
	const char *from = snapshot.copy;

	BUG_ON(!snapshot.good || is_running());
	arena_rewind(&snapshot.mark);
	for (u32 i = 0; i < snapshot.npieces; i++) {
		const struct piece *piece = &snapshot.piece[i];

		if (piece->fill) {
			fill_words(piece->p, piece->word, piece->size);
			continue;
		}
		raw_copy(piece->p, from, piece->size);
		from += piece->size;
	}
}

void snapshot_exit(void)
{
	free(snapshot.part);
	free(snapshot.piece);
	free(snapshot.copy);
	arena_unmark(&snapshot.mark);
	memset(&snapshot, 0, sizeof(snapshot));
}
