// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bytes of a program. A header of fixed size (missing bytes are 0 and 0 is
 * each field's default), then records of four bytes, so that a changed byte
 * changes one field or one record and what follows stays in step:
 *   00..9f op     [kind, argument, argument, argument], less their minima
 *   a0..bf task   [tag, cpu, mm, label]: the ops that follow are its
 *   c0..cf event  of an edge, d0..df the event that it comes after, e0..ff a
 *                 choice: [tag, context, op - 1, value]; tag & 8: then the site
 *                 and [nth - 1, op's upper byte, -], then tag & 7 records of the
 *                 object's name. Of an edge without a site the op's upper byte
 *                 stands in the place of the value
 * An op or a policy that is not known is left out: encode.h says what a version is.
 */
#include "fuzz/prog/encode.h"

#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"

#include <assert.h>
#include <string.h>

enum {
	HEADER_POLICY = 1,
	HEADER_SEED = 2,
	HEADER_FIELDS = 10,
	HEADER_MMS = HEADER_FIELDS + MACHINE_THP,
	HEADER_DEVS = HEADER_MMS + 1,
	DEV_SIZE = 5,
	HEADER_MORE = HEADER_DEVS + WORLD_DEVS_MAX * DEV_SIZE, /* fields that came later */
	HEADER_SIZE = 36,
	RECORD_SIZE = 4,
	TAG_TASK = 0xa0,
	TAG_EDGE = 0xc0,
	TAG_AFTER = 0xd0,
	TAG_CHOICE = 0xe0,
	TAG_SITE = 0x08,
	TAG_ROLE_MASK = 0x07,
	ROLE_RECORDS_MAX = EVENT_ROLE_MAX / RECORD_SIZE,
	SLOTS_FALLBACK = 8,
};

/* ---- fields: numbers in bounds as distances from a default ---- */

static u8 wrap_decode(u8 byte, unsigned low, unsigned high, unsigned fallback)
{
	unsigned range = high - low + 1;

	assert(low <= fallback && fallback <= high);
	return (u8)(low + (fallback - low + byte) % range);
}

static u8 wrap_encode(u8 value, unsigned low, unsigned high, unsigned fallback)
{
	unsigned range = high - low + 1;

	assert(low <= value && value <= high);
	return (u8)((value - low + range - (fallback - low)) % range);
}

static unsigned log2_of(unsigned value)
{
	unsigned bits = 0;

	while (value >>= 1)
		bits++;
	return bits;
}

static u8 field_decode(const struct machine_field *f, u8 byte)
{
	if (!f->power_of_two)
		return wrap_decode(byte, f->min, f->max, f->fallback);
	return (u8)(1u << wrap_decode(byte, log2_of(f->min), log2_of(f->max),
				      log2_of(f->fallback)));
}

static u8 field_encode(const struct machine_field *f, u8 value)
{
	if (!f->power_of_two)
		return wrap_encode(value, f->min, f->max, f->fallback);
	return wrap_encode((u8)log2_of(value), log2_of(f->min), log2_of(f->max),
			   log2_of(f->fallback));
}

/* Where a field's byte lies: devices and mms keep their places when one is added. */
static unsigned field_at(unsigned i)
{
	return i < MACHINE_THP ? HEADER_FIELDS + i : HEADER_MORE + i - MACHINE_THP;
}

static void dev_decode(struct world_dev *dev, const u8 *in)
{
	memset(dev, 0, sizeof(*dev));
	if (!(in[0] & WORLD_DEV_PRESENT))
		return;
	dev->flags = in[0] & MACHINE_DEV_FLAGS_ALL;
	dev->slots = wrap_decode(in[1], MACHINE_SLOTS_MIN, MACHINE_SLOTS_MAX, SLOTS_FALLBACK);
	dev->prio = (s8)in[2];
	dev->bad[0] = in[3] % dev->slots;
	dev->bad[1] = in[4] % dev->slots;
}

static void dev_encode(const struct world_dev *dev, u8 *out)
{
	if (!(dev->flags & WORLD_DEV_PRESENT))
		return; /* zeroes */
	out[0] = dev->flags;
	out[1] = wrap_encode(dev->slots, MACHINE_SLOTS_MIN, MACHINE_SLOTS_MAX, SLOTS_FALLBACK);
	out[2] = (u8)dev->prio;
	out[3] = dev->bad[0];
	out[4] = dev->bad[1];
}

/* ---- bytes to a program ---- */

struct reader {
	const u8 *data;
	size_t size, at;
};

/* The next record, padded with zeroes; false at the end. */
static bool record_read(struct reader *r, u8 out[RECORD_SIZE])
{
	memset(out, 0, RECORD_SIZE);
	if (r->at >= r->size)
		return false;
	memcpy(out, r->data + r->at, min(r->size - r->at, (size_t)RECORD_SIZE));
	r->at += RECORD_SIZE;
	return true;
}

static void header_decode(struct prog *p, const u8 *data, size_t size)
{
	u8 header[HEADER_SIZE] = { 0 };

	BUILD_BUG_ON(HEADER_MORE + MACHINE_FIELD_COUNT - MACHINE_THP > HEADER_SIZE);
	if (size)
		memcpy(header, data, min(size, (size_t)HEADER_SIZE));
	if (header[HEADER_POLICY] < PROG_POLICY_COUNT)
		p->policy = header[HEADER_POLICY];
	for (unsigned i = 0; i < 8; i++)
		p->seed |= (u64)header[HEADER_SEED + i] << (8 * i);
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++)
		machine_set(&p->machine, i,
			    field_decode(&machine_fields[i], header[field_at(i)]));
	p->machine.mms = header[HEADER_MMS] & MACHINE_MMS_MASK;
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++)
		dev_decode(&p->machine.dev[i], header + HEADER_DEVS + i * DEV_SIZE);
}

