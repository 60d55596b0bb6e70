// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rest of the glue: points and what makes none, preempt_count, lock maps, RCU
 * callbacks, interrupts, known warnings. And the world's table over a kernel that
 * is none: machines that are refused, tasks, ops and the contents hooks.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/world_ops.h"
#include "core/tree/test/glue_test.h"

/* ---- points --------------------------------------------------------------------------------- */

static u32 *shared;

static void shared_make(void)
{
	shared = seam_arena_alloc(64);
	seam_role_set(shared, 4, "word", -1, -1);
}

static void points(void *arg)
{
	u32 local = 0;

	(void)arg;
	seam_load(&local, 4);
	seam_store(&local, 4);
	seam_rmw(&local, 4);
}

static void shared_points(void *arg)
{
	(void)arg;
	seam_load(shared, 4);
	seam_store(shared, 4);
	seam_rmw(shared, 4);
	seam_mb(SEAM_MB);
	seam_point(0x1000, SEAM_IO, NULL, 0);
	engine_events_off++;
	seam_load(shared, 4);
	seam_point(0x1000, SEAM_IO, NULL, 0);
	engine_events_off--;
}

static void test_points(void)
{
	void (*both[])(void *) = { shared_points, shared_points };
	u64 base, hash;

	glue_setup_more = shared_make;
	SILENT(points);
	base = glue_stats.steps;
	SILENT(shared_points);
	CHECK_EQ(glue_stats.steps - base, 5);
	CHECK(!glue_run(2, both, 7)[0]);
	hash = glue_stats.trace_hash;
	CHECK(!glue_run(2, both, 7)[0]);
	CHECK(glue_stats.trace_hash == hash);
	glue_setup_more = NULL;
}

/* ---- the CPU -------------------------------------------------------------------------------- */

static int count_in_irq, count_in_rcu;

static void note_irq(void *arg)
{
	*(int *)arg = seam_preempt_count();
}

static void counts(void *arg)
{
	(void)arg;
	CHECK_EQ(seam_preempt_count(), 0);
	CHECK(seam_live());
	seam_preempt_add(1);
	seam_preempt_add(0x200);
	CHECK_EQ(seam_preempt_count(), 0x201);
	seam_preempt_sub(0x201);
	seam_preempt_off();
	CHECK_EQ(seam_preempt_count(), 1);
	seam_preempt_on(0x1000);
	seam_bh_off();
	CHECK_EQ(seam_preempt_count(), 0x200);
	seam_bh_on(0x1000);
	CHECK(!seam_irqs_are_off());
	seam_irq_off();
	CHECK(seam_irqs_are_off());
	seam_irq_on_at(0x1000);
	CHECK_EQ(seam_cpu(), 0);
	seam_migrate(1);
	CHECK_EQ(seam_cpu(), 1);
	seam_irq_queue(1, note_irq, &count_in_irq, "note");
	seam_call_rcu(0x1000, shared, (void (*)(void *))(void *)note_irq);
	seam_rcu_barrier(0x1000);
	while (!count_in_irq)
		seam_relax();
	CHECK_EQ(count_in_irq, 0x10000);
	CHECK_EQ(*(int *)shared, 0x100);
}

static void test_cpu(void)
{
	glue_setup_more = shared_make;
	count_in_irq = count_in_rcu = 0;
	SILENT(counts);
	glue_setup_more = NULL;
}

/* ---- locks ------------------------------------------------------------------------------------- */

static void *slot_a, *slot_b;
static int key_a, key_b;

static void lock(void **slot, const void *key, const char *name)
{
	seam_lock_acquire(slot, key, name, 2, 0, 0, 0, NULL, 0x1000);
}

static void locks_forward(void *arg)
{
	(void)arg;
	lock(&slot_a, &key_a, "a");
	lock(&slot_b, &key_b, "b");
	CHECK_EQ(seam_lock_is_held(&slot_a, -1), 1);
	seam_lock_release(&slot_b, 0x1000);
	seam_lock_release(&slot_a, 0x1000);
	CHECK_EQ(seam_lock_is_held(&slot_a, -1), 0);
}

