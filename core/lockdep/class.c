// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (register_lock_class, look_up_lock_class,
 * lockdep_init_map). A class is a key and a name (a static lock is its own
 * key) and a subclass; it is registered when it is first taken in a run. Keys
 * are compared and hashed for the look-up only: no order comes from them.
 */
#include "core/lockdep/state.h"

#include <string.h>

#define SLOTS (LOCKDEP_CLASSES_MAX * 2)

struct ld_state ld = { .epoch = 1 };
unsigned (*lockdep_capture_stack)(void **stack, unsigned max);
void (*lockdep_print_symbol)(void *pc, char *buf, size_t size);
void (*lockdep_print_object)(const void *map, char *buf, size_t size);
void (*lockdep_new_dependency)(u32 from_hash, u32 to_hash);

/* Base classes by key and name: open addressing; a slot of another epoch is free. */
static struct { u32 epoch; u16 class_; } slots[SLOTS];

void lockdep_reset(void)
{
	for (unsigned i = 0; i < ld.nclasses; i++)
		memset(ld.types[i], 0, ld.nclasses);
	memset(ld.usage_set, 0, sizeof(ld.usage_set));
	ld.nclasses = 0;
	ld.nedges = 0;
	if (++ld.epoch == 0) {
		/* maps of the last wrap lie in memory that was reset since */
		memset(slots, 0, sizeof(slots));
		ld.epoch = 1;
	}
	ld.chain_seed = (u64)ld.epoch * 0x9e3779b97f4a7c15ull;
}

void lockdep_ctx_reset(struct lockdep_ctx *ctx, const char *name, unsigned irq_context)
{
	size_t len = 0;

	while (len < sizeof(ctx->name) - 1 && name[len])
		len++;
	BUG_ON_CMP(irq_context, >, 2);
	memset(ctx, 0, offsetof(struct lockdep_ctx, held));
	memcpy(ctx->name, name, len);
	ctx->irq_context = (u8)irq_context;
	ctx->hardirqs_off = irq_context == 2;
	ctx->softirqs_off = irq_context != 0;
}

void lockdep_init_map(struct lockdep_map *map, const char *name, const struct lock_class_key *key,
		      enum lockdep_wait inner, enum lockdep_wait outer)
{
	BUG_ON(!name);
	map->key = key;
	map->name = name;
	map->wait_inner = (u8)inner;
	map->wait_outer = (u8)outer;
	map->cached_class = 0;
	map->cached_epoch = 0;
}

static const void *map_key(const struct lockdep_map *map)
{
	return map->key ? (const void *)map->key : (const void *)map;
}

static unsigned first_slot(const void *key)
{
	return (unsigned)(((u64)(uintptr_t)key * 0x9e3779b97f4a7c15ull) >> 32) % SLOTS;
}

/* The slot of a map's base class, or the free one where it belongs. */
static unsigned find_slot(const struct lockdep_map *map)
{
	const void *key = map_key(map);
	unsigned slot = first_slot(key);

	while (slots[slot].epoch == ld.epoch) {
		const struct ld_class *c = &ld.classes[slots[slot].class_];

		if (c->key == key && (c->name == map->name || !strcmp(c->name, map->name)))
			break;
		slot = (slot + 1) % SLOTS;
	}
	return slot;
}

static unsigned new_class(const struct lockdep_map *map, unsigned subclass)
{
	unsigned class_ = ld.nclasses;
	struct ld_class *c;

	if (unlikely(class_ >= LOCKDEP_CLASSES_MAX)) {
		reportf("BUG: LOCKDEP_CLASSES_MAX too low", "no room for class %s/%u\n",
			map->name, subclass);
		return LOCKDEP_CLASSES_MAX - 1;
	}
	ld.nclasses++;
	c = &ld.classes[class_];
	memset(c, 0, sizeof(*c));
	c->key = map_key(map);
	c->name = map->name;
	c->subclass = (u8)subclass;
	c->wait_inner = map->wait_inner;
	c->wait_outer = map->wait_outer ? map->wait_outer : map->wait_inner;
	memset(c->sub, 0xff, sizeof(c->sub));
	c->first_out = c->first_in = LD_NONE;
	return class_;
}

unsigned ld_class_lookup(const struct lockdep_map *map, unsigned subclass)
{
	unsigned slot = find_slot(map);

	if (slots[slot].epoch != ld.epoch)
		return LD_NONE;
	return ld.classes[slots[slot].class_].sub[subclass];
}

unsigned ld_class_register(struct lockdep_map *map, unsigned subclass)
{
	unsigned base, slot;

	BUG_ON(!map->name);
	BUG_ON_CMP(subclass, >=, LOCKDEP_SUBCLASSES_MAX);
	slot = find_slot(map);
	if (slots[slot].epoch != ld.epoch) {
		base = new_class(map, 0);
		ld.classes[base].sub[0] = (u16)base;
		slots[slot].epoch = ld.epoch;
		slots[slot].class_ = (u16)base;
	}
	base = slots[slot].class_;
	map->cached_class = (u16)base;
	map->cached_epoch = ld.epoch;
	if (ld.classes[base].sub[subclass] == LD_NONE)
		ld.classes[base].sub[subclass] = (u16)new_class(map, subclass);
	return ld.classes[base].sub[subclass];
}

u32 ld_class_hash(unsigned class_)
{
	struct ld_class *c = &ld.classes[class_];

	if (!c->name_hash)
		c->name_hash = site_hash(c->name, strlen(c->name)) + c->subclass;
	return c->name_hash;
}

void ld_trace_take(struct ld_trace *trace, const struct lockdep_ctx *ctx, const struct site *site)
{
	trace->site = site;
	memcpy(trace->label, ctx->label, sizeof(trace->label));
	trace->depth = 0;
	if (unlikely(lockdep_capture_stack))
		trace->depth = (u16)lockdep_capture_stack(trace->stack, LOCKDEP_STACK_MAX);
}
