/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of a kernel as the module of `export-c --kernel-delays` needs, so that it can
 * be compiled and tried outside of one: one thread, time that udelay() alone moves.
 */
#ifndef FUZZ_KERNEL_TEST_KERNEL_STUBS_H
#define FUZZ_KERNEL_TEST_KERNEL_STUBS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define CONFIG_X86_64 1
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __kprobes
#define __init
#define __exit
#define pr_err printf
#define module_param(name, type, mode) _Static_assert(sizeof(name) > 0, #type #mode)
#define module_init(fn) static int (*const stub_init)(void) = (fn)
#define module_exit(fn) static void (*const stub_exit)(void) = (fn)
#define MODULE_DESCRIPTION(text) _Static_assert(sizeof(text) > 1, "a text")
#define MODULE_LICENSE(text) _Static_assert(sizeof(text) == sizeof("GPL"), "the GPL")

typedef struct { int counter; } atomic_t;

static inline int atomic_read(const atomic_t *v)
{
	return v->counter;
}

static inline void atomic_set(atomic_t *v, int value)
{
	v->counter = value;
}

static inline int atomic_inc_return(atomic_t *v)
{
	return ++v->counter;
}

static struct task { char comm[16]; } stub_task;
static struct task *current = &stub_task;

struct pt_regs;
struct kprobe;
typedef int (*kprobe_pre_handler_t)(struct kprobe *p, struct pt_regs *regs);
struct kprobe { const char *symbol_name; kprobe_pre_handler_t pre_handler; };

int register_kprobe(struct kprobe *p);
void unregister_kprobe(struct kprobe *p);
void udelay(unsigned long us);

#endif
