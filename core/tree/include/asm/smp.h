/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU numbers are the engine's. Calls to other CPUs are the shim's (smp_call_function). */
#ifndef __ASM_SMP_H
#define __ASM_SMP_H

#include <asm/shim.h>

#define raw_smp_processor_id() ((int)seam_cpu())
#define hard_smp_processor_id() 0

struct cpumask;
static inline void arch_send_call_function_single_ipi(int cpu) { }
static inline void arch_send_call_function_ipi_mask(const struct cpumask *mask) { }
static inline void arch_smp_send_reschedule(int cpu) { }
static inline void smp_send_stop(void) { }

#endif
