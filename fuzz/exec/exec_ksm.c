// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors of KSM: advice, scanning, unmerging. None changes contents.
 */
#include "fuzz/exec/exec.h"

int exec_madv_mergeable(const struct exec_call *c)
{
	return WORLD_CALL(c, madv_mergeable, c->mm, c->arg[0], c->arg[1], true);
}

int exec_madv_unmergeable(const struct exec_call *c)
{
	return WORLD_CALL(c, madv_mergeable, c->mm, c->arg[0], c->arg[1], false);
}

int exec_ksm_scan(const struct exec_call *c)
{
	return WORLD_CALL(c, ksm_scan, c->arg[0]);
}

int exec_ksm_unmerge(const struct exec_call *c)
{
	return WORLD_CALL(c, ksm_unmerge, c->mm, c->arg[0], c->arg[1]);
}
