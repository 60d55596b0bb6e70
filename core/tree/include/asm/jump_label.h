/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static branches: on hardware the key is patched into the code, so a test of it is
 * no memory access. Here it is a plain look at the key that makes no event. The
 * functions that switch a key are core/tree/shim/static_key.c. The answer is "jump",
 * which linux/jump_label.h combines with what the branch expects.
 */
#ifndef __ASM_JUMP_LABEL_H
#define __ASM_JUMP_LABEL_H

#define JUMP_LABEL_NOP_SIZE 5

/* There is no table of them: no code is patched. */
typedef unsigned long jump_label_t;
struct jump_entry {
	jump_label_t code, target, key;
};

static __always_inline bool arch_static_branch(struct static_key *key, bool branch)
{
	return (__atomic_load_n(&key->enabled.counter, __ATOMIC_RELAXED) > 0) != branch;
}

static __always_inline bool arch_static_branch_jump(struct static_key *key, bool branch)
{
	return arch_static_branch(key, branch);
}

#endif
