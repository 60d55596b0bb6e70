// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for mm/slub.c with poisoning: caches of equal objects in chunks of whole
 * pages of the arena, last in first out. Free objects hold the poison and are
 * hidden from ASan; a typesafe cache keeps their contents. The links lie outside
 * of the arena, one word for each 16 bytes of it.
 * An object's free happens before its next use: by its address as TSan's token.
 * Left out: red zones but what rounding up leaves, debugging by cache, NUMA. An
 * allocation never fails here and makes no event; the shim decides about both.
 */
#include <stdio.h>
#include <string.h>

#include "core/tree/glue/glue.h"
#include "core/tree/glue/slab.h"

#define CACHES_MAX 250u /* a chunk names its cache by a byte; some are for kmalloc */
#define KMALLOC_MIN_SHIFT 4
#define KMALLOC_MAX_SHIFT 20

static struct seam_cache caches[CACHES_MAX];
static u32 ncaches;
static u8 chunk_cache[ARENA_PAGES];   /* of each page: number of its cache + 1 */
static u32 chunk_end;                 /* pages behind it were not used in this run */
static u32 object_state[ENGINE_ARENA_MAX / SLAB_UNIT];
static u32 object_site[ENGINE_ARENA_MAX / SLAB_UNIT]; /* who had it last: a hash */
static struct seam_cache *kmalloc_cache[KMALLOC_MAX_SHIFT + 1];
static const char *const kmalloc_name[KMALLOC_MAX_SHIFT + 1] = {
	[4] = "kmalloc-16", "kmalloc-32", "kmalloc-64", "kmalloc-128", "kmalloc-256",
	"kmalloc-512", "kmalloc-1k", "kmalloc-2k", "kmalloc-4k", "kmalloc-8k", "kmalloc-16k",
	"kmalloc-32k", "kmalloc-64k", "kmalloc-128k", "kmalloc-256k", "kmalloc-512k", "kmalloc-1M",
};

void slab_reset(void)
{
	ncaches = 0;
	raw_fill(chunk_cache, 0, chunk_end);
	chunk_end = 0;
	memset(kmalloc_cache, 0, sizeof(kmalloc_cache));
}

static u32 kept_chunk_end;

void slab_rewind(void)
{
	BUG_ON(chunk_end < kept_chunk_end);
	raw_fill(&chunk_cache[kept_chunk_end], 0, chunk_end - kept_chunk_end);
	chunk_end = kept_chunk_end;
}

/* ---- where things lie ----------------------------------------------------------------- */

static u32 unit_of(const void *p)
{
	return (u32)(((unsigned long)p - ENGINE_ARENA_BASE) / SLAB_UNIT);
}

static void *object_of(u32 unit)
{
	return (void *)(ENGINE_ARENA_BASE + (unsigned long)unit * SLAB_UNIT);
}

static u32 page_of(const void *p)
{
	return (u32)(((unsigned long)p - ENGINE_ARENA_BASE) >> SEAM_PAGE_SHIFT);
}

static struct seam_cache *cache_of(const void *p)
{
	u32 page = page_of(p);
	u8 number = page < ARENA_PAGES ? chunk_cache[page] : 0;

	return number ? &caches[number - 1] : NULL;
}

static u32 cache_pages(const struct seam_cache *cache)
{
	return (u32)DIV_ROUND_UP(cache->size, PAGE_BYTES);
}

/* Objects of a chunk; those of more than half a page have pages of their own. */
static u32 cache_per_chunk(const struct seam_cache *cache)
{
	return cache->size <= PAGE_BYTES ? (u32)(PAGE_BYTES / cache->size) : 1;
}

const void *slab_object_start(const void *p)
{
	const struct seam_cache *cache = cache_of(p);
	unsigned long page = (unsigned long)p & ~(PAGE_BYTES - 1);

	if (!cache)
		return NULL;
	if (cache_per_chunk(cache) == 1) { /* its chunk may have several pages */
		while (!object_state[unit_of((const void *)page)])
			page -= PAGE_BYTES;
		return (const void *)page;
	}
	return (const void *)(page + ((unsigned long)p - page) / cache->size * cache->size);
}

static __cold void slab_report(const char *what, const struct seam_cache *cache,
			       const char *func, const void *object)
{
	char title[REPORT_TITLE_MAX], role[64], site[96];

	snprintf(title, sizeof(title), "%s of %s%s%s", what, cache ? cache->name : "no cache",
		 func ? " in " : "", func ? func : "");
	reportf(title, "object: %s, last user: %s\n",
		engine_role_name(engine_role_of(object), role, sizeof(role)),
		cache ? site_name(object_site[unit_of(object)], site, sizeof(site)) : "-");
}

