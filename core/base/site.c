// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sites and paths: reads the records that SITE() and PATH() left in their
 * linker sections, and gives them names, hashes and an order; sites_add() has
 * more of them, of code whose call sites are named after the link. An inline
 * function in several files leaves several records of one name; they count
 * as one. Locking: filled once, before any thread; read-only afterwards, but for
 * the `fine` build, whose sites are met in runs that have one thread.
 */
#include "core/base/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Weak: a small test may have no record at all. */
extern struct site *const __start_swaprace_sites[] __attribute__((weak));
extern struct site *const __stop_swaprace_sites[] __attribute__((weak));
extern struct path *const __start_swaprace_paths[] __attribute__((weak));
extern struct path *const __stop_swaprace_paths[] __attribute__((weak));

#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u

static const struct site **sites_by_name; /* these two: as of the last sort */
static const struct site **sites_by_hash;
static size_t sites_count, hashes_count;
static struct site **sites_added; /* after those of the section */
static size_t sites_added_count, sites_added_size;
static bool sites_ready, sites_stale;

static u32 fnv(u32 hash, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (u8)s[i]) * FNV_PRIME;
	return hash;
}

u32 site_hash(const char *name, size_t len)
{
	return fnv(FNV_BASIS, name, len);
}

static int compare_names(const struct site *a, const struct site *b)
{
	int order = strcmp(a->op, b->op);

	return order ? order : strcmp(a->func, b->func);
}

static int compare_sites(const void *a, const void *b)
{
	return compare_names(*(const struct site *const *)a, *(const struct site *const *)b);
}

static int compare_hashes(const void *a, const void *b)
{
	u32 x = (*(const struct site *const *)a)->hash;
	u32 y = (*(const struct site *const *)b)->hash;

	return (x > y) - (x < y);
}

static __cold void sites_die(const char *what)
{
	fprintf(stderr, "swaprace: sites: %s\n", what);
	abort();
}

static __cold void sites_collide(const struct site *a, const struct site *b)
{
	fprintf(stderr, "swaprace: sites: %s@%s and %s@%s have one hash, 0x%08x: rename one\n",
		a->op, a->func, b->op, b->func, a->hash);
	abort();
}

static void *sites_alloc(size_t n)
{
	void *p = calloc(n ? n : 1, sizeof(void *));

	if (!p)
		sites_die("out of memory");
	return p;
}

/* Nobody can rename what a run meets: it gives way where its hash is another's. */
static void sort_hashes(void)
{
	hashes_count = 0;
	memcpy(sites_by_hash, sites_by_name, sites_count * sizeof(*sites_by_hash));
	qsort(sites_by_hash, sites_count, sizeof(*sites_by_hash), compare_hashes);
	for (size_t i = 0; i < sites_count; i++) {
		const struct site *site = sites_by_hash[i], **last;

		last = hashes_count ? &sites_by_hash[hashes_count - 1] : NULL;
		if (!last || (*last)->hash != site->hash)
			sites_by_hash[hashes_count++] = site;
		else if ((*last)->is_late)
			*last = site;
		else if (!site->is_late)
			sites_collide(*last, site);
	}
}

static void sites_sort(void)
{
	size_t linked = (size_t)(__stop_swaprace_sites - __start_swaprace_sites);
	size_t records = linked + sites_added_count;

	free(sites_by_name);
	free(sites_by_hash);
	sites_count = 0;
	sites_by_name = sites_alloc(records);
	sites_by_hash = sites_alloc(records);
	for (size_t i = 0; i < records; i++) {
		struct site *site = i < linked ? __start_swaprace_sites[i] : sites_added[i - linked];
		u32 hash = fnv(FNV_BASIS, site->op, strlen(site->op));

		hash = fnv(hash, "@", 1);
		site->hash = fnv(hash, site->func, strlen(site->func));
		if (!site->hash)
			sites_die("a name has the hash 0, which means \"none\": rename it");
		sites_by_name[i] = site;
	}
	qsort(sites_by_name, records, sizeof(*sites_by_name), compare_sites);
	for (size_t i = 0; i < records; i++) {
		if (sites_count && !compare_names(sites_by_name[sites_count - 1], sites_by_name[i]))
			continue;
		sites_by_name[sites_count++] = sites_by_name[i];
	}
	sort_hashes();
	sites_ready = true;
	sites_stale = false;
}

static void sites_update(void)
{
	if (unlikely(sites_stale))
		sites_sort();
}

void sites_init(void)
{
	if (!sites_ready)
		sites_sort();
}

static void sites_reserve(size_t n)
{
	struct site **all;

	if (sites_added_count + n <= sites_added_size)
		return;
	sites_added_size = 2 * (sites_added_count + n);
	all = sites_alloc(sites_added_size);
	if (sites_added_count)
		memcpy(all, sites_added, sites_added_count * sizeof(*all));
	free(sites_added);
	sites_added = all;
}

void sites_add(struct site *const *sites, size_t n)
{
	sites_reserve(n);
	for (size_t i = 0; i < n; i++)
		sites_added[sites_added_count++] = sites[i];
	sites_sort();
}

void sites_add_later(struct site *site)
{
	sites_reserve(1);
	sites_added[sites_added_count++] = site;
	site->is_late = true;
	sites_stale = true;
}

const struct site *site_find(u32 hash)
{
	size_t low = 0, high;

	sites_update();
	high = hashes_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sites_by_hash[mid]->hash == hash)
			return sites_by_hash[mid];
		if (sites_by_hash[mid]->hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void sites_for_each(void (*fn)(const struct site *site, void *arg), void *arg)
{
	sites_update();
	for (size_t i = 0; i < sites_count; i++)
		fn(sites_by_name[i], arg);
}

const char *site_name(u32 hash, char *buf, size_t size)
{
	const struct site *site = site_find(hash);

	if (site)
		snprintf(buf, size, "%s@%s", site->op, site->func);
	else
		snprintf(buf, size, "0x%08x", hash);
	return buf;
}

/* ---- paths ---- */

void path_count(struct path *path)
{
	__atomic_fetch_add(&path->taken, 1, __ATOMIC_RELAXED);
}

static int compare_path_names(const struct path *a, const struct path *b)
{
	int order = strcmp(a->func, b->func);

	return order ? order : strcmp(a->name, b->name);
}

static int compare_paths(const void *a, const void *b)
{
	return compare_path_names(*(const struct path *const *)a, *(const struct path *const *)b);
}

void paths_for_each(void (*fn)(const struct path *path, void *arg), void *arg)
{
	size_t records = (size_t)(__stop_swaprace_paths - __start_swaprace_paths);
	const struct path **sorted = sites_alloc(records);
	size_t i = 0;

	for (size_t n = 0; n < records; n++)
		sorted[n] = __start_swaprace_paths[n];
	qsort(sorted, records, sizeof(*sorted), compare_paths);
	while (i < records) {
		struct path sum = { .name = sorted[i]->name, .func = sorted[i]->func };

		for (; i < records && !compare_path_names(sorted[i], &sum); i++)
			sum.taken += __atomic_load_n(&sorted[i]->taken, __ATOMIC_RELAXED);
		fn(&sum, arg);
	}
	free(sorted);
}
