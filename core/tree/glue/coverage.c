// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The edges of the tree's code: compiler.py has a counter made for each, which lie
 * outside of the world and make no event. The modules' constructors, which would hand
 * them to libFuzzer, are dropped by the link: its targets do (fuzz/targets/tree_targets.c).
 */
#include "core/base/world_ops.h"
#include "core/tree/glue/glue.h"

extern u8 __start___sancov_cntrs[] __attribute__((weak));
extern u8 __stop___sancov_cntrs[] __attribute__((weak));
extern const struct world_edge __start___sancov_pcs[] __attribute__((weak));
extern const struct world_edge __stop___sancov_pcs[] __attribute__((weak));

void __sanitizer_cov_8bit_counters_init(u8 *start, u8 *stop);
void __sanitizer_cov_pcs_init(const unsigned long *start, const unsigned long *stop);

__attribute__((weak)) void __sanitizer_cov_8bit_counters_init(u8 *start, u8 *stop)
{
	(void)start;
	(void)stop;
}

__attribute__((weak)) void __sanitizer_cov_pcs_init(const unsigned long *start,
						    const unsigned long *stop)
{
	(void)start;
	(void)stop;
}

void glue_edges(struct world_edges *out)
{
	out->taken = __start___sancov_cntrs;
	out->at = __start___sancov_pcs;
	out->n = (u32)(__stop___sancov_cntrs - __start___sancov_cntrs);
}
