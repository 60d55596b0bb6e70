/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sites: the stable names of places in the code ("folio_lock@do_swap_page").
 * Each use of SITE() puts a record into a linker section, so that programs in
 * text form can name it. A site's identity is the hash of its name: two places
 * of one function with one primitive share it and are told apart by their
 * occurrence. Never an address, never a line number.
 */
#ifndef CORE_BASE_SITE_H
#define CORE_BASE_SITE_H

#include "core/base/types.h"

struct site {
	const char *op;   /* the primitive: "spin_lock" */
	const char *func; /* the function that calls it: "unuse_pte" */
	u32 hash;         /* FNV-1a of "op@func"; filled by sites_init() */
	bool is_late;     /* a run has met it: sites_add_later() */
};

#define SITE(op_)                                                               \
	({                                                                      \
		static struct site site_ = { .op = (op_), .func = __func__ };   \
		static struct site *const site_p_                               \
			__attribute__((section("swaprace_sites"), used)) = &site_; \
		(const struct site *)&site_;                                    \
	})

/* Adds sites that are made at run time (a table made after the link), each once;
 * func and op stay valid. Fills in their hashes. Costs one sort: add many at once. */
void sites_add(struct site *const *sites, size_t n);
/* The same for one site that a run meets: its name is found from the next question on. */
void sites_add_later(struct site *site);
/* Fills in all hashes; reports two names with one hash. Call once, first. */
void sites_init(void);
/* The hash of a name "op@func", whether or not it exists in this build. */
u32 site_hash(const char *name, size_t len);
/* A site of this hash, or NULL where this build has none. */
const struct site *site_find(u32 hash);
/* Calls fn for each distinct site, in order of name. */
void sites_for_each(void (*fn)(const struct site *site, void *arg), void *arg);
/* "op@func", or "0x1234abcd" for an unknown hash; returns buf. */
const char *site_name(u32 hash, char *buf, size_t size);

/*
 * Paths: places of the specification that a test run must have taken (a lock
 * dropped, a trylock failed, a retry). PATH("name") counts; paths_for_each()
 * lists all of them, so that "never taken" can be printed.
 */
struct path {
	const char *name;
	const char *func;
	u64 taken; /* since the process started */
};

#define PATH(name_)                                                             \
	do {                                                                    \
		static struct path path_ = { .name = (name_), .func = __func__ }; \
		static struct path *const path_p_                               \
			__attribute__((section("swaprace_paths"), used)) = &path_; \
		path_count(&path_);                                             \
	} while (0)

void path_count(struct path *path);
void paths_for_each(void (*fn)(const struct path *path, void *arg), void *arg);

#endif
