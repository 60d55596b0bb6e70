// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text to a program: header lines, tasks and ops; each error is one message
 * with line and column. Header lines come before the first task, the schedule
 * comes last; numbers before ops may be left out, but not be wrong. What is
 * parsed is valid as it stands: nothing is repaired.
 */
#include "fuzz/prog/text_parse.h"

#include "fuzz/prog/machine.h"

#include "core/base/seeded_bug.h"
#include "fuzz/prog/expect.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool parse_bounded(struct parse *ps, struct span s, const char *what, u32 low, u32 high, u32 *out)
{
	char show[48];
	u64 number;

	if (!s.len)
		return scan_fail(&ps->scan, s.s, "%s is missing: %u to %u", what, low, high);
	if (!span_number(s, UINT64_MAX, &number))
		return scan_fail(&ps->scan, s.s, "'%s': %s wants a number from %u to %u",
				 span_show(s, show), what, low, high);
	if (number < low || number > high)
		return scan_fail(&ps->scan, s.s, "%s=%s is out of bounds: %u to %u", what,
				 span_show(s, show), low, high);
	*out = (u32)number;
	return true;
}

/* "<prefix>N" or N. */
static bool parse_prefixed(struct parse *ps, struct span word, const char *prefix, u32 low,
			   u32 high, u32 *out)
{
	struct span number = word;

	if (span_skip(&number, prefix) && !number.len)
		number = word;
	return parse_bounded(ps, number, prefix, low, high, out);
}

bool parse_dev(struct parse *ps, struct span word, u32 *out)
{
	return parse_prefixed(ps, word, "dev", 0, WORLD_DEVS_MAX - 1, out);
}

/* ---- arguments ---- */

/* "r0+3", or "r0" for its first page. */
static bool parse_page(struct parse *ps, struct span word, u8 *out)
{
	struct span page = word, region;
	char show[48];
	u64 r, n = 0;

	if (!word.len)
		return scan_fail(&ps->scan, word.s, "the page is missing: r0+3");
	region = span_split(&page, '+');
	if (!span_skip(&region, "r") || !span_number(region, 255, &r) ||
	    (region.len + 1 < word.len && !span_number(page, 255, &n)))
		return scan_fail(&ps->scan, word.s, "'%s' is no page: r<region>+<page>",
				 span_show(word, show));
	if (r >= WORLD_REGIONS || n >= WORLD_REGION_PAGES)
		return scan_fail(&ps->scan, word.s, "page %s is out of bounds: r0+0 to r%d+%d",
				 span_show(word, show), WORLD_REGIONS - 1, WORLD_REGION_PAGES - 1);
	*out = (u8)(r * WORLD_REGION_PAGES + n);
	return true;
}

/* The rest of the line: words of a set. */
static bool parse_words(struct parse *ps, const struct prog_arg_words *words, u8 *out)
{
	*out = 0;
	while (!scan_ended(&ps->scan)) {
		struct span word = scan_word(&ps->scan);
		unsigned i = 0;

		while (words->word[i] && !span_is(word, words->word[i]))
			i++;
		if (!words->word[i])
			return scan_fail_unknown_of(&ps->scan, word, words->what, words->word);
		*out |= (u8)(1u << i);
	}
	return true;
}

static bool parse_switch(struct parse *ps, struct span word, u8 *out)
{
	static const char *const names[] = { "off", "on", NULL };

	*out = span_is(word, "on");
	if (!*out && !span_is(word, "off"))
		return scan_fail_unknown_of(&ps->scan, word, "switch", names);
	return true;
}

