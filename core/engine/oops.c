/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bad pointers: a fault of the model's code becomes a report, as the kernel's
 * page fault handler oopses. Follows: arch/x86/mm/fault.c (page_fault_oops),
 * arch/x86/kernel/traps.c (general protection).
 * The handler only redirects: the report is made after it has returned, as if the
 * faulting instruction had called it. The title names the function of the
 * context's last event, because that is the same in every build; the function
 * that faulted, inlined or not, is in the body. A fault outside of a run goes to
 * whoever handled it before (libFuzzer, abort).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include "core/engine/internal.h"
#include "core/engine/symbols.h"

#define OOPS_STACK_SIZE (64u << 10)
#define NULL_PAGES_END 0x10000ul /* below: an offset from a NULL pointer */
#define RED_ZONE 128

static struct sigaction old_action[2];
static const int signals[2] = { SIGSEGV, SIGBUS };
static __thread struct { uintptr_t addr, pc; bool non_canonical; } oops; /* native: each its own */
/* For the report, where the fiber's own stack is used up. */
static char spare_stack[OOPS_STACK_SIZE] __attribute__((aligned(16)));

bool oops_would(uintptr_t addr)
{
	intptr_t high = (intptr_t)addr >> 47;

	return addr < NULL_PAGES_END || (high != 0 && high != -1);
}

static bool stack_used_up(void)
{
	uintptr_t bottom = eng.threaded ? 0 : (uintptr_t)cur_ctx()->stack;

	return bottom && oops.addr < bottom && oops.addr + FIBER_GUARD >= bottom;
}

static const char *oops_what(void)
{
	if (stack_used_up())
		return "BUG: stack guard page was hit";
	if (oops.non_canonical)
		return "general protection fault";
	if (oops.addr < NULL_PAGES_END)
		return "BUG: kernel NULL pointer dereference";
	return "BUG: unable to handle page fault";
}

/* What the faulting instruction "calls"; never returns to it. */
static void oops_report(void)
{
	unsigned ctx = engine_current();
	const struct engine_event *ev = &eng.view.pending[ctx % ENGINE_CTX_MAX];
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "%s in %s", oops_what(),
		 ctx < ENGINE_CTX_MAX && ev->site ? ev->site->func : "set-up");
	reportf(title, "address 0x%lx, in %s\n", (unsigned long)oops.addr,
		symbol_name((const void *)oops.pc));
	abort();
}

uintptr_t oops_pc(const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#else
	return (uintptr_t)uc->uc_mcontext.pc;
#endif
}

void oops_redirect(void *context, void (*fn)(void), char *stack_top)
{
	ucontext_t *uc = context;
	uintptr_t sp, pc = oops_pc(context);

#if defined(__x86_64__)
	sp = stack_top ? (uintptr_t)stack_top : (uintptr_t)uc->uc_mcontext.gregs[REG_RSP] - RED_ZONE;
	sp = (sp & ~(uintptr_t)15) - sizeof(uintptr_t);
	*(uintptr_t *)sp = pc; /* the return address, for stack walks */
	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)sp;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)fn;
#else
	sp = stack_top ? (uintptr_t)stack_top : (uintptr_t)uc->uc_mcontext.sp - RED_ZONE;
	uc->uc_mcontext.sp = sp & ~(uintptr_t)15;
	uc->uc_mcontext.regs[30] = pc;
	uc->uc_mcontext.pc = (uintptr_t)fn;
#endif
}

static void oops_handler(int sig, siginfo_t *info, void *context)
{
	if (eng.killing || !(eng.in_run || eng.quiet)) {
		sigaction(sig, &old_action[sig == SIGBUS], NULL);
		return; /* faults again, and is handled there */
	}
	oops.addr = (uintptr_t)info->si_addr;
	oops.non_canonical = info->si_code == SI_KERNEL;
	oops.pc = oops_pc(context);
	oops_redirect(context, oops_report, stack_used_up() ? spare_stack + sizeof(spare_stack) : NULL);
}

void oops_install(void)
{
	static char signal_stack[OOPS_STACK_SIZE] __attribute__((aligned(16)));
	stack_t ss = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction sa = { .sa_sigaction = oops_handler };

	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigemptyset(&sa.sa_mask);
	if (sigaltstack(&ss, NULL) != 0)
		return;
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &sa, &old_action[i]);
}
