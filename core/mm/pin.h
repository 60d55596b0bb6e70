/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a driver does with pins: a task holds up to WORLD_PINS_MAX of them, and a device
 * reads and writes the pinned pages whenever it likes.
 */
#ifndef CORE_MM_PIN_H
#define CORE_MM_PIN_H

#include "core/base/world_ops.h"
#include "core/page/mm_types.h"

struct model_pin {
	struct page *page; /* NULL: not held */
	u8 mm, at;         /* whose page it was when it was pinned, and which */
	bool write;
};
/* By task, or by context of set-up. Only the task itself touches its own. */
extern struct model_pin model_pins[ENGINE_CTX_MAX + 1][WORLD_PINS_MAX];
/* Pins that are held, of all tasks. */
extern u32 model_pins_held;

/* The calling task pins a page of m, which is mm number mm. flags: enum world_pin_flag.
 * -EBUSY: it holds that pin already, -EFAULT, -ENOMEM, -EINTR, -EAGAIN as pin_user_pages(). */
int pin_take(struct mm_struct *m, int mm, int page, int pin, u32 flags);
/* The device stores value into each word, or loads it. -ENOENT: no such pin; -EACCES: it is
 * not one for writing. */
int pin_device_write(int pin, u64 value);
int pin_device_read(int pin);
/* -ENOENT: no such pin. A page that was pinned for writing is dirty then. */
int pin_put(int pin);
/* The calling task ends: drops what it holds. */
void pins_drop(void);

#endif
