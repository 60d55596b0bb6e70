/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/slub.c with SLAB_POISON and SLAB_STORE_USER. See slab.h.
 *
 *   struct slab_head | object, rounded up to 16 | red zone, 16 bytes of 0xbb
 *
 * The allocator's own data are no part of the model: the functions that touch
 * them are hidden from the sanitizers and have no scheduling point inside, so
 * they are atomic in sim; native takes slab_lock, hidden as well. What the model may rely on is
 * stated by one annotation: a free happens before the next use of the object.
 */
#include <stdio.h>
#include <string.h>

#include "core/engine/context.h"
#include "core/kapi/barrier.h"
#include "core/kapi/fault_inject.h"
#include "core/kapi/preempt.h"
#include "core/kapi/slab.h"

#define SLAB_ALIGN 16u
#define SLAB_REDZONE 16u
#define POISON_REDZONE 0xbb
#define SLAB_LIVE 0xa11c0ca7u
#define SLAB_FREE 0xf4eef4eeu
#define POISON_WORD 0x6b6b6b6b6b6b6b6bull
#define REDZONE_WORD 0xbbbbbbbbbbbbbbbbull

/* In front of each object. Links are distances in bytes, 0 for none. */
struct slab_head {
	struct kmem_cache *cache;
	const struct site *site; /* who allocated or freed it last */
	s32 next_free, next_all;
	u32 state;
	u32 size;                /* of the object, rounded up */
};
BUILD_BUG_ON(sizeof(struct slab_head) != 32);

static struct kmem_cache kmalloc_caches[KMALLOC_CLASSES + 1] __world = {
	{ .name = "kmalloc-16", .size = 16 },   { .name = "kmalloc-32", .size = 32 },
	{ .name = "kmalloc-64", .size = 64 },   { .name = "kmalloc-128", .size = 128 },
	{ .name = "kmalloc-256", .size = 256 }, { .name = "kmalloc-512", .size = 512 },
	{ .name = "kmalloc-1k", .size = 1024 }, { .name = "kmalloc-large" },
};
WORLD_NAME(kmalloc_caches);

/* The caches that have had an object, in order of their first one. */
static struct kmem_cache *slab_first __world = NULL;
WORLD_NAME(slab_first);
static struct kmem_cache *slab_last __world = NULL;
WORLD_NAME(slab_last);
static u32 slab_lock __world = 0;
WORLD_NAME(slab_lock);

static __no_sanitize_tsan void *head_object(const struct slab_head *h)
{
	return (char *)(uintptr_t)h + sizeof(*h);
}

static __no_sanitize_tsan struct slab_head *head_of(const void *obj)
{
	return (struct slab_head *)((char *)(uintptr_t)obj - sizeof(struct slab_head));
}

static __no_sanitize_tsan struct slab_head *head_link(struct slab_head *h, s32 distance)
{
	return distance ? (struct slab_head *)((char *)h + distance) : NULL;
}

static __no_sanitize_tsan s32 head_distance(struct slab_head *from, struct slab_head *to)
{
	return to ? (s32)((char *)to - (char *)from) : 0;
}

/* Word by word, volatile: it must not become a call that a sanitizer sees. */
static __no_sanitize_tsan bool filled_with(const void *p, size_t size, u64 word)
{
	const volatile u64 *w = p;

	for (size_t i = 0; i < size / sizeof(*w); i++)
		if (w[i] != word)
			return false;
	return true;
}

static __no_sanitize_tsan bool cache_poisons(const struct kmem_cache *cache)
{
	return !(cache->flags & SLAB_TYPESAFE_BY_RCU);
}

static __cold void slab_report(const char *what, const struct kmem_cache *cache,
			       const struct site *site, const void *obj)
{
	char title[REPORT_TITLE_MAX], role[64];

	snprintf(title, sizeof(title), "%s of %s%s%s", what, cache ? cache->name : "no cache",
		 site ? " in " : "", site ? site->func : "");
	reportf(title, "object: %s\n",
		engine_role_name(engine_role_of(obj), role, sizeof(role)));
}

static __no_sanitize_tsan void cache_list(struct kmem_cache *cache)
{
	if (cache->listed)
		return;
	cache->listed = 1;
	cache->next = NULL;
	if (slab_last)
		slab_last->next = cache;
	else
		slab_first = cache;
	slab_last = cache;
}

/* A new object from the arena. */
static __no_sanitize_tsan struct slab_head *slab_carve(struct kmem_cache *cache, u32 size)
{
	struct slab_head *h = engine_arena_alloc(sizeof(*h) + size + SLAB_REDZONE);
	char *obj = head_object(h);

	h->cache = cache;
	h->size = size;
	h->next_all = head_distance(h, cache->all);
	cache->all = h;
	cache->total++;
	engine_poison(obj + size, SLAB_REDZONE, POISON_REDZONE);
	engine_poison(obj, size, POISON_FREE);
	return h;
}

