/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The `fine` build: the compiler calls us before each plain load and store of the
 * model, or of a tree's own code (-fsanitize-coverage=trace-loads,trace-stores), and
 * each one to world memory is a scheduling point. The site is "plain@function", found
 * by the program counter. Empty in other builds.
 */
#include "core/engine/internal.h"

#ifdef SWAPRACE_FINE
#define FINE_SITES (1u << 17) /* a power of two; a tree has some 40,000 that run */

static struct site fine_site[FINE_SITES];
static const void *fine_pc[FINE_SITES];

static const struct site *fine_site_of(const void *pc)
{
	size_t i = (size_t)((uintptr_t)pc * 0x9e3779b97f4a7c15ull >> 40) % FINE_SITES, looked = 0;

	while (fine_pc[i] && fine_pc[i] != pc) {
		BUG_ON(++looked == FINE_SITES);
		i = (i + 1) % FINE_SITES;
	}
	if (!fine_pc[i]) {
		char name[128];
		int n;

		fine_pc[i] = pc;
		fine_site[i].op = "plain";
		fine_site[i].func = symbol_name(pc);
		n = snprintf(name, sizeof(name), "plain@%s", fine_site[i].func);
		fine_site[i].hash = site_hash(name, (size_t)n);
		sites_add_later(&fine_site[i]);
	}
	return &fine_site[i];
}

static inline void fine_access(const volatile void *p, unsigned size, const void *pc)
{
	if (eng.live && !engine_events_off && engine_is_world(p))
		engine_point(fine_site_of(pc), EV_PLAIN, p, size);
}

#define FINE_HOOKS(bytes, type)                                                  \
	void __sanitizer_cov_load##bytes(type *p);                               \
	void __sanitizer_cov_store##bytes(type *p);                              \
	void __sanitizer_cov_load##bytes(type *p)                                \
	{                                                                        \
		fine_access(p, bytes, __builtin_return_address(0));              \
	}                                                                        \
	void __sanitizer_cov_store##bytes(type *p)                               \
	{                                                                        \
		fine_access(p, bytes, __builtin_return_address(0));              \
	}
FINE_HOOKS(1, u8)
FINE_HOOKS(2, u16)
FINE_HOOKS(4, u32)
FINE_HOOKS(8, u64)
FINE_HOOKS(16, __uint128_t)
#else
typedef int fine_is_off; /* a file must not be empty */
#endif
