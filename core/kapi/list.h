/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/list.h. The operations are base's; here is the head
 * that is a variable of the world. LIST_HEAD stands at file scope; a list on
 * the stack is a LIST_HEAD_ONSTACK (the kernel has one name for both).
 */
#ifndef CORE_KAPI_LIST_H
#define CORE_KAPI_LIST_H

#include "core/base/list.h"
#include "core/engine/engine.h"

#undef LIST_HEAD
#define LIST_HEAD(name)                                                           \
	struct list_head name __world = LIST_HEAD_INIT(name);                     \
	WORLD_NAME(name)
#define LIST_HEAD_ONSTACK(name) struct list_head name = LIST_HEAD_INIT(name)

#endif
