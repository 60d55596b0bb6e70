// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Points, named by return address. The build's table gives each call site of the
 * seam its name; all addresses of one name share one struct site. An address that
 * the table lacks gets its own number as a name: it works, but not across builds.
 *
 * The kernel's fences are C11's: a store after a release fence releases, and an
 * acquire fence acquires what was loaded before it. TSan knows nothing of fences,
 * so both are done here, by context, with the addresses as tokens. Only the last
 * loads are remembered, so this may see a race too many in a long chain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tree/glue/glue.h"

extern const struct seam_site seam_site_table[] __attribute__((weak));
extern const unsigned seam_site_count __attribute__((weak));

BUILD_BUG_ON((int)SEAM_LOCK != (int)EV_LOCK || (int)SEAM_TRYLOCK != (int)EV_TRYLOCK);
BUILD_BUG_ON((int)SEAM_UNLOCK != (int)EV_UNLOCK || (int)SEAM_LOAD != (int)EV_LOAD);
BUILD_BUG_ON((int)SEAM_STORE != (int)EV_STORE || (int)SEAM_RMW != (int)EV_RMW);
BUILD_BUG_ON((int)SEAM_FENCE != (int)EV_FENCE || (int)SEAM_RCU != (int)EV_RCU);
BUILD_BUG_ON((int)SEAM_PTE != (int)EV_PTE || (int)SEAM_TLB != (int)EV_TLB);
BUILD_BUG_ON((int)SEAM_COPY != (int)EV_COPY || (int)SEAM_WAIT != (int)EV_WAIT);
BUILD_BUG_ON((int)SEAM_WAKE != (int)EV_WAKE || (int)SEAM_IO != (int)EV_IO);
BUILD_BUG_ON((int)SEAM_PREEMPT != (int)EV_PREEMPT || (int)SEAM_YIELD != (int)EV_YIELD);
BUILD_BUG_ON((int)SEAM_ALLOC != (int)EV_ALLOC || (int)SEAM_FREE != (int)EV_FREE);

/* ---- sites ------------------------------------------------------------------------ */

struct site_slot { unsigned long pc; struct site *site; };
#define SITES_UNKNOWN_MAX 4096u

/* By address, a word for each four bytes of code: neighbours in the code are neighbours here,
 * so that what one function needs lies in few cache lines. */
#define CODE_GRANULE 4u

static struct site *table_sites;   /* as long as the process lives */
static u32 *code_map;              /* (index into table_sites + 1) * 4 + low bits of pc, or 0 */
static unsigned long code_first, code_size;
static struct site_slot *site_map; /* what has no word; open addressing, never full */
static u32 site_map_mask;
static u32 sites_unknown;

static __cold void events_die(const char *what)
{
	fprintf(stderr, "swaprace: tree: %s\n", what);
	exit(3);
}

static u32 site_slot_first(unsigned long pc)
{
	return (u32)((pc * 0x9e3779b97f4a7c15ull) >> 32) & site_map_mask;
}

static int compare_rows(const void *a, const void *b)
{
	const struct seam_site *x = *(const struct seam_site *const *)a;
	const struct seam_site *y = *(const struct seam_site *const *)b;
	int order = strcmp(x->func, y->func);

	return order ? order : strcmp(x->op, y->op);
}

static void site_map_put(unsigned long pc, struct site *site)
{
	u32 i = site_slot_first(pc);

	while (site_map[i].pc && site_map[i].pc != pc)
		i = (i + 1) & site_map_mask;
	site_map[i] = (struct site_slot){ .pc = pc, .site = site };
}

static void code_map_put(unsigned long pc, u32 index)
{
	u32 *word = &code_map[(pc - code_first) / CODE_GRANULE];

	if (*word) /* a call of two bytes behind another one */
		site_map_put(pc, &table_sites[index]);
	else
		*word = (index + 1) * CODE_GRANULE + (u32)((pc - code_first) % CODE_GRANULE);
}

/* One struct site for each name in the table; rows are sorted by name for that. Before
 * main(): a program's text is checked against the names before it runs. */