static bool parse_arg(struct parse *ps, const struct prog_op_info *info, unsigned a, u8 *out)
{
	const char *at = ps->scan.at;
	u8 kind = info->arg_kind[a];
	struct span word;
	u32 number = 0;
	bool ok;

	if (prog_arg_words[kind].what)
		return parse_words(ps, &prog_arg_words[kind], out) &&
		       (kind != PROG_ARG_UFFD || *out ||
			scan_fail(&ps->scan, at, "the mode is missing: missing, wp or both"));
	word = scan_word(&ps->scan);
	if (kind == PROG_ARG_PAGE)
		return parse_page(ps, word, out);
	if (kind == PROG_ARG_SWITCH)
		return parse_switch(ps, word, out);
	if (kind == PROG_ARG_DEV)
		ok = parse_dev(ps, word, &number);
	else if (kind == PROG_ARG_MM)
		ok = parse_prefixed(ps, word, "mm", 1, WORLD_MM_MAX, &number);
	else if (kind == PROG_ARG_PIN)
		ok = parse_prefixed(ps, word, "pin", 0, WORLD_PINS_MAX - 1, &number);
	else if (kind == PROG_ARG_SHM)
		ok = parse_prefixed(ps, word, "shm", 0, WORLD_SHMS_MAX - 1, &number);
	else
		ok = parse_bounded(ps, word, info->arg_name[a], info->arg_min[a],
				   info->arg_max[a], &number);
	*out = (u8)number;
	return ok;
}

/* What bounds of single arguments don't say. */
static bool check_op(struct parse *ps, const struct prog_task *task, const struct prog_op *op,
		     const char *const *arg_at)
{
	const struct prog_op_info *info = &prog_ops[op->kind];

	for (unsigned a = 0; a < info->nargs; a++) {
		bool past = info->arg_kind[a] == PROG_ARG_PAGES &&
			    op->arg[a - 1] % WORLD_REGION_PAGES + op->arg[a] > WORLD_REGION_PAGES;

		if (past && info->arg_kind[a - 1] == PROG_ARG_INDEX)
			return scan_fail(&ps->scan, arg_at[a],
					 "%u pages from index %u run past the end of the file",
					 op->arg[a], op->arg[a - 1]);
		if (past)
			return scan_fail(&ps->scan, arg_at[a],
					 "%u pages from r%u+%u run past the end of the region",
					 op->arg[a], op->arg[a - 1] / WORLD_REGION_PAGES,
					 op->arg[a - 1] % WORLD_REGION_PAGES);
		if (info->arg_kind[a] == PROG_ARG_MM && op->arg[a] == task->mm)
			return scan_fail(&ps->scan, arg_at[a], "mm%u can't be forked into itself",
					 task->mm);
	}
	return true;
}

/* ---- lines ---- */

static const char *op_name(unsigned i)
{
	return i < PROG_OP_COUNT ? prog_ops[i].name : NULL;
}

static bool parse_op(struct parse *ps, struct span word)
{
	struct prog_task *task = &ps->p->task[ps->p->ntasks - 1];
	const char *arg_at[PROG_ARGS_MAX] = { NULL };
	struct prog_op op = { 0 };
	char show[48];
	u64 number;
	int kind;

	if (span_number(word, UINT64_MAX, &number)) {
		if (number != task->nops + 1u)
			return scan_fail(&ps->scan, word.s, "op %s of task %c is number %u",
					 span_show(word, show), task->label, task->nops + 1u);
		word = scan_word(&ps->scan);
	}
	if (!word.len)
		return scan_fail(&ps->scan, word.s, "the op is missing");
	kind = prog_op_find(word.s, word.len);
	if (kind < 0)
		return scan_fail_unknown(&ps->scan, word, "op", op_name);
	if (task->nops == PROG_OPS_MAX)
		return scan_fail(&ps->scan, word.s, "a task has at most %u ops", PROG_OPS_MAX);
	if (prog_ops[kind].needs_mm && !task->mm)
		return scan_fail(&ps->scan, word.s,
				 "%s needs an mm and task %c has none: task %c mm=1",
				 prog_ops[kind].name, task->label, task->label);
	op.kind = (u8)kind;
	for (unsigned a = 0; a < prog_ops[kind].nargs; a++) {
		scan_ended(&ps->scan);
		arg_at[a] = ps->scan.at;
		if (!parse_arg(ps, &prog_ops[kind], a, &op.arg[a]))
			return false;
	}
	if (!check_op(ps, task, &op, arg_at))
		return false;
	task->op[task->nops++] = op;
	word = scan_word(&ps->scan);
	if (word.len)
		return scan_fail(&ps->scan, word.s,
				 "'%s': %s has %u argument%s", span_show(word, show),
				 prog_ops[kind].name, prog_ops[kind].nargs,
				 prog_ops[kind].nargs == 1 ? "" : "s");
	return true;
}

