// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors of the rows OP_BY_HAND of ops.def: a read has words to judge, a voluntary
 * reschedule is not the world's.
 */
#include "core/engine/engine.h"
#include "fuzz/exec/exec.h"

int exec_read(const struct exec_call *c)
{
	u64 words[WORLD_WORDS] = { 0 };
	int ret;

	exec_contents_begin(c, OP_read, CONTENTS_READ);
	ret = c->world->read ? c->world->read(c->mm, c->arg[0], words) : -ENOSYS;
	contents_read_end(ret, words, c->world->read);
	return ret;
}

int exec_cond_resched(const struct exec_call *c)
{
	(void)c;
	engine_point(SITE("cond_resched"), EV_PREEMPT, NULL, 0);
	return 0;
}
