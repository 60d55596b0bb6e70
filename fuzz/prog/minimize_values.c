// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Smaller values: page, value and mm names over the whole program, single
 * arguments, the machine. Each accepted step strictly lowers a rank (the
 * distance from the default, or the place in an order of plainness), so the
 * minimiser ends.
 */
#include "fuzz/prog/machine.h"
#include "fuzz/prog/minimize.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_PLAIN 8
#define CANDIDATES_MAX 24

/* Plainer is lower: 0x11, 0x22, .. 0xff, then the rest; other kinds by size. */
static unsigned arg_rank(u8 kind, u8 value)
{
	if (kind != PROG_ARG_VALUE)
		return value;
	return value && value % 0x11 == 0 ? value / 0x11 - 1u : 16u + value;
}

/* Values that are plainer than this one, the plainest first. */
static unsigned arg_candidates(u8 kind, u8 value, u8 low, u8 out[CANDIDATES_MAX])
{
	u8 wish[CANDIDATES_MAX];
	unsigned n = 0, kept = 0;

	wish[n++] = low;
	switch (kind) {
	case PROG_ARG_VALUE:
		for (unsigned i = 1; i <= 4; i++)
			wish[n++] = (u8)(0x11 * i);
		break;
	case PROG_ARG_PAGE:
		wish[n++] = value % WORLD_REGION_PAGES;
		wish[n++] = value - value % WORLD_REGION_PAGES;
		wish[n++] = value ? value - 1 : 0;
		break;
	case PROG_ARG_FLAGS:
		wish[n++] = value & WORLD_VMA_MERGEABLE;
		wish[n++] = value & WORLD_VMA_READONLY;
		break;
	default:
		wish[n++] = (u8)(low + (value - low) / 2);
		wish[n++] = value > low ? value - 1 : low;
		break;
	}
	for (unsigned i = 0; i < n; i++) {
		if (arg_rank(kind, wish[i]) < arg_rank(kind, value) && wish[i] >= low)
			out[kept++] = wish[i];
	}
	return kept;
}

bool minimize_args(struct minimizer *mz)
{
	bool changed = false;

	for (unsigned t = 0; t < mz->p->ntasks; t++) {
		for (unsigned i = 0; i < mz->p->task[t].nops * (unsigned)PROG_ARGS_MAX; i++) {
			unsigned o = i / PROG_ARGS_MAX, a = i % PROG_ARGS_MAX, n;
			struct prog_op op = mz->p->task[t].op[o];
			u8 wish[CANDIDATES_MAX];

			if (a >= prog_ops[op.kind].nargs)
				continue;
			n = arg_candidates(prog_ops[op.kind].arg_kind[a], op.arg[a],
					   prog_ops[op.kind].arg_min[a], wish);
			for (unsigned w = 0; w < n; w++) {
				minimize_start(mz)->task[t].op[o].arg[a] = wish[w];
				if (minimize_try(mz)) {
					changed = true;
					break;
				}
			}
		}
	}
	return changed;
}

/* Applies from -> to to all arguments of a kind; true where any changed. */
static bool rename_args(struct prog *p, u8 kind, u8 from, u8 to)
{
	bool any = false;

	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			struct prog_op *op = &p->task[t].op[i];

			for (unsigned a = 0; a < prog_ops[op->kind].nargs; a++) {
				if (prog_ops[op->kind].arg_kind[a] != kind || op->arg[a] != from)
					continue;
				op->arg[a] = to;
				any = true;
			}
		}
	}
	return any;
}

/* All pages of a region into a lower one. */
static bool lower_regions(struct minimizer *mz)
{
	bool changed = false;

	for (unsigned from = 1; from < WORLD_REGIONS; from++) {
		for (unsigned to = 0; to < from; to++) {
			struct prog *c = minimize_start(mz);
			bool any = false;

			for (unsigned i = 0; i < WORLD_REGION_PAGES; i++)
				any |= rename_args(c, PROG_ARG_PAGE,
						   (u8)(from * WORLD_REGION_PAGES + i),
						   (u8)(to * WORLD_REGION_PAGES + i));
			if (any && minimize_try(mz)) {
				changed = true;
				break;
			}
		}
	}
	return changed;
}

/* Every use of a page or a value by a plainer one. */
static bool lower_kind(struct minimizer *mz, u8 kind, unsigned count)
{
	bool changed = false;

	for (unsigned from = 0; from < count; from++) {
		u8 wish[CANDIDATES_MAX];
		unsigned n = arg_candidates(kind, (u8)from, 0, wish);

		for (unsigned w = 0; w < n; w++) {
			if (!rename_args(minimize_start(mz), kind, (u8)from, wish[w]))
				break;
			if (minimize_try(mz)) {
				changed = true;
				break;
			}
		}
	}
	return changed;
}

