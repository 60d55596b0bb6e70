// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors of a process's own ops: mappings, accesses, madvise, fork, exit.
 */
#include <string.h>

#include "fuzz/exec/exec.h"

int exec_mmap(const struct exec_call *c)
{
	int ret;

	exec_contents_begin(c, CONTENTS_MAP, c->arg[0], c->arg[1]);
	ret = WORLD_CALL(c, mmap, c->mm, c->arg[0], c->arg[1], c->arg[2]);
	contents_op_end(ret);
	return ret;
}

int exec_munmap(const struct exec_call *c)
{
	int ret;

	exec_contents_begin(c, CONTENTS_UNMAP, c->arg[0], c->arg[1]);
	ret = WORLD_CALL(c, munmap, c->mm, c->arg[0], c->arg[1]);
	contents_op_end(ret);
	return ret;
}

int exec_write(const struct exec_call *c)
{
	struct contents_op op = {
		.effect = CONTENTS_WRITE, .mm = c->mm, .page = c->arg[0], .pages = 1,
		.value = exec_value(c->arg[1]),
	};
	int ret;

	memcpy(op.label, c->label, sizeof(op.label));
	contents_op_begin(&op);
	ret = WORLD_CALL(c, write, c->mm, c->arg[0], exec_value(c->arg[1]));
	contents_op_end(ret);
	return ret;
}

int exec_read(const struct exec_call *c)
{
	u64 words[WORLD_WORDS] = { 0 };
	int ret;

	exec_contents_begin(c, CONTENTS_READ, c->arg[0], 1);
	ret = WORLD_CALL(c, read, c->mm, c->arg[0], words);
	contents_read_end(ret, words, c->world->read);
	return ret;
}

int exec_madv_dontneed(const struct exec_call *c)
{
	int ret;

	exec_contents_begin(c, CONTENTS_DISCARD, c->arg[0], c->arg[1]);
	ret = WORLD_CALL(c, madv_dontneed, c->mm, c->arg[0], c->arg[1]);
	contents_op_end(ret);
	return ret;
}

int exec_madv_pageout(const struct exec_call *c)
{
	return WORLD_CALL(c, madv_pageout, c->mm, c->arg[0], c->arg[1]);
}

int exec_fork(const struct exec_call *c)
{
	struct contents_op op = { .effect = CONTENTS_FORK, .mm = c->mm, .child = c->arg[0] };
	int ret;

	memcpy(op.label, c->label, sizeof(op.label));
	contents_op_begin(&op);
	ret = WORLD_CALL(c, fork, c->mm, c->arg[0]);
	contents_op_end(ret);
	return ret;
}

int exec_exit(const struct exec_call *c)
{
	int ret;

	exec_contents_begin(c, CONTENTS_EXIT, 0, 0);
	ret = WORLD_CALL(c, exit, c->mm);
	contents_op_end(ret);
	return ret;
}
