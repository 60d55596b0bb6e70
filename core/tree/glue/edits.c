// SPDX-License-Identifier: GPL-2.0-or-later
/* A build without edits under switches. A file of its own: nobody who looks through the
 * names may know how many these are. */
#include <stddef.h>

#include "core/tree/seam.h"

const char *const seam_edit_names[] __attribute__((weak)) = { NULL };
