// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Order edges inside of ops as a module for a kernel tree, in a new folder, so that
 * the patch applies to any tree. Here: the table of edges, with the kernel's names
 * for our functions (core/kernel-map.tsv); the module is export_delays.c.in.
 */
#include "fuzz/kernel/export.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/site.h"

/* Both texts, put into this object as they are. */
extern const char export_delays_module[], export_kernel_map[];
__asm__(".section .rodata\n"
	".globl export_delays_module\n"
	"export_delays_module:\n"
	".incbin \"" EXPORT_DELAYS "\"\n"
	".byte 0\n"
	".globl export_kernel_map\n"
	"export_kernel_map:\n"
	".incbin \"" EXPORT_KERNEL_MAP "\"\n"
	".byte 0\n"
	".text\n");

/* A side of an edge; function "": a whole op. */
struct point { char op[16], function[64], file[64]; unsigned nth; };

/* The kernel's name for our function, and its file; false: it is not in the map. */
static bool find_kernel_function(const char *ours, struct point *out)
{
	char name[64];
	const char *line = export_kernel_map;

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line != '#' &&
		    sscanf(line, "%*s %63s %63s %63s", name, out->file, out->function) == 3 &&
		    strcmp(name, ours) == 0)
			return true;
	}
	return false;
}

/* False: it has no place in a kernel (an interrupt, a function of the model alone). */
static bool point_of(const struct prog *p, const struct event_key *e, struct point *out)
{
	const struct site *site = e->site ? site_find(e->site) : NULL;

	memset(out, 0, sizeof(*out));
	if (e->ctx >= p->ntasks)
		return false;
	snprintf(out->op, sizeof(out->op), "%c%u", p->task[e->ctx].label, e->op);
	if (!e->site)
		return true;
	out->nth = e->nth;
	return site && find_kernel_function(site->func, out);
}

static bool edge_of(const struct prog *p, unsigned i, struct point *later, struct point *earlier)
{
	bool both = point_of(p, &p->edge[i].event, later) &&
		    point_of(p, &p->edge[i].after, earlier);

	return both && (later->function[0] || earlier->function[0]);
}

static void print_side(FILE *out, const char *name, const struct point *p)
{
	bool is_call = strcmp(p->function, "swapon") == 0 || strcmp(p->function, "swapoff") == 0;

	fprintf(out, "\t\t.%s = { ", name);
	if (p->function[0])
		fprintf(out, is_call ? "SYSTEM_CALL(\"%s\"), " : "\"%s\", ", p->function);
	else
		fprintf(out, "NULL, ");
	fprintf(out, "\"%s\", %u },\n", p->op, p->nth);
}

static void print_edge_comment(FILE *out, const struct prog *p, unsigned i)
{
	char later[128], earlier[128];

	prog_event_print(p, &p->edge[i].event, later, sizeof(later));
	prog_event_print(p, &p->edge[i].after, earlier, sizeof(earlier));
	fprintf(out, "%s after %s", later, earlier);
}

static unsigned print_module(FILE *out, const struct prog *p)
{
	struct point later, earlier;
	unsigned n = 0;

	fprintf(out, "// SPDX-License-Identifier: GPL-2.0\n"
		"#include <linux/delay.h>\n#include <linux/kprobes.h>\n#include <linux/module.h>\n"
		"#include <linux/sched.h>\n#include <linux/string.h>\n\n"
		"#if defined(CONFIG_X86_64)\n#define SYSTEM_CALL(name) \"__x64_sys_\" name\n"
		"#elif defined(CONFIG_ARM64)\n#define SYSTEM_CALL(name) \"__arm64_sys_\" name\n"
		"#else\n#define SYSTEM_CALL(name) \"sys_\" name\n#endif\n\n"
		"struct side { const char *function, *op; int nth; };\n"
		"static const struct { struct side later, earlier; } edges[] = {\n");
	for (unsigned i = 0; i < p->nedges; i++) {
		if (!edge_of(p, i, &later, &earlier))
			continue;
		fprintf(out, "\t{ /* ");
		print_edge_comment(out, p, i);
		fprintf(out, " */\n");
		print_side(out, "later", &later);
		print_side(out, "earlier", &earlier);
		fprintf(out, "\t},\n");
		n++;
	}
	fprintf(out, "};\n\n");
	fputs(export_delays_module, out);
	return n;
}

/* Which functions it waits at, and which edges have no place. */
static void print_places(FILE *out, const struct prog *p)
{
	struct point side[2];

	for (unsigned i = 0; i < p->nedges; i++) {
		bool inside = p->edge[i].event.site || p->edge[i].after.site;
		bool kept = edge_of(p, i, &side[0], &side[1]);

		for (int k = 0; k < 2 && kept; k++) {
			if (side[k].function[0])
				fprintf(out, "  %s: %s()\n", side[k].file, side[k].function);
		}
		if (inside && !kept) {
			fprintf(out, "  left out, has no place in a kernel: ");
			print_edge_comment(out, p, i);
			fprintf(out, "\n");
		}
	}
}

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
	unsigned n;

	if (!module)
		return 0;
	n = print_module(module, p);
	fclose(module);
	fprintf(out, "Delays at the order edges of %s, by swaprace export-c.\n\n"
		"CONFIG_KPROBES and CONFIG_MODULES are needed. patch -p1; make; make\n"
		"M=mm/swaprace_delays modules; insmod mm/swaprace_delays/delays.ko; then run the\n"
		"exported program with --loop on as many CPUs as it has tasks. An edge is kept at the\n"
		"entry of the functions that it names, for hold_us (a module parameter) at most. The\n"
		"compiler may have inlined a static one: the module says so when it is loaded.\n"
		"Places:\n", name);
	print_places(out, p);
	fprintf(out, "\n");
	print_new_file(out, "mm/swaprace_delays/Makefile",
		       "# SPDX-License-Identifier: GPL-2.0\nobj-m += delays.o\n");
	print_new_file(out, "mm/swaprace_delays/delays.c", text);
	free(text);
	return n;
}
