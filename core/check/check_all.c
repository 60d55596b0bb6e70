// SPDX-License-Identifier: GPL-2.0-or-later
/* All checkers in turn. */
#include "core/check/check.h"

#include "core/check/look.h"

/* In native other tasks run meanwhile: only a quiet machine can be looked at. */
void check_all_cheap(void)
{
	if (!engine_is_sim() && engine_running())
		return;
	check_page_cheap();
	check_swap_cheap();
	check_mm_cheap();
}

void check_all_quiet(void)
{
	check_page_quiet();
	check_swap_quiet();
	check_mm_quiet();
	check_ksm_quiet();
}
