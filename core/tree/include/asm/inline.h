/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before every file of a tree, after linux/compiler_types.h: what is inline
 * in the source is inlined in every build. Sites are named by the chain of inlined
 * functions, so names must not depend on what an optimiser or a sanitizer prefers.
 */
#ifndef __ASM_INLINE_H
#define __ASM_INLINE_H

#undef inline
#define inline inline __gnu_inline __inline_maybe_unused notrace __attribute__((__always_inline__))

#endif
