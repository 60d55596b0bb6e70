/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/percpu-defs.h. A per-CPU variable is a template; each
 * CPU has a copy in the arena, and &var is only a name for all of them.
 * DEFINE_PER_CPU_INIT takes the initialiser as an argument, because the record
 * of the name has to follow the definition.
 */
#ifndef CORE_KAPI_PERCPU_H
#define CORE_KAPI_PERCPU_H

#include "core/kapi/compiler.h"

#define DEFINE_PER_CPU(type, name)                                                \
	__typeof__(type) name __world_percpu = { 0 };                             \
	WORLD_NAME(name)
#define DEFINE_PER_CPU_INIT(type, name, ...)                                      \
	__typeof__(type) name __world_percpu = __VA_ARGS__;                       \
	WORLD_NAME(name)
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

/* The CPU of the caller; a task never migrates, but code that relies on that is
 * wrong in the kernel: the checked forms report callers that can be preempted. */
unsigned smp_processor_id_at(const char *what, const char *func);
#define smp_processor_id() smp_processor_id_at("smp_processor_id", __func__)
#define raw_smp_processor_id() engine_cpu()

#define per_cpu_ptr(p, cpu) ((__typeof__(p))engine_percpu((p), (cpu)))
#define per_cpu(var, cpu) (*per_cpu_ptr(&(var), (cpu)))
#define this_cpu_ptr(p) per_cpu_ptr((p), smp_processor_id_at("this_cpu_ptr", __func__))
#define raw_cpu_ptr(p) per_cpu_ptr((p), engine_cpu())

#define num_possible_cpus() engine_cpus()
#define num_online_cpus() engine_cpus()
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (unsigned)(cpu) < engine_cpus(); (cpu)++)
#define for_each_online_cpu(cpu) for_each_possible_cpu(cpu)

/* One instruction each in the kernel: preemption and interrupts do no harm. */
#define this_cpu_read(var) READ_ONCE_AT(*raw_cpu_ptr(&(var)), SITE("this_cpu_read"))
#define this_cpu_write(var, v) WRITE_ONCE_AT(*raw_cpu_ptr(&(var)), v, SITE("this_cpu_write"))
#define this_cpu_add(var, v)                                                      \
	do {                                                                      \
		__typeof__(&(var)) tc_p_ = raw_cpu_ptr(&(var));                   \
		engine_point(SITE("this_cpu_add"), EV_RMW, tc_p_, sizeof(*tc_p_)); \
		engine_fetch_add(tc_p_, (v), ENGINE_RELAXED);                     \
	} while (0)
#define this_cpu_inc(var) this_cpu_add(var, 1)
#define this_cpu_dec(var) this_cpu_add(var, -1)
#define this_cpu_xchg(var, v) \
	xchg_order_(raw_cpu_ptr(&(var)), v, ENGINE_RELAXED, SITE("this_cpu_xchg"))
#define this_cpu_cmpxchg(var, old, new) \
	cmpxchg_order_(raw_cpu_ptr(&(var)), old, new, ENGINE_RELAXED, SITE("this_cpu_cmpxchg"))

#endif
