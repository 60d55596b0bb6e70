// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors of the swap device's administrator: swapon, swapoff.
 */
#include "fuzz/exec/exec.h"

int exec_swapon(const struct exec_call *c)
{
	return WORLD_CALL(c, swapon, c->arg[0]);
}

int exec_swapoff(const struct exec_call *c)
{
	return WORLD_CALL(c, swapoff, c->arg[0]);
}
