/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fibers: a stack with a guard below it and a hand-written switch that saves
 * what the ABI asks for. ThreadSanitizer is told with no_sync, so the switch adds
 * no happens-before; AddressSanitizer is told of both stacks. No fiber is ever
 * abandoned: kill mode makes each one come back to its entry (sim.c).
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "core/engine/internal.h"

#ifdef SWAPRACE_TSAN
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void *__tsan_get_current_fiber(void);
#define TSAN_SWITCH_NO_SYNC 1u
#endif
#ifdef SWAPRACE_ASAN
void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size);
#endif

#define STACK_SIZE (256u << 10)

#if defined(__x86_64__)
__asm__(".text\n.globl fiber_swap_stacks\n.type fiber_swap_stacks,@function\n"
	"fiber_swap_stacks:\n"
	"pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
	"movq %rsp,(%rdi)\nmovq %rsi,%rsp\n"
	"popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n"
	".size fiber_swap_stacks,.-fiber_swap_stacks\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl fiber_swap_stacks\n.type fiber_swap_stacks,%function\n"
	"fiber_swap_stacks:\n"
	"sub sp,sp,#160\n"
	"stp x19,x20,[sp]\nstp x21,x22,[sp,#16]\nstp x23,x24,[sp,#32]\nstp x25,x26,[sp,#48]\n"
	"stp x27,x28,[sp,#64]\nstp x29,x30,[sp,#80]\nstp d8,d9,[sp,#96]\nstp d10,d11,[sp,#112]\n"
	"stp d12,d13,[sp,#128]\nstp d14,d15,[sp,#144]\n"
	"mov x9,sp\nstr x9,[x0]\nmov sp,x1\n"
	"ldp x19,x20,[sp]\nldp x21,x22,[sp,#16]\nldp x23,x24,[sp,#32]\nldp x25,x26,[sp,#48]\n"
	"ldp x27,x28,[sp,#64]\nldp x29,x30,[sp,#80]\nldp d8,d9,[sp,#96]\nldp d10,d11,[sp,#112]\n"
	"ldp d12,d13,[sp,#128]\nldp d14,d15,[sp,#144]\n"
	"add sp,sp,#160\nret\n"
	".size fiber_swap_stacks,.-fiber_swap_stacks\n");
#else
#error "core/engine/fiber.c: this machine has no stack switch yet (x86_64 and aarch64 have one)"
#endif

static void fiber_entry(void)
{
	fiber_first();
	abort(); /* a fiber never returns */
}

void fiber_create(struct engine_ctx *c)
{
	void **top;

	if (c->stack)
		return;
	c->stack_size = STACK_SIZE;
	c->stack = mmap(NULL, c->stack_size + FIBER_GUARD, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->stack == MAP_FAILED || mprotect(c->stack, FIBER_GUARD, PROT_NONE) != 0) {
		fprintf(stderr, "swaprace: no memory for a %zu KiB fiber stack\n",
			c->stack_size >> 10);
		exit(3);
	}
	c->stack += FIBER_GUARD;
	top = (void **)(c->stack + c->stack_size) - 2;
#if defined(__x86_64__)
	*--top = NULL;               /* a return address that ends every stack walk */
	*--top = (void *)fiber_entry;
	top -= 6;                    /* rbp = 0 among them */
#else
	top -= 20;
	top[11] = (void *)fiber_entry; /* x30 */
#endif
	c->sp = top;
#ifdef SWAPRACE_TSAN
	c->tsan_fiber = __tsan_create_fiber(0);
#endif
}

#ifdef SWAPRACE_ASAN
/* Bounds of the OS thread's own stack, learned at the first switch away. */
static const void *main_bottom;
static size_t main_size;

void fiber_leave(struct engine_ctx *from, struct engine_ctx *to)
{
	__sanitizer_start_switch_fiber(&from->asan_fake,
				       to->index == CTX_MAIN ? main_bottom : to->stack,
				       to->index == CTX_MAIN ? main_size : to->stack_size);
}

void fiber_arrived(void)
{
	const void *bottom;
	size_t size;
	struct engine_ctx *c = cur_ctx();

	__sanitizer_finish_switch_fiber(c->asan_fake, &bottom, &size);
	if (!main_bottom) {
		main_bottom = bottom;
		main_size = size;
	}
}

void fiber_arrived_first(void)
{
	cur_ctx()->asan_fake = NULL;
	fiber_arrived();
}
#endif

#ifdef SWAPRACE_TSAN
void fiber_leave(struct engine_ctx *from, struct engine_ctx *to)
{
	if (from->index == CTX_MAIN)
		from->tsan_fiber = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(to->tsan_fiber, TSAN_SWITCH_NO_SYNC);
}
#endif

void fibers_destroy(void)
{
	for (unsigned i = 0; i < ENGINE_CTX_MAX; i++) {
		struct engine_ctx *c = &eng.ctx[i];

		if (!c->stack)
			continue;
#ifdef SWAPRACE_TSAN
		__tsan_destroy_fiber(c->tsan_fiber);
#endif
		munmap(c->stack - FIBER_GUARD, c->stack_size + FIBER_GUARD);
		c->stack = NULL;
	}
}
