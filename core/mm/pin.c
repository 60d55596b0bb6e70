// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins that tasks hold, and the device that uses them: it goes to the page that was pinned,
 * whatever is mapped there now, word by word, with a scheduling point before each. Between
 * the point, the access and the contents oracle's call lies none.
 * Models: a driver that calls pin_user_pages(), and its device.
 * Left out: an IOMMU, bounce buffers, pins of several pages, of another mm.
 * Locking: none; a device knows none.
 */
#include "core/mm/pin.h"

#include "core/mm/gup.h"

struct model_pin model_pins[ENGINE_CTX_MAX + 1][WORLD_PINS_MAX] __world = { { { 0 } } };
WORLD_NAME(model_pins);
u32 model_pins_held __world = 0;
WORLD_NAME(model_pins_held);

static struct model_pin *pin_of(int pin)
{
	BUG_ON(pin < 0 || pin >= WORLD_PINS_MAX);
	BUG_ON_CMP(engine_current(), >, ENGINE_CTX_MAX);
	return &model_pins[engine_current()][pin];
}

int pin_take(struct mm_struct *m, int mm, int page, int pin, u32 flags)
{
	unsigned int gup_flags = (flags & WORLD_PIN_WRITE ? FOLL_WRITE : 0u) |
				 (flags & WORLD_PIN_LONGTERM ? FOLL_LONGTERM : 0u);
	unsigned long addr = (unsigned long)page << PAGE_SHIFT;
	struct model_pin *p = pin_of(pin);
	struct page *got = NULL;
	long pinned;

	if (p->page)
		return -EBUSY;
	if (flags & WORLD_PIN_SLOW) {
		mmap_read_lock(m);
		pinned = pin_user_pages(m, addr, gup_flags, &got);
		mmap_read_unlock(m);
	} else {
		pinned = pin_user_pages_fast(m, addr, gup_flags, &got);
	}
	if (pinned < 0)
		return (int)pinned;
	BUG_ON(pinned != 1 || !got);
	*p = (struct model_pin){ .page = got, .mm = (u8)mm, .at = (u8)page,
				 .write = flags & WORLD_PIN_WRITE };
	engine_fetch_add(&model_pins_held, 1u, ENGINE_RELAXED);
	return 0;
}

/* The device is about to access a word of the page; no point after it. */
static void device_point(const struct model_pin *p, int word, const struct site *site)
{
	const struct folio *folio = page_folio(p->page);

	engine_point(site, EV_COPY, &p->page->words[word], sizeof(u64));
	if (unlikely(!is_zero_folio(folio) && folio_peek_refs(folio) <= 0))
		reportf("BUG: a pinned page is free", "pfn %u, pinned at mm%u page %u\n",
			folio->pfn, p->mm, p->at);
}

int pin_device_write(int pin, u64 value)
{
	const struct model_pin *p = pin_of(pin);
	int word;

	if (!p->page)
		return -ENOENT;
	if (!p->write)
		return -EACCES;
	BUG_ON(is_zero_pfn(page_to_pfn(p->page)));
	for (word = 0; word < WORLD_WORDS; word++) {
		device_point(p, word, SITE("device_store"));
		tlb_access_begin(); /* the access and its report to the oracle are one */
		page_store_word(p->page, (unsigned int)word, value);
		if (world_hooks.store)
			world_hooks.store(p->mm, p->at, word, value);
		tlb_access_end();
	}
	return 0;
}

int pin_device_read(int pin)
{
	const struct model_pin *p = pin_of(pin);
	int word;

	if (!p->page)
		return -ENOENT;
	for (word = 0; word < WORLD_WORDS; word++) {
		u64 value;

		device_point(p, word, SITE("device_load"));
		tlb_access_begin();
		value = page_load_word(p->page, (unsigned int)word);
		if (world_hooks.load)
			world_hooks.load(p->mm, p->at, word, value);
		tlb_access_end();
	}
	return 0;
}

int pin_put(int pin)
{
	struct model_pin *p = pin_of(pin);
	struct page *page = p->page;

	if (!page)
		return -ENOENT;
	p->page = NULL;
	engine_fetch_add(&model_pins_held, -1u, ENGINE_RELAXED);
	/* The device may have written: whoever reclaims the page must write it out. */
	unpin_user_pages_dirty_lock(page, p->write);
	return 0;
}

void pins_drop(void)
{
	for (int pin = 0; pin < WORLD_PINS_MAX; pin++)
		(void)pin_put(pin);
}
