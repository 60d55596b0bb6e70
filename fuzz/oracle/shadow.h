/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents oracle's own state, shared by contents*.c (what is allowed) and
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
	bool zero_by_free; /* 0 is a candidate only if its page was dropped: contents_lazy.c */
};

enum shadow_mapped { SHADOW_UNMAPPED, SHADOW_MAPPED, SHADOW_MAYBE };

struct shadow_page {
	u64 run;         /* run in which it was cleared */
	u32 windows;     /* ops open on it */
	u32 moves;       /* of these: moves to it */
	u32 changes;     /* windows that have ended */
	u32 discarded;   /* clock of the last munmap, MADV_DONTNEED */
	u32 remapped;    /* ... of the last mmap or munmap */
	u32 freeing;     /* MADV_FREE ops open on it */
	u32 freed;       /* clock of the last MADV_FREE's end */
	u32 lazy_until;  /* ... of what last made it no longer lazy */
	u8 mapped;       /* enum shadow_mapped */
	/* What the page may lead to now, SHADOW_ANON and SHADOW_SHM(); of a file's own page
	 * nothing. backs_before: when no window was open, and what ops have mapped since. */
	u8 backs, backs_before;
	bool trapped;    /* userfaultfd may answer an access with SIGBUS */
	bool guarded;    /* userfaultfd lets no store through */
	u32 trapped_at;  /* clock of the last registration */
	u32 unprotected; /* clock of the last end of protection */
	bool lazy;       /* MADV_FREE was here, and no store since */
	bool frozen;     /* a store ended that: dropped before it, or kept? */
	char writer[12]; /* op of the last store */
	struct shadow_word word[WORLD_WORDS];
};

#define SHADOW_ANON 1u
#define SHADOW_SHM(shm) (2u << (shm))
#define SHADOW_BACKS_ALL ((2u << WORLD_SHMS_MAX) - 1)

/* A shared file. Its pages are shadow_pages of which only windows, discarded, writer
 * and words are used. */
struct shadow_shm {
	struct shadow_page page[WORLD_REGION_PAGES];
	u8 size_min, size_max;   /* in pages; they differ while it is not known */
	u8 size_before;          /* when no truncation was open */
	u32 windows;             /* truncations that are open */
	u32 resized;             /* clock of the end of the last one */
};

struct shadow_mm {
	bool exists;
	bool unknown;  /* which incarnation it is cannot be told: not judged */
	bool reaped;   /* by the OOM reaper: not judged */
	u32 reaping;   /* reapers that are open */
	u32 windows;   /* exits, and forks into it, that are open */
	u32 exits;
	u32 changes;
	u32 remaps;    /* begins and ends of mremap() */
	u32 zombies, zombie_ended; /* ops of an mm that has exited: open; last end */
};

/* One for each context: the op it is in. */
struct shadow_window {
	struct contents_op op;
	u32 begin;
	u32 changes, io_errors, alloc_failures;
	bool sure;     /* a read of a page that is certainly mapped */
	bool zombie;   /* its mm has exited under it */
	u8 backs;      /* of a pin: what its page may be */
	u32 remaps;    /* of a pin: of its mm at the begin */
	bool mismatch; /* a load was wrong: where, what */
	u8 mm, page, word;
	u64 got;
};

/* A page that a task has pinned. */
struct shadow_pin {
	u8 mm, page;
	u8 backs;     /* what it may be a page of */
	bool exact;   /* it was the mm's page when it was pinned */
	bool follows; /* the device sees what the mm stores later */
	u32 changes;  /* shadow_page_changes() then */
	u32 remaps;   /* of its mm, then: a page that moves takes its pins along */
};

struct shadow {
	struct shadow_page page[WORLD_MM_MAX + 1][WORLD_PAGES];
	struct shadow_mm mm[WORLD_MM_MAX + 1];
	struct shadow_shm shm[WORLD_SHMS_MAX];
	struct shadow_pin pin[ENGINE_CTX_MAX + 1][WORLD_PINS_MAX];
	u32 shm_changes;         /* windows of files that have ended */
	struct shadow_window window[ENGINE_CTX_MAX + 1];
	u64 run;
	u32 clock;
	u32 io_errors, alloc_failures;
	u32 locked;   /* a hidden lock */
	bool native, large_folios;
};
extern struct shadow shadow;

/* ---- contents.c ---- */
void shadow_lock(void);
void shadow_unlock(void);
u32 shadow_tick(void);
struct shadow_page *shadow_page(int mm, int page);
void shadow_page_copy(struct shadow_page *to, const struct shadow_page *from);
/* The page, cleared if this run has not touched it yet. */
struct shadow_page *shadow_page_fresh(struct shadow_page *p);
/* Is an op open that changes it at no single instant? */
bool shadow_page_open(int mm, const struct shadow_page *p);
/* Is one, or was one since this window was opened? Who was last is not known then. */
bool shadow_page_busy(const struct shadow_window *win, const struct shadow_page *p);
/* A fork that is open with this child, or NULL. */
const struct shadow_window *shadow_fork_into(int child);
/* Ops that have ended and could have changed what the page leads to, or whether it can
 * be read. */
u32 shadow_page_changes(int mm, int page);
/* The OOM reaper takes its pages, or which incarnation it is cannot be told. */
bool shadow_mm_unknown(int mm);
/* Errors after which nothing has happened. */
bool shadow_did_nothing(int ret);
/* A word of the mm's own page gets this value. */
void shadow_store(int mm, struct shadow_page *p, struct shadow_word *w, u64 value, u32 now);

