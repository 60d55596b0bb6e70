// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shadow against every page that may be mapped, when no op runs. See contents.h.
 */
#include "fuzz/oracle/contents.h"
#include "fuzz/oracle/shadow.h"

static bool page_expects_zero(const struct shadow_page *p)
{
	for (int w = 0; w < WORLD_WORDS; w++) {
		if (!word_has(&p->word[w], 0))
			return false;
	}
	return true;
}

void contents_check_quiet(const struct world_ops *world)
{
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++) {
		for (int page = 0; page < WORLD_PAGES; page++) {
			const struct shadow_page *p = &shadow.page[mm][page];
			struct world_page_state state = { 0 };
			u64 words[WORLD_WORDS] = { 0 };
			int ret;

			if (p->run != shadow.run || !shadow.mm[mm].exists ||
			    p->mapped == SHADOW_UNMAPPED)
				continue;
			world->page_state(mm, page, &state);
			if (!(state.bits & (WORLD_PAGE_PRESENT | WORLD_PAGE_SWAPPED)) &&
			    page_expects_zero(shadow_contents(mm, page)))
				continue;
			contents_op_begin(&(struct contents_op){ .effect = CONTENTS_READ,
				.mm = (u8)mm, .page = (u8)page, .pages = 1, .label = "end" });
			ret = world->read(mm, page, words);
			contents_read_end(ret, words, world->read);
		}
	}
}
