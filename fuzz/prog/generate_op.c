// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Single pieces of a random program: a machine, an op. Arguments are drawn from
 * what the program already uses (mapped pages, equal values, devices that
 * exist), so that most ops do something; one in sixteen is drawn from anything.
 */
#include "fuzz/prog/machine.h"
#include "fuzz/prog/profile.h"

#include <assert.h>
#include <string.h>

/* ---- the machine ---- */

static void generate_device(struct world_dev *dev, struct prng *rng,
			    const struct prog_profile *profile, bool tiny)
{
	memset(dev, 0, sizeof(*dev));
	dev->flags = WORLD_DEV_PRESENT;
	if (!percent(rng, 20)) /* else swapon may give it the type of another one */
		dev->flags |= WORLD_DEV_ON;
	if (!percent(rng, profile->async_device))
		dev->flags |= WORLD_DEV_SYNC;
	if (percent(rng, profile->discard))
		dev->flags |= WORLD_DEV_DISCARD;
	if (percent(rng, 10))
		dev->flags |= WORLD_DEV_ROTATIONAL;
	if (percent(rng, 10))
		dev->flags |= WORLD_DEV_STABLE;
	dev->slots = (u8)(tiny ? between(rng, 2, 6) : between(rng, 8, 32));
	if (percent(rng, 5))
		dev->slots = (u8)between(rng, MACHINE_SLOTS_MIN, MACHINE_SLOTS_MAX);
	for (unsigned i = 0; i < MACHINE_BAD_MAX; i++) {
		if (percent(rng, 8))
			dev->bad[i] = (u8)between(rng, 1, dev->slots - 1u);
	}
}

static void generate_devices(struct world_config *m, struct prng *rng,
			     const struct prog_profile *profile)
{
	bool tiny = percent(rng, profile->tiny_device);
	unsigned n = 1, preferred;

	if (percent(rng, profile->second_device))
		n = percent(rng, profile->third_device) ? 3 : 2;
	for (unsigned i = 0; i < n; i++)
		generate_device(&m->dev[i], rng, profile, i ? percent(rng, 40) : tiny);
	preferred = prng_below(rng, n);
	if (n > 1 && percent(rng, 50))
		m->dev[preferred].prio = (s8)between(rng, 1, 3);
	m->dev[0].flags |= WORLD_DEV_ON;
}

static u8 pick(struct prng *rng, const u8 *values, unsigned n)
{
	return values[prng_below(rng, n)];
}

void generate_machine(struct world_config *m, struct prng *rng, const struct prog_profile *profile)
{
	static const u8 cpus[] = { 1, 2, 2, 2, 2, 3, 3, 4 };
	static const u8 clusters[] = { 4, 4, 4, 8, 8, 8, 8, 16, 64 };
	static const u8 count_bits[] = { 2, 2, 2, 3, 3, 4, 8 };
	static const u8 batches[] = { 1, 1, 2, 2, 4, 4, 4, 15 };
	static const u8 fulls[] = { 0, 25, 50, 50, 50, 75, 100, 100 };

	*m = prog_machine_default;
	m->cpus = pick(rng, cpus, sizeof(cpus));
	m->folios = (u8)(percent(rng, profile->few_folios) ? between(rng, 8, 16)
							   : between(rng, 20, 64));
	m->cluster_slots = pick(rng, clusters, sizeof(clusters));
	m->count_bits = pick(rng, count_bits, sizeof(count_bits));
	m->batch = pick(rng, batches, sizeof(batches));
	m->readahead = (u8)(percent(rng, 50) ? 0 : between(rng, 1, 3));
	m->swap_full = pick(rng, fulls, sizeof(fulls));
	m->low_watermark = (u8)between(rng, 0, 4);
	generate_devices(m, rng, profile);
	if (generate_fields() > MACHINE_THP)
		m->thp = percent(rng, 40);
	machine_repair(m);
	assert(!machine_invalid(m));
}

/* ---- ops ---- */

