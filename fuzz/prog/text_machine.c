// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine line: "machine: cpus=2 full=100 mms=1,3 dev0=sync,8,prio=1,bad=3".
 */
#include "fuzz/prog/machine.h"
#include "fuzz/prog/text_parse.h"

#include <stdio.h>
#include <string.h>

static const char *const dev_keys[WORLD_DEVS_MAX] = { "dev0", "dev1", "dev2" };

static const char *key_name(unsigned i)
{
	if (i < MACHINE_FIELD_COUNT)
		return machine_fields[i].name;
	i -= MACHINE_FIELD_COUNT;
	if (i == 0)
		return "mms";
	return i <= WORLD_DEVS_MAX ? dev_keys[i - 1] : NULL;
}

static const char *dev_word_name(unsigned i)
{
	static const char *const names[] = { "sync", "async", "prio", "bad", "discard",
					     "rotational", "stable", "off", NULL };

	return names[i];
}

static bool parse_field(struct parse *ps, unsigned i, struct span value)
{
	const struct machine_field *f = &machine_fields[i];
	u32 number;

	if (!parse_bounded(ps, value, f->name, f->min, f->max, &number))
		return false;
	if (f->power_of_two && (number & (number - 1)))
		return scan_fail(&ps->scan, value.s,
				 "%s=%u is not a power of two", f->name, number);
	machine_set(&ps->p->machine, i, (u8)number);
	return true;
}

static bool parse_mms(struct parse *ps, struct span value)
{
	ps->p->machine.mms = 0;
	ps->have_mms = true;
	if (span_is(value, "none"))
		return true;
	do {
		struct span word = span_split(&value, ',');
		u32 mm;

		span_skip(&word, "mm");
		if (!parse_bounded(ps, word, "mm", 1, WORLD_MM_MAX, &mm))
			return false;
		ps->p->machine.mms |= (u8)(1u << (mm - 1));
	} while (value.len);
	return true;
}

static bool parse_prio(struct parse *ps, struct span word, struct world_dev *dev)
{
	const char *at = word.s;
	bool negative = span_skip(&word, "-");
	u64 number;

	if (!span_number(word, negative ? 128 : 127, &number))
		return scan_fail(&ps->scan, at, "prio wants a number from -128 to 127");
	dev->prio = (s8)(negative ? -(int)number : (int)number);
	return true;
}

static bool parse_bad(struct parse *ps, struct span word, struct world_dev *dev)
{
	u32 slot;

	if (dev->bad[MACHINE_BAD_MAX - 1])
		return scan_fail(&ps->scan, word.s, "a device has at most 2 bad slots");
	if (!parse_bounded(ps, word, "bad", 1, MACHINE_SLOTS_MAX - 1, &slot))
		return false;
	dev->bad[dev->bad[0] ? 1 : 0] = (u8)slot;
	return true;
}

/* One word between the commas of a device. */
static bool parse_dev_word(struct parse *ps, struct span word, struct world_dev *dev)
{
	struct span rest = word;
	u32 slots;

	if (word.len && word.s[0] >= '0' && word.s[0] <= '9') {
		if (dev->slots)
			return scan_fail(&ps->scan, word.s, "a device has one size");
		if (!parse_bounded(ps, word, "slots", MACHINE_SLOTS_MIN, MACHINE_SLOTS_MAX, &slots))
			return false;
		dev->slots = (u8)slots;
		return true;
	}
	if (span_skip(&rest, "prio="))
		return parse_prio(ps, rest, dev);
	if (span_skip(&rest, "bad="))
		return parse_bad(ps, rest, dev);
	for (unsigned i = 0; i < MACHINE_DEV_FLAG_COUNT; i++) {
		if (span_is(word, machine_dev_flags[i].name)) {
			dev->flags |= machine_dev_flags[i].flag;
			return true;
		}
	}
	if (span_is(word, "sync"))
		dev->flags |= WORLD_DEV_SYNC;
	else if (span_is(word, "off"))
		dev->flags &= (u8)~WORLD_DEV_ON;
	else if (!span_is(word, "async"))
		return scan_fail_unknown(&ps->scan, word, "word of a device", dev_word_name);
	return true;
}

static bool parse_device(struct parse *ps, unsigned i, struct span value)
{
	struct world_dev *dev = &ps->p->machine.dev[i];
	const char *at = value.s;

	dev->flags = WORLD_DEV_PRESENT | WORLD_DEV_ON;
	do {
		if (!parse_dev_word(ps, span_split(&value, ','), dev))
			return false;
	} while (value.len);
	if (!dev->slots)
		return scan_fail(&ps->scan, at, "dev%u has no size: dev%u=sync,8", i, i);
	for (unsigned b = 0; b < MACHINE_BAD_MAX; b++) {
		if (dev->bad[b] >= dev->slots)
			return scan_fail(&ps->scan, at, "bad=%u: dev%u ends at slot %u",
					 dev->bad[b], i, dev->slots - 1u);
	}
	if (!machine_dev_usable(dev))
		return scan_fail(&ps->scan, at, "dev%u has no usable slot", i);
	return true;
}

bool parse_machine(struct parse *ps)
{
	const char *low_at = ps->scan.at;
	u32 seen = 0;

	while (!scan_ended(&ps->scan)) {
		struct span word = scan_word(&ps->scan), key, value = word;
		unsigned i = 0;
		char show[48];

		key = span_split(&value, '=');
		if (key.len == word.len)
			return scan_fail(&ps->scan, word.s, "'%s': a machine line wants name=value",
					 span_show(word, show));
		while (key_name(i) && !span_is(key, key_name(i)))
			i++;
		if (!key_name(i))
			return scan_fail_unknown(&ps->scan, key, "field of the machine", key_name);
		if (seen & (1u << i))
			return scan_fail(&ps->scan, word.s, "%s is given twice", key_name(i));
		seen |= 1u << i;
		if (i == MACHINE_LOW || i == MACHINE_FOLIOS)
			low_at = word.s;
		if (i < MACHINE_FIELD_COUNT ? !parse_field(ps, i, value)
		    : i == MACHINE_FIELD_COUNT ? !parse_mms(ps, value)
		    : !parse_device(ps, i - MACHINE_FIELD_COUNT - 1, value))
			return false;
	}
	if (ps->p->machine.low_watermark > machine_low_max(&ps->p->machine))
		return scan_fail(&ps->scan, low_at, "low=%u is more than half of folios=%u",
				 ps->p->machine.low_watermark, ps->p->machine.folios);
	return true;
}