static void locks_backward(void *arg)
{
	locks_forward(arg);
	lock(&slot_b, &key_b, "b");
	lock(&slot_a, &key_a, "a");
}

static void slots_empty(void)
{
	slot_a = slot_b = NULL;
}

static void test_locks(void)
{
	glue_setup_more = slots_empty;
	SILENT(locks_forward);
	CHECK(!strncmp(title_of(locks_backward), "WARNING: possible circular locking", 34));
	SILENT(locks_forward);
	glue_setup_more = NULL;
}

/* ---- RCU ------------------------------------------------------------------------------------------ */

static unsigned freed;

static void rcu_fn(void *head)
{
	(void)head;
	freed++;
}

static void rcu_once(void *arg)
{
	(void)arg;
	freed = 0;
	for (unsigned i = 0; i < 8; i++)
		seam_call_rcu(0x1000, shared + i, rcu_fn);
	seam_rcu_barrier(0x1000);
	CHECK_EQ(freed, 8);
	seam_rcu_read_lock(0x1000);
	CHECK(seam_rcu_is_held());
	seam_call_rcu(0x1000, shared, rcu_fn);
	CHECK_EQ(freed, 8); /* this reader is waited for */
	seam_rcu_read_unlock(0x1000);
	seam_synchronize_rcu(0x1000);
}

static void rcu_twice(void *arg)
{
	(void)arg;
	seam_rcu_read_lock(0x1000);
	seam_call_rcu(0x1000, shared, rcu_fn);
	seam_call_rcu(0x1000, shared, rcu_fn);
}

static void test_rcu(void)
{
	glue_setup_more = shared_make;
	SILENT(rcu_once);
	CHECK(!strncmp(title_of(rcu_twice), "WARNING: call_rcu() of a head that is queued in ", 48));
	SILENT(rcu_once);
	glue_setup_more = NULL;
}

/* ---- reports ---------------------------------------------------------------------------------------- */

static void warn(void *arg)
{
	(void)arg;
	seam_warn("WARNING: known in here", "");
	seam_warn("WARNING: other in here", "");
}

static void reach_stub(void *arg)
{
	(void)arg;
	seam_unexpected("some_function");
}

static void known_note(const char *title, u64 seen, void *arg)
{
	CHECK(!strcmp(title, "WARNING: known in here"));
	*(u64 *)arg = seen;
}

static void test_reports(void)
{
	char path[] = "/tmp/glue_known_XXXXXX";
	int fd = mkstemp(path);
	u64 seen = 0;

	CHECK(fd >= 0);
	CHECK(write(fd, "# why\nWARNING: known in here  # reason\n\n", 40) == 40);
	close(fd);
	FIRES(warn, "WARNING: known in here");
	CHECK_EQ(known_read("/nonexistent"), -ENOENT);
	CHECK_EQ(known_read(path), 0);
	FIRES(warn, "WARNING: other in here");
	known_for_each(known_note, &seen);
	CHECK_EQ(seen, 1);
	unlink(path);
	FIRES(reach_stub, "tree: some_function() is not there");
}

/* ---- a kernel that is none --------------------------------------------------------------------------- */

const unsigned tree_version_code = 7 << 16 | 3 << 8 | 14;
static struct tree_machine machine_seen;
static int task_seen[4], ops_ended;

int tree_setup(const struct tree_machine *machine)
{
	machine_seen = *machine;
	seam_set_init_task(&machine_seen);
	CHECK(seam_current() == &machine_seen);
	return 0;
}

void *tree_task_make(unsigned index, char label)
{
	task_seen[index] = label;
	return &task_seen[index];
}

void tree_op_end(int last __always_unused)
{
	ops_ended++;
}

int tree_write(int mm, int page, unsigned long value)
{
	seam_user_store(mm, page, 3, value);
	return -ENOMEM;
}

int tree_read(int mm, int page, unsigned long words[SEAM_PAGE_WORDS])
{
	seam_user_load(mm, page, 3, 5);
	words[7] = 5;
	return 0;
}

void tree_page_state(int mm, int page, struct tree_page_state *out)
{
	*out = (struct tree_page_state){ .bits = TREE_PAGE_KSM, .dev = mm, .slot = page, .frame = 1 };
}

