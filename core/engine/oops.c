/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bad pointers: a fault of the model's code becomes a report, as the kernel's
 * page fault handler oopses. Follows: arch/x86/mm/fault.c (page_fault_oops),
 * arch/x86/kernel/traps.c (general protection).
 * The title names the function of the context's last event, because that is the
 * same in every build; the function that faulted, inlined or not, is in the body.
 * A fault outside of a run goes to whoever handled it before (libFuzzer, abort).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/engine/internal.h"
#include "core/engine/symbols.h"

#define OOPS_STACK_SIZE (64u << 10)
#define NULL_PAGES_END 0x10000ul /* below: an offset from a NULL pointer */
#define OOPS_FRAMES 16

static struct sigaction old_action[2];
static const int signals[2] = { SIGSEGV, SIGBUS };

/* Where it was, and the chain of frames, from the interrupted registers. */
static void oops_body(char *body, size_t size, const ucontext_t *uc, unsigned long addr)
{
	const struct engine_ctx *c = cur_ctx();
	const char *low = c->stack, *high = c->stack + c->stack_size;
	void *pc, **fp;
	size_t n;

#if defined(__x86_64__)
	pc = (void *)uc->uc_mcontext.gregs[REG_RIP];
	fp = (void **)uc->uc_mcontext.gregs[REG_RBP];
#else
	pc = (void *)uc->uc_mcontext.pc;
	fp = (void **)uc->uc_mcontext.regs[29];
#endif
	n = (size_t)snprintf(body, size, "address 0x%lx in %s, called by:\n", addr,
			     symbol_name(pc));
	for (unsigned i = 0; i < OOPS_FRAMES && low && (char *)fp >= low &&
			     (char *)(fp + 2) <= high && fp[1] && n < size; i++) {
		n += (size_t)snprintf(body + n, size - n, "  %s\n",
				      symbol_name((char *)fp[1] - 1));
		if ((void **)fp[0] <= fp)
			break;
		fp = fp[0];
	}
}

static const char *oops_what(const siginfo_t *info, unsigned long addr)
{
	const struct engine_ctx *c = cur_ctx();

	if (c->stack && addr < (unsigned long)c->stack &&
	    addr + (unsigned long)sysconf(_SC_PAGESIZE) >= (unsigned long)c->stack)
		return "BUG: stack guard page was hit";
	if (info->si_code == SI_KERNEL)
		return "general protection fault";
	if (addr < NULL_PAGES_END)
		return "BUG: kernel NULL pointer dereference";
	return "BUG: unable to handle page fault";
}

static void oops_handler(int sig, siginfo_t *info, void *context)
{
	static char title[REPORT_TITLE_MAX], body[2048];
	unsigned long addr = (unsigned long)info->si_addr;
	const struct engine_event *ev;

	if (eng.native || eng.killing || !(eng.in_run || eng.quiet)) {
		sigaction(sig, &old_action[sig == SIGBUS], NULL);
		return; /* faults again, and is handled there */
	}
	ev = &eng.view.pending[eng.cur < ENGINE_CTX_MAX ? eng.cur : 0];
	snprintf(title, sizeof(title), "%s in %s", oops_what(info, addr),
		 eng.cur < ENGINE_CTX_MAX && ev->site ? ev->site->func : "set-up");
	oops_body(body, sizeof(body), context, addr);
	report(title, body); /* leaves the signal stack: back to the fiber's entry */
}

void oops_install(void)
{
	static char stack[OOPS_STACK_SIZE] __attribute__((aligned(16)));
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = oops_handler };

	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigemptyset(&sa.sa_mask);
	if (sigaltstack(&ss, NULL) != 0)
		return;
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &sa, &old_action[i]);
}
