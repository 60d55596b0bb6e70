/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * World memory: the arena, the section of world globals (restored from its
 * pristine image at each reset), per-CPU copies, poisoning, and the roles that
 * name objects. The bookkeeping lies outside of the arena, so a stray write of
 * the model cannot damage it. Memory that is not allocated is poisoned for ASan.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/raw.h"
#include "core/engine/internal.h"

#ifdef SWAPRACE_ASAN
void __asan_poison_memory_region(void const volatile *p, size_t size);
void __asan_unpoison_memory_region(void const volatile *p, size_t size);
#define asan_poison(p, n) __asan_poison_memory_region((p), (n))
#define asan_unpoison(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define asan_poison(p, n) ((void)(p), (void)(n))
#define asan_unpoison(p, n) ((void)(p), (void)(n))
#endif

#define ARENA_DEFAULT (64u << 10)
#define ARENA_MAX ENGINE_ARENA_MAX
#define FNV_INIT 2166136261u
#define FNV_PRIME 16777619u

extern char __start_swaprace_world[] __attribute__((weak));
extern char __stop_swaprace_world[] __attribute__((weak));
extern char __start_swaprace_percpu[] __attribute__((weak));
extern char __stop_swaprace_percpu[] __attribute__((weak));
extern const struct engine_world_name *const __start_swaprace_world_names[] __attribute__((weak));
extern const struct engine_world_name *const __stop_swaprace_world_names[] __attribute__((weak));

struct role {
	const char *kind;
	s16 a, b;       /* fixed name */
	u16 op, num;    /* new: label and number */
	u8 ctx;
	bool fixed;     /* ("kind", a, b); else label and number */
	bool world;     /* of a global; else of the arena */
	u32 first, n;   /* granules that it was given */
};

struct role_map role_map;

static struct {
	size_t used;
	size_t dirty;          /* bytes that the last run may have touched */
	size_t kept;           /* of those, at the base: the world's to clear */
	char *percpu;          /* first CPU's copy, in the arena */
	size_t percpu_size;
	char *world_image;     /* pristine copy of the section */
	u16 *world_map_image;  /* roles of the section at a run's start */
	struct role role[ROLES_MAX];
	u32 nroles, nroles_static;
	bool unnamed;          /* objects beyond the table have no role */
	u32 lock;              /* hidden: native's tasks allocate and name at once */
} mem;

/* ---- roles ---- */

static u32 fnv(u32 h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (u8)*s) * FNV_PRIME;
	return h;
}

static size_t role_print(const struct role *r, char *buf, size_t size)
{
	char label[16];
	int n;

	if (r->fixed) {
		if (r->a < 0)
			n = snprintf(buf, size, "%s", r->kind);
		else if (r->b < 0)
			n = snprintf(buf, size, "%s%d", r->kind, r->a);
		else
			n = snprintf(buf, size, "%s%d.%d", r->kind, r->a, r->b);
		return (size_t)n;
	}
	if (r->ctx == CTX_MAIN)
		snprintf(label, sizeof(label), "setup");
	else if (r->ctx < ENGINE_TASKS_MAX)
		snprintf(label, sizeof(label), "%c%u", eng.ctx[r->ctx].letter, r->op);
	else
		snprintf(label, sizeof(label), "%s%u.%u",
			 r->ctx < ENGINE_CTX_SOFTIRQ(0) ? "irq" : "rcu", eng.ctx[r->ctx].cpu, r->op);
	return (size_t)snprintf(buf, size, "%s %s.%u", r->kind, label, r->num);
}