/* Takes the first free object of that size off the list; mixed caches search. */
static __no_sanitize_tsan struct slab_head *slab_pop(struct kmem_cache *cache, u32 size)
{
	struct slab_head *h = cache->free, *prev = NULL, *next;

	while (h && h->size != size) {
		prev = h;
		h = head_link(h, h->next_free);
	}
	if (!h)
		return NULL;
	next = head_link(h, h->next_free);
	if (prev)
		prev->next_free = head_distance(prev, next);
	else
		cache->free = next;
	return h;
}

/* *bad: the object on top of the list was written to. *fresh: nobody had it yet. */
static __no_sanitize_tsan void *slab_take(struct kmem_cache *cache, u32 size,
					  const struct site *site, bool *bad, bool *fresh)
{
	struct slab_head *h;
	void *obj;

	engine_hidden_lock(&slab_lock);
	cache_list(cache);
	h = slab_pop(cache, size);
	*fresh = !h;
	if (!h)
		h = slab_carve(cache, size);
	obj = head_object(h);
	engine_unpoison(obj, size);
	*bad = cache_poisons(cache) && !filled_with(obj, size, POISON_WORD);
	h->state = SLAB_LIVE;
	h->site = site;
	h->next_free = 0;
	cache->live++;
	engine_hidden_unlock(&slab_lock);
	return obj;
}

/* NULL where obj is an object in use, else what is wrong with freeing it. */
static __no_sanitize_tsan const char *slab_wrong(const struct slab_head *h,
						 const struct kmem_cache **cache)
{
	*cache = NULL;
	if ((uintptr_t)h % SLAB_ALIGN || (h->state != SLAB_LIVE && h->state != SLAB_FREE))
		return "slab: bad free";
	*cache = h->cache;
	return h->state == SLAB_FREE ? "slab: double free" : NULL;
}

/* The red zone is ASan-poisoned for good: look past the instrumentation. */
static __no_sanitize_tsan bool redzone_intact(const struct slab_head *h)
{
	return filled_with((char *)head_object(h) + h->size, SLAB_REDZONE, REDZONE_WORD);
}

static __no_sanitize_tsan void slab_put(struct slab_head *h, const struct site *site)
{
	struct kmem_cache *cache = h->cache;

	engine_hidden_lock(&slab_lock);
	h->state = SLAB_FREE;
	h->site = site;
	h->next_free = head_distance(h, cache->free);
	cache->free = h;
	cache->live--;
	engine_hidden_unlock(&slab_lock);
}

static __no_sanitize_tsan u32 head_size(const struct slab_head *h)
{
	return h->size;
}

static void *slab_alloc(struct kmem_cache *cache, u32 size, size_t want, gfp_t gfp,
			const struct site *site)
{
	u32 rounded = round_up(size, SLAB_ALIGN);
	bool bad, fresh;
	void *obj;

	if (gfpflags_allow_blocking(gfp))
		might_sleep_at(site);
	engine_point(site, EV_ALLOC, cache, 0);
	if (!(gfp & __GFP_NOFAIL) && should_fail(site))
		return NULL;
	obj = slab_take(cache, rounded, site, &bad, &fresh);
	HB_ACQUIRE(SLAB_ALLOC, head_of(obj));
	if (unlikely(bad))
		slab_report("poison: write after free", cache, NULL, obj);
	engine_role_new(obj, rounded, cache->name);
	if (gfp & __GFP_ZERO)
		memset(obj, 0, want);
	/* A type-stable object may be in a lock-free reader's hands. */
	if (cache->ctor && (fresh || !(cache->flags & SLAB_TYPESAFE_BY_RCU)))
		cache->ctor(obj);
	return obj;
}

void *kmem_cache_alloc_at(struct kmem_cache *cache, gfp_t gfp, const struct site *site)
{
	BUG_ON(!cache || !cache->size);
	return slab_alloc(cache, cache->size, cache->size, gfp, site);
}

void *kmalloc_at(size_t size, gfp_t gfp, const struct site *site)
{
	struct kmem_cache *cache = kmalloc_caches;

	BUG_ON(size == 0 || size > INT32_MAX);
	while (cache->size && cache->size < size)
		cache++;
	return slab_alloc(cache, cache->size ? cache->size : (u32)size, size, gfp, site);
}

void *kmalloc_array_at(size_t n, size_t size, gfp_t gfp, const struct site *site)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc_at(bytes, gfp, site);
}

