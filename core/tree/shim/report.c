// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * printk, WARN and BUG. A title is made of the function and the condition's text,
 * never of a line number. VM_WARN_ON_FOLIO() and its like pass their text to
 * dump_page() and then warn with "1": dump_page() keeps text and page state for the
 * report that follows at once (no point lies in between).
 * Left out: log levels, taints, rate limits (nothing is printed twice in a short run).
 */
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/string.h>

#include "internal.h"

#include "core/tree/shim/world.h"

#define TITLE_MAX 128
#define BODY_MAX 512

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);

/* What dump_page() and its kin have said and no report has taken yet. */
static char dumped_condition[TITLE_MAX];
static char dumped_body[BODY_MAX];

int _printk(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	seam_print(printk_skip_level(text));
	return 0;
}

int ___ratelimit(struct ratelimit_state *rs, const char *func)
{
	return 1;
}

int __printk_ratelimit(const char *func)
{
	return 1;
}

/* ---- titles ---------------------------------------------------------------------- */

/* A macro in the condition expands to a statement: what follows says nothing. */
static void condition_text(char *to, unsigned long size, const char *condition)
{
	const char *statement = strstr(condition, "({");
	unsigned long n = strlen(condition);

	if (statement)
		n = (unsigned long)(statement - condition);
	n = min(n, size - 4);
	snprintf(to, size, "%.*s%s", (int)n, condition, condition[n] ? "..." : "");
}

/* VM_WARN_ON_FOLIO(cond) -> cond. */
static void strip_macro(char *text)
{
	char *open = strchr(text, '(');
	unsigned long n;

	if (strncmp(text, "VM_", 3) || !open)
		return;
	n = strlen(open + 1);
	memmove(text, open + 1, n + 1);
	if (n && text[n - 1] == ')')
		text[n - 1] = 0;
}

static void make_title(char *title, const char *kind, const char *func, const char *condition)
{
	char text[TITLE_MAX];

	if (dumped_condition[0] && (!condition[0] || !strcmp(condition, "1")))
		condition = dumped_condition;
	condition_text(text, sizeof(text) - 48, condition);
	if (text[0] && strcmp(text, "1"))
		snprintf(title, TITLE_MAX, "%s: %s in %s", kind, text, func);
	else
		snprintf(title, TITLE_MAX, "%s in %s", kind, func);
	dumped_condition[0] = 0;
}

static const char *take_body(void)
{
	static char body[BODY_MAX];

	snprintf(body, sizeof(body), "%s", dumped_body);
	dumped_body[0] = 0;
	return body;
}

void shim_bug(const char *func, const char *condition)
{
	char title[TITLE_MAX];

	make_title(title, "BUG", func, condition);
	seam_report(title, take_body());
	__builtin_trap();
}

void shim_warn(const char *func, const char *condition)
{
	char title[TITLE_MAX];

	make_title(title, "WARNING", func, condition);
	seam_warn(title, take_body());
}

/* The format is part of the title, not what it formats: that may be a number. */
void shim_warn_printf(const char *func, const char *format, ...)
{
	char title[TITLE_MAX], body[256];
	va_list args;
	char *end;

	body[0] = 0;
	if (format) {
		va_start(args, format);
		vsnprintf(body, sizeof(body), format, args);
		va_end(args);
	}
	make_title(title, "WARNING", func, format ? printk_skip_level(format) : "");
	end = strchr(title, '\n');
	if (end)
		snprintf(end, (unsigned long)(title + TITLE_MAX - end), " in %s", func);
	seam_warn(title, body);
}

void shim_bad_table(const char *level, unsigned long value)
{
	char title[TITLE_MAX], body[64];

	snprintf(title, sizeof(title), "BUG: bad page table entry: %s", level);
	snprintf(body, sizeof(body), "%s %#lx\n", level, value);
	seam_report(title, body);
}

void shim_reportf(const char *title, const char *fmt, ...)
{
	char body[BODY_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(body, sizeof(body), fmt, args);
	va_end(args);
	seam_report(title, body);
}

void shim_warnf(const char *title, const char *fmt, ...)
{
	char body[BODY_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(body, sizeof(body), fmt, args);
	va_end(args);
	seam_warn(title, body);
}

/* What the tree calls without its macros. */
void warn_slowpath_fmt(const char *file, const int line, unsigned taint, const char *fmt, ...)
{
	shim_warn("a function of the kernel", fmt ? fmt : "");
}

void __warn_printk(const char *fmt, ...)
{
	shim_warn("a function of the kernel", fmt);
}

/* ---- dumps ----------------------------------------------------------------------- */

static void dump_add(const char *text)
{
	unsigned long n = strlen(dumped_body);

	snprintf(dumped_body + n, sizeof(dumped_body) - n, "%s\n", text);
}

static void dump_condition(const char *reason)
{
	char text[TITLE_MAX];

	condition_text(text, sizeof(text), reason);
	strip_macro(text);
	snprintf(dumped_condition, sizeof(dumped_condition), "%s", text);
}

void dump_page(const struct page *page, const char *reason)
{
	char line[256];

	shim_page_line(page, line, sizeof(line));
	dumped_body[0] = 0;
	dump_add(line);
	dump_add(reason ? reason : "");
	seam_print(dumped_body);
	if (reason)
		dump_condition(reason);
}

void dump_vma(const struct vm_area_struct *vma)
{
	char line[128];

	dumped_body[0] = 0;
	if (!vma)
		return;
	snprintf(line, sizeof(line), "vma %#lx-%#lx flags %#lx, %s anon_vma", vma->vm_start,
		 vma->vm_end, (unsigned long)vma->vm_flags, vma->anon_vma ? "an" : "no");
	dump_add(line);
	dump_condition("bad vma");
}

void dump_mm(const struct mm_struct *mm)
{
	char line[128];

	dumped_body[0] = 0;
	snprintf(line, sizeof(line), "mm %d: %d vmas, users %d, count %d", shim_mm_number(mm),
		 mm->map_count, mm->mm_users.counter, mm->mm_count.counter);
	dump_add(line);
	dump_condition("bad mm");
}

void dump_vmg(const struct vma_merge_struct *vmg, const char *reason)
{
	dumped_body[0] = 0;
	dump_condition(reason);
}

void vma_iter_dump_tree(const struct vma_iterator *vmi)
{
}

void dump_stack(void)
{
}

void dump_stack_lvl(const char *level)
{
}

/* What the kernel prints and then goes on: the page or the entry was dumped just before. */
void add_taint(unsigned flag, enum lockdep_ok lockdep)
{
	char title[TITLE_MAX];

	if (flag != TAINT_BAD_PAGE)
		return;
	if (!dumped_condition[0] || !strcmp(dumped_condition, "bad page map"))
		snprintf(title, sizeof(title), "BUG: Bad page map");
	else
		snprintf(title, sizeof(title), "BUG: Bad page state: %s", dumped_condition);
	dumped_condition[0] = 0;
	seam_warn(title, take_body());
}

#undef panic
void panic(const char *fmt, ...)
{
	shim_bug("panic", fmt);
}
