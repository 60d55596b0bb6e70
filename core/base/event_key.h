/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a schedule is made of: the keys of events, order edges between them, and the
 * choices made at them. A program's text and bytes have these, the policies of
 * fuzz/sched keep and record them.
 */
#ifndef CORE_BASE_EVENT_KEY_H
#define CORE_BASE_EVENT_KEY_H

#include "core/base/types.h"

#define EVENT_ROLE_MAX 24 /* bytes of "folio A2.0" with its 0; a longer name: any object */

/*
 * The key of an event: the nth event of this op of this context with this site and on
 * the object of this role. site == 0: the whole op (its begin as the later side of an
 * edge, its end as the earlier side). role[0] == 0: any object.
 */
struct event_key {
	u8 ctx;   /* a task's index, or ENGINE_CTX_...() */
	u16 op;   /* 1-based; number of the interrupt or callback */
	u16 nth;  /* 1-based occurrence among such events of the op */
	u32 site; /* site_hash("folio_lock@do_swap_page") */
	char role[EVENT_ROLE_MAX]; /* zeroes behind its end */
};

/* The event that stands for a whole op; op 1-based. */
static inline struct event_key event_key_whole(u8 ctx, u16 op)
{
	return (struct event_key){ .ctx = ctx, .op = op, .nth = 1 };
}

/* "event after after": event is held until after has happened. */
struct order_edge { struct event_key event, after; };

/* "A3 alloc@folio_alloc#1 = 1": what was chosen at this event; its role is not looked at. */
struct event_choice { struct event_key event; u8 value; };

#endif
