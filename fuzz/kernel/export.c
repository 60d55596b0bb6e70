// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The C program: its text as the opening comment, tables, the runtime as it
 * stands in export_runtime.c.in, one function a task.
 */
#include "fuzz/kernel/export.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/kernel/compare.h"

/* The runtime's text, put into this object as it is. */
extern const char export_runtime[];
__asm__(".section .rodata\n"
	".globl export_runtime\n"
	"export_runtime:\n"
	".incbin \"" EXPORT_RUNTIME "\"\n"
	".byte 0\n"
	".text\n");

static struct observation seen;
static struct fixed_order order;

/* The program as text, in a comment. */
static void print_comment(FILE *out, const struct prog *p, const struct prog_text *text,
			  const char *name, bool kselftest)
{
	char *buf = malloc(PROG_TEXT_MAX), *line, *save = NULL;
	size_t n = buf ? prog_print(p, text, buf, PROG_TEXT_MAX - 1) : 0;

	fprintf(out, "// SPDX-License-Identifier: GPL-2.0-or-later\n"
		"/*\n * %s, by swaprace export-c:\n *\n", name);
	if (n)
		buf[n] = 0;
	for (line = n ? strtok_r(buf, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char *end;

		while ((end = strstr(line, "*/")) != NULL)
			*end = '+';
		fprintf(out, " * %s\n", line);
	}
	fprintf(out, " *\n"
		" * gcc -O1 -pthread %s-o prog prog.c; run as root, best in a machine of its own\n"
		" * with KASAN and lockdep. In order by default, and then reads are checked\n"
		" * against what they must give; --loop runs free. Edges inside of ops are not\n"
		" * kept.\n */\n", kselftest ? "-I LINUX/tools/testing/selftests " : "");
	free(buf);
}

static void print_includes(FILE *out, bool kselftest)
{
	static const char *const headers[] = {
		"errno.h", "fcntl.h", "limits.h", "linux/futex.h", "pthread.h", "sched.h",
		"setjmp.h", "signal.h", "stdarg.h", "stdint.h", "stdio.h", "stdlib.h",
		"string.h", "sys/mman.h", "sys/prctl.h", "sys/swap.h", "sys/syscall.h",
		"sys/types.h", "sys/uio.h", "sys/wait.h", "time.h", "unistd.h",
	};

	fprintf(out, "#define _GNU_SOURCE\n");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		fprintf(out, "#include <%s>\n", headers[i]);
	if (kselftest)
		fprintf(out, "\n#include \"kselftest.h\"\n");
	fprintf(out, "\n#ifndef MADV_PAGEOUT\n#define MADV_PAGEOUT 21\n#endif\n\n");
}

static bool uses(const struct prog *p, u8 kind)
{
	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			if (p->task[t].op[i].kind == kind)
				return true;
		}
	}
	return false;
}

static void print_devices(FILE *out, const struct prog *p)
{
	fprintf(out, "#define DEVICES %d\n"
		"static const struct device_shape {\n\tint slots, bad[2], prio, on;\n"
		"} device_shapes[DEVICES] = {\n", WORLD_DEVS_MAX);
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		const struct world_dev *d = &p->machine.dev[i];

		fprintf(out, "\t{ %d, { %d, %d }, %d, %d },\n", d->slots, d->bad[0],
			d->bad[1] == d->bad[0] ? 0 : d->bad[1], d->prio,
			(d->flags & WORLD_DEV_ON) != 0);
	}
	fprintf(out, "};\n");
}

/* A file's name as a string of C and of KTAP. */
static void print_name(FILE *out, const char *name)
{
	fprintf(out, "#define NAME \"");
	for (; *name; name++)
		fputc(isalnum((unsigned char)*name) || strchr("._-", *name) ? *name : '_', out);
	fprintf(out, "\"\n");
}

static void print_tables(FILE *out, const struct prog *p, const char *name, bool loop,
			 bool kselftest)
{
	print_name(out, name);
	fprintf(out, "#define KSELFTEST %d\n#define FREE_RUNNING %d\n#define USES_KSM %d\n"
		"#define MMS %d\n", kselftest, loop,
		uses(p, OP_ksm_scan), WORLD_MM_MAX);
	fprintf(out, "static const unsigned first_mms = 0x%x; /* bit i-1: mm i */\n",
		p->machine.mms);
	fprintf(out, "#define TASKS %u\n"
		"static const struct { const char *name; int mm, cpu, ops; } tasks[TASKS] = {\n",
		p->ntasks);
	for (unsigned t = 0; t < p->ntasks; t++)
		fprintf(out, "\t{ \"swaprace-%c\", %d, %d, %d },\n", p->task[t].label,
			p->task[t].mm, p->task[t].cpu, p->task[t].nops);
	fprintf(out, "};\nstatic const unsigned order_ops = %u;\n"
		"static const struct { int task, op; } order[] = {\n", order.n);
	for (unsigned i = 0; i < order.n; i++)
		fprintf(out, "%s{ %d, %d },%s", i % 8 ? " " : "\t", order.step[i].task,
			order.step[i].op, i % 8 == 7 || i + 1 == order.n ? "\n" : "");
	fprintf(out, "\t{ -1, 0 },\n};\n/* What is ever written where. */\n"
		"static const struct { int page; unsigned value; } written[] = {\n");
	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			const struct prog_op *op = &p->task[t].op[i];

			if (op->kind == OP_write)
				fprintf(out, "\t{ %d, 0x%02x },\n", op->arg[0], op->arg[1]);
		}
	}
	fprintf(out, "\t{ -1, 0 },\n};\n");
	print_devices(out, p);
	fprintf(out, "\n");
}

