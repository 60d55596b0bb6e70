// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswap's compressor, and what of crypto/ and lib/ comes with it. It copies a page's used
 * words and says that the page took half of its size. That a page does not compress is a
 * choice ("compress": then zswap stores it as it is), and so is that decompressing fails
 * ("io": what was swapped out is lost, as after a read error). Both are done before the
 * call returns.
 * Left out: requests that complete later, real algorithms.
 * Locking: the caller's, zswap's mutex per CPU.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <crypto/acompress.h>
#include <crypto/scatterwalk.h>

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#define COMPRESSED (PAGE_SIZE / 2)

/* ---- the compressor -------------------------------------------------------------- */

int crypto_has_alg(const char *name, u32 type, u32 mask)
{
	return 1;
}

struct crypto_acomp *crypto_alloc_acomp_node(const char *name, u32 type, u32 mask, int node)
{
	struct crypto_acomp *acomp = kzalloc(sizeof(*acomp), GFP_KERNEL);

	return acomp ? acomp : ERR_PTR(-ENOMEM);
}

void crypto_destroy_tfm(void *mem, struct crypto_tfm *tfm)
{
	kfree(mem);
}

/* Nothing completes later. */
void crypto_req_done(void *data, int err)
{
	seam_unexpected(__func__);
}

noinline int crypto_acomp_compress(struct acomp_req *req)
{
	seam_might_sleep(_RET_IP_);
	if (seam_live() && seam_choose(_RET_IP_, "compress", 2))
		return -EINVAL;
	shim_copy_page_at(sg_virt(req->dst), sg_virt(req->src), _RET_IP_);
	req->dlen = COMPRESSED;
	return 0;
}

noinline int crypto_acomp_decompress(struct acomp_req *req)
{
	seam_might_sleep(_RET_IP_);
	BUG_ON(req->slen != COMPRESSED);
	if (seam_live() && seam_choose(_RET_IP_, "io", 2))
		return -EINVAL;
	shim_copy_page_at(sg_virt(req->dst), sg_virt(req->src), _RET_IP_);
	req->dlen = PAGE_SIZE;
	return 0;
}

/* ---- scatterlists of one piece --------------------------------------------------- */

void sg_init_table(struct scatterlist *sg, unsigned int n)
{
	memset(sg, 0, sizeof(*sg) * n);
	sg_mark_end(&sg[n - 1]);
}

void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int length)
{
	sg_init_table(sg, 1);
	sg_set_buf(sg, buf, length);
}

noinline void memcpy_from_sglist(void *buf, struct scatterlist *sg, unsigned int start,
				 unsigned int n)
{
	BUG_ON(start || n != PAGE_SIZE);
	shim_copy_page_at(buf, sg_virt(sg), _RET_IP_);
}

/* ---- kernel/params.c, mm/slab_common.c ------------------------------------------- */

/* Marked: zswap reads its flag without a lock. */
int param_set_bool(const char *val, const struct kernel_param *param)
{
	WRITE_ONCE(*(bool *)param->arg, *val == '1');
	return 0;
}

void kfree_sensitive(const void *object)
{
	kfree(object);
}
