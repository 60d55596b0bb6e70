/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roles under the names the model uses; see core/engine/engine.h. */
#ifndef CORE_KAPI_ROLE_H
#define CORE_KAPI_ROLE_H

#include "core/engine/engine.h"

#define role_new(p, size, kind) engine_role_new((p), (size), (kind))
#define role_set(p, size, kind, a, b) engine_role_set((p), (size), (kind), (a), (b))

#endif
