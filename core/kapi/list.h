/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/list.h. The operations are base's; here is the head
 * that is a variable of the world. LIST_HEAD stands at file scope; a list on
 * the stack is a LIST_HEAD_ONSTACK (the kernel has one name for both).
 */
#ifndef CORE_KAPI_LIST_H
#define CORE_KAPI_LIST_H

#include "core/base/list.h"
#include "core/engine/context.h"

#undef LIST_HEAD
#define LIST_HEAD(name)                                                           \
	struct list_head name __world = LIST_HEAD_INIT(name);                     \
	WORLD_NAME(name)
/* A pair: empty_careful, without the list's lock, sees an entry that was taken off
 * by del_init_careful only when that has done with it. */
static inline void list_del_init_careful(struct list_head *entry)
{
	list_unlink_(entry, __func__);
	engine_store_relaxed(&entry->prev, entry);
	engine_store_release(&entry->next, entry);
}

static inline bool list_empty_careful(const struct list_head *head)
{
	const struct list_head *next = engine_load_acquire(&head->next);

	return next == head && engine_load_relaxed(&head->prev) == next;
}

#define LIST_HEAD_ONSTACK(name) struct list_head name = LIST_HEAD_INIT(name)

#endif
