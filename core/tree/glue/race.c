// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Data races of the tree that are known, by function, function and field. TSan calls
 * from inside of a report, with its locks held: nothing here may allocate memory.
 */
#include <string.h>

#include "core/tree/glue/glue.h"

/* Is it one of a known kind of objects? "mm_struct A1.0" is of the kind "mm_struct". */
static bool role_is(const volatile void *p, const char *kind)
{
	size_t n = strlen(kind);
	char name[64];

	engine_role_name(engine_role_of(p), name, sizeof(name));
	return strncmp(name, kind, n) == 0 && (name[n] == ' ' || name[n] == 0);
}

/* Where the object begins that p is in, in one of the CPUs' copies; 0: in none. */
static unsigned long percpu_start(const struct tree_known_race *known, unsigned long p)
{
	unsigned long object = *(const unsigned long *)known->address;

	for (unsigned cpu = 0; cpu < SEAM_CPUS_MAX; cpu++) {
		unsigned long start = object + seam_percpu_offset[cpu];

		if (p >= start + known->offset && p < start + known->offset + known->size)
			return start;
	}
	return 0;
}

static bool in_field(const struct tree_known_race *known, const struct engine_race_side *side)
{
	unsigned long start = known->address, p = (unsigned long)side->addr;

	if (known->stride) {
		start = *(const unsigned long *)start;
		if (p < start || p >= start + *known->count * known->stride)
			return false;
		start += (p - start) / known->stride * known->stride;
	} else if (known->percpu) {
		start = percpu_start(known, p);
		if (!start)
			return false;
	} else if (known->kind) {
		start = (unsigned long)slab_object_start((const void *)p);
		if (!start || !role_is(side->addr, known->kind))
			return false;
	}
	start += known->offset;
	return p >= start && p + side->size <= start + known->size;
}

static bool is_that(const struct tree_known_race *known, const struct engine_race_side *writer,
		    const struct engine_race_side *other)
{
	if (!writer->write || other->write != (known->other_writes != 0))
		return false;
	if (known->writer && strcmp(known->writer, writer->func) != 0)
		return false;
	if (known->other && strcmp(known->other, other->func) != 0)
		return false;
	return in_field(known, writer);
}

bool glue_race_known(const struct engine_race *race)
{
	const struct tree_known_race *known;

	for (unsigned i = 0; (known = tree_known_race(i)) != NULL; i++) {
		if (is_that(known, &race->side[0], &race->side[1]) ||
		    is_that(known, &race->side[1], &race->side[0]))
			return true;
	}
	return false;
}
