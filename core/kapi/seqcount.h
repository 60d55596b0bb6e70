/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/seqlock.h (seqcount_t). The writer is serialised by
 * somebody else's lock and makes the count odd while it writes; what it guards
 * is read with marked loads, because a reader may see it half written.
 */
#ifndef CORE_KAPI_SEQCOUNT_H
#define CORE_KAPI_SEQCOUNT_H

#include "core/kapi/compiler.h"

typedef struct { u32 sequence; } seqcount_t;
#define SEQCNT_ZERO(name) { 0 }
#define seqcount_init(s) engine_store_relaxed(&(s)->sequence, 0)

/* raw: does not wait for an even count; the caller looks at bit 0. */
static inline u32 raw_read_seqcount_at(const seqcount_t *s, const struct site *site)
{
	u32 seq;

	engine_point(site, EV_LOAD, s, sizeof(*s));
	seq = __atomic_load_n(&s->sequence, HB_ORDER(SEQ_READ, ENGINE_ACQUIRE));
	kapi_result(seq);
	return seq;
}

static inline u32 read_seqcount_begin_at(const seqcount_t *s, const struct site *site)
{
	u32 seq = raw_read_seqcount_at(s, site);

	while (seq & 1) {
		engine_yield(site);
		seq = raw_read_seqcount_at(s, site);
	}
	return seq;
}

/* True: what was read since the begin may be torn, read again. */
static inline bool read_seqcount_retry_at(const seqcount_t *s, u32 start,
					  const struct site *site)
{
	bool changed;

	engine_point(site, EV_LOAD, s, sizeof(*s));
	engine_fence();
	changed = engine_load_relaxed(&s->sequence) != start;
	kapi_result(changed);
	return changed;
}

static inline void raw_write_seqcount_begin_at(seqcount_t *s, const struct site *site)
{
	engine_point(site, EV_STORE, s, sizeof(*s));
	engine_store_relaxed(&s->sequence, engine_load_relaxed(&s->sequence) + 1);
	engine_fence();
}

static inline void raw_write_seqcount_end_at(seqcount_t *s, const struct site *site)
{
	engine_point(site, EV_STORE, s, sizeof(*s));
	__atomic_store_n(&s->sequence, engine_load_relaxed(&s->sequence) + 1,
			 HB_ORDER(SEQ_WRITE, ENGINE_RELEASE));
}

#define raw_read_seqcount(s) raw_read_seqcount_at((s), SITE("raw_read_seqcount"))
#define read_seqcount_begin(s) read_seqcount_begin_at((s), SITE("read_seqcount_begin"))
#define read_seqcount_retry(s, start) \
	read_seqcount_retry_at((s), (start), SITE("read_seqcount_retry"))
#define raw_write_seqcount_begin(s) \
	raw_write_seqcount_begin_at((s), SITE("raw_write_seqcount_begin"))
#define raw_write_seqcount_end(s) raw_write_seqcount_end_at((s), SITE("raw_write_seqcount_end"))
#define write_seqcount_begin(s) raw_write_seqcount_begin_at((s), SITE("write_seqcount_begin"))
#define write_seqcount_end(s) raw_write_seqcount_end_at((s), SITE("write_seqcount_end"))

#endif
