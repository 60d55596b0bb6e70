/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models: include/linux/completion.h: done counts; complete_all() makes it stay. */
#ifndef CORE_KAPI_COMPLETION_H
#define CORE_KAPI_COMPLETION_H

#include "core/kapi/sched.h"

struct completion { u32 done; };
#define COMPLETION_ALL 0x7fffffffu
#define COMPLETION_INITIALIZER(name) { 0 }
#define DECLARE_COMPLETION(name)                                                  \
	struct completion name __world = COMPLETION_INITIALIZER(name);            \
	WORLD_NAME(name)
#define DECLARE_COMPLETION_ONSTACK(name) struct completion name = COMPLETION_INITIALIZER(name)

void init_completion(struct completion *x);
void reinit_completion(struct completion *x);
void complete_at(struct completion *x, const struct site *site);
void complete_all_at(struct completion *x, const struct site *site);
void wait_for_completion_at(struct completion *x, const struct site *site);
/* -ERESTARTSYS where a signal arrives first. */
int __must_check wait_for_completion_killable_at(struct completion *x, const struct site *site);
/* Takes one completion if there is one, without sleeping. */
bool try_wait_for_completion_at(struct completion *x, const struct site *site);
bool completion_done_at(struct completion *x, const struct site *site);

#define complete(x) complete_at((x), SITE("complete"))
#define complete_all(x) complete_all_at((x), SITE("complete_all"))
#define wait_for_completion(x) wait_for_completion_at((x), SITE("wait_for_completion"))
#define wait_for_completion_killable(x) \
	wait_for_completion_killable_at((x), SITE("wait_for_completion_killable"))
#define try_wait_for_completion(x) \
	try_wait_for_completion_at((x), SITE("try_wait_for_completion"))
#define completion_done(x) completion_done_at((x), SITE("completion_done"))

#endif
