// SPDX-License-Identifier: GPL-2.0-or-later
/* The hooks of the world-ops table; set while nothing runs. */
#include "core/base/world_ops.h"

struct world_hooks world_hooks;
