/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals have no frames here. */
#ifndef __ASM_SIGCONTEXT_H
#define __ASM_SIGCONTEXT_H

struct sigcontext {
	unsigned long unused;
};

#endif
