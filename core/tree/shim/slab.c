// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The slab's interface over the seam's caches: objects are poisoned when free and
 * the last one freed is the first one taken. Whether an allocation fails is a choice
 * (__GFP_NOFAIL never fails); each allocation and free is an event of the caller.
 * A sheaf is a count of allocations that may not fail any more.
 * Left out: kmalloc buckets and tokens, memcg charges, vmalloc's pages.
 * Locking: none; the seam's caches have no point inside.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

kmem_buckets kmalloc_caches[NR_KMALLOC_TYPES];

static struct seam_cache *seam_cache_of(struct kmem_cache *cache)
{
	return (struct seam_cache *)cache;
}

struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
					    struct kmem_cache_args *args, slab_flags_t flags)
{
	unsigned int align = args ? args->align : 0;
	struct kmem_cache *cache;

	cache = (struct kmem_cache *)seam_cache_create(name, size, max(align, 16U),
						       !!(flags & SLAB_TYPESAFE_BY_RCU),
						       args ? args->ctor : NULL);
	shim_name_cache(cache, name);
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	/* It has no memory but that of its objects: the audit finds those. */
}

/* ---- objects --------------------------------------------------------------------- */

static bool alloc_point(const void *cache, gfp_t gfp, unsigned long ip)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		seam_might_sleep(ip);
	seam_point(ip, SEAM_ALLOC, cache, 0);
	return !shim_should_fail(gfp, ip);
}

static void *object_alloc(struct kmem_cache *cache, gfp_t gfp, unsigned long ip)
{
	void *object;

	if (!alloc_point(cache, gfp, ip))
		return NULL;
	object = seam_cache_alloc(seam_cache_of(cache), !!(gfp & __GFP_ZERO), ip);
	shim_name_object(cache, object);
	return object;
}

void *kmem_cache_alloc_noprof(struct kmem_cache *cache, gfp_t gfp)
{
	return object_alloc(cache, gfp, _RET_IP_);
}

void *kmem_cache_alloc_lru_noprof(struct kmem_cache *cache, struct list_lru *lru, gfp_t gfp)
{
	return object_alloc(cache, gfp, _RET_IP_);
}

void *kmem_cache_alloc_node_noprof(struct kmem_cache *cache, gfp_t gfp, int node)
{
	return object_alloc(cache, gfp, _RET_IP_);
}

bool kmem_cache_alloc_bulk_noprof(struct kmem_cache *cache, gfp_t gfp, size_t n, void **p)
{
	size_t i;

	for (i = 0; i < n; i++) {
		p[i] = object_alloc(cache, gfp, _RET_IP_);
		if (p[i])
			continue;
		while (i-- > 0)
			seam_free(p[i], _RET_IP_);
		return false;
	}
	return true;
}

static void object_free(const void *object, unsigned long ip)
{
	seam_point(ip, SEAM_FREE, object, 0);
	seam_free(object, ip);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (object)
		object_free(object, _RET_IP_);
}

void kmem_cache_free_bulk(struct kmem_cache *cache, size_t n, void **p)
{
	size_t i;

	for (i = 0; i < n; i++)
		object_free(p[i], _RET_IP_);
}

/* ---- sheaves: the maple tree's nodes --------------------------------------------- */

struct slab_sheaf {
	unsigned int left;
};

static struct slab_sheaf *sheaf_alloc(unsigned int n, unsigned long ip)
{
	struct slab_sheaf *sheaf = seam_kmalloc(sizeof(*sheaf), 1, ip);

	sheaf->left = n;
	return sheaf;
}

struct slab_sheaf *kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp, unsigned int n)
{
	return alloc_point(cache, gfp, _RET_IP_) ? sheaf_alloc(n, _RET_IP_) : NULL;
}

int kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheafp,
			    unsigned int n)
{
	if (!alloc_point(cache, gfp, _RET_IP_))
		return -ENOMEM;
	if ((*sheafp)->left < n)
		(*sheafp)->left = n;
	return 0;
}

void kmem_cache_return_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf *sheaf)
{
	seam_free(sheaf, _RET_IP_);
}

