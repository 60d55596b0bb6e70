// SPDX-License-Identifier: GPL-2.0-or-later
/* The completion of zsh: specifications for its _arguments, which knows the rest. */
#include <string.h>

#include "fuzz/tools/completion.h"

/* Within the brackets of a specification, which stands in single quotes. */
static void put_text(FILE *out, const char *s)
{
	for (; *s && *s != '\n'; s++) {
		if (*s == '\'')
			fprintf(out, "'\\'");
		else if (strchr("[]\\", *s))
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void put_action(FILE *out, const struct option_spec *o)
{
	enum value_kind kind = value_kind(o);

	switch (kind) {
	case VALUE_NONE:
	case VALUE_ANY:
		break;
	case VALUE_LIST:
		fprintf(out, "_swaprace_list ");
		value_words(out, o);
		break;
	case VALUE_WORDS:
		fputc('(', out);
		value_words(out, o);
		fputc(')', out);
		break;
	case VALUE_WORLD:
		fprintf(out, "_swaprace_worlds");
		break;
	case VALUE_DIR:
		fprintf(out, "_files -/");
		break;
	case VALUE_FILE:
		fprintf(out, "_files");
		break;
	}
}

/* '--name=-[text]:value:action': it follows in the same word; '::' where it may be left out. */
static void put_option(FILE *out, const struct option_spec *o)
{
	fprintf(out, " \\\n\t\t\t'--%s%s[", o->name, o->value ? "=-" : "");
	put_text(out, o->text);
	fputc(']', out);
	if (o->value) {
		fprintf(out, ":%s:", value_is_optional(o) ? ":value" : "value");
		put_action(out, o);
	}
	fputc('\'', out);
}

static void put_command(FILE *out, const struct command *c)
{
	static const struct option_spec of_all[] = {
		{ "help", NULL, "what it does" }, { "world", "WORLD", "what programs run on" },
	};

	fprintf(out, "\t%s)\n\t\t_arguments -S", c->name);
	put_option(out, &of_all[0]);
	put_option(out, &of_all[1]);
	for (const struct option_spec *o = c->options; o->name; o++) {
		put_option(out, o);
		if (!o->name[1]) /* -o OUT */
			fprintf(out, " \\\n\t\t\t'-%s[as --%s=]:value:_files'", o->name, o->name);
	}
	if (c == &command_tree || c == &command_vm) {
		fprintf(out, " \\\n\t\t\t'1:what:(");
		command_subcommands(out, c);
		fprintf(out, ")'");
	}
	if (command_takes_files(c))
		fprintf(out, " \\\n\t\t\t'*:file:_files'");
	if (c == &command_help)
		fprintf(out, " \\\n\t\t\t'*:command:_swaprace_commands'");
	fprintf(out, "\n\t\t;;\n");
}

static const char head[] =
	"#compdef swaprace\n"
	"# zsh completion of swaprace, by: swaprace help --completion=zsh\n"
	"# SPDX-License-Identifier: GPL-2.0-or-later\n\n"
	"# The worlds: the model, and the kernel trees that are there.\n"
	"_swaprace_worlds()\n"
	"{\n"
	"\tlocal -a worlds\n"
	"\tworlds=(\"${SWAPRACE_TREES:-%s}\"/*(N/:t))\n"
	"\tworlds=(model tree:${^worlds})\n"
	"\tcompadd \"$@\" -a worlds\n"
	"}\n\n"
	"# The last word of a list with commas.\n"
	"_swaprace_list()\n"
	"{\n"
	"\tcompset -P '*,'\n"
	"\tcompadd -S '' \"$@\"\n"
	"}\n\n"
	"_swaprace_commands()\n"
	"{\n"
	"\tlocal -a list\n"
	"\tlist=(\n";

static const char middle[] =
	"\t)\n"
	"\t_describe command list\n"
	"}\n\n"
	"_swaprace()\n"
	"{\n"
	"\tlocal curcontext=$curcontext state line\n"
	"\ttypeset -A opt_args\n"
	"\t_arguments -C -S '--help[lists the commands]' '--version[which version it is]' \\\n"
	"\t\t'--world=-[what programs run on]:value:_swaprace_worlds' \\\n"
	"\t\t'1:command:_swaprace_commands' '*::argument:->arguments' && return\n"
	"\t[[ $state == arguments ]] || return 1\n"
	"\tcase $line[1] in\n";

void completion_zsh(FILE *out)
{
	fprintf(out, head, trees_folder());
	for (size_t i = 0; commands[i]; i++) {
		fprintf(out, "\t\t'%s:", commands[i]->name);
		put_text(out, commands[i]->text);
		fprintf(out, "'\n");
	}
	fputs(middle, out);
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
	fprintf(out, "\tesac\n}\n\n_swaprace \"$@\"\n");
}