#define NOTHING_VOID(name) void name(void) { }
NOTHING_VOID(tree_teardown)
NOTHING_VOID(tree_check_cheap)
NOTHING_VOID(tree_check_quiet)
NOTHING_VOID(tree_audit)

#define NOTHING(name, ...) int name(__VA_ARGS__) { return -ENOSYS; }
NOTHING(tree_mmap, int mm __always_unused, int page __always_unused, int pages __always_unused,
	unsigned mergeable __always_unused, unsigned readonly __always_unused)
NOTHING(tree_munmap, int mm __always_unused, int page __always_unused, int pages __always_unused)
NOTHING(tree_madvise, int mm __always_unused, int page __always_unused, int pages __always_unused,
	int advice __always_unused)
NOTHING(tree_fork, int mm __always_unused, int child __always_unused)
NOTHING(tree_exit, int mm __always_unused)
NOTHING(tree_reclaim, int pages __always_unused)
NOTHING(tree_kswapd, void)
NOTHING(tree_lru_drain, void)
NOTHING(tree_lru_drain_all, void)
NOTHING(tree_ksm_scan, int pages __always_unused)
NOTHING(tree_ksm_pass, void)
NOTHING(tree_ksm_unmerge, int mm __always_unused, int page __always_unused,
	int pages __always_unused)
NOTHING(tree_swapon, int dev __always_unused)
NOTHING(tree_swapoff, int dev __always_unused)
NOTHING(tree_worker, void)
NOTHING(tree_pin, int mm __always_unused, int page __always_unused, int pin __always_unused,
	unsigned flags __always_unused)
NOTHING(tree_pin_write, int pin __always_unused, unsigned long value __always_unused)
NOTHING(tree_pin_read, int pin __always_unused)
NOTHING(tree_unpin, int pin __always_unused)

/* The ops that trees alone have: as their rows say. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define OP_MADVISE_TREE(...)
#define OP_BY_HAND(...)
#define OP(...)
#define OP_TREE(name, on, nargs, a, b, c, ...) \
	int tree_##name(WORLD_PARAMS(on, nargs, a, b, c)) { return -ENOSYS; }
#include "core/base/ops.def"
#pragma GCC diagnostic pop

static const struct tree_selftest only_test = { .name = "only" };

const struct tree_selftest *tree_selftest(unsigned i)
{
	return i ? NULL : &only_test;
}

const char *const seam_edit_names[] = { "first", "second", NULL };

void tree_mm_counters(int mm, long *anon, long *swap)
{
	*anon = mm;
	*swap = 2;
}

void tree_counters(struct tree_counters *out)
{
	*out = (struct tree_counters){ .pages_free = 9 };
}

/* ---- known races: both functions, what each does, and the field ---------------------- */

static struct known_object { u64 other, field; } *known_object;
static u64 known_variable;
static struct tree_known_race known_rows[] = {
	{ .writer = "writer", .other = "reader", .kind = "thing", .offset = 8, .size = 8 },
	{ .other = "copier", .kind = "thing", .offset = 0, .size = 8 },
	{ .writer = "writer", .other = "writer", .other_writes = 1, .size = 8 },
	{ .kind = "hint", .offset = 8, .size = 8 },
	{ .other = "drainer", .percpu = 1, .offset = 8, .size = 8 },
	{ .other = "scanner", .stride = sizeof(struct known_object), .offset = 8, .size = 8 },
};
static struct known_object known_array[3], *known_array_at = known_array;
static unsigned long known_array_count = 2;
static struct known_object *known_percpu;

const struct tree_known_race *tree_known_race(unsigned i)
{
	return i < ARRAY_SIZE(known_rows) ? &known_rows[i] : NULL;
}

static bool known_as(const char *writer, const char *other, bool other_writes, const u64 *p)
{
	struct engine_race race = { .side = { { .addr = p, .size = 8, .write = true },
					      { .addr = p, .size = 8, .write = other_writes } } };
	struct engine_race_side side;
	bool known;

	snprintf(race.side[0].func, sizeof(race.side[0].func), "%s", writer);
	snprintf(race.side[1].func, sizeof(race.side[1].func), "%s", other);
	known = glue_race_known(&race);
	side = race.side[0];
	race.side[0] = race.side[1];
	race.side[1] = side;
	CHECK_EQ(glue_race_known(&race), known);
	return known;
}

