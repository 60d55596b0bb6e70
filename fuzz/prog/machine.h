/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine line as a table: names, bounds and defaults of the fields of
 * struct world_config. The codec, the text form, repair, the mutator and the
 * minimiser all go by it.
 */
#ifndef FUZZ_PROG_MACHINE_H
#define FUZZ_PROG_MACHINE_H

#include "fuzz/prog/prog.h"

#define MACHINE_SLOTS_MIN 2 /* the header and one more */
#define MACHINE_SLOTS_MAX 64
#define MACHINE_BAD_MAX 2   /* bad slots of a device */
#define MACHINE_MMS_MASK ((1u << WORLD_MM_MAX) - 1)

struct machine_field {
	const char *name; /* as in the text */
	u8 offset;        /* of the u8 in struct world_config */
	u8 min, max;
	u8 fallback;      /* the default */
	bool power_of_two;
};

enum machine_field_id {
	MACHINE_CPUS,
	MACHINE_FOLIOS,
	MACHINE_CLUSTER,
	MACHINE_COUNT_BITS,
	MACHINE_BATCH,
	MACHINE_READAHEAD,
	MACHINE_FULL,
	MACHINE_LOW,
	MACHINE_THP, /* new ones behind it: the byte format, the mutator's draws */
	MACHINE_FIELD_COUNT,
};
extern const struct machine_field machine_fields[MACHINE_FIELD_COUNT];

struct machine_dev_flag { const char *name; u8 flag; };
#define MACHINE_DEV_FLAG_COUNT 3
/* discard, rotational, stable: the words after the size of a device. */
extern const struct machine_dev_flag machine_dev_flags[MACHINE_DEV_FLAG_COUNT];
#define MACHINE_DEV_FLAGS_ALL (WORLD_DEV_PRESENT | WORLD_DEV_ON | WORLD_DEV_SYNC | \
			       WORLD_DEV_DISCARD | WORLD_DEV_ROTATIONAL | WORLD_DEV_STABLE)

u8 machine_get(const struct world_config *m, enum machine_field_id field);
void machine_set(struct world_config *m, enum machine_field_id field, u8 value);
/* Largest low watermark that leaves half of the pool. */
u8 machine_low_max(const struct world_config *m);
/* Slots of a device that can be allocated; 0 for an absent one. */
unsigned machine_dev_usable(const struct world_dev *dev);
/* NULL where all bounds hold, else what doesn't. mms is not looked at. */
const char *machine_invalid(const struct world_config *m);
void machine_repair(struct world_config *m);
bool machine_dev_equal(const struct world_dev *a, const struct world_dev *b);
bool machine_equal(const struct world_config *a, const struct world_config *b);

#endif
