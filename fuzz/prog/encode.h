/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The version of the byte format, which is the first byte of an encoding. No text
 * starts with such a byte.
 *
 * Rows of ops.def, of policy.def and of the machine's fields are stored by their
 * numbers, arguments as distances from their minima, modulo their range. A row that
 * is added at the end keeps the version: what older bytes mean stays, and a number
 * that is not known is skipped. Raise it when a row is inserted, moved or
 * removed, or gets other bounds (test_prog_codec.c knows their order).
 */
#ifndef FUZZ_PROG_ENCODE_H
#define FUZZ_PROG_ENCODE_H

#define PROG_BYTES_VERSION 2 /* 1: an unknown op was another one, by its number modulo 24 */
#define PROG_BYTES_VERSION_MAX 8 /* 9 is a tab, which a text may start with */

#endif