static void known_races(void *arg)
{
	struct seam_cache *cache = seam_cache_create("thing", sizeof(*known_object), 8, 0, NULL);

	(void)arg;
	for (int i = 0; i < 3; i++)
		known_object = seam_cache_alloc(cache, 1, 1);
	seam_role_new(known_object, sizeof(*known_object), "thing");
	known_rows[2].address = (unsigned long)&known_variable;
	CHECK(known_as("writer", "reader", false, &known_object->field));
	CHECK(!known_as("writer", "reader", true, &known_object->field));
	CHECK(!known_as("writer", "reader", false, &known_object->other));
	CHECK(!known_as("writer", "copier", false, &known_object->field));
	CHECK(!known_as("reader", "reader", false, &known_object->field));
	CHECK(known_as("anybody", "copier", false, &known_object->other));
	known_rows[5].address = (unsigned long)&known_array_at;
	known_rows[5].count = &known_array_count;
	CHECK(known_as("writer", "scanner", false, &known_array[0].field));
	CHECK(known_as("writer", "scanner", false, &known_array[1].field));
	CHECK(!known_as("writer", "scanner", false, &known_array[2].field));
	CHECK(!known_as("writer", "scanner", false, &known_array[1].other));
	CHECK(!known_as("writer", "reader", false, &known_array[1].field));
	CHECK(!known_as("writer", "scanner", false, &known_object->field));
	known_percpu = seam_percpu_alloc(sizeof(*known_percpu), 8);
	known_rows[4].address = (unsigned long)&known_percpu;
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		struct known_object *copy = (void *)((char *)known_percpu + seam_percpu_offset[cpu]);

		CHECK(known_as("writer", "drainer", false, &copy->field));
		CHECK(!known_as("writer", "drainer", false, &copy->other));
		CHECK(!known_as("writer", "reader", false, &copy->field));
	}
	seam_percpu_free(known_percpu);
	CHECK(known_as("writer", "writer", true, &known_variable));
	CHECK(!known_as("writer", "reader", false, &known_variable));
	seam_role_new(known_object, sizeof(*known_object), "thingy");
	CHECK(!known_as("writer", "reader", false, &known_object->field));
	seam_role_new(known_object, sizeof(*known_object), "hint");
	CHECK(known_as("writer", "anybody", false, &known_object->field));
	CHECK(!known_as("writer", "anybody", true, &known_object->field));
	CHECK(!known_as("writer", "anybody", false, &known_object->other));
}

/* ---- the world's table ------------------------------------------------------------------------------- */

static const struct world_config machine = {
	.cpus = 2, .folios = 32, .cluster_slots = 8, .count_bits = 3, .batch = 4, .readahead = 1,
	.swap_full = 50, .low_watermark = 4, .mms = 3,
	.dev = { { .flags = WORLD_DEV_PRESENT | WORLD_DEV_ON | WORLD_DEV_SYNC, .slots = 9,
		   .prio = -1, .bad = { 2 } } },
};

static void test_machine(void)
{
	struct world_config c = machine;
	char why[128] = "";

	CHECK(world_linked == &tree_world_ops);
	CHECK(!strcmp(world_linked->version, "7.3.14"));
	CHECK(!strcmp(world_linked->name, "tree"));
	CHECK(tree_world_ops.machine_check(&c, why, sizeof(why)));
	CHECK(!why[0]);
	c.cluster_slots = 16;
	CHECK(!tree_world_ops.machine_check(&c, why, sizeof(why)));
	CHECK(!strcmp(why, "cluster=16: a tree's clusters have 8 slots"));
	c = machine;
	c.count_bits = 2;
	CHECK(!tree_world_ops.machine_check(&c, why, sizeof(why)));
	c = machine;
	c.batch = 1;
	CHECK(!tree_world_ops.machine_check(&c, why, sizeof(why)));
	c = machine;
	c.swap_full = 0;
	CHECK(!tree_world_ops.machine_check(&c, why, sizeof(why)));
	c.cluster_slots = 4;
	c.batch = 15;
	tree_world_ops.machine_fit(&c);
	CHECK(tree_world_ops.machine_check(&c, why, sizeof(why)));
	CHECK_EQ(tree_world_ops.arena_kept(&c) % PAGE_BYTES, 0);
	CHECK(tree_world_ops.arena_size(&c) > tree_world_ops.arena_kept(&c));
}