/* An mm by a lower number that nobody uses. */
static bool lower_mms(struct minimizer *mz)
{
	bool changed = false;

	for (u8 from = 2; from <= WORLD_MM_MAX; from++) {
		for (u8 to = 1; to < from; to++) {
			struct prog *c = minimize_start(mz);
			u8 bit = (u8)(1u << (from - 1)), to_bit = (u8)(1u << (to - 1));
			bool any = c->machine.mms & bit, taken = c->machine.mms & to_bit;

			for (unsigned t = 0; t < c->ntasks; t++) {
				taken |= c->task[t].mm == to;
				any |= c->task[t].mm == from;
				c->task[t].mm = c->task[t].mm == from ? to : c->task[t].mm;
			}
			taken |= rename_args(c, PROG_ARG_MM, to, to);
			any |= rename_args(c, PROG_ARG_MM, from, to);
			if (c->machine.mms & bit)
				c->machine.mms = (u8)((c->machine.mms & ~bit) | to_bit);
			if (any && !taken && minimize_try(mz)) {
				changed = true;
				break;
			}
		}
	}
	return changed;
}

bool minimize_names(struct minimizer *mz)
{
	bool changed = lower_regions(mz);

	changed |= lower_kind(mz, PROG_ARG_PAGE, WORLD_PAGES);
	changed |= lower_kind(mz, PROG_ARG_VALUE, 256);
	changed |= lower_mms(mz);
	return changed;
}

/* ---- the machine ---- */

/* Tries the default, half the way to it, one step to it. */
static bool towards(struct minimizer *mz, int value, int plain, bool power_of_two,
		    void (*set)(struct prog *p, unsigned which, int value), unsigned which)
{
	int toward = value > plain ? -1 : 1;
	int wish[3] = { plain, (value + plain) / 2, value + toward };

	if (value == plain)
		return false;
	if (power_of_two)
		wish[1] = wish[2] = toward < 0 ? value / 2 : value * 2;
	for (unsigned i = 0; i < ARRAY_SIZE(wish); i++) {
		if (abs(wish[i] - plain) >= abs(value - plain))
			continue;
		set(minimize_start(mz), which, wish[i]);
		if (minimize_try(mz))
			return true;
	}
	return false;
}

static void set_field(struct prog *p, unsigned which, int value)
{
	machine_set(&p->machine, which, (u8)value);
}

static void set_slots(struct prog *p, unsigned which, int value)
{
	p->machine.dev[which].slots = (u8)value;
}

static void set_prio(struct prog *p, unsigned which, int value)
{
	p->machine.dev[which].prio = (s8)value;
}

static bool lower_device(struct minimizer *mz, unsigned i)
{
	static const u8 odd[] = { WORLD_DEV_DISCARD, WORLD_DEV_ROTATIONAL, WORLD_DEV_STABLE };
	static const u8 plain[] = { WORLD_DEV_ON, WORLD_DEV_SYNC };
	const struct world_dev *dev = &mz->p->machine.dev[i];
	bool changed = false;

	if (!(dev->flags & WORLD_DEV_PRESENT))
		return false;
	memset(&minimize_start(mz)->machine.dev[i], 0, sizeof(*dev));
	if (minimize_try(mz))
		return true;
	for (unsigned f = 0; f < ARRAY_SIZE(odd); f++) {
		minimize_start(mz)->machine.dev[i].flags &= (u8)~odd[f];
		changed |= minimize_try(mz);
	}
	for (unsigned f = 0; f < ARRAY_SIZE(plain); f++) {
		minimize_start(mz)->machine.dev[i].flags |= plain[f];
		changed |= minimize_try(mz);
	}
	for (unsigned b = MACHINE_BAD_MAX; b-- > 0;) {
		minimize_start(mz)->machine.dev[i].bad[b] = 0;
		changed |= minimize_try(mz);
	}
	changed |= towards(mz, dev->prio, 0, false, set_prio, i);
	changed |= towards(mz, dev->slots, SLOTS_PLAIN, false, set_slots, i);
	return changed;
}

/* Fewer CPUs, and tasks on lower ones. */
static bool lower_cpus(struct minimizer *mz)
{
	bool changed = false;

	for (u8 cpus = 1; cpus < mz->p->machine.cpus; cpus++) {
		minimize_start(mz)->machine.cpus = cpus;
		changed |= minimize_try(mz);
	}
	for (unsigned t = 0; t < mz->p->ntasks; t++) {
		for (u8 cpu = 0; cpu < mz->p->task[t].cpu; cpu++) {
			minimize_start(mz)->task[t].cpu = cpu;
			changed |= minimize_try(mz);
		}
	}
	return changed;
}

bool minimize_machine(struct minimizer *mz)
{
	struct prog *c = minimize_start(mz);
	bool changed;

	c->machine.mms = prog_mms_default(c);
	changed = minimize_try(mz);
	changed |= lower_cpus(mz);
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++) {
		const struct machine_field *f = &machine_fields[i];

		if (i != MACHINE_CPUS)
			changed |= towards(mz, machine_get(&mz->p->machine, i), f->fallback,
					   f->power_of_two, set_field, i);
	}
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++)
		changed |= lower_device(mz, i);
	return changed;
}