/* Pages that some task maps in this mm (or maps in an mm that becomes it). */
static u32 pages_mapped(const struct prog *p, u8 mm, u32 *mergeable)
{
	u32 pages = 0;
	u32 mms = 1u << mm;

	for (unsigned round = 0; round < 3; round++) { /* parents of parents */
		for (unsigned t = 0; t < p->ntasks; t++) {
			for (unsigned i = 0; i < p->task[t].nops; i++) {
				const struct prog_op *op = &p->task[t].op[i];

				if (op->kind == OP_fork && mms & (1u << op->arg[0]))
					mms |= 1u << p->task[t].mm;
			}
		}
	}
	*mergeable = 0;
	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			const struct prog_op *op = &p->task[t].op[i];
			u32 range;

			if (!(mms & (1u << p->task[t].mm)))
				continue;
			if (op->kind == OP_mremap)
				pages |= ((1u << op->arg[1]) - 1) << op->arg[2];
			if (op->kind != OP_mmap && op->kind != OP_shm_map)
				continue;
			range = ((1u << op->arg[1]) - 1) << op->arg[0];
			pages |= range;
			if (op->kind == OP_mmap && op->arg[2] & WORLD_VMA_MERGEABLE)
				*mergeable |= range;
		}
	}
	return pages;
}

/* A bit of a mask that is not empty. */
static u8 pick_bit(struct prng *rng, u32 mask)
{
	unsigned n = prng_below(rng, (u32)__builtin_popcount(mask));

	assert(mask);
	while (n--)
		mask &= mask - 1;
	return (u8)__builtin_ctz(mask);
}

/* Mostly one of the first pages of a mapping: tasks shall meet. */
static u8 pick_page(struct prng *rng, u32 mapped)
{
	u32 hot = mapped & 0x03030303;

	if (!mapped || prng_chance(rng, 1, 16))
		return (u8)prng_below(rng, WORLD_PAGES);
	if (hot && percent(rng, 60))
		return pick_bit(rng, hot);
	return pick_bit(rng, mapped);
}

static u8 pick_device(const struct prog *p, struct prng *rng)
{
	u32 present = 0;

	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++) {
		if (p->machine.dev[i].flags & WORLD_DEV_PRESENT)
			present |= 1u << i;
	}
	if (!present || prng_chance(rng, 1, 16))
		return (u8)prng_below(rng, WORLD_DEVS_MAX);
	return pick_bit(rng, present);
}

u8 generate_free_mm(const struct prog *p)
{
	u32 taken = p->machine.mms;

	for (unsigned t = 0; t < p->ntasks; t++) {
		if (p->task[t].mm)
			taken |= 1u << (p->task[t].mm - 1);
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			if (p->task[t].op[i].kind == OP_fork)
				taken |= 1u << (p->task[t].op[i].arg[0] - 1);
		}
	}
	taken = ~taken & MACHINE_MMS_MASK;
	return taken ? (u8)(__builtin_ctz(taken) + 1) : 0;
}

static u8 pick_child(const struct prog *p, u8 mm, struct prng *rng)
{
	u8 child = generate_free_mm(p);

	if (!child)
		child = (u8)between(rng, 1, WORLD_MM_MAX);
	return child == mm ? (u8)(child % WORLD_MM_MAX + 1) : child;
}

u8 generate_mergeable_value(struct prng *rng)
{
	return percent(rng, 12) ? WORLD_CHECKSUM_ZERO : (u8)(0x11 * between(rng, 1, 2));
}

static u8 pick_value(struct prng *rng, bool mergeable)
{
	if (mergeable || percent(rng, 30))
		return generate_mergeable_value(rng);
	return (u8)between(rng, 0, 255);
}

/* What an argument is drawn from: pages that the mm may have mapped. */
struct mapped { u32 pages, mergeable; };

static u8 pick_flags(struct prng *rng)
{
	u8 flags = percent(rng, 25) ? WORLD_VMA_MERGEABLE : 0;

	if (percent(rng, 4))
		flags |= WORLD_VMA_READONLY;
	return flags;
}

