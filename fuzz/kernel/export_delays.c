// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Order edges inside of ops as a module for a kernel tree, in a new folder, so that
 * the patch applies to any tree. Each side of an edge is the entry of the function
 * that its site names: a kprobe there counts the earlier side, and holds the later
 * one (busy, for at most a tenth of a second) until the earlier one was there.
 * Tasks are told apart by the name of their thread: the exported program's
 * threads are called after their tasks.
 */
#include "fuzz/kernel/export.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/site.h"

struct point { char function[64]; char task; u8 op; };

/* "do_swap_page" of an edge's side; false for a whole op, an interrupt, or a site
 * that this build does not know. */
static bool point_of(const struct prog *p, const struct prog_event *e, struct point *out)
{
	const struct site *site = e->site ? site_find(e->site) : NULL;

	if (!site || e->ctx >= p->ntasks)
		return false;
	snprintf(out->function, sizeof(out->function), "%s", site->func);
	out->task = p->task[e->ctx].label;
	out->op = e->op;
	return true;
}

static void print_edges(FILE *out, const struct prog *p)
{
	for (unsigned i = 0; i < p->nedges; i++) {
		struct point later, earlier;

		if (point_of(p, &p->edge[i].event, &later) &&
		    point_of(p, &p->edge[i].after, &earlier))
			fprintf(out, "\t{ \"%s\", '%c', \"%s\", '%c' }, /* %c%u after %c%u */\n",
				later.function, later.task, earlier.function, earlier.task, later.task,
				later.op, earlier.task, earlier.op);
	}
}

static const char module_before[] =
	"// SPDX-License-Identifier: GPL-2.0\n"
	"/* Holds one task at the entry of a function until another was in a function. */\n"
	"#include <linux/delay.h>\n#include <linux/kprobes.h>\n#include <linux/module.h>\n"
	"#include <linux/sched.h>\n\n"
	"struct edge { const char *later; char later_task; const char *earlier; char earlier_task; };\n"
	"static const struct edge edges[] = {\n";
static const char module_after[] =
	"};\n\n"
	"static atomic_t seen[ARRAY_SIZE(edges)];\n"
	"static struct kprobe probes[2 * ARRAY_SIZE(edges)];\n\n"
	"/* Threads of the exported program are named \"swaprace-A\". */\n"
	"static bool is_task(char task)\n{\n"
	"\treturn !strncmp(current->comm, \"swaprace-\", 9) && current->comm[9] == task;\n}\n\n"
	"static int __kprobes enter_earlier(struct kprobe *p, struct pt_regs *regs)\n{\n"
	"\tint i = (p - probes) / 2;\n\n"
	"\tif (is_task(edges[i].earlier_task))\n\t\tatomic_set(&seen[i], 1);\n\treturn 0;\n}\n\n"
	"static int __kprobes enter_later(struct kprobe *p, struct pt_regs *regs)\n{\n"
	"\tint i = (p - probes) / 2, us;\n\n"
	"\tif (is_task(edges[i].later_task))\n"
	"\t\tfor (us = 0; us < 100000 && !atomic_xchg(&seen[i], 0); us += 10)\n\t\t\tudelay(10);\n"
	"\treturn 0;\n}\n\n"
	"static int __init delays_init(void)\n{\n\tint i, err;\n\n"
	"\tfor (i = 0; i < ARRAY_SIZE(edges); i++) {\n"
	"\t\tprobes[2 * i].symbol_name = edges[i].later;\n"
	"\t\tprobes[2 * i].pre_handler = enter_later;\n"
	"\t\tprobes[2 * i + 1].symbol_name = edges[i].earlier;\n"
	"\t\tprobes[2 * i + 1].pre_handler = enter_earlier;\n\t}\n"
	"\tfor (i = 0; i < ARRAY_SIZE(probes); i++) {\n"
	"\t\terr = register_kprobe(&probes[i]);\n"
	"\t\tif (err) {\n"
	"\t\t\tpr_err(\"swaprace: no probe at %s: %d (inlined?)\\n\", probes[i].symbol_name, err);\n"
	"\t\t\tprobes[i].addr = NULL;\n\t\t}\n\t}\n\treturn 0;\n}\n\n"
	"static void __exit delays_exit(void)\n{\n\tint i;\n\n"
	"\tfor (i = 0; i < ARRAY_SIZE(probes); i++)\n"
	"\t\tif (probes[i].addr)\n\t\t\tunregister_kprobe(&probes[i]);\n}\n\n"
	"module_init(delays_init);\nmodule_exit(delays_exit);\nMODULE_LICENSE(\"GPL\");\n";

/* A new file of a patch: each line of text with a '+'. */
static void print_new_file(FILE *out, const char *path, const char *text)
{
	unsigned lines = 0;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	fprintf(out, "--- /dev/null\n+++ b/%s\n@@ -0,0 +1,%u @@\n", path, lines);
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		fprintf(out, "+%.*s\n", (int)(end - text), text);
}

unsigned export_delays(FILE *out, const struct prog *p, const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *module = open_memstream(&text, &size);
	unsigned n = 0;

	if (!module)
		return 0;
	for (unsigned i = 0; i < p->nedges; i++) {
		struct point a, b;

		n += point_of(p, &p->edge[i].event, &a) && point_of(p, &p->edge[i].after, &b);
	}
	fputs(module_before, module);
	print_edges(module, p);
	fputs(module_after, module);
	fclose(module);
	fprintf(out, "Delays at the order edges of %s, by swaprace export-c.\n\n"
		"make M=mm/swaprace_delays modules; insmod mm/swaprace_delays/delays.ko; then run the\n"
		"exported program with --loop on as many CPUs as it has tasks. An edge is kept at the\n"
		"entry of the functions it names, for a tenth of a second at most.\n\n", name);
	print_new_file(out, "mm/swaprace_delays/Makefile",
		       "# SPDX-License-Identifier: GPL-2.0\nobj-m += delays.o\n");
	print_new_file(out, "mm/swaprace_delays/delays.c", text);
	free(text);
	return n;
}
