/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's names over the engine: everything. A macro captures the place of
 * its call (SITE("spin_lock") reads "spin_lock@function"); a wrapper that takes
 * a lock for others is itself a macro that passes its own site to the _at form.
 */
#ifndef CORE_KAPI_KAPI_H
#define CORE_KAPI_KAPI_H

#include "core/base/bitmap.h"
#include "core/base/bug.h"
#include "core/base/counters.h"
#include "core/base/plist.h"
#include "core/base/rbtree.h"
#include "core/base/seeded_bug.h"
#include "core/base/site.h"
#include "core/base/types.h"
#include "core/kapi/atomic.h"
#include "core/kapi/barrier.h"
#include "core/kapi/bit_lock.h"
#include "core/kapi/bitops.h"
#include "core/kapi/bits.h"
#include "core/kapi/compiler.h"
#include "core/kapi/completion.h"
#include "core/kapi/err.h"
#include "core/kapi/fault_inject.h"
#include "core/kapi/gfp.h"
#include "core/kapi/list.h"
#include "core/kapi/local_lock.h"
#include "core/kapi/lock_map.h"
#include "core/kapi/mutex.h"
#include "core/kapi/percpu.h"
#include "core/kapi/percpu_ref.h"
#include "core/kapi/preempt.h"
#include "core/kapi/rcupdate.h"
#include "core/kapi/role.h"
#include "core/kapi/rwsem.h"
#include "core/kapi/sched.h"
#include "core/kapi/seqcount.h"
#include "core/kapi/slab.h"
#include "core/kapi/spinlock.h"
#include "core/kapi/wait.h"
#include "core/kapi/workqueue.h"

#endif