void slab_keep(void)
{
	u32 units = (u32)(PAGE_BYTES / SLAB_UNIT);

	kept_chunk_end = chunk_end;
	engine_snapshot_add(caches, ncaches * sizeof(*caches));
	engine_snapshot_add(&ncaches, sizeof(ncaches));
	engine_snapshot_add(kmalloc_cache, sizeof(kmalloc_cache));
	for (u32 page = 0; page < chunk_end; page++) {
		u32 first = page;

		while (page < chunk_end && chunk_cache[page])
			page++;
		if (page == first)
			continue;
		engine_snapshot_add(&object_state[first * units],
				    (page - first) * units * sizeof(*object_state));
		engine_snapshot_add(&object_site[first * units],
				    (page - first) * units * sizeof(*object_site));
	}
}

/* ---- caches and chunks ------------------------------------------------------------------- */

struct seam_cache *seam_cache_create(const char *name, unsigned size, unsigned align,
				     int typesafe, void (*ctor)(void *object))
{
	struct seam_cache *cache;

	BUG_ON(!name || !size || size > 1u << KMALLOC_MAX_SHIFT);
	BUG_ON(align & (align - 1) || align > PAGE_BYTES);
	if (ncaches == CACHES_MAX) {
		reportf("tree: too many slab caches", "no room for %s\n", name);
		return NULL;
	}
	cache = &caches[ncaches++];
	align = max(align, SLAB_UNIT);
	*cache = (struct seam_cache){ .name = name, .used_size = size,
				      .size = round_up(size, align), .typesafe = typesafe != 0,
				      .ctor = ctor, .free = SLAB_NONE };
	return cache;
}

/* Whole pages of the arena. NULL: it is full, and reported. */
static char *chunk_take(struct seam_cache *cache)
{
	size_t bytes = cache_pages(cache) * PAGE_BYTES, used = engine_arena_used();
	u32 page;
	char *p;

	if (used % PAGE_BYTES)
		engine_arena_alloc(PAGE_BYTES - used % PAGE_BYTES);
	p = engine_arena_alloc(bytes);
	if (!p)
		return NULL;
	BUG_ON((unsigned long)p % PAGE_BYTES);
	page = page_of(p);
	memset(&chunk_cache[page], (int)(cache - caches) + 1, cache_pages(cache));
	chunk_end = max(chunk_end, page + cache_pages(cache));
	raw_fill(&object_state[unit_of(p)], 0, bytes / SLAB_UNIT * sizeof(*object_state));
	return p;
}

/* A typesafe object is constructed once, in the hands of whoever needed the chunk. */
static void object_begin(struct seam_cache *cache, char *object)
{
	if (!cache->typesafe) {
		raw_fill(object, POISON_OBJECT, cache->size);
	} else if (cache->ctor) {
		engine_events_off++;
		cache->ctor(object);
		engine_events_off--;
		engine_hb_release(object);
	}
	asan_hide(object, cache->size);
}

static bool cache_grow(struct seam_cache *cache)
{
	char *chunk = chunk_take(cache);

	if (!chunk)
		return false;
	/* Backwards: the lowest object is the next to be taken. */
	for (u32 i = cache_per_chunk(cache); i-- > 0;) {
		char *object = chunk + i * cache->size;
		u32 unit = unit_of(object);

		object_begin(cache, object);
		object_site[unit] = 0;
		object_state[unit] = cache->free;
		cache->free = unit;
	}
	return true;
}

/* ---- allocation and free ------------------------------------------------------------------- */

static bool poison_is_intact(const struct seam_cache *cache, const void *object)
{
	return cache->typesafe || raw_filled_with(object, POISON_OBJECT, cache->size);
}

static void *object_take(struct seam_cache *cache, size_t used, int zero, unsigned long ip)
{
	const struct site *site = glue_site(ip, "kmem_cache_alloc");
	void *object;
	u32 unit;

	BUG_ON(used > cache->size);
	if (cache->free == SLAB_NONE && !cache_grow(cache))
		return NULL;
	unit = cache->free;
	object = object_of(unit);
	if (unlikely(!poison_is_intact(cache, object)))
		slab_report("poison: write after free", cache, NULL, object);
	cache->free = object_state[unit];
	cache->live++;
	object_state[unit] = SLAB_LIVE;
	object_site[unit] = site->hash;
	asan_show(object, used);
	engine_hb_acquire(object);
	if (zero)
		raw_fill(object, 0, used);
	engine_role_new(object, cache->size, cache->name);
	if (cache->ctor && !cache->typesafe) {
		engine_events_off++;
		cache->ctor(object);
		engine_events_off--;
	}
	return object;
}

void *seam_cache_alloc(struct seam_cache *cache, int zero, unsigned long ip)
{
	BUG_ON(!cache);
	return object_take(cache, cache->used_size, zero, ip);
}

