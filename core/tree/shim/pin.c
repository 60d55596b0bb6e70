// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins: pin_user_pages_fast() or pin_user_pages() of one page, held by the task as a
 * driver would hold it, and a device that reads and writes the page by them. A device
 * goes to the page that was pinned, whatever is mapped there now, word by word, each a
 * scheduling point. Between the point, the access and the contents oracle's call lies
 * none. What is still pinned at the end of a task is unpinned then.
 * Left out: an IOMMU, bounce buffers, pins of several pages, of another mm, FOLL_FORCE.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

static struct shim_pin *pin_of(int pin)
{
	if (pin < 0 || pin >= SEAM_PINS_MAX)
		return NULL;
	return &shim_task_of(current)->pin[pin];
}

static long pin_page(struct mm_struct *mm, unsigned long addr, unsigned flags, struct page **page)
{
	unsigned gup = flags & SEAM_PIN_WRITE ? FOLL_WRITE : 0;
	long pinned;

	if (flags & SEAM_PIN_LONGTERM)
		gup |= FOLL_LONGTERM;
	if (!(flags & SEAM_PIN_SLOW))
		return pin_user_pages_fast(addr, 1, gup, page);
	mmap_read_lock(mm);
	pinned = pin_user_pages(addr, 1, gup, page);
	mmap_read_unlock(mm);
	return pinned;
}

int tree_pin(int mm, int page, int pin, unsigned flags)
{
	struct mm_struct *m = mm_enter_range(mm, page, 1);
	struct shim_pin *p = pin_of(pin);
	struct page *got = NULL;
	long pinned;

	if (!m)
		return -EINVAL;
	if (!p || p->page) {
		mm_leave(mm);
		return -EBUSY;
	}
	pinned = pin_page(m, user_addr(page), flags, &got);
	mm_leave(mm);
	if (pinned <= 0)
		return pinned ? (int)pinned : -EFAULT;
	*p = (struct shim_pin){ .page = got, .mm = mm, .at = page,
				.write = !!(flags & SEAM_PIN_WRITE) };
	return 0;
}

/* The pinned page's word; no point after it. */
static __always_inline unsigned long *device_word(const struct shim_pin *pin, int word)
{
	unsigned long *p = (unsigned long *)page_address(pin->page) + word;

	seam_copy(p, sizeof(*p));
	if (unlikely(shim_page_is_free(page_to_pfn(pin->page))))
		shim_reportf("BUG: a pinned page is free", "pfn %lu, pinned at mm%d page %d\n",
			     page_to_pfn(pin->page), pin->mm, pin->at);
	return p;
}

noinline int tree_pin_write(int pin, unsigned long value)
{
	const struct shim_pin *p = pin_of(pin);
	int word;

	if (!p || !p->page)
		return -ENOENT;
	if (!p->write)
		return -EACCES;
	for (word = 0; word < SEAM_PAGE_WORDS; word++) {
		__atomic_store_n(device_word(p, word), value, __ATOMIC_RELAXED);
		seam_user_store(p->mm, p->at, word, value);
	}
	return 0;
}

noinline int tree_pin_read(int pin)
{
	const struct shim_pin *p = pin_of(pin);
	int word;

	if (!p || !p->page)
		return -ENOENT;
	for (word = 0; word < SEAM_PAGE_WORDS; word++)
		seam_user_load(p->mm, p->at, word,
			       __atomic_load_n(device_word(p, word), __ATOMIC_RELAXED));
	return 0;
}

int tree_unpin(int pin)
{
	struct shim_pin *p = pin_of(pin);
	struct page *page;

	if (!p || !p->page)
		return -ENOENT;
	page = p->page;
	p->page = NULL;
	/* The device may have written: whoever reclaims the page must write it out. */
	unpin_user_pages_dirty_lock(&page, 1, p->write);
	return 0;
}

void shim_pins_drop(void)
{
	int pin;

	for (pin = 0; pin < SEAM_PINS_MAX; pin++)
		tree_unpin(pin);
}
