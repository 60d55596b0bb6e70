/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the simulated CPU. flags is 1 where they are on. A restore that
 * changes nothing is no event.
 */
#ifndef __ASM_IRQFLAGS_H
#define __ASM_IRQFLAGS_H

#include <asm/shim.h>

#define ARCH_IRQ_DISABLED 0
#define ARCH_IRQ_ENABLED 1

static __always_inline unsigned long arch_local_save_flags(void)
{
	return seam_irqs_are_off() ? ARCH_IRQ_DISABLED : ARCH_IRQ_ENABLED;
}
#define arch_local_save_flags arch_local_save_flags

static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	int off = seam_irqs_are_off();

	if (flags == ARCH_IRQ_ENABLED && off)
		seam_irq_on();
	else if (flags == ARCH_IRQ_DISABLED && !off)
		seam_irq_off();
}
#define arch_local_irq_restore arch_local_irq_restore

#include <asm-generic/irqflags.h>

#endif
