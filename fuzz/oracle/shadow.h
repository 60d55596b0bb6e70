/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents oracle's own state, shared by contents.c (what is allowed) and
 * contents_report.c (what to call it when it is not). All under shadow_lock().
 */
#ifndef FUZZ_ORACLE_SHADOW_H
#define FUZZ_ORACLE_SHADOW_H

#include "core/engine/engine.h"
#include "fuzz/oracle/contents.h"

#define SHADOW_CANDS 6
#define SHADOW_OLDS 4

struct shadow_value {
	u64 value;
	u32 stamp;  /* when it was stored */
	u32 killed; /* when it stopped being a candidate */
};

struct shadow_word {
	struct shadow_value cand[SHADOW_CANDS];
	struct shadow_value old[SHADOW_OLDS]; /* a ring: nolds counts on */
	u32 nolds;
	u32 forgot; /* latest killed stamp that fell out of the ring */
	u8 ncands;
	bool any;   /* too many candidates: not judged any more */
};

enum shadow_mapped { SHADOW_UNMAPPED, SHADOW_MAPPED, SHADOW_MAYBE };

struct shadow_page {
	u64 run;         /* run in which it was cleared */
	u32 windows;     /* ops open on it */
	u32 changes;     /* windows that have ended */
	u32 discarded;   /* clock of the last munmap, MADV_DONTNEED */
	u32 remapped;    /* ... of the last mmap or munmap */
	u8 mapped;       /* enum shadow_mapped */
	char writer[12]; /* op of the last store */
	struct shadow_word word[WORLD_WORDS];
};

struct shadow_mm {
	bool exists;
	bool unknown;  /* which incarnation it is cannot be told: not judged */
	u32 windows;   /* exits, and forks into it, that are open */
	u32 exits;
	u32 changes;
	u32 zombies, zombie_ended; /* ops of an mm that has exited: open; last end */
};

/* One for each context: the op it is in. */
struct shadow_window {
	struct contents_op op;
	u32 begin;
	u32 changes, io_errors;
	bool sure;     /* a read of a page that is certainly mapped */
	bool zombie;   /* its mm has exited under it */
	bool mismatch; /* a load was wrong: where, what */
	u8 mm, page, word;
	u64 got;
};

struct shadow {
	struct shadow_page page[WORLD_MM_MAX + 1][WORLD_PAGES];
	struct shadow_mm mm[WORLD_MM_MAX + 1];
	struct shadow_window window[ENGINE_CTX_MAX + 1];
	u64 run;
	u32 clock;
	u32 io_errors;
	u32 locked;   /* a hidden lock */
	bool native;
};
extern struct shadow shadow;

void shadow_lock(void);
void shadow_unlock(void);
struct shadow_page *shadow_page(int mm, int page);
bool value_allowed_parent(const struct shadow_window *fork, int page, int word, u64 value);

/* contents_report.c. A mismatch inside of a read op is reported at its end, when
 * all words are known; elsewhere at once. */
void shadow_mismatch(struct shadow_window *win, int mm, int page, int word, u64 got);
void shadow_report_mismatch(const struct shadow_window *win, const u64 words[WORLD_WORDS],
			    int (*reread)(int mm, int page, u64 words[WORLD_WORDS]));
void shadow_report_unmapped(int mm, int page, const char *what);
void shadow_report_failure(const struct shadow_window *win, const char *title);

#endif