__attribute__((constructor)) static void sites_of_table(void)
{
	u32 n = &seam_site_count ? seam_site_count : 0, names = 0, size = SITES_UNKNOWN_MAX * 2;
	const struct seam_site **row = calloc(n + 1, sizeof(*row));
	struct site **added = calloc(n + 1, sizeof(*added));
	struct site *site = calloc(n + 1, sizeof(*site));

	table_sites = site;
	while (size < 2 * (n + SITES_UNKNOWN_MAX))
		size *= 2;
	site_map = calloc(size, sizeof(*site_map));
	if (n) {
		code_first = seam_site_table[0].pc;
		code_size = seam_site_table[n - 1].pc - code_first + 1;
	}
	code_map = calloc(code_size / CODE_GRANULE + 1, sizeof(*code_map));
	if (!row || !added || !site || !site_map || !code_map)
		events_die("out of memory for the sites");
	site_map_mask = size - 1;
	for (u32 i = 0; i < n; i++) {
		row[i] = &seam_site_table[i];
		BUG_ON(i && row[i]->pc <= row[i - 1]->pc);
	}
	qsort(row, n, sizeof(*row), compare_rows);
	for (u32 i = 0; i < n; i++) {
		if (i == 0 || compare_rows(&row[i - 1], &row[i]) != 0) {
			site[names] = (struct site){ .op = row[i]->op, .func = row[i]->func };
			added[names] = &site[names];
			names++;
		}
		code_map_put(row[i]->pc, names - 1);
	}
	sites_add(added, names);
	free(row);
	free(added);
}

static __cold struct site *site_unknown(unsigned long pc, const char *op)
{
	struct site *site = calloc(1, sizeof(*site));
	char *func = malloc(24), name[64];
	int n;

	if (!site || !func || ++sites_unknown > SITES_UNKNOWN_MAX)
		events_die("too many call sites that the table of sites lacks");
	snprintf(func, 24, "0x%lx", pc);
	*site = (struct site){ .op = op, .func = func };
	n = snprintf(name, sizeof(name), "%s@%s", op, func);
	site->hash = site_hash(name, min((size_t)n, sizeof(name) - 1));
	site_map_put(pc, site);
	return site;
}

/* NULL: ask glue_site(). */
static inline const struct site *site_of_table(unsigned long pc)
{
	unsigned long at = pc - code_first;
	u32 word = at < code_size ? code_map[at / CODE_GRANULE] : 0;

	if (likely(word >= CODE_GRANULE && word % CODE_GRANULE == at % CODE_GRANULE))
		return &table_sites[word / CODE_GRANULE - 1];
	return NULL;
}

const struct site *glue_site(unsigned long pc, const char *fallback)
{
	const struct site *site = site_of_table(pc);

	if (likely(site))
		return site;
	for (u32 i = site_slot_first(pc);; i = (i + 1) & site_map_mask) {
		if (likely(site_map[i].pc == pc))
			return site_map[i].site;
		if (!site_map[i].pc)
			return site_unknown(pc, fallback);
	}
}

void seam_quiet_begin(void)
{
	engine_events_off++;
}

void seam_quiet_end(void)
{
	BUG_ON(!engine_events_off);
	engine_events_off--;
}

const char *seam_func(unsigned long ip)
{
	return glue_site(ip, "?")->func;
}

/* ---- fences, for TSan alone --------------------------------------------------------- */

#ifdef SWAPRACE_TSAN
#define LOADS_KEPT 8u
static struct {
	bool released;       /* a release fence was passed */
	u32 nloads;
	const volatile void *load[LOADS_KEPT];
} fence[GLUE_CTX_COUNT];

static void fences_reset(void)
{
	memset(fence, 0, sizeof(fence));
}

static void fence_after_load(const volatile void *p)
{
	unsigned ctx = engine_current();

	fence[ctx].load[fence[ctx].nloads++ % LOADS_KEPT] = p;
}

static void fence_before_store(const volatile void *p)
{
	if (fence[engine_current()].released)
		engine_hb_release(p);
}

static void fence_passed(enum seam_fence kind)
{
	unsigned ctx = engine_current();

	if (kind != SEAM_WMB)
		for (u32 i = 0; i < LOADS_KEPT; i++)
			if (fence[ctx].load[i])
				engine_hb_acquire(fence[ctx].load[i]);
	if (kind != SEAM_RMB)
		fence[ctx].released = true;
}
#else
static void fences_reset(void)
{
}

