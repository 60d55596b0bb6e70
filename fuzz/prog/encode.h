/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells an encoding from text: its first byte, which no text starts with.
 */
#ifndef FUZZ_PROG_ENCODE_H
#define FUZZ_PROG_ENCODE_H

#define PROG_BYTES_FIRST 0x01

#endif
