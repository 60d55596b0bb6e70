/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switch that turns one source of happens-before off, for tests of TSan builds. */
#include "core/kapi/barrier.h"

#ifdef SWAPRACE_TSAN
u32 hb_disabled;

const char *const hb_site_names[HB_SITE_COUNT] = {
	"NONE",
#define HB_SITE_NAME(name) #name,
	HB_SITES(HB_SITE_NAME)
#undef HB_SITE_NAME
};
#else
/* ISO C wants something in a file. */
extern int hb_nothing_to_see;
#endif
