// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins in the contents oracle. A device reads and writes a page that a task has pinned
 * at (mm, page). While nothing has unmapped, discarded or moved that page since, the
 * device and the mm share it: the device's store is a store of the mm, and its load is
 * judged as one. After that the device has a page of its own, which may still be the
 * mm's: its loads are not judged, its stores may have been seen.
 *
 * A pin for reading alone, without FOLL_LONGTERM, does not promise to follow later stores
 * of the mm (it may be a pin of the zero page): its loads are not judged.
 *
 * Locking: all under shadow_lock(). Each context touches its own pins alone.
 */
#include "core/base/bug.h"
#include "fuzz/oracle/shadow.h"

static struct shadow_pin *pin_of(const struct shadow_window *win)
{
	unsigned ctx = engine_current();

	BUG_ON(ctx > ENGINE_CTX_MAX || win->op.pin >= WORLD_PINS_MAX);
	return &shadow.pin[ctx][win->op.pin];
}

bool shadow_is_device(const struct shadow_window *win)
{
	return win->op.effect == CONTENTS_PIN_WRITE || win->op.effect == CONTENTS_PIN_READ;
}

static bool steady(int mm, int page)
{
	return !shadow_page_open(mm, shadow_page(mm, page)) && !shadow_mm_unknown(mm) &&
	       shadow.mm[mm].exists;
}

void shadow_pin_begin(struct shadow_window *win)
{
	win->sure = steady(win->op.mm, win->op.page);
	win->changes = shadow_page_changes(win->op.mm, win->op.page);
	win->backs = shadow_backs(win->op.mm, win->op.page);
	win->remaps = shadow.mm[win->op.mm].remaps;
}

void shadow_pin_end(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;
	u32 changes = shadow_page_changes(op->mm, op->page);

	if (ret != 0)
		return;
	*pin_of(win) = (struct shadow_pin){
		.mm = op->mm, .page = op->page, .changes = changes,
		.backs = win->backs | shadow_backs(op->mm, op->page),
		.exact = win->sure && !win->zombie && steady(op->mm, op->page) &&
			 changes == win->changes,
		.remaps = win->remaps,
		.follows = op->flags & (WORLD_PIN_WRITE | WORLD_PIN_LONGTERM),
	};
}

static bool pin_exact(const struct shadow_pin *pin)
{
	return pin->exact && steady(pin->mm, pin->page) &&
	       pin->changes == shadow_page_changes(pin->mm, pin->page);
}

bool shadow_pin_store(const struct shadow_window *win, int word, u64 value)
{
	const struct shadow_pin *pin = pin_of(win);

	if (pin_exact(pin))
		return false;
	shadow_store_maybe(win, pin->backs, pin->mm, pin->page, word, value);
	if (pin->remaps == shadow.mm[pin->mm].remaps)
		return true;
	/* mremap() may have moved it, to anywhere in its mm. */
	for (int page = 0; page < WORLD_PAGES; page++)
		word_add(&shadow_page(pin->mm, page)->word[word], value, shadow.clock);
	return true;
}

bool shadow_pin_load(const struct shadow_window *win)
{
	const struct shadow_pin *pin = pin_of(win);

	return !pin->follows || !pin_exact(pin);
}