static bool task_decode(struct prog *p, u8 cpu, u8 mm, u8 label)
{
	struct prog_task *task = &p->task[p->ntasks];

	if (p->ntasks == PROG_TASKS_MAX)
		return false;
	task->cpu = cpu % p->machine.cpus;
	task->mm = mm % (WORLD_MM_MAX + 1);
	task->label = (char)('A' + (p->ntasks + label) % 26);
	p->ntasks++;
	return true;
}

static void op_decode(struct prog *p, const u8 in[RECORD_SIZE])
{
	const struct prog_op_info *info;
	struct prog_task *task;
	struct prog_op *op;

	assert(in[0] < TAG_TASK);
	if (in[0] >= PROG_OP_COUNT)
		return;
	if (!p->ntasks)
		task_decode(p, 0, 1, 0);
	task = &p->task[p->ntasks - 1];
	if (task->nops == PROG_OPS_MAX)
		return;
	op = &task->op[task->nops++];
	op->kind = in[0];
	info = &prog_ops[op->kind];
	for (unsigned i = 0; i < PROG_ARGS_MAX; i++) {
		unsigned range = info->arg_max[i] - info->arg_min[i] + 1u;

		op->arg[i] = (u8)(info->arg_min[i] + in[1 + i] % range);
	}
}

static void event_decode(struct reader *r, const u8 head[RECORD_SIZE], struct event_key *e)
{
	unsigned roles = min(head[0] & TAG_ROLE_MASK, ROLE_RECORDS_MAX);
	u8 record[RECORD_SIZE];

	memset(e, 0, sizeof(*e));
	e->ctx = head[1];
	e->op = head[2]; /* from 0: event_adopt() */
	if (!(head[0] & TAG_SITE)) {
		if (head[0] < TAG_CHOICE)
			e->op |= (u16)(head[3] << 8);
		return;
	}
	record_read(r, record);
	e->site = record[0] | (u32)record[1] << 8 | (u32)record[2] << 16 | (u32)record[3] << 24;
	record_read(r, record);
	e->nth = (u16)min((record[0] | record[1] << 8) + 1, 0xffff);
	e->op |= (u16)(record[2] << 8);
	for (unsigned i = 0; i < roles; i++) {
		record_read(r, record);
		memcpy(e->role + i * RECORD_SIZE, record, RECORD_SIZE);
	}
	e->role[EVENT_ROLE_MAX - 1] = 0;
}

/* Wraps context and op into what exists; what can't be is left to repair. */
static void event_adopt(const struct prog *p, struct event_key *e)
{
	if (e->ctx < PROG_CTX_IRQ(0) || e->ctx >= PROG_CTX_SOFTIRQ(ENGINE_CPUS_MAX)) {
		e->ctx %= p->ntasks;
		if (p->task[e->ctx].nops)
			e->op %= p->task[e->ctx].nops;
	}
	e->op = (u16)min(e->op + 1, 0xffff);
}

static void records_decode(struct prog *p, struct reader *r)
{
	struct event_key edge, event;
	bool have_edge = false, full = false;
	u8 record[RECORD_SIZE];

	while (record_read(r, record)) {
		if (record[0] < TAG_TASK) {
			if (!full)
				op_decode(p, record);
			continue;
		}
		if (record[0] < TAG_EDGE) {
			full |= !task_decode(p, record[1], record[2], record[3]);
			continue;
		}
		event_decode(r, record, &event);
		if (record[0] < TAG_AFTER) {
			edge = event;
			have_edge = true;
		} else if (record[0] < TAG_CHOICE) {
			if (have_edge)
				prog_edge_append(p, &edge, &event);
			have_edge = false;
		} else if (p->nchoices < PROG_CHOICES_MAX) {
			p->choice[p->nchoices].value = record[3];
			p->choice[p->nchoices++].event = event;
		}
	}
}

