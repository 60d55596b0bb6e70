// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot: the world as its set-up left it, so that the next run of the same
 * machine begins with a copy and not with the set-up. It holds world memory with its
 * roles, the globals of the world, and what the world's owner adds of its own
 * bookkeeping. What only grows in a run (names of roles) stays where it is and is cut
 * off; so a snapshot is good until the next reset that does not go back to it.
 * Left out: what ASan hides. There is no snapshot in that build.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine/internal.h"

struct part { char *p; size_t size; };

static struct {
	struct part *part;
	char *copy;            /* of all parts, one behind the other */
	size_t bytes, room;
	u32 nparts, parts_room;
	struct arena_mark mark;
	bool good;
} snapshot;

static __cold void snapshot_die(void)
{
	fprintf(stderr, "swaprace: out of memory for a snapshot\n");
	exit(3);
}

/* As memcpy(), which TSan would take for an access of the world's. */
static void copy_bytes(char *to, const char *from, size_t n)
{
#if defined(__x86_64__)
	if (n > 256) {
		__asm__ __volatile__("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
		return;
	}
#endif
	for (; n >= 8; n -= 8, to += 8, from += 8)
		*(volatile u64 *)to = *(const u64 *)from;
	for (; n; n--)
		*(volatile char *)to++ = *from++;
}

static void part_add(void *p, size_t size)
{
	if (!size)
		return;
	if (snapshot.nparts == snapshot.parts_room) {
		snapshot.parts_room = snapshot.parts_room ? 2 * snapshot.parts_room : 256;
		snapshot.part = realloc(snapshot.part, snapshot.parts_room * sizeof(*snapshot.part));
		if (!snapshot.part)
			snapshot_die();
	}
	snapshot.part[snapshot.nparts++] = (struct part){ p, size };
	snapshot.bytes += size;
}

void engine_snapshot_begin(void)
{
	struct engine_ctx *c = &eng.ctx[CTX_MAIN];

	BUG_ON(is_running() || eng.ngps);
	for (u32 i = 0; i < ENGINE_CPUS_MAX; i++)
		BUG_ON(eng.cpu[i].irq_head || eng.cpu[i].cb_head);
	snapshot.nparts = 0;
	snapshot.bytes = 0;
	if (role_map.world_size)
		part_add(role_map.world_map,
			 DIV_ROUND_UP(role_map.world_size, ROLE_GRANULE) * sizeof(u16));
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
	to = snapshot.copy;
	for (u32 i = 0; i < snapshot.nparts; to += snapshot.part[i++].size)
		copy_bytes(to, snapshot.part[i].p, snapshot.part[i].size);
	BUG_ON(to != snapshot.copy + snapshot.bytes);
	arena_mark(&snapshot.mark);
	role_map.world_named = false;
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
	u32 i = 0;

	BUG_ON(!snapshot.good || is_running());
	arena_rewind(&snapshot.mark);
	/* The first part is the globals' roles, which few runs change. */
	if (role_map.world_size && !role_map.world_named)
		from += snapshot.part[i++].size;
	for (; i < snapshot.nparts; from += snapshot.part[i++].size)
		copy_bytes(snapshot.part[i].p, from, snapshot.part[i].size);
	role_map.world_named = false;
}

void snapshot_exit(void)
{
	free(snapshot.part);
	free(snapshot.copy);
	memset(&snapshot, 0, sizeof(snapshot));
}