/* After it the world has another name. */
static void test_edits_and_selftests(void)
{
	CHECK(!tree_world_ops.edit_select("third"));
	CHECK(!tree_world_ops.edit_select(""));
	CHECK_EQ(seam_edit, 0);
	CHECK(tree_world_ops.edit_select("second"));
	CHECK_EQ(seam_edit, 2);
	CHECK(!strcmp(world_linked->name, "tree+second"));
	CHECK(!strcmp(tree_world_ops.selftest(0)->name, "only"));
	CHECK(!tree_world_ops.selftest(1));
	seam_selftest_saw(1);
	seam_selftest_saw(4);
	CHECK_EQ(tree_world_ops.selftest_saw(), 5);
	CHECK_EQ(tree_world_ops.selftest_saw(), 0);
}

static void world_setup(void *arg)
{
	(void)arg;
	CHECK_EQ(tree_world_ops.setup(&machine), 0);
	CHECK_EQ(tree_world_ops.task_make(0, 'A'), 0);
}

static u64 stored, loaded;

static void on_store(int mm, int page, int word, u64 value)
{
	CHECK(mm == 1 && page == 2 && word == 3);
	stored = value;
}

static void on_load(int mm, int page, int word, u64 value)
{
	CHECK(mm == 1 && page == 2 && word == 3);
	loaded = value;
}

static void world_task(void *arg)
{
	struct world_page_state state;
	struct world_mm_counters mm;
	struct world_counters all;
	u64 words[WORLD_WORDS] = { 1 };

	(void)arg;
	tree_world_ops.task_begin(0);
	CHECK(seam_current() == &task_seen[0]);
	CHECK_EQ(tree_world_ops.write(1, 2, 0x77), -ENOMEM);
	CHECK_EQ(tree_world_ops.read(1, 2, words), 0);
	CHECK(words[0] == 0 && words[7] == 5);
	tree_world_ops.op_end(0, true);
	tree_world_ops.page_state(1, 2, &state);
	CHECK(state.bits == WORLD_PAGE_KSM && state.dev == 1 && state.slot == 2);
	tree_world_ops.mm_counters(4, &mm);
	CHECK(mm.anon == 4 && mm.swap == 2);
	tree_world_ops.counters(&all);
	CHECK_EQ(all.folios_free, 9);
	CHECK_EQ(tree_world_ops.mmap(1, 0, 1, WORLD_VMA_MERGEABLE), -ENOSYS);
}

static void test_world(void)
{
	struct engine_config config = glue_config();
	struct engine_task task = { .fn = world_task };

	config.ntasks = 1;
	config.tasks = &task;
	config.arena_size = tree_world_ops.arena_size(&machine);
	config.arena_kept = tree_world_ops.arena_kept(&machine);
	world_hooks = (struct world_hooks){ on_store, on_load, NULL };
	engine_reset(&config);
	CHECK_EQ(engine_quiet(world_setup, NULL), ENGINE_DONE);
	CHECK_EQ(engine_run(), ENGINE_DONE);
	CHECK(!engine_report());
	CHECK_EQ(task_seen[0], 'A');
	CHECK_EQ(ops_ended, 1);
	CHECK(stored == 0x77 && loaded == 5);
	CHECK_EQ(machine_seen.cpus, 2);
	CHECK_EQ(machine_seen.mms, 3);
	CHECK(machine_seen.pages >= 32);
	CHECK(machine_seen.device[0].on && machine_seen.device[0].synchronous);
	CHECK_EQ(machine_seen.device[0].bad[0], 2);
	CHECK(!machine_seen.device[1].present);
}

int main(void)
{
	test_points();
	test_cpu();
	test_locks();
	test_rcu();
	test_reports();
	SILENT(known_races);
	test_machine();
	test_edits_and_selftests();
	test_world();
	engine_exit();
	return TEST_END();
}