void *kmem_cache_alloc_from_sheaf_noprof(struct kmem_cache *cache, gfp_t gfp,
					 struct slab_sheaf *sheaf)
{
	if (WARN_ON(!sheaf->left))
		return NULL;
	sheaf->left--;
	return object_alloc(cache, __GFP_NOFAIL | (gfp & __GFP_ZERO), _RET_IP_);
}

unsigned int kmem_cache_sheaf_size(struct slab_sheaf *sheaf)
{
	return sheaf->left;
}

/* ---- kmalloc --------------------------------------------------------------------- */

static void *sized_alloc(size_t size, gfp_t gfp, unsigned long ip)
{
	if (!size)
		return ZERO_SIZE_PTR;
	return alloc_point(NULL, gfp, ip) ? seam_kmalloc(size, !!(gfp & __GFP_ZERO), ip) : NULL;
}

void *__kmalloc_noprof(DECL_TOKEN_PARAMS(size, token), gfp_t gfp)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kmalloc_node_noprof(DECL_KMALLOC_PARAMS(size, b, token), gfp_t gfp, int node)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kmalloc_cache_noprof(struct kmem_cache *cache, gfp_t gfp, size_t size)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kmalloc_cache_node_noprof(struct kmem_cache *cache, gfp_t gfp, int node, size_t size)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kmalloc_large_noprof(size_t size, gfp_t gfp)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kmalloc_large_node_noprof(size_t size, gfp_t gfp, int node)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kmalloc_node_track_caller_noprof(DECL_KMALLOC_PARAMS(size, b, token), gfp_t gfp, int node,
					 unsigned long caller)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__kvmalloc_node_noprof(DECL_KMALLOC_PARAMS(size, b, token), unsigned long align, gfp_t gfp,
			     int node)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *__vmalloc_noprof(unsigned long size, gfp_t gfp)
{
	return sized_alloc(size, gfp, _RET_IP_);
}

void *vmalloc_noprof(unsigned long size)
{
	return sized_alloc(size, GFP_KERNEL, _RET_IP_);
}

void *vzalloc_noprof(unsigned long size)
{
	return sized_alloc(size, GFP_KERNEL | __GFP_ZERO, _RET_IP_);
}

static void sized_free(const void *object, unsigned long ip)
{
	if (!ZERO_OR_NULL_PTR(object))
		object_free(object, ip);
}

void kfree(const void *object)
{
	sized_free(object, _RET_IP_);
}

void kvfree(const void *object)
{
	sized_free(object, _RET_IP_);
}

void vfree(const void *object)
{
	sized_free(object, _RET_IP_);
}

size_t ksize(const void *object)
{
	return ZERO_OR_NULL_PTR(object) ? 0 : seam_ksize(object);
}

kmem_buckets *kmem_buckets_create(const char *name, slab_flags_t flags, unsigned int useroffset,
				  unsigned int usersize, void (*ctor)(void *))
{
	return NULL; /* memdup_user()'s: nobody copies from users */
}

#ifdef CONFIG_PRINTK
/* The list checks ask before they warn: nothing is known of the object here. */
bool kmem_dump_obj(void *object)
{
	return false;
}

bool vmalloc_dump_obj(void *object)
{
	return false;
}
#endif

/* vmalloc() is kmalloc() here. */
bool is_vmalloc_addr(const void *x)
{
	return false;
}

/* ---- leaks ----------------------------------------------------------------------- */

#define CACHES_MAX 256
static unsigned baseline[CACHES_MAX];

void shim_slab_setup(void)
{
	memset(baseline, 0, sizeof(baseline));
}

void shim_slab_baseline(void)
{
	unsigned i, size, live;
	const char *name;

	for (i = 0; seam_cache_census(i, &name, &size, &live); i++) {
		BUG_ON(i >= CACHES_MAX);
		baseline[i] = live;
	}
}

/* swap_info[] keeps the devices' structs for the next swapon: no leaks. */
void shim_slab_audit(void)
{
	unsigned i, size, live, kept;
	const char *name;
	char title[96];

	for (i = 0; seam_cache_census(i, &name, &size, &live); i++) {
		kept = shim_swap_infos_of_size(size);
		if (live <= baseline[i] + kept)
			continue;
		snprintf(title, sizeof(title), "leak: %s", name);
		shim_reportf(title, "%u objects of %u bytes in use, %u at set-up\n", live, size,
			     baseline[i] + kept);
	}
}
