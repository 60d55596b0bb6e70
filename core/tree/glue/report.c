// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports of the kernel's side. A warning whose title stands in the file of known
 * ones is counted and the run goes on, as it does in a kernel. Also the contents
 * oracle's hooks, and printk().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/world_ops.h"
#include "core/tree/glue/glue.h"

#define KNOWN_MAX 256u

static struct known { char title[REPORT_TITLE_MAX]; u64 seen; } known[KNOWN_MAX];
static u32 nknown;
static bool known_is_read;
bool glue_printk;

/* Without the comment and the blanks at the end; NULL: nothing is left. */
static char *known_line(char *line)
{
	size_t n = strcspn(line, "#\n");

	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	line[n] = 0;
	return n ? line : NULL;
}

int known_read(const char *path)
{
	char line[512];
	FILE *f = fopen(path, "r");

	if (!f)
		return -errno;
	nknown = 0;
	known_is_read = true;
	while (fgets(line, sizeof(line), f)) {
		char *title = known_line(line);

		if (!title)
			continue;
		if (nknown == KNOWN_MAX || strlen(title) >= REPORT_TITLE_MAX) {
			fclose(f);
			return -E2BIG;
		}
		known[nknown].seen = 0;
		snprintf(known[nknown++].title, REPORT_TITLE_MAX, "%s", title);
	}
	fclose(f);
	return 0;
}

void known_read_default(void)
{
#ifdef GLUE_KNOWN_FILE
	int err = known_is_read ? 0 : known_read(GLUE_KNOWN_FILE);

	if (!err)
		return;
	fprintf(stderr, "swaprace: %s: %s\n", GLUE_KNOWN_FILE, strerror(-err));
	exit(3);
#endif
}

void known_for_each(void (*fn)(const char *title, u64 seen, void *arg), void *arg)
{
	for (u32 i = 0; i < nknown; i++)
		fn(known[i].title, known[i].seen, arg);
}

static struct known *known_find(const char *title)
{
	for (u32 i = 0; i < nknown; i++)
		if (!strcmp(known[i].title, title))
			return &known[i];
	return NULL;
}

void seam_report(const char *title, const char *body)
{
	report(title, body ? body : "");
}

void seam_warn(const char *title, const char *body)
{
	struct known *k = known_find(title);

	if (k && !report_known)
		k->seen++;
	else
		report(title, body ? body : "");
}

void seam_unexpected(const char *name)
{
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "tree: %s() is not there", name);
	report(title, "The shim has no such function: nobody expected a call of it.\n");
	fprintf(stderr, "swaprace: %s, outside of a run\n", title);
	abort();
}

void seam_print(const char *text)
{
	size_t left = strlen(text);

	while (glue_printk && left) {
		ssize_t n = write(STDERR_FILENO, text, left);

		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

/* ---- the contents oracle ---------------------------------------------------------------- */

void seam_user_store(int mm, int page, int word, unsigned long value)
{
	if (world_hooks.store)
		world_hooks.store(mm, page, word, value);
}

void seam_user_fill(int mm, int page, int word, unsigned long value)
{
	if (world_hooks.fill)
		world_hooks.fill(mm, page, word, value);
}

void seam_user_load(int mm, int page, int word, unsigned long value)
{
	if (world_hooks.load)
		world_hooks.load(mm, page, word, value);
}