/* ---- shadow_word.c ---- */
void word_kill_all(struct shadow_word *w, u32 now);
void word_add(struct shadow_word *w, u64 value, u32 stamp);
/* Kills the candidates that are over before `before`. */
void word_kill_before(struct shadow_word *w, u32 before, u32 now);
bool word_has(const struct shadow_word *w, u64 value);
u32 word_olds(const struct shadow_word *w); /* values in the ring */
/* Was value alive in the word at any time after since? */
bool word_had_after(const struct shadow_word *w, u64 value, u32 since);
/* It has this value and no other one. */
void word_keep(struct shadow_word *w, u64 value, u32 now);
/* to may also be what from was at some time since then; stamp: of these values. */
void word_join_olds(struct shadow_word *to, const struct shadow_word *from, u32 since, u32 stamp);
/* ... or is now. */
void word_join(struct shadow_word *to, const struct shadow_word *from, u32 since, u32 stamp);

/* ---- contents_shm.c ---- */
void shadow_shm_reset(void);
/* Where the words of a page are judged: the file's page if it is certain that it leads
 * to one, else the mm's own. */
struct shadow_page *shadow_contents(int mm, int page);
/* A store or load of a page that leads, or may lead, to a file. False: it is the mm's
 * own, and the caller's to judge. */
bool shadow_shm_store(struct shadow_window *win, int mm, int page, int word, u64 value);
bool shadow_shm_load(struct shadow_window *win, int mm, int page, int word, u64 value);
/* Windows of SHM_PUNCH and SHM_TRUNCATE. */
void shadow_shm_begin(struct shadow_window *win);
void shadow_shm_end(const struct shadow_window *win, int ret);
/* Windows of a range of an mm: what the page may lead to. busy: others were open on it. */
void shadow_page_window_begin(const struct contents_op *op, struct shadow_page *p);
void shadow_page_window_end(const struct shadow_window *win, struct shadow_page *p, int ret,
			    bool busy);
/* An op has mapped or unmapped it. An op that is still open restores no more than this if
 * it does nothing. */
void shadow_page_remapped(struct shadow_page *p, u32 now);
/* The page may lie beyond the end of its file. */
bool shadow_shm_may_fail(int mm, int page);
/* What a page may lead to. */
u8 shadow_backs(int mm, int page);
/* A store that may have gone to each of these, or not; SHADOW_ANON: the page's own memory. */
void shadow_store_maybe(const struct shadow_window *win, u8 backs, int mm, int page, int word,
			u64 value);

/* ---- contents_pin.c ---- */
/* The op is a device's. */
bool shadow_is_device(const struct shadow_window *win);
void shadow_pin_begin(struct shadow_window *win);
void shadow_pin_end(const struct shadow_window *win, int ret);
/* Is it settled? Else it is judged as an access of the mm that was pinned. */
bool shadow_pin_store(const struct shadow_window *win, int word, u64 value);
bool shadow_pin_load(const struct shadow_window *win);

/* ---- contents_uffd.c ---- */
void shadow_uffd_begin(struct shadow_window *win); /* effects from CONTENTS_MOVE on */
void shadow_uffd_end(const struct shadow_window *win, int ret);
/* A missing page is mapped with this word now. */
void shadow_fill(int mm, int page, int word, u64 value);
/* Is a page on its way in the mm; may this one hold value because of it? */
bool shadow_move_open(int mm);
bool shadow_move_allows(int mm, int page, int word, u64 value);
void shadow_unprotect(struct shadow_page *p);
void shadow_check_protected(const struct shadow_window *win, int mm, int page,
			    const struct shadow_page *p);

/* ---- contents_lazy.c: see there ---- */
/* The window of a MADV_FREE. */
void lazy_window_begin(const struct shadow_window *win);
void lazy_window_end(const struct shadow_window *win, int ret);
/* madvise() ends with -EINVAL at a part of its range that it does not suit (one that is
 * locked), and has done what comes before it. */
bool lazy_advice_did_nothing(const struct contents_op *op, int ret);
/* Around a store; open: a window that changes the page is open as well. */
void lazy_store_begin(struct shadow_page *p, bool open, u32 now);
void lazy_store_end(struct shadow_page *p, struct shadow_word *w, u32 now);
/* A word was loaded, and no window is open: nothing else is possible any more. */
void lazy_settle(struct shadow_page *p, struct shadow_word *w, u64 value, u32 now);
/* The page has become zero by an op that began then; not sure: or is as it was. */
void lazy_discard(struct shadow_page *p, bool sure, u32 begin, u32 now);
/* to has also what from held at some time since then. */
void lazy_join(struct shadow_page *to, const struct shadow_page *from, u32 since);
/* to has nothing but that. */
void lazy_copy(struct shadow_page *to, const struct shadow_page *from, u32 since);

/* ---- contents_mm.c: the end of a fork, an exit, a reaper ---- */
void shadow_fork_end(const struct shadow_window *win, int ret);
void shadow_exit_end(const struct shadow_window *win, int ret);
void shadow_reap_end(const struct shadow_window *win, int ret);

/* ---- contents_remap.c: the window of an mremap() ---- */
void remap_begin(struct shadow_window *win);
void remap_end(const struct shadow_window *win, int ret, u32 now);

/* ---- contents_report.c ---- A mismatch inside of a read op is reported at its end, when
 * all words are known; elsewhere at once. */
void shadow_mismatch(struct shadow_window *win, int mm, int page, int word, u64 got);
void shadow_report_mismatch(const struct shadow_window *win, const u64 words[WORLD_WORDS],
			    int (*reread)(int mm, int page, u64 words[WORLD_WORDS]));
void shadow_report_unmapped(int mm, int page, const char *what);
void shadow_report_beyond(int mm, int page, const char *what);
void shadow_report_page(int mm, int page, const char *title, const char *why);
void shadow_report_failure(const struct shadow_window *win, const char *title);

#endif
