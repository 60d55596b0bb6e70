// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine's shape: bounds, defaults, repair. An absent device has all its
 * bytes 0; a present one has at least one slot that is neither header nor bad.
 */
#include "fuzz/prog/machine.h"

#include <assert.h>
#include <string.h>

#define FIELD(name_, member, min_, max_, fallback_, power_)                             \
	{ .name = (name_), .offset = offsetof(struct world_config, member), .min = (min_), \
	  .max = (max_), .fallback = (fallback_), .power_of_two = (power_) }

const struct machine_field machine_fields[MACHINE_FIELD_COUNT] = {
	[MACHINE_CPUS] = FIELD("cpus", cpus, 1, 4, 2, false),
	[MACHINE_FOLIOS] = FIELD("folios", folios, 8, 128, 32, false),
	[MACHINE_CLUSTER] = FIELD("cluster", cluster_slots, 4, 64, 8, true),
	[MACHINE_COUNT_BITS] = FIELD("count_bits", count_bits, 2, 8, 3, false),
	[MACHINE_BATCH] = FIELD("batch", batch, 1, 15, 4, false),
	[MACHINE_READAHEAD] = FIELD("readahead", readahead, 0, 3, 0, false),
	[MACHINE_FULL] = FIELD("full", swap_full, 0, 100, 50, false),
	[MACHINE_LOW] = FIELD("low", low_watermark, 0, 32, 4, false),
	[MACHINE_THP] = FIELD("thp", thp, 0, 1, 0, false),
};

const struct machine_dev_flag machine_dev_flags[MACHINE_DEV_FLAG_COUNT] = {
	{ "discard", WORLD_DEV_DISCARD },
	{ "rotational", WORLD_DEV_ROTATIONAL },
	{ "stable", WORLD_DEV_STABLE },
};

const struct world_config prog_machine_default = {
	.cpus = 2, .folios = 32, .cluster_slots = 8, .count_bits = 3,
	.batch = 4, .readahead = 0, .swap_full = 50, .low_watermark = 4,
};

u8 machine_get(const struct world_config *m, enum machine_field_id field)
{
	return *((const u8 *)m + machine_fields[field].offset);
}

void machine_set(struct world_config *m, enum machine_field_id field, u8 value)
{
	*((u8 *)m + machine_fields[field].offset) = value;
}

u8 machine_low_max(const struct world_config *m)
{
	return (u8)min(m->folios / 2, machine_fields[MACHINE_LOW].max);
}

unsigned machine_dev_usable(const struct world_dev *dev)
{
	unsigned usable = dev->slots ? dev->slots - 1u : 0;

	if (!(dev->flags & WORLD_DEV_PRESENT))
		return 0;
	if (dev->bad[0])
		usable--;
	if (dev->bad[1] && dev->bad[1] != dev->bad[0])
		usable--;
	return usable;
}

static const char *dev_invalid(const struct world_dev *dev)
{
	static const struct world_dev absent;

	if (!(dev->flags & WORLD_DEV_PRESENT))
		return machine_dev_equal(dev, &absent) ? NULL : "an absent device has fields";
	if (dev->flags & ~MACHINE_DEV_FLAGS_ALL)
		return "unknown device flag";
	if (dev->slots < MACHINE_SLOTS_MIN || dev->slots > MACHINE_SLOTS_MAX)
		return "a device has 2 to 64 slots";
	for (unsigned i = 0; i < MACHINE_BAD_MAX; i++) {
		if (dev->bad[i] >= dev->slots)
			return "a bad slot lies behind the end of its device";
	}
	if (dev->bad[1] && !dev->bad[0])
		return "the second bad slot is set without the first";
	if (!machine_dev_usable(dev))
		return "a device has no usable slot";
	return NULL;
}

const char *machine_invalid(const struct world_config *m)
{
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++) {
		const struct machine_field *f = &machine_fields[i];
		u8 value = machine_get(m, i);

		if (value < f->min || value > f->max)
			return "a field of the machine is out of bounds";
		if (f->power_of_two && (value & (value - 1)))
			return "cluster is not a power of two";
	}
	if (m->low_watermark > machine_low_max(m))
		return "low is more than half of folios";
	if (m->mms & ~MACHINE_MMS_MASK)
		return "unknown mm in mms";
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++) {
		const char *why = dev_invalid(&m->dev[i]);

		if (why)
			return why;
	}
	return NULL;
}

static void dev_repair(struct world_dev *dev)
{
	if (!(dev->flags & WORLD_DEV_PRESENT)) {
		memset(dev, 0, sizeof(*dev));
		return;
	}
	dev->flags &= MACHINE_DEV_FLAGS_ALL;
	dev->slots = (u8)max(dev->slots, MACHINE_SLOTS_MIN);
	dev->slots = (u8)min(dev->slots, MACHINE_SLOTS_MAX);
	for (unsigned i = 0; i < MACHINE_BAD_MAX; i++) {
		if (dev->bad[i] >= dev->slots)
			dev->bad[i] = 0;
	}
	if (!dev->bad[0]) {
		dev->bad[0] = dev->bad[1];
		dev->bad[1] = 0;
	}
	if (!machine_dev_usable(dev))
		dev->bad[1] = 0;
	if (!machine_dev_usable(dev))
		dev->bad[0] = 0;
}

void machine_repair(struct world_config *m)
{
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++) {
		const struct machine_field *f = &machine_fields[i];
		u8 value = machine_get(m, i);

		value = (u8)max(value, f->min);
		value = (u8)min(value, f->max);
		while (f->power_of_two && (value & (value - 1)))
			value &= (u8)(value - 1); /* the highest bit is left */
		machine_set(m, i, value);
	}
	m->low_watermark = (u8)min(m->low_watermark, machine_low_max(m));
	m->mms &= MACHINE_MMS_MASK;
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++)
		dev_repair(&m->dev[i]);
}

bool machine_dev_equal(const struct world_dev *a, const struct world_dev *b)
{
	return a->flags == b->flags && a->slots == b->slots && a->prio == b->prio &&
	       a->bad[0] == b->bad[0] && a->bad[1] == b->bad[1];
}

bool machine_equal(const struct world_config *a, const struct world_config *b)
{
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++) {
		if (machine_get(a, i) != machine_get(b, i))
			return false;
	}
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++) {
		if (!machine_dev_equal(&a->dev[i], &b->dev[i]))
			return false;
	}
	return a->mms == b->mms;
}

u8 prog_mms_default(const struct prog *p)
{
	unsigned used = 0, forked = 0;

	for (unsigned t = 0; t < p->ntasks; t++) {
		const struct prog_task *task = &p->task[t];

		if (task->mm)
			used |= 1u << (task->mm - 1);
		for (unsigned i = 0; i < task->nops; i++) {
			if (task->op[i].kind == OP_fork)
				forked |= 1u << (task->op[i].arg[0] - 1);
		}
	}
	return (u8)(used & ~forked & MACHINE_MMS_MASK);
}

void prog_init(struct prog *p)
{
	memset(p, 0, offsetof(struct prog, choice));
	p->machine = prog_machine_default;
	p->ntasks = 1;
	p->task[0].label = 'A';
}

void prog_copy(struct prog *to, const struct prog *from)
{
	if (to == from)
		return;
	assert(from->nedges <= PROG_EDGES_MAX && from->nchoices <= PROG_CHOICES_MAX);
	memcpy(to, from, offsetof(struct prog, choice));
	memcpy(to->choice, from->choice, from->nchoices * sizeof(from->choice[0]));
	memcpy(to->edge, from->edge, from->nedges * sizeof(from->edge[0]));
}