static const char *task_key_name(unsigned i)
{
	static const char *const names[] = { "cpu", "mm", NULL };

	return names[i];
}

static bool parse_task_label(struct parse *ps, struct prog_task *task)
{
	struct span word = scan_word(&ps->scan);
	char show[48];

	if (word.len != 1 || word.s[0] < 'A' || word.s[0] > 'Z')
		return scan_fail(&ps->scan, word.s,
				 "a task's label is one capital letter, not '%s'",
				 span_show(word, show));
	for (unsigned t = 0; t < ps->p->ntasks; t++) {
		if (ps->p->task[t].label == word.s[0])
			return scan_fail(&ps->scan, word.s,
					 "there is already a task %c", word.s[0]);
	}
	if (ps->p->ntasks == PROG_TASKS_MAX)
		return scan_fail(&ps->scan, word.s, "more than %u tasks", PROG_TASKS_MAX);
	task->label = word.s[0];
	return true;
}

/* The rest of "task A cpu=0 mm=1". */
static bool parse_task(struct parse *ps)
{
	struct prog_task task = { 0 };
	unsigned t = ps->p->ntasks;
	u32 number = 0;

	if (ps->in_schedule)
		return scan_fail(&ps->scan, ps->scan.line, "a task after the schedule");
	if (!parse_task_label(ps, &task))
		return false;
	while (!scan_ended(&ps->scan)) {
		struct span word = scan_word(&ps->scan), value = word;
		struct span key = span_split(&value, '=');

		if (span_is(key, "cpu")) {
			if (!parse_bounded(ps, value, "cpu", 0, ps->p->machine.cpus - 1u, &number))
				return false;
			task.cpu = (u8)number;
		} else if (span_is(key, "mm")) {
			if (!parse_prefixed(ps, value, "mm", 1, WORLD_MM_MAX, &number))
				return false;
			task.mm = (u8)number;
			ps->mm_at[t].line = ps->scan.number;
			ps->mm_at[t].column = (u32)(word.s - ps->scan.line) + 1;
		} else {
			return scan_fail_unknown(&ps->scan, key, "field of a task", task_key_name);
		}
	}
	ps->p->task[ps->p->ntasks++] = task;
	return true;
}

static const char *policy_name(unsigned i)
{
	return prog_policy_names[i];
}

/* The rest of "policy: random seed=7". */
static bool parse_policy(struct parse *ps)
{
	struct span word = scan_word(&ps->scan);
	char show[48];
	u8 policy = 0;

	while (policy_name(policy) && !span_is(word, policy_name(policy)))
		policy++;
	if (!policy_name(policy))
		return scan_fail_unknown(&ps->scan, word, "policy", policy_name);
	ps->p->policy = policy;
	word = scan_word(&ps->scan);
	if (word.len && (!span_skip(&word, "seed=") ||
			 !span_number(word, UINT64_MAX, &ps->p->seed)))
		return scan_fail(&ps->scan, word.s, "'%s': seed=<number> is expected here",
				 span_show(word, show));
	word = scan_word(&ps->scan);
	if (word.len)
		return scan_fail(&ps->scan, word.s, "'%s' is too much on this line",
				 span_show(word, show));
	return true;
}

