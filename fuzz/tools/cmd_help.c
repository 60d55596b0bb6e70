// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace help: --help of a command; and, for an installation, the manual pages and the
 * completions of shells, made from the same tables of options.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "man", "DIR", "write the manual pages, one for each command, to DIR" },
	{ "completion", "bash|zsh|fish", "print the completion of a shell" },
	{ NULL, NULL, NULL },
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* ---- manual pages ---- */

/* Blanks and line ends are one blank; roff's own characters are escaped. */
static void escape(FILE *out, const char *s, size_t len)
{
	bool blank = true;

	for (size_t i = 0; i < len; i++) {
		bool is_blank = strchr(" \t\n", s[i]) != NULL;

		if (is_blank && blank)
			continue;
		blank = is_blank;
		if (is_blank)
			fputc(' ', out);
		else if (s[i] == '\\')
			fprintf(out, "\\e");
		else if (s[i] == '-')
			fprintf(out, "\\-");
		else if (s[i] == '\'')
			fprintf(out, "\\(aq");
		else
			fputc(s[i], out);
	}
}

/* A line of text; one that begins with a dot is no request. */
static void put_text(FILE *out, const char *s, size_t len)
{
	fprintf(out, "\\&");
	escape(out, s, len);
	fputc('\n', out);
}

static void put(FILE *out, const char *s)
{
	put_text(out, s, strlen(s));
}

static void put_option(FILE *out, const char *name, const char *value, const char *text)
{
	fprintf(out, ".TP\n\\fB\\-\\-");
	escape(out, name, strlen(name));
	fprintf(out, "\\fR");
	if (value && value[0] == '[') { /* it may be left out */
		fprintf(out, "[=\\fI");
		escape(out, value + 1, strlen(value) - 2);
		fprintf(out, "\\fR]");
	} else if (value) {
		fprintf(out, "=\\fI");
		escape(out, value, strlen(value));
		fprintf(out, "\\fR");
	}
	fputc('\n', out);
	put(out, text);
}

static void put_head(FILE *out, const char *page, const char *what)
{
	fprintf(out, ".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
		".TH \"%s\" 1 \"\" \"swaprace %s\" \"User Commands\"\n.SH NAME\n%s \\- ", page,
		SWAPRACE_VERSION, page);
	escape(out, what, strcspn(what, "\n"));
	fputc('\n', out);
}

/* Status and text of exit_status_text's lines: "  77  skipped: ...". */
static void put_exit_status(FILE *out)
{
	fprintf(out, ".SH EXIT STATUS\n");
	for (const char *line = exit_status_text; *line;) {
		size_t len = strcspn(line, "\n"), digits;

		if (*line == ' ') {
			line += 2;
			len -= 2;
			digits = strspn(line, "0123456789");
			fprintf(out, ".TP\n.B %.*s\n", (int)digits, line);
			put_text(out, line + digits, len - digits);
		}
		line += len + (line[len] == '\n');
	}
}

static void put_command_page(FILE *out, const struct command *c)
{
	char page[64];
	const char *more = strchr(c->text, '\n');

	snprintf(page, sizeof(page), "swaprace-%s", c->name);
	put_head(out, page, c->text);
	fprintf(out, ".SH SYNOPSIS\n.B swaprace %s\n", c->name);
	put(out, c->arguments);
	fprintf(out, ".SH DESCRIPTION\n");
	put(out, more ? more + 1 : c->text);
	if (c->options[0].name)
		fprintf(out, ".SH OPTIONS\n");
	for (const struct option_spec *o = c->options; o->name; o++)
		put_option(out, o->name, o->value, o->text);
	if (command_has_policies(c)) {
		fprintf(out, ".SH POLICIES\n");
#define POLICY(ID, name, turns, text) fprintf(out, ".TP\n.B %s\n", #name); put(out, text);
#include "core/base/policy.def"
	}
	put_exit_status(out);
	fprintf(out, ".SH SEE ALSO\n.BR swaprace (1)\n");
}

static void put_main_page(FILE *out)
{
	put_head(out, "swaprace",
		 "runs Linux's anonymous memory and swap code under a scheduler that finds races");
	fprintf(out, ".SH SYNOPSIS\n.B swaprace\n.I COMMAND\n[FILE...] [options]\n.SH DESCRIPTION\n");
	put(out, "Runs programs on a model of Linux's anonymous memory and swap code, or on a kernel "
	    "tree's own code, under a deterministic scheduler, and says what goes wrong. Files are "
	    ".prog text or libFuzzer's inputs, told apart by content.");
	fprintf(out, ".SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++) {
		fprintf(out, ".TP\n.BR swaprace\\-%s (1)\n", commands[i]->name);
		put_text(out, commands[i]->text, strcspn(commands[i]->text, "\n"));
	}
	fprintf(out, ".SH OPTIONS\nOf each command:\n");
	put_option(out, "help", NULL, "what the command does, its options");
	put_option(out, "world", "model|tree:NAME", "what programs run on: the model (default), or a "
		   "kernel tree's own mm code, see swaprace-tree(1)");
	put_option(out, "version", NULL, "in the place of a command: version, build, world");
	put_exit_status(out);
	fprintf(out, ".SH ENVIRONMENT\n.TP\n.B LLVM_SYMBOLIZER_PATH\n");
	put(out, "the symbolizer that gives the stacks of a report their files and lines");
}

static int write_page(const char *dir, const struct command *c)
{
	char path[4096], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int status;

	if (!out)
		return bad_environment("help", "out of memory");
	if (c)
		put_command_page(out, c);
	else
		put_main_page(out);
	fclose(out);
	snprintf(path, sizeof(path), "%s/swaprace%s%s.1", dir, c ? "-" : "", c ? c->name : "");
	status = write_file(path, text, size);
	free(text);
	return status;
}

static int write_pages(const char *dir)
{
	int status = make_folder("help", dir);

	if (!status)
		status = write_page(dir, NULL);
	for (size_t i = 0; commands[i] && !status; i++)
		status = write_page(dir, commands[i]);
	return status;
}

/* ---- the command ---- */

static int help(int argc, char **argv)
{
	static struct args a;
	const char *shell;
	int status = args_parse(&a, &command_help, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	shell = args_get(&a, "completion");
	if (args_get(&a, "man"))
		return write_pages(args_get(&a, "man"));
	if (shell && !completion_print(stdout, shell))
		return bad_usage("help", "--completion=%s: there are bash, zsh and fish", shell);
	if (!shell && a.nfiles == 0)
		commands_print(stdout);
	for (int i = 0; !shell && i < a.nfiles; i++) {
		const struct command *c = command_find(a.file[i]);

		if (!c)
			return command_unknown(a.file[i]);
		usage(stdout, c);
	}
	return EXIT_CLEAN;
}

const struct command command_help = {
	"help", "[COMMAND...] [options]",
	"what a command does; manual pages, completion", options, help,
};
