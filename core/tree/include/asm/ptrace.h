/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers: none are modelled; the struct is here because prototypes name it. */
#ifndef __ASM_PTRACE_H
#define __ASM_PTRACE_H

struct pt_regs {
	unsigned long ip, sp, ax;
};

#define user_mode(regs) 1
#define instruction_pointer(regs) ((regs)->ip)
#define user_stack_pointer(regs) ((regs)->sp)
#define profile_pc(regs) ((regs)->ip)
#define current_pt_regs() ((struct pt_regs *)0)

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
}

static inline int regs_irqs_disabled(struct pt_regs *regs)
{
	return 0;
}

static inline unsigned long regs_return_value(struct pt_regs *regs)
{
	return regs->ax;
}

static inline unsigned long frame_pointer(struct pt_regs *regs)
{
	return 0;
}

#endif