void *seam_kmalloc(unsigned long size, int zero, unsigned long ip)
{
	unsigned shift = KMALLOC_MIN_SHIFT;

	while (shift < KMALLOC_MAX_SHIFT && 1ul << shift < size)
		shift++;
	if (1ul << shift < size) {
		reportf("tree: kmalloc() of too much", "%lu bytes in %s\n", size, seam_func(ip));
		return NULL;
	}
	if (!kmalloc_cache[shift])
		kmalloc_cache[shift] = seam_cache_create(kmalloc_name[shift], 1u << shift,
							 min(1u << shift, (unsigned)PAGE_BYTES),
							 false, NULL);
	return kmalloc_cache[shift] ? object_take(kmalloc_cache[shift], size, zero, ip) : NULL;
}

/* NULL: an object in use, else what is wrong with freeing it. */
static const char *object_wrong(const struct seam_cache *cache, const void *object)
{
	u32 state;

	if (!cache || (unsigned long)object % SLAB_UNIT)
		return "slab: bad free";
	state = object_state[unit_of(object)];
	if (state == SLAB_LIVE)
		return NULL;
	return state ? "slab: double free" : "slab: bad free"; /* 0: inside of an object */
}

void seam_free(const void *object, unsigned long ip)
{
	const struct site *site = glue_site(ip, "kfree");
	struct seam_cache *cache;
	const char *wrong;
	u32 unit;

	if (!object)
		return;
	cache = cache_of(object);
	wrong = object_wrong(cache, object);
	if (unlikely(wrong)) {
		slab_report(wrong, cache, site->func, object);
		return;
	}
	/* A typesafe object is not gone: a reader may still take its lock. */
	if (!cache->typesafe) {
		engine_lockdep_free_memory(object, cache->size, site->func);
		raw_fill((void *)(uintptr_t)object, POISON_OBJECT, cache->size);
		asan_hide(object, cache->size);
	}
	engine_hb_release(object);
	unit = unit_of(object);
	object_state[unit] = cache->free;
	object_site[unit] = site->hash;
	cache->free = unit;
	cache->live--;
}

/* ---- questions -------------------------------------------------------------------------------- */

unsigned long seam_ksize(const void *object)
{
	struct seam_cache *cache = seam_object_cache(object);

	if (!cache)
		return 0;
	asan_show(object, cache->size); /* the caller may use all of it from now on */
	return cache->size;
}

struct seam_cache *seam_object_cache(const void *object)
{
	struct seam_cache *cache = cache_of(object);

	return !cache || object_wrong(cache, object) ? NULL : cache;
}

int seam_cache_census(unsigned i, const char **name, unsigned *size, unsigned *live)
{
	if (i >= ncaches)
		return 0;
	*name = caches[i].name;
	*size = caches[i].size;
	*live = caches[i].live;
	return 1;
}

/* Calls fn for each object of a cache, in order of address; false ends it. */
static void cache_walk(const struct seam_cache *cache,
		       bool (*fn)(const struct seam_cache *cache, void *object, void *arg), void *arg)
{
	u8 number = (u8)(cache - caches + 1);
	u32 pages = cache_pages(cache), per_chunk = cache_per_chunk(cache);

	for (u32 page = 0; page < chunk_end; page += chunk_cache[page] == number ? pages : 1) {
		if (chunk_cache[page] != number)
			continue;
		for (u32 i = 0; i < per_chunk; i++)
			if (!fn(cache, (char *)object_of(0) + page * PAGE_BYTES + i * cache->size, arg))
				return;
	}
}

struct slab_text { char *at; size_t left; u32 lines; };

static bool text_line(const struct seam_cache *cache, void *object, void *arg)
{
	struct slab_text *t = arg;
	char role[64], site[96];
	int n;

	(void)cache;
	if (object_state[unit_of(object)] != SLAB_LIVE)
		return true;
	if (t->lines-- == 0)
		return false;
	n = snprintf(t->at, t->left, "  %s, allocated by %s\n",
		     engine_role_name(engine_role_of(object), role, sizeof(role)),
		     site_name(object_site[unit_of(object)], site, sizeof(site)));
	if (n < 0 || (size_t)n >= t->left)
		return false;
	t->at += n;
	t->left -= (size_t)n;
	return true;
}

void seam_cache_print(unsigned i, char *buf, unsigned long size, unsigned lines)
{
	struct slab_text t = { .at = buf, .left = size, .lines = lines };

	BUG_ON(i >= ncaches);
	if (size)
		buf[0] = 0;
	cache_walk(&caches[i], text_line, &t);
}

static void object_check(const struct seam_cache *cache, const char *object)
{
	if (object_state[unit_of(object)] != SLAB_LIVE && !poison_is_intact(cache, object))
		slab_report("poison: write after free", cache, NULL, object);
}

void seam_cache_check(void)
{
	for (u32 page = 0; page < chunk_end; page++) {
		const struct seam_cache *cache;
		const char *chunk = (char *)object_of(0) + page * PAGE_BYTES;

		if (!chunk_cache[page])
			continue;
		cache = &caches[chunk_cache[page] - 1];
		for (u32 i = 0; !cache->typesafe && i < cache_per_chunk(cache); i++)
			object_check(cache, chunk + i * cache->size);
		page += cache_pages(cache) - 1;
	}
}
