/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/rcupdate.h over the engine's RCU. rcu_dereference() is
 * an acquire load (the kernel's dependency ordering, as TSan can see it).
 * Left out: SRCU, expedited and polled grace periods.
 */
#ifndef CORE_KAPI_RCUPDATE_H
#define CORE_KAPI_RCUPDATE_H

#include "core/kapi/compiler.h"
#include "core/kapi/lock_map.h"

struct rcu_head {
	struct engine_rcu_head engine;
	void (*func)(struct rcu_head *head);
};

#define rcu_read_lock() engine_rcu_read_lock(SITE("rcu_read_lock"))
#define rcu_read_unlock() engine_rcu_read_unlock(SITE("rcu_read_unlock"))
#define rcu_read_lock_held() (!engine_lockdep_ctx() || engine_rcu_read_held())
#define synchronize_rcu() engine_synchronize_rcu(SITE("synchronize_rcu"))
#define rcu_barrier() engine_rcu_barrier(SITE("rcu_barrier"))

void call_rcu_at(struct rcu_head *head, void (*func)(struct rcu_head *head),
		 const struct site *site);
#define call_rcu(head, func) call_rcu_at((head), (func), SITE("call_rcu"))
#define call_rcu_hurry(head, func) call_rcu_at((head), (func), SITE("call_rcu_hurry"))

/* Frees ptr, a slab object with a member of type struct rcu_head, after a grace
 * period. offset: of the member. */
void kfree_rcu_at(struct rcu_head *head, size_t offset, const struct site *site);
#define kfree_rcu(ptr, member)                                                    \
	do {                                                                      \
		__typeof__(ptr) kr_p_ = (ptr);                                    \
		if (kr_p_)                                                        \
			kfree_rcu_at(&kr_p_->member, offsetof(__typeof__(*kr_p_), member), \
				     SITE("kfree_rcu"));                          \
	} while (0)

void rcu_check_dereference(bool condition, const struct site *site);
#define rcu_dereference_at(p, c, site)                                            \
	({                                                                        \
		__typeof__(&(p)) rd_p_ = &(p);                                    \
		rcu_check_dereference((c), (site));                               \
		engine_point((site), EV_LOAD, rd_p_, sizeof(p));                  \
		__auto_type rd_v_ = __atomic_load_n(rd_p_,                        \
				HB_ORDER(RCU_DEREFERENCE, ENGINE_ACQUIRE));       \
		rd_v_;                                                            \
	})
#define rcu_dereference(p) rcu_dereference_at(p, false, SITE("rcu_dereference"))
#define rcu_dereference_check(p, c) \
	rcu_dereference_at(p, (c), SITE("rcu_dereference_check"))
#define rcu_dereference_raw(p) rcu_dereference_at(p, true, SITE("rcu_dereference_raw"))
/* The caller holds what updates need: no load that could race, so no point. */
#define rcu_dereference_protected(p, c)                                           \
	({                                                                        \
		rcu_check_dereference((c), SITE("rcu_dereference_protected"));    \
		engine_load_relaxed(&(p));                                        \
	})
#define rcu_access_pointer(p) READ_ONCE_AT(p, SITE("rcu_access_pointer"))
#define rcu_assign_pointer(p, v)                                                  \
	({                                                                        \
		__typeof__(&(p)) ra_p_ = &(p);                                    \
		__typeof__(p) ra_v_ = (v);                                        \
		engine_point(SITE("rcu_assign_pointer"), EV_STORE, ra_p_, sizeof(p)); \
		__atomic_store_n(ra_p_, ra_v_, HB_ORDER(RCU_ASSIGN, ENGINE_RELEASE)); \
	})
#define RCU_INIT_POINTER(p, v) engine_store_relaxed(&(p), (v))
/* Stores v and gives what was there; the caller holds the update lock. */
#define rcu_replace_pointer(p, v, c)                                              \
	({                                                                        \
		__auto_type rp_old_ = rcu_dereference_protected(p, c);            \
		rcu_assign_pointer(p, v);                                         \
		rp_old_;                                                          \
	})

#endif
