// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for mm/zsmalloc.c: each object is one of the seam's slab, which is poisoned when
 * it is free, and holds a page's used words whatever its length says. A pool's size is the
 * sum of the lengths, as if objects were packed without gaps. Whether an allocation fails
 * is a choice.
 * Left out: size classes, zspages that take pages of the machine, compaction, migration,
 * and the locks that go with them.
 * Locking: none.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/zsmalloc.h>

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"
#include "core/tree/shim/zswap.h"

struct zs_pool {
	long bytes;
};

struct zs_object {
	unsigned long words[SEAM_PAGE_WORDS];
	size_t length;
};

struct zs_pool *zs_create_pool(const char *name)
{
	return kzalloc(sizeof(struct zs_pool), GFP_KERNEL);
}

void zs_destroy_pool(struct zs_pool *pool)
{
	if (pool->bytes)
		shim_reportf("leak: zsmalloc object in a pool that is destroyed", "%ld bytes\n",
			     pool->bytes);
	kfree(pool);
}

static void pool_add(struct zs_pool *pool, long bytes)
{
	__atomic_fetch_add(&pool->bytes, bytes, __ATOMIC_RELAXED);
}

noinline unsigned long zs_malloc(struct zs_pool *pool, size_t size, gfp_t gfp, const int nid)
{
	struct zs_object *object;

	if (!size || size > PAGE_SIZE)
		return (unsigned long)ERR_PTR(-ENOSPC);
	seam_point(_RET_IP_, SEAM_ALLOC, pool, 0);
	if (shim_should_fail(gfp, _RET_IP_))
		return (unsigned long)ERR_PTR(-ENOMEM);
	object = seam_kmalloc(sizeof(*object), 0, _RET_IP_);
	seam_role_new(object, sizeof(*object), "zsmalloc object");
	object->length = size;
	pool_add(pool, (long)size);
	return (unsigned long)object;
}

noinline void zs_free(struct zs_pool *pool, unsigned long handle)
{
	struct zs_object *object = (struct zs_object *)handle;

	if (IS_ERR_OR_NULL(object))
		return;
	seam_point(_RET_IP_, SEAM_FREE, object, 0);
	pool_add(pool, -(long)object->length);
	seam_free(object, _RET_IP_);
}

unsigned long zs_get_total_pages(struct zs_pool *pool)
{
	long bytes = __atomic_load_n(&pool->bytes, __ATOMIC_RELAXED);

	return DIV_ROUND_UP((unsigned long)bytes, PAGE_SIZE);
}

noinline void zs_obj_write(struct zs_pool *pool, unsigned long handle, void *from, size_t length)
{
	struct zs_object *object = (struct zs_object *)handle;

	BUG_ON(length > object->length);
	shim_copy_page_at(object->words, from, _RET_IP_);
}

noinline void zs_obj_read_sg_begin(struct zs_pool *pool, unsigned long handle,
				   struct scatterlist *sg, size_t length)
{
	struct zs_object *object = (struct zs_object *)handle;

	BUG_ON(length > object->length);
	sg_init_one(sg, object->words, (unsigned int)length);
}

void zs_obj_read_sg_end(struct zs_pool *pool, unsigned long handle)
{
}

SHIM_RAW bool check_zsmalloc_live(unsigned long handle)
{
	return seam_object_cache((const void *)handle);
}
