// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors of hibernation: the image writer's swap slots.
 */
#include "fuzz/exec/exec.h"

int exec_hib_open(const struct exec_call *c)
{
	return WORLD_CALL(c, hib_open, c->arg[0]);
}

int exec_hib_close(const struct exec_call *c)
{
	return WORLD_CALL(c, hib_close);
}

int exec_hib_alloc(const struct exec_call *c)
{
	return WORLD_CALL(c, hib_alloc, c->arg[0], c->arg[1]);
}

int exec_hib_free(const struct exec_call *c)
{
	return WORLD_CALL(c, hib_free, c->arg[0]);
}
