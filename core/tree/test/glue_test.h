/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of the engine with the glue and no kernel: one task, a pool of 32 pages. */
#ifndef CORE_TREE_TEST_GLUE_TEST_H
#define CORE_TREE_TEST_GLUE_TEST_H

#include "core/base/test.h"
#include "core/engine/test/policies.h"
#include "core/tree/glue/glue.h"

#define POOL 32u
#define HERE ((unsigned long)__builtin_return_address(0))

#ifdef SWAPRACE_TSAN
const char *__tsan_default_options(void);
__attribute__((used)) const char *__tsan_default_options(void)
{
	return "halt_on_error=0:exitcode=0:suppress_equal_stacks=0:suppress_equal_addresses=0:"
	       "atexit_sleep_ms=0";
}
#endif

static struct engine_stats glue_stats __always_unused;
static void (*glue_setup_more)(void) __always_unused; /* the rest of set-up, or NULL */

static void glue_setup(void *arg)
{
	(void)arg;
	glue_reset(POOL);
	if (glue_setup_more)
		glue_setup_more();
}

static struct engine_config glue_config(void)
{
	return (struct engine_config){ .cpus = 2, .policy = &test_policy_random, .seed = 1,
				       .arena_size = 1u << 20, .arena_kept = POOL * PAGE_BYTES };
}

/* Tasks run the functions, on CPU 0 and 1 in turn; the title of the report, "" for none. */
static const char *glue_run(unsigned n, void (*const *fn)(void *arg), u64 seed)
{
	struct engine_config config = glue_config();
	struct engine_task task[4] = { 0 };

	for (unsigned i = 0; i < n; i++) {
		task[i].fn = fn[i];
		task[i].cpu = (u8)(i % 2);
	}
	config.ntasks = n;
	config.tasks = task;
	config.seed = seed;
	engine_reset(&config);
	if (engine_quiet(glue_setup, NULL) == ENGINE_DONE)
		engine_run();
	engine_stats(&glue_stats);
	return engine_report() ? engine_report()->title : "";
}

static __always_unused const char *title_of(void (*fn)(void *arg))
{
	return glue_run(1, &fn, 1);
}

#define SILENT(fn)                                                                      \
	do {                                                                            \
		const char *t_ = title_of(fn);                                          \
		test_checks++;                                                          \
		if (t_[0]) {                                                            \
			test_failures++;                                                \
			printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #fn, t_);         \
		}                                                                       \
	} while (0)
#define FIRES(fn, title)                                                                \
	do {                                                                            \
		const char *t_ = title_of(fn);                                          \
		test_checks++;                                                          \
		if (strcmp(t_, title) != 0) {                                           \
			test_failures++;                                                \
			printf("%s:%d: %s: \"%s\"\n", __FILE__, __LINE__, #fn, t_);     \
		}                                                                       \
	} while (0)

#endif