static u32 hash_dec(u32 h, unsigned v)
{
	char d[12];
	int n = 0;

	do {
		d[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		h = (h ^ (u8)d[--n]) * FNV_PRIME;
	return h;
}

/* The hash of what role_print() prints, without printing it. */
static u32 role_hash_make(const struct role *r)
{
	u32 h = fnv(FNV_INIT, r->kind);

	if (r->fixed) {
		if (r->a >= 0)
			h = hash_dec(h, (unsigned)r->a);
		if (r->a >= 0 && r->b >= 0)
			h = hash_dec((h ^ '.') * FNV_PRIME, (unsigned)r->b);
		return h;
	}
	h = (h ^ ' ') * FNV_PRIME;
	if (r->ctx == CTX_MAIN) {
		h = fnv(h, "setup");
	} else if (r->ctx < ENGINE_TASKS_MAX) {
		h = (h ^ (u8)eng.ctx[r->ctx].letter) * FNV_PRIME;
		h = hash_dec(h, r->op);
	} else {
		h = fnv(h, r->ctx < ENGINE_CTX_SOFTIRQ(0) ? "irq" : "rcu");
		h = hash_dec(h, eng.ctx[r->ctx].cpu);
		h = hash_dec((h ^ '.') * FNV_PRIME, r->op);
	}
	return hash_dec((h ^ '.') * FNV_PRIME, r->num);
}

static u16 *role_slot(const volatile void *p, size_t *left)
{
	size_t off = (size_t)((const volatile char *)p - role_map.base);

	if (likely(off < role_map.size)) {
		*left = (role_map.size - off + ROLE_GRANULE - 1) / ROLE_GRANULE;
		return &role_map.map[off / ROLE_GRANULE];
	}
	off = (size_t)((const volatile char *)p - __start_swaprace_world);
	if (off < role_map.world_size) {
		*left = (role_map.world_size - off + ROLE_GRANULE - 1) / ROLE_GRANULE;
		return &role_map.world_map[off / ROLE_GRANULE];
	}
	return NULL;
}

bool engine_is_world(const volatile void *p)
{
	return (size_t)((const volatile char *)p - role_map.base) < role_map.size ||
	       (size_t)((const volatile char *)p - __start_swaprace_world) < role_map.world_size;
}

u32 engine_role_of(const volatile void *p)
{
	return arena_role_of(p);
}

static size_t world_map_bytes(void)
{
	return (role_map.world_size / ROLE_GRANULE + 1) * sizeof(u16);
}

static void role_put(const volatile void *p, size_t size, const struct role *r)
{
	size_t left = 0, n = (size + ROLE_GRANULE - 1) / ROLE_GRANULE;
	u16 *slot = role_slot(p, &left);
	bool world;

	if (!slot)
		return;
	engine_hidden_lock(&mem.lock);
	if (n > left)
		n = left;
	if (unlikely(mem.nroles >= ROLES_MAX)) {
		/* A run that only has to show whether it ends does so without names. */
		for (size_t i = 0; eng.fair && i < n; i++)
			slot[i] = 0;
		mem.unnamed |= eng.fair;
		engine_hidden_unlock(&mem.lock);
		if (eng.fair)
			return;
		reportf("engine: too many roles", "more than %u objects were named in one run; "
			"the next would be \"%s\"\n", ROLES_MAX, r->kind);
		return;
	}
	world = (size_t)((const volatile char *)p - __start_swaprace_world) < role_map.world_size;
	mem.role[mem.nroles] = *r;
	mem.role[mem.nroles].world = world;
	mem.role[mem.nroles].first = (u32)(slot - (world ? role_map.world_map : role_map.map));
	mem.role[mem.nroles].n = (u32)n;
	role_map.hash[mem.nroles] = role_hash_make(r);
	for (size_t i = 0; i < n; i++)
		slot[i] = (u16)mem.nroles;
	mem.nroles++;
	engine_hidden_unlock(&mem.lock);
}

/* What roles from number FIRST on were put over. Of the arena: from granule mark->kept
 * on; what lies behind mark->used has none. */
static void roles_take_back(u32 first, const u16 *world_map, const struct arena_mark *mark)
{
	u32 from = mark ? (u32)(mark->kept / ROLE_GRANULE) : 0;
	u32 to = mark ? (u32)(mark->used / ROLE_GRANULE) : 0;

	BUG_ON(first == 0 || first > ROLES_MAX);
	BUG_ON(mem.unnamed && mem.nroles < ROLES_MAX);
	if (unlikely(mem.unnamed)) { /* also where no role says so */
		if (world_map)
			raw_copy(role_map.world_map, world_map, world_map_bytes());
		if (mark)
			raw_copy(&role_map.map[from], mark->map, (to - from) * sizeof(u16));
		mem.unnamed = false;
		mem.nroles = first;
		return;
	}
	for (u32 i = first; i < mem.nroles; i++) {
		const struct role *r = &mem.role[i];

		if (r->world)
			raw_copy(&role_map.world_map[r->first], &world_map[r->first],
				 r->n * sizeof(u16));
		else if (r->first >= from && r->first < to)
			raw_copy(&role_map.map[r->first], &mark->map[r->first - from],
				 min(r->n, to - r->first) * sizeof(u16));
	}
	mem.nroles = first;
}

void engine_role_set(const volatile void *p, size_t size, const char *kind, int a, int b)
{
	role_put(p, size, &(struct role){ .kind = kind, .a = (s16)a, .b = (s16)b, .fixed = 1 });
}

void engine_role_new(const volatile void *p, size_t size, const char *kind)
{
	struct engine_ctx *c = this_ctx();
	u32 h = fnv(FNV_INIT, kind), i;
	u16 num;

	for (i = 0; i < c->nrole_kinds; i++)
		if (c->role_kinds[i].kind_hash == h)
			break;
	if (unlikely(i == ROLE_KINDS_MAX)) {
		reportf("engine: too many kinds of roles", "one op named objects of more than %u "
			"kinds; the next would be \"%s\"\n", ROLE_KINDS_MAX, kind);
		return;
	}
	if (i == c->nrole_kinds) {
		c->role_kinds[i] = (struct role_kind){ .kind_hash = h };
		c->nrole_kinds++;
	}
	num = (u16)c->role_kinds[i].count++;
	role_put(p, size, &(struct role){ .kind = kind, .ctx = c->index, .op = c->op, .num = num });
}

u32 engine_role_hash(u32 role)
{
	return role_map.hash[role];
}

const char *engine_role_name(u32 role, char *buf, size_t size)
{
	if (role == 0 || role >= mem.nroles)
		snprintf(buf, size, "%s", role ? "?" : "-");
	else
		role_print(&mem.role[role], buf, size);
	return buf;
}

/* ---- the arena ---- */

static __cold void arena_die(const char *what)
{
	fprintf(stderr, "swaprace: %s\n", what);
	exit(3);
}

static void world_init(void)
{
	role_map.world = __start_swaprace_world;
	role_map.world_size = (size_t)(__stop_swaprace_world - __start_swaprace_world);
	mem.percpu_size = ((size_t)(__stop_swaprace_percpu - __start_swaprace_percpu) + 63) & ~63ul;
	mem.nroles = 1;
	if (!role_map.world_size)
		return;
	mem.world_image = malloc(role_map.world_size);
	role_map.world_map = calloc(1, world_map_bytes());
	mem.world_map_image = malloc(world_map_bytes());
	if (!mem.world_image || !role_map.world_map || !mem.world_map_image)
		arena_die("out of memory for the world's globals");
	memcpy(mem.world_image, __start_swaprace_world, role_map.world_size);
	for (const struct engine_world_name *const *n = __start_swaprace_world_names;
	     n < __stop_swaprace_world_names; n++)
		engine_role_set((*n)->addr, (*n)->size, (*n)->name, -1, -1);
	mem.nroles_static = mem.nroles;
	memcpy(mem.world_map_image, role_map.world_map, world_map_bytes());
}

/* Kernels before 4.17 take the flag for a mere hint: look where it went. */
static char *arena_mmap(void)
{
	char *p = mmap((void *)ENGINE_ARENA_BASE, ARENA_MAX, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	int err = p == MAP_FAILED ? errno : EEXIST;

	if (p == (char *)ENGINE_ARENA_BASE)
		return p;
	fprintf(stderr, "swaprace: the arena's %lu MiB at 0x%lx cannot be mapped: %s%s\n",
		ARENA_MAX >> 20, ENGINE_ARENA_BASE, strerror(err),
		err == EEXIST ? " (something else lies there)" : "");
	exit(3);
}

static void arena_map(size_t size)
{
	size = (size + 4095) & ~4095ul;
	if (role_map.base && role_map.size == size)
		return;
	if (!role_map.base) {
		role_map.base = arena_mmap();
		role_map.map = calloc(ARENA_MAX / ROLE_GRANULE, sizeof(*role_map.map));
		if (!role_map.map)
			arena_die("out of memory for the arena's roles");
		/* TSan looks for the block of an address backwards: let there be one. */
		tsan_clear_shadow(role_map.base, ARENA_MAX);
		world_init();
	}
	role_map.size = size;
}

void engine_arena_clear(void *p, size_t size)
{
	size_t off = (size_t)((char *)p - role_map.base);

	BUG_ON(off > ARENA_MAX || size > ARENA_MAX - off || off % ROLE_GRANULE || size % ROLE_GRANULE);
	tsan_clear_shadow(p, size);
	raw_fill(p, 0, size);
	raw_fill(&role_map.map[off / ROLE_GRANULE], 0, size / ROLE_GRANULE * sizeof(*role_map.map));
}

void arena_reset(void)
{
	size_t size = eng.config.arena_size ? eng.config.arena_size : ARENA_DEFAULT;
	size_t left = mem.dirty, kept = min(mem.kept, eng.config.arena_kept), poisoned;

	if (size > ARENA_MAX) {
		fprintf(stderr, "swaprace: an arena of %zu bytes is wanted, ENGINE_ARENA_MAX is %lu\n",
			size, ARENA_MAX);
		exit(3);
	}
	poisoned = role_map.size;
	arena_map(size);
	BUG_ON(eng.config.arena_kept % ROLE_GRANULE || eng.config.arena_kept > role_map.size);
	asan_unpoison(role_map.base, left);
	/* What the last run kept and this one keeps is the world's to clear. */
	if (left > kept)
		engine_arena_clear(role_map.base + kept, ((left + 7) & ~7ul) - kept);
	/* What was never handed out is poisoned as it was, unless it is new. */
	asan_poison(role_map.base, poisoned < role_map.size ? role_map.size : left);
	mem.used = mem.dirty = 0;
	mem.kept = eng.config.arena_kept;
	if (role_map.world_size) {
		tsan_clear_shadow(__start_swaprace_world, (role_map.world_size + 7) & ~7ul);
		raw_copy(__start_swaprace_world, mem.world_image, role_map.world_size);
	}
	roles_take_back(mem.nroles_static ? mem.nroles_static : 1, mem.world_map_image, NULL);
	if (mem.percpu_size) {
		mem.percpu = engine_arena_alloc(mem.percpu_size * ENGINE_CPUS_MAX);
		for (unsigned i = 0; i < ENGINE_CPUS_MAX; i++)
			raw_copy(mem.percpu + i * mem.percpu_size, __start_swaprace_percpu,
				 (size_t)(__stop_swaprace_percpu - __start_swaprace_percpu));
		for (unsigned i = 0; i < ENGINE_CPUS_MAX; i++)
			engine_role_set(mem.percpu + i * mem.percpu_size, mem.percpu_size, "percpu ",
					(int)i, -1);
	}
}

void *engine_arena_alloc(size_t size)
{
	void *p;

	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	engine_hidden_lock(&mem.lock);
	if (role_map.size - mem.used < size) {
		engine_hidden_unlock(&mem.lock);
		reportf("engine: arena exhausted", "%zu of %zu bytes used, %zu wanted; a larger "
			"machine line needs a larger arena\n", mem.used, role_map.size, size);
		return NULL;
	}
	p = role_map.base + mem.used;
	mem.used += size;
#ifdef SWAPRACE_ASAN
	/* A gap that nobody owns, so that an overrun is seen; roles don't notice. */
	if (!eng.config.arena_kept && role_map.size - mem.used >= 2 * ARENA_ALIGN)
		mem.used += ARENA_ALIGN;
#endif
	if (mem.used > mem.dirty)
		mem.dirty = mem.used;
	engine_hidden_unlock(&mem.lock);
	asan_unpoison(p, size);
	return p;
}

static u16 *roles_copy(u16 *copy, const u16 *map, size_t n)
{
	copy = realloc(copy, (n + 1) * sizeof(*copy));
	if (!copy)
		arena_die("out of memory for a copy of the roles");
	raw_copy(copy, map, n * sizeof(*copy));
	return copy;
}

void arena_mark(struct arena_mark *mark)
{
	size_t kept = mem.kept / ROLE_GRANULE;

	BUG_ON(mem.used < mem.kept);
	mark->size = role_map.size;
	mark->used = mem.used;
	mark->kept = mem.kept;
	mark->nroles = mem.nroles;
	mark->map = roles_copy(mark->map, &role_map.map[kept], mem.used / ROLE_GRANULE - kept);
	/* The last granule may be a part of one. */
	mark->world_map = roles_copy(mark->world_map, role_map.world_map,
				     DIV_ROUND_UP(role_map.world_size, ROLE_GRANULE));
}

void arena_unmark(struct arena_mark *mark)
{
	free(mark->map);
	free(mark->world_map);
}

void arena_rewind(const struct arena_mark *mark)
{
	size_t dirty = (mem.dirty + 7) & ~7ul;

	BUG_ON(role_map.size != mark->size || mem.kept != mark->kept);
	BUG_ON(mem.used < mark->used || mem.nroles < mark->nroles || mark->used % ROLE_GRANULE);
	if (dirty > mark->used)
		engine_arena_clear(role_map.base + mark->used, dirty - mark->used);
	if (mark->used > mark->kept)
		tsan_clear_shadow(role_map.base + mark->kept, mark->used - mark->kept);
	if (role_map.world_size)
		tsan_clear_shadow(__start_swaprace_world, (role_map.world_size + 7) & ~7ul);
	mem.used = mem.dirty = mark->used;
	roles_take_back(mark->nroles, mark->world_map, mark);
}

size_t engine_arena_used(void)
{
	return mem.used;
}

void *engine_percpu(const volatile void *template_addr, unsigned cpu)
{
	size_t off = (size_t)((const volatile char *)template_addr - __start_swaprace_percpu);

	return mem.percpu + cpu * mem.percpu_size + off;
}

void engine_poison(void *p, size_t size, u8 byte)
{
	memset(p, byte, size);
	asan_poison(p, size);
}

void engine_unpoison(void *p, size_t size)
{
	asan_unpoison(p, size);
	(void)p;
	(void)size;
}

void arena_exit(void)
{
	if (!role_map.base)
		return;
	asan_unpoison(role_map.base, ARENA_MAX);
	if (role_map.world_size) {
		tsan_clear_shadow(__start_swaprace_world, (role_map.world_size + 7) & ~7ul);
		memcpy(__start_swaprace_world, mem.world_image, role_map.world_size);
	}
	munmap(role_map.base, ARENA_MAX);
	free(role_map.map);
	free(role_map.world_map);
	free(mem.world_image);
	free(mem.world_map_image);
	memset(&mem, 0, sizeof(mem));
	memset(&role_map, 0, sizeof(role_map));
}
