/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-width types, small macros and the annotations that every layer uses.
 * Follows the kernel's names. Includes nothing of ours.
 */
#ifndef CORE_BASE_TYPES_H
#define CORE_BASE_TYPES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(ptr, type, member) \
	((type *)((char *)(uintptr_t)(ptr) - offsetof(type, member)))
#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define round_down(x, y) ((x) & ~((__typeof__(x))((y) - 1)))
#define round_up(x, y) round_down((x) + (__typeof__(x))((y) - 1), (y))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define BUILD_BUG_ON(c) _Static_assert(!(c), #c)
#define __must_check __attribute__((warn_unused_result))
#define __always_unused __attribute__((unused))
#define __printf_like(a, b) __attribute__((format(printf, a, b)))
#define __cold __attribute__((cold))
#ifndef noinline
#define noinline __attribute__((noinline))
#endif

/*
 * Code that ThreadSanitizer must not see: the engine's own state is not the
 * model's. Whole files of core/base, core/lockdep, core/engine and fuzz/sched
 * are built without it; this is for inline functions in their headers.
 */
#if defined(__clang__)
#define __no_sanitize_tsan __attribute__((disable_sanitizer_instrumentation))
#else
#define __no_sanitize_tsan __attribute__((no_sanitize("thread")))
#endif

/* Lock contracts, checked at build time by clang's -Wthread-safety. */
#if defined(__clang__)
#define __capability(x) __attribute__((capability(x)))
#define __guarded_by(x) __attribute__((guarded_by(x)))
#define __must_hold(...) __attribute__((requires_capability(__VA_ARGS__)))
#define __acquires(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define __releases(...) __attribute__((release_capability(__VA_ARGS__)))
#define __cond_acquires(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define __acquires_shared(...) __attribute__((acquire_shared_capability(__VA_ARGS__)))
#define __releases_shared(...) __attribute__((release_shared_capability(__VA_ARGS__)))
#define __cond_acquires_shared(...) \
	__attribute__((try_acquire_shared_capability(__VA_ARGS__)))
/* Opt-out; the argument is the reason. scripts/style.py counts them. */
#define __no_lock_analysis(reason) __attribute__((no_thread_safety_analysis))
#else
#define __capability(x)
#define __guarded_by(x)
#define __must_hold(...)
#define __acquires(...)
#define __releases(...)
#define __cond_acquires(...)
#define __acquires_shared(...)
#define __releases_shared(...)
#define __cond_acquires_shared(...)
#define __no_lock_analysis(reason)
#endif

#endif
