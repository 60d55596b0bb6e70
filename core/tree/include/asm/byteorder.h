/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little endian. */
#include <linux/byteorder/little_endian.h>