static void slab_free(struct kmem_cache *expected, const void *obj, const struct site *site)
{
	struct slab_head *h = head_of(obj);
	const struct kmem_cache *cache;
	const char *wrong;
	u32 size;

	engine_point(site, EV_FREE, obj, 0);
	wrong = slab_wrong(h, &cache);
	if (!wrong && expected && cache != expected)
		wrong = "slab: free to the wrong cache";
	if (unlikely(wrong)) {
		slab_report(wrong, cache, site, obj);
		return;
	}
	size = head_size(h);
	if (unlikely(!redzone_intact(h)))
		slab_report("slab: write past the end", cache, site, obj);
	/* A type-stable object is not gone: an RCU reader may take its lock, see that
	 * it is not what it looked for, and let go (folio_lock_anon_vma_read()). */
	if (cache_poisons(cache)) {
		engine_lockdep_free_memory(obj, size, site->func);
		engine_poison((void *)(uintptr_t)obj, size, POISON_FREE);
	}
	HB_RELEASE(SLAB_FREE, h);
	slab_put(h, site);
}

void kmem_cache_free_at(struct kmem_cache *cache, void *obj, const struct site *site)
{
	BUG_ON(!cache);
	if (obj)
		slab_free(cache, obj, site);
}

void kfree_at(const void *obj, const struct site *site)
{
	if (obj)
		slab_free(NULL, obj, site);
}

size_t ksize(const void *obj)
{
	return obj ? head_size(head_of(obj)) : 0;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align,
				     unsigned flags, void (*ctor)(void *obj))
{
	struct kmem_cache *cache;

	BUG_ON(size == 0);
	BUG_ON(align > SLAB_ALIGN);
	cache = engine_arena_alloc(sizeof(*cache));
	engine_role_set(cache, sizeof(*cache), "kmem_cache", -1, -1);
	cache->name = name;
	cache->size = size;
	cache->flags = flags;
	cache->ctor = ctor;
	return cache;
}

/* ---- audit ---- */

__no_sanitize_tsan unsigned slab_live(const struct kmem_cache *cache)
{
	return cache->live;
}

__no_sanitize_tsan unsigned slab_live_total(void)
{
	unsigned n = 0;

	for (const struct kmem_cache *c = slab_first; c; c = c->next)
		n += c->live;
	return n;
}

__no_sanitize_tsan void slab_for_each_live(void (*fn)(const struct kmem_cache *cache, void *obj,
						      size_t size, const struct site *site,
						      void *arg), void *arg)
{
	for (const struct kmem_cache *c = slab_first; c; c = c->next)
		for (struct slab_head *h = c->all; h; h = head_link(h, h->next_all))
			if (h->state == SLAB_LIVE)
				fn(c, head_object(h), h->size, h->site, arg);
}

/* Looks at what is free; the memory stays poisoned for ASan. */
static __no_sanitize_tsan void audit_free(const struct kmem_cache *cache)
{
	for (struct slab_head *h = cache->all; h; h = head_link(h, h->next_all))
		if (h->state == SLAB_FREE && cache_poisons(cache) &&
		    !filled_with(head_object(h), h->size, POISON_WORD))
			slab_report("poison: write after free", cache, NULL, head_object(h));
}

#define AUDIT_LINES 16
struct audit_text {
	char *at;
	size_t left;
	unsigned lines;
	const struct kmem_cache *cache;
	const char *func; /* that allocated the first one */
};

static void audit_line(const struct kmem_cache *cache, void *obj, size_t size,
		       const struct site *site, void *arg)
{
	struct audit_text *t = arg;
	char role[64];
	int n;

	if (cache != t->cache || t->lines++ >= AUDIT_LINES)
		return;
	if (!t->func)
		t->func = site->func;
	n = snprintf(t->at, t->left, "  %s, %zu bytes, allocated by %s in %s\n",
		     engine_role_name(engine_role_of(obj), role, sizeof(role)), size, site->op,
		     site->func);
	if (n > 0 && (size_t)n < t->left) {
		t->at += n;
		t->left -= (size_t)n;
	}
}

const char *slab_kind(const struct kmem_cache *cache)
{
	bool is_kmalloc = cache >= kmalloc_caches && cache < kmalloc_caches + ARRAY_SIZE(kmalloc_caches);

	return is_kmalloc ? "kmalloc" : cache->name;
}

static __cold void report_leak(const struct kmem_cache *cache)
{
	char title[REPORT_TITLE_MAX], body[AUDIT_LINES * 128];
	struct audit_text t = { .at = body, .left = sizeof(body), .cache = cache };

	body[0] = 0;
	slab_for_each_live(audit_line, &t);
	if (slab_kind(cache) != cache->name && t.func)
		snprintf(title, sizeof(title), "leak: %s of %s at teardown", slab_kind(cache), t.func);
	else
		snprintf(title, sizeof(title), "leak: %s in use at teardown", cache->name);
	reportf(title, "%u objects are still in use:\n%s", t.lines, body);
}

__no_sanitize_tsan void slab_audit_free(void)
{
	for (const struct kmem_cache *c = slab_first; c; c = c->next)
		audit_free(c);
}

__no_sanitize_tsan void slab_audit(void)
{
	slab_audit_free();
	for (const struct kmem_cache *c = slab_first; c; c = c->next)
		if (c->live)
			report_leak(c);
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (cache && slab_live(cache))
		report_leak(cache);
}