/* First byte of what the model's read gave, -1: it gave an error. */
static int expected_read(const char *label)
{
	for (unsigned i = 0; i < seen.n; i++) {
		if (strcmp(seen.op[i].label, label) == 0)
			return seen.op[i].read ? (int)(seen.op[i].words[0] & 0xff) : -1;
	}
	return -1;
}

static const char *const advices[PROG_OP_COUNT] = {
#define OP_MADVISE(name, advice, ...) [OP_##name] = "MADV_" #advice,
#include "core/base/ops.def"
};

static void print_call(FILE *out, const struct prog_task *task, unsigned t, unsigned i)
{
	const struct prog_op *op = &task->op[i];
	const u8 *a = op->arg;
	char label[16];

	switch (op->kind) {
	case OP_mmap:
		fprintf(out, "op_mmap(%d, %d, %d, %d)", a[0], a[1], a[2] & WORLD_VMA_MERGEABLE,
			(a[2] & WORLD_VMA_READONLY) != 0);
		return;
	case OP_munmap:
		fprintf(out, "op_munmap(%d, %d)", a[0], a[1]);
		return;
	case OP_write:
		fprintf(out, "op_write(%d, 0x%02x)", a[0], a[1]);
		return;
	case OP_read:
		snprintf(label, sizeof(label), "%c%u", task->label, i + 1);
		fprintf(out, "op_read(\"%s\", %d, %d)", label, a[0], expected_read(label));
		return;
	case OP_madv_mergeable:
		fprintf(out, "op_madvise(%d, %d, MADV_MERGEABLE)", a[0], a[1]);
		return;
	case OP_madv_unmergeable:
		fprintf(out, "op_madvise(%d, %d, MADV_UNMERGEABLE)", a[0], a[1]);
		return;
	case OP_fork:
		fprintf(out, "op_fork(%d)", a[0]);
		return;
	case OP_exit:
		fprintf(out, "op_exit(%u, %u)", t, i + 1);
		return;
	case OP_ksm_scan:
		fprintf(out, "op_ksm_scan(%d)", order_ksm_passes(a[0]));
		return;
	case OP_reclaim:
	case OP_kswapd:
		fprintf(out, "op_reclaim(%u, %d)", t,
			op->kind == OP_reclaim ? a[0] : ORDER_KSWAPD_PAGES);
		return;
	case OP_ksm_unmerge:
		fprintf(out, "op_ksm_unmerge(%d, %d)", a[0], a[1]);
		return;
	case OP_swapon:
		fprintf(out, "op_swapon(%d)", a[0]);
		return;
	case OP_swapoff:
		fprintf(out, "op_swapoff(%d)", a[0]);
		return;
	case OP_cond_resched:
		fprintf(out, "sched_yield()");
		return;
	default:
		if (advices[op->kind]) {
			fprintf(out, "op_madvise(%d, %d, %s)", a[0], a[1], advices[op->kind]);
			return;
		}
		assert(order_model_only(op->kind));
		fprintf(out, "/* %s: the kernel does it by itself */", prog_ops[op->kind].name);
	}
}

static void print_task(FILE *out, const struct prog_task *task, unsigned t)
{
	fprintf(out, "static void task_%c(int op) /* ", task->label);
	if (task->mm)
		fprintf(out, "mm %d, ", task->mm);
	fprintf(out, "cpu %d */\n{\n\tswitch (op) {\n", task->cpu);
	for (unsigned i = 0; i < task->nops; i++) {
		fprintf(out, "\tcase %u:\n\t\t", i + 1);
		print_call(out, task, t, i);
		fprintf(out, ";\n\t\tbreak;\n");
	}
	fprintf(out, "\t}\n}\n\n");
}

/* Runtime functions that this program has no use for. */
static void print_unused(FILE *out)
{
	fprintf(out, "/* Not every program needs all of it. */\n"
		"__attribute__((unused)) static void *const unused[] = {\n"
		"\t(void *)op_mmap, (void *)op_munmap, (void *)op_madvise, (void *)op_write,\n"
		"\t(void *)op_read, (void *)op_fork, (void *)op_exit, (void *)op_ksm_scan,\n"
		"\t(void *)op_ksm_unmerge, (void *)op_reclaim,\n"
		"\t(void *)op_swapon, (void *)op_swapoff,\n};\n\n");
}

const char *export_c(FILE *out, const struct prog *p, const struct prog_text *text,
		     const char *name, bool loop, bool kselftest)
{
	const char *why = order_refuses(p, true);

	if (why)
		return why;
	if (!compare_model(p, DEVICE_ZRAM, &order, &seen))
		return "the model makes a report without any seeded bug: nothing to expect";
	print_comment(out, p, text, name, kselftest);
	print_includes(out, kselftest);
	print_tables(out, p, name, loop, kselftest);
	fputs(export_runtime, out);
	fprintf(out, "\n/* ---- the program ---- */\n\n");
	print_unused(out);
	for (unsigned t = 0; t < p->ntasks; t++)
		print_task(out, &p->task[t], t);
	fprintf(out, "static void run_op(int task, int op)\n{\n\tswitch (task) {\n");
	for (unsigned t = 0; t < p->ntasks; t++)
		fprintf(out, "\tcase %u:\n\t\ttask_%c(op);\n\t\tbreak;\n", t, p->task[t].label);
	fprintf(out, "\t}\n}\n");
	return NULL;
}