static const char *bug_name(unsigned i)
{
	return i + 1 < SEEDED_BUG_COUNT ? seeded_bug_info((enum seeded_bug)(i + 1))->name : NULL;
}

/* "a,b": kept in the order of the table, each once. */
static bool parse_bugs(struct parse *ps)
{
	struct span word = scan_word(&ps->scan), name = word;
	char names[SEEDED_BUG_NAMES_MAX] = "", buf[SEEDED_BUG_NAMES_MAX];
	struct seeded_bug_set set;
	const char *wrong = names;

	if (!word.len)
		return scan_fail(&ps->scan, word.s, "the bug's name is missing");
	if (word.len < sizeof(names))
		memcpy(names, word.s, word.len);
	if (seeded_bugs_parse(&set, names, &wrong) || strlen(names) != word.len) {
		name.s += wrong - names;
		name.len -= (size_t)(wrong - names);
		name = span_split(&name, ',');
		if (span_is(name, "none"))
			return scan_fail(&ps->scan, name.s, "'none' stands alone");
		return scan_fail_unknown(&ps->scan, name, "bug", bug_name);
	}
	snprintf(ps->text->bugs, sizeof(ps->text->bugs), "%s", seeded_bugs_names(&set, buf));
	word = scan_word(&ps->scan);
	if (word.len)
		return scan_fail(&ps->scan, word.s, "several bugs are written a,b without a blank");
	return true;
}

static bool parse_world(struct parse *ps)
{
	struct span word = scan_word(&ps->scan);
	char show[48];

	if (!word.len)
		return scan_fail(&ps->scan, word.s, "the world is missing");
	if (word.len >= sizeof(ps->text->world) || world_matches(NULL, word.s, word.len) < 0)
		return scan_fail(&ps->scan, word.s, "no world '%s'; there are model, tree, tree:NAME and "
				 "tree>=7.3", span_show(word, show));
	memcpy(ps->text->world, word.s, word.len);
	word = scan_word(&ps->scan);
	return !word.len || scan_fail(&ps->scan, word.s, "one world at a time");
}

static bool parse_expect(struct parse *ps, const char *start)
{
	struct span rest = scan_rest(&ps->scan);
	unsigned n = ps->text->nexpects;
	struct expect expect;
	const char *why;

	if (n == PROG_EXPECTS_MAX)
		return scan_fail(&ps->scan, start,
				 "more than %u lines of expect:", PROG_EXPECTS_MAX);
	if (!rest.len)
		return scan_fail(&ps->scan, rest.s, "what is expected is missing");
	if (rest.len >= sizeof(ps->text->expect[0]))
		return scan_fail(&ps->scan, rest.s, "longer than %zu characters",
				 sizeof(ps->text->expect[0]) - 1);
	for (size_t i = 0; i < rest.len; i++) {
		if ((u8)rest.s[i] < 0x20)
			return scan_fail(&ps->scan, rest.s + i, "a control character");
	}
	memcpy(ps->text->expect[n], rest.s, rest.len);
	if (!expect_parse(ps->text->expect[n], &expect, &why))
		return scan_fail(&ps->scan, rest.s, "%s", why);
	ps->text->nexpects++;
	return true;
}

static const char *line_name(unsigned i)
{
	static const char *const names[] = { "bug:", "expect:", "machine:", "policy:", "task",
					     "world:",
					     "schedule", NULL };

	return names[i];
}

/* world:, bug:, machine: and policy: stand once and before the first task. */
static bool header_allowed(struct parse *ps, struct span word, bool *have)
{
	char show[48];

	if (ps->p->ntasks)
		return scan_fail(&ps->scan, word.s, "%s comes before the first task",
				 span_show(word, show));
	if (have && *have)
		return scan_fail(&ps->scan, word.s, "a second %s", span_show(word, show));
	if (have)
		*have = true;
	return true;
}