static void fence_after_load(const volatile void *p)
{
	(void)p;
}

static void fence_before_store(const volatile void *p)
{
	(void)p;
}

static void fence_passed(enum seam_fence kind)
{
	(void)kind;
}
#endif

/* ---- points --------------------------------------------------------------------------- */

extern char __start_swaprace_world[] __attribute__((weak));
extern char __stop_swaprace_world[] __attribute__((weak));

void events_reset(void)
{
	engine_events_off = 0;
	fences_reset();
	BUG_ON(!site_map);
}

/* What lies on a fiber's stack is nobody else's. */
static inline bool is_shared(const volatile void *p)
{
	if (unlikely(engine_events_off))
		return false;
	return (unsigned long)p - ENGINE_ARENA_BASE < ENGINE_ARENA_MAX ||
	       (unsigned long)p - (unsigned long)__start_swaprace_world <
	       (unsigned long)(__stop_swaprace_world - __start_swaprace_world);
}

/* In set-up and tear-down. Those points need no site: they are only counted. */
static inline bool is_quiet(void)
{
	return unlikely(!*engine_points_live) && engine_quiet_point();
}

static inline __attribute__((always_inline)) void
point(unsigned long pc, const char *fallback, enum event_kind kind, const volatile void *p,
      unsigned size)
{
	const struct site *site = site_of_table(pc);

	engine_point(likely(site) ? site : glue_site(pc, fallback), kind, p, size);
}

/* This file is compiled with sibling calls: in these a point is the last thing, where no
 * fences are watched, and a return less is predicted wrongly after a switch. */
void seam_load(const volatile void *p, unsigned size)
{
	if (!is_shared(p))
		return;
	if (!is_quiet())
		point(GLUE_CALLER, "load", EV_LOAD, p, size);
	fence_after_load(p);
}

void seam_store(const volatile void *p, unsigned size)
{
	if (!is_shared(p))
		return;
	if (!is_quiet())
		point(GLUE_CALLER, "store", EV_STORE, p, size);
	fence_before_store(p);
}

void seam_rmw(const volatile void *p, unsigned size)
{
	if (!is_shared(p))
		return;
	if (!is_quiet())
		point(GLUE_CALLER, "rmw", EV_RMW, p, size);
	fence_before_store(p);
	fence_after_load(p);
}

void seam_pte(const volatile void *p, unsigned size)
{
	if (!is_shared(p))
		return;
	if (!is_quiet())
		point(GLUE_CALLER, "pte", EV_PTE, p, size);
	fence_before_store(p);
	fence_after_load(p);
}

void seam_copy(const volatile void *p, unsigned size)
{
	if (is_shared(p) && !is_quiet())
		point(GLUE_CALLER, "copy", EV_COPY, p, size);
}

void seam_relax(void)
{
	engine_yield(glue_site(GLUE_CALLER, "cpu_relax"));
}

void seam_mb(enum seam_fence kind)
{
	if (unlikely(engine_events_off))
		return;
	if (!is_quiet())
		point(GLUE_CALLER, "mb", EV_FENCE, NULL, 0);
	fence_passed(kind);
}

void seam_point(unsigned long ip, int event, const volatile void *p, unsigned size)
{
	const struct site *site;

	BUG_ON_CMP(event, >=, EV_KIND_COUNT);
	if (unlikely(engine_events_off) || is_quiet())
		return;
	site = site_of_table(ip);
	if (unlikely(!site))
		site = glue_site(ip, event_kind_name((enum event_kind)event));
	engine_point(site, (enum event_kind)event, p, size);
}

void seam_result(unsigned long value)
{
	engine_result(value);
}

void seam_hb_release(const volatile void *token)
{
	engine_hb_release(token);
}

void seam_hb_acquire(const volatile void *token)
{
	engine_hb_acquire(token);
}

void seam_race_ignore_begin(void)
{
	engine_race_ignore_begin();
}

void seam_race_ignore_end(void)
{
	engine_race_ignore_end();
}