void prog_decode(struct prog *p, const u8 *data, size_t size)
{
	struct reader r = { data, size, HEADER_SIZE };
	u8 mms;

	memset(p, 0, offsetof(struct prog, choice));
	header_decode(p, data, size);
	mms = p->machine.mms;
	p->machine.mms = MACHINE_MMS_MASK; /* so that repair adds none */
	records_decode(p, &r);
	if (!p->ntasks)
		task_decode(p, 0, 0, 0);
	for (unsigned i = 0; i < p->nedges; i++) {
		event_adopt(p, &p->edge[i].event);
		event_adopt(p, &p->edge[i].after);
	}
	for (unsigned i = 0; i < p->nchoices; i++)
		event_adopt(p, &p->choice[i].event);
	prog_repair(p);
	p->machine.mms = prog_mms_default(p) ^ mms;
	prog_repair(p);
	assert(prog_valid(p, NULL));
}

/* ---- a program to bytes ---- */

struct writer {
	u8 *data;
	size_t size, at;
	bool overflow;
};

static void record_write(struct writer *w, u8 a, u8 b, u8 c, u8 d)
{
	if (w->size - w->at < RECORD_SIZE) {
		w->overflow = true;
		return;
	}
	w->data[w->at++] = a;
	w->data[w->at++] = b;
	w->data[w->at++] = c;
	w->data[w->at++] = d;
}

static void header_encode(const struct prog *p, u8 header[HEADER_SIZE])
{
	memset(header, 0, HEADER_SIZE);
	header[0] = PROG_BYTES_VERSION;
	header[HEADER_POLICY] = p->policy;
	for (unsigned i = 0; i < 8; i++)
		header[HEADER_SEED + i] = (u8)(p->seed >> (8 * i));
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++)
		header[field_at(i)] = field_encode(&machine_fields[i],
						   machine_get(&p->machine, i));
	header[HEADER_MMS] = p->machine.mms ^ prog_mms_default(p);
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++)
		dev_encode(&p->machine.dev[i], header + HEADER_DEVS + i * DEV_SIZE);
}

static void task_encode(struct writer *w, const struct prog_task *task, unsigned t)
{
	u8 label = (u8)(((unsigned)(task->label - 'A') + 26 - t) % 26);

	record_write(w, TAG_TASK, task->cpu, task->mm, label);
	for (unsigned i = 0; i < task->nops; i++) {
		const struct prog_op *op = &task->op[i];
		const u8 *low = prog_ops[op->kind].arg_min;

		record_write(w, op->kind, (u8)(op->arg[0] - low[0]), (u8)(op->arg[1] - low[1]),
			     (u8)(op->arg[2] - low[2]));
	}
}

static void event_encode(struct writer *w, u8 tag, u8 value, const struct event_key *e)
{
	size_t len = strlen(e->role);
	unsigned roles = (unsigned)DIV_ROUND_UP(len, RECORD_SIZE);
	const u8 *role = (const u8 *)e->role;
	u8 op_upper = (u8)((e->op - 1) >> 8);

	if (!e->site) {
		assert(tag < TAG_CHOICE);
		record_write(w, tag, e->ctx, (u8)(e->op - 1), op_upper);
		return;
	}
	record_write(w, (u8)(tag | TAG_SITE | roles), e->ctx, (u8)(e->op - 1), value);
	record_write(w, (u8)e->site, (u8)(e->site >> 8), (u8)(e->site >> 16), (u8)(e->site >> 24));
	record_write(w, (u8)(e->nth - 1), (u8)((e->nth - 1) >> 8), op_upper, 0);
	for (unsigned i = 0; i < roles; i++, role += RECORD_SIZE)
		record_write(w, role[0], role[1], role[2], role[3]);
}

size_t prog_encode(const struct prog *p, u8 *out, size_t out_size)
{
	struct writer w = { out, out_size, 0, false };

	BUILD_BUG_ON(PROG_BYTES_MAX < HEADER_SIZE +
		     RECORD_SIZE * (PROG_TASKS_MAX * (PROG_OPS_MAX + 1) +
				    (2 * PROG_EDGES_MAX + PROG_CHOICES_MAX) *
					    (3 + ROLE_RECORDS_MAX)));
	BUILD_BUG_ON((int)PROG_OP_COUNT > (int)TAG_TASK);
	assert(prog_valid(p, NULL));
	if (out_size < HEADER_SIZE)
		return 0;
	header_encode(p, out);
	w.at = HEADER_SIZE;
	for (unsigned t = 0; t < p->ntasks; t++)
		task_encode(&w, &p->task[t], t);
	for (unsigned i = 0; i < p->nedges; i++) {
		event_encode(&w, TAG_EDGE, 0, &p->edge[i].event);
		event_encode(&w, TAG_AFTER, 0, &p->edge[i].after);
	}
	for (unsigned i = 0; i < p->nchoices; i++)
		event_encode(&w, TAG_CHOICE, p->choice[i].value, &p->choice[i].event);
	return w.overflow ? 0 : w.at;
}