static bool parse_line(struct parse *ps)
{
	struct span word = scan_word(&ps->scan);

	if (span_is(word, "bug:"))
		return header_allowed(ps, word, &ps->have_bug) && parse_bugs(ps);
	if (span_is(word, "world:"))
		return header_allowed(ps, word, &ps->have_world) && parse_world(ps);
	if (span_is(word, "expect:"))
		return header_allowed(ps, word, NULL) && parse_expect(ps, word.s);
	if (span_is(word, "machine:"))
		return header_allowed(ps, word, &ps->have_machine) && parse_machine(ps);
	if (span_is(word, "policy:"))
		return header_allowed(ps, word, &ps->have_policy) && parse_policy(ps);
	if (span_is(word, "task"))
		return parse_task(ps);
	if (span_is(word, "schedule")) {
		if (ps->in_schedule)
			return scan_fail(&ps->scan, word.s, "a second schedule");
		ps->in_schedule = true;
		word = scan_word(&ps->scan);
		return !word.len || scan_fail(&ps->scan, word.s, "the edges go on the lines below");
	}
	if (ps->in_schedule) {
		ps->scan.at = word.s;
		return parse_schedule_line(ps);
	}
	if (!ps->p->ntasks)
		return scan_fail_unknown(&ps->scan, word, "line", line_name);
	return parse_op(ps, word);
}

/* Keeps an opening comment line as it stands. */
static bool keep_comment(struct parse *ps)
{
	size_t len = (size_t)(ps->scan.next - ps->scan.line);
	size_t used = strlen(ps->text->comment);

	if (used + len >= sizeof(ps->text->comment))
		return scan_fail(&ps->scan, ps->scan.line,
				 "the opening comment is longer than %zu bytes",
				 sizeof(ps->text->comment) - 1);
	if (memchr(ps->scan.line, 0, len))
		return scan_fail(&ps->scan, memchr(ps->scan.line, 0, len), "a zero byte");
	memcpy(ps->text->comment + used, ps->scan.line, len);
	return true;
}

/* The mms that exist, and what can be said only at the end of the text. */
static bool parse_finish(struct parse *ps)
{
	struct prog *p = ps->p;
	const char *why = NULL;

	if (!p->ntasks)
		return scan_fail(&ps->scan, ps->scan.line, ps->scan.number ? "there is no task"
								     : "the file is empty");
	if (!ps->have_mms)
		p->machine.mms = prog_mms_default(p);
	for (unsigned t = 0; t < p->ntasks; t++) {
		unsigned mm = p->task[t].mm;
		bool forked = mm && !(prog_mms_default(p) & (1u << (mm - 1)));

		if (!mm || forked || p->machine.mms & (1u << (mm - 1)))
			continue;
		scan_fail(&ps->scan, ps->scan.line, "mm%u is not in mms= and nobody forks it", mm);
		if (ps->scan.err) {
			ps->scan.err->line = ps->mm_at[t].line;
			ps->scan.err->column = ps->mm_at[t].column;
		}
		return false;
	}
	return prog_valid(p, &why) || scan_fail(&ps->scan, ps->scan.line, "%s", why);
}

int prog_parse(struct prog *p, struct prog_text *text, const char *src, size_t len,
	       struct prog_error *err)
{
	struct prog_text unused;
	struct parse ps = { .p = p, .text = text ? text : &unused };
	bool opening = true;

	memset(ps.text, 0, sizeof(*ps.text));
	prog_init(p);
	p->ntasks = 0;
	memset(p->task, 0, sizeof(p->task));
	scan_init(&ps.scan, src, len, err);
	while (scan_line(&ps.scan)) {
		if (opening && ps.scan.comment) {
			keep_comment(&ps);
			continue;
		}
		if (scan_ended(&ps.scan))
			continue;
		opening = false;
		parse_line(&ps);
	}
	if (!ps.scan.failed && parse_finish(&ps))
		return 0;
	prog_init(p);
	return -EINVAL;
}