static u8 pick_arg(const struct prog *p, u8 mm, struct mapped mapped, u8 kind, u8 page,
		   struct prng *rng)
{
	switch (kind) {
	case PROG_ARG_PAGE:
		return pick_page(rng, mapped.pages);
	case PROG_ARG_PAGES:
		return (u8)min(between(rng, 1, percent(rng, 70) ? 3 : 8),
			       WORLD_REGION_PAGES - page % WORLD_REGION_PAGES + 0u);
	case PROG_ARG_FLAGS:
		return pick_flags(rng);
	case PROG_ARG_ACCESS:
		return percent(rng, 50);
	case PROG_ARG_VALUE:
		return pick_value(rng, mapped.mergeable & (1u << page));
	case PROG_ARG_DEV:
		return pick_device(p, rng);
	case PROG_ARG_SHM:
		return (u8)(percent(rng, 80) ? 0 : prng_below(rng, WORLD_SHMS_MAX));
	case PROG_ARG_INDEX: /* the first pages of a file are those that tasks use */
		return (u8)prng_below(rng, percent(rng, 75) ? 3 : WORLD_REGION_PAGES);
	case PROG_ARG_PIN:
		return (u8)(percent(rng, 85) ? 0 : prng_below(rng, WORLD_PINS_MAX));
	case PROG_ARG_GUP:
		return (u8)((percent(rng, 75) ? WORLD_PIN_WRITE : 0) |
			    (percent(rng, 40) ? WORLD_PIN_LONGTERM : 0) |
			    (percent(rng, 30) ? WORLD_PIN_SLOW : 0));
	case PROG_ARG_SIZE:
		return (u8)between(rng, 0, WORLD_REGION_PAGES);
	case PROG_ARG_SYNC:
		return (u8)between(rng, 0, 1);
	case PROG_ARG_UFFD:
		return (u8)between(rng, WORLD_UFFD_MISSING, WORLD_UFFD_MISSING | WORLD_UFFD_WP);
	case PROG_ARG_SWITCH:
		return percent(rng, 75);
	default:
		assert(kind == PROG_ARG_MM);
		return pick_child(p, mm, rng);
	}
}

void generate_op(const struct prog *p, unsigned t, u8 kind, struct prng *rng, struct prog_op *op)
{
	const struct prog_op_info *info = &prog_ops[kind];
	u8 mm = p->task[t].mm, page = 0;
	struct prog_op made = { .kind = kind }; /* op may be one of the program */
	struct mapped mapped;

	assert(kind < PROG_OP_COUNT && t < p->ntasks);
	mapped.pages = pages_mapped(p, mm, &mapped.mergeable);
	if ((kind == OP_ksm_unmerge || kind == OP_madv_unmergeable) && mapped.mergeable)
		mapped.pages = mapped.mergeable;
	if ((kind == OP_mmap || kind == OP_shm_map) && percent(rng, 60))
		mapped.pages = ~mapped.pages;
	for (unsigned i = 0; i < info->nargs; i++) {
		u8 *arg = &made.arg[i];

		if (kind == OP_mremap && i == 2 && percent(rng, 60)) /* to where nothing is */
			mapped.pages = ~mapped.pages;

		if (info->arg_kind[i] == PROG_ARG_COUNT || info->arg_kind[i] == PROG_ARG_SLOTS)
			*arg = (u8)between(rng, info->arg_min[i],
					   percent(rng, 75) ? 4 : info->arg_max[i]);
		else
			*arg = pick_arg(p, mm, mapped, info->arg_kind[i], page, rng);
		if (info->arg_kind[i] == PROG_ARG_PAGE || info->arg_kind[i] == PROG_ARG_INDEX)
			page = *arg;
		assert(*arg >= info->arg_min[i] && *arg <= info->arg_max[i]);
	}
	*op = made;
}
