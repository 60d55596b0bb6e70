/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/slab.h (SLUB as a debug kernel has it). Objects come
 * from the arena and go to a list of their cache, last in first out. A free
 * object is filled with 0x6b and ASan-poisoned; what was written to it is
 * reported when it is taken again or audited. Each object has a role whose kind
 * is the cache's name. Freeing an object happens before it is taken again.
 * Left out: slab pages, per-CPU slabs, shrinking. A constructor runs at each
 * allocation, in a type-stable cache at an object's first one alone. kmalloc
 * beyond 1024 bytes keeps lists by exact size.
 */
#ifndef CORE_KAPI_SLAB_H
#define CORE_KAPI_SLAB_H

#include "core/engine/engine.h"
#include "core/kapi/gfp.h"

#define POISON_FREE 0x6b
#define KMALLOC_MIN 16u
#define KMALLOC_MAX 1024u        /* of the size classes */
#define KMALLOC_CLASSES 7        /* 16 32 64 128 256 512 1024 */
#define SLAB_TYPESAFE_BY_RCU 0x1u /* free objects stay readable: no poison */
#define SLAB_HWCACHE_ALIGN 0u
#define SLAB_PANIC 0u
#define SLAB_ACCOUNT 0u
#define SLAB_RECLAIM_ACCOUNT 0u

struct slab_head;
struct kmem_cache {
	const char *name;            /* string literal: the kind of its objects' roles */
	u32 size;                    /* of an object; 0: mixed (large kmalloc) */
	u32 flags;
	void (*ctor)(void *obj);
	struct slab_head *free;      /* the allocator's own lock guards what follows */
	struct slab_head *all;
	struct kmem_cache *next;     /* caches that have been used in this run */
	u32 live, total;
	u32 listed;
};

/* A cache as a variable of the world: static DEFINE_KMEM_CACHE(cache, struct x, "x"); */
#define DEFINE_KMEM_CACHE_FLAGS(var, type, kind, flags_)                          \
	struct kmem_cache var __world = { .name = (kind), .size = sizeof(type),   \
					  .flags = (flags_) };                    \
	WORLD_NAME(var)
#define DEFINE_KMEM_CACHE(var, type, kind) DEFINE_KMEM_CACHE_FLAGS(var, type, kind, 0)
/* As the kernel has it: a cache made at set-up. name: string literal. */
struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align,
				     unsigned flags, void (*ctor)(void *obj));
#define KMEM_CACHE(type, flags) kmem_cache_create(#type, sizeof(struct type), 0, (flags), NULL)
/* Reports objects that are still in use. */
void kmem_cache_destroy(struct kmem_cache *cache);

/* Uninitialised unless gfp has __GFP_ZERO. May sleep if gfp says so; NULL where
 * the schedule lets it fail. */
void *kmem_cache_alloc_at(struct kmem_cache *cache, gfp_t gfp, const struct site *site);
/* NULL is ignored. Any context. */
void kmem_cache_free_at(struct kmem_cache *cache, void *obj, const struct site *site);
void *kmalloc_at(size_t size, gfp_t gfp, const struct site *site);
void *kmalloc_array_at(size_t n, size_t size, gfp_t gfp, const struct site *site);
/* An object of any cache, or NULL. */
void kfree_at(const void *obj, const struct site *site);
size_t ksize(const void *obj);

#define kmem_cache_alloc(cache, gfp) \
	kmem_cache_alloc_at((cache), (gfp), SITE("kmem_cache_alloc"))
#define kmem_cache_zalloc(cache, gfp) \
	kmem_cache_alloc_at((cache), (gfp) | __GFP_ZERO, SITE("kmem_cache_zalloc"))
#define kmem_cache_free(cache, obj) \
	kmem_cache_free_at((cache), (obj), SITE("kmem_cache_free"))
#define kmalloc(size, gfp) kmalloc_at((size), (gfp), SITE("kmalloc"))
#define kzalloc(size, gfp) kmalloc_at((size), (gfp) | __GFP_ZERO, SITE("kzalloc"))
#define kmalloc_array(n, size, gfp) \
	kmalloc_array_at((n), (size), (gfp), SITE("kmalloc_array"))
#define kcalloc(n, size, gfp) \
	kmalloc_array_at((n), (size), (gfp) | __GFP_ZERO, SITE("kcalloc"))
#define kvmalloc(size, gfp) kmalloc_at((size), (gfp), SITE("kvmalloc"))
#define kvzalloc(size, gfp) kmalloc_at((size), (gfp) | __GFP_ZERO, SITE("kvzalloc"))
#define kvcalloc(n, size, gfp) \
	kmalloc_array_at((n), (size), (gfp) | __GFP_ZERO, SITE("kvcalloc"))
#define kvmalloc_array(n, size, gfp) \
	kmalloc_array_at((n), (size), (gfp), SITE("kvmalloc_array"))
#define kfree(obj) kfree_at((obj), SITE("kfree"))
#define kvfree(obj) kfree_at((obj), SITE("kvfree"))
#define vzalloc(size) kmalloc_at((size), GFP_KERNEL | __GFP_ZERO, SITE("vzalloc"))
#define vfree(obj) kfree_at((obj), SITE("vfree"))

/* ---- audit, called when no task runs ---- */

/* Objects in use: of one cache, of all. */
unsigned slab_live(const struct kmem_cache *cache);
unsigned slab_live_total(void);
/* What a title calls an object of the cache: its name, but "kmalloc" for all size classes. They
 * say nothing of what it is, and differ from machine to machine. */
const char *slab_kind(const struct kmem_cache *cache);
/* Calls fn for each object in use, oldest cache first. */
void slab_for_each_live(void (*fn)(const struct kmem_cache *cache, void *obj, size_t size,
				   const struct site *site, void *arg), void *arg);
/* The first half of slab_audit() alone. */
void slab_audit_free(void);
/* Reports free objects that were written to ("poison: write after free of X"),
 * then objects still in use ("leak: X at teardown"), with their roles. */
void slab_audit(void);

#endif
