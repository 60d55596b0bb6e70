// SPDX-License-Identifier: GPL-2.0-or-later
/* The completion of fish: lines for each command, option and argument. */
#include <string.h>

#include "fuzz/tools/completion.h"

/* A text in single quotes: its first line. */
static void put_text(FILE *out, const char *s)
{
	fputc('\'', out);
	for (; *s && *s != '\n'; s++) {
		if (*s == '\'' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('\'', out);
}

/*
 * A line that completes what stands behind "--name=", in the same word. fish would offer an
 * option that it knows by -l with a blank behind it, and the value in the next word.
 */
static void put_value(FILE *out, const char *command, const struct option_spec *o)
{
	enum value_kind kind = value_kind(o);

	if (kind == VALUE_NONE || kind == VALUE_ANY)
		return;
	fprintf(out, "complete -c swaprace -n '__swaprace_gives %s %s' ", command, o->name);
	switch (kind) {
	case VALUE_WORDS:
	case VALUE_LIST:
		fprintf(out, "-a '(__swaprace_list ");
		value_words(out, o);
		fprintf(out, ")'\n");
		break;
	case VALUE_WORLD:
		fprintf(out, "-a '(__swaprace_worlds)'\n");
		break;
	case VALUE_DIR:
		fprintf(out, "-a '(__swaprace_folders)'\n");
		break;
	default:
		fprintf(out, "-F\n");
	}
}

static void put_option(FILE *out, const char *command, const struct option_spec *o)
{
	fprintf(out, "complete -c swaprace -n '__swaprace_names %s' -a '--%s%s' -d ", command, o->name,
		o->value && !value_is_optional(o) ? "=" : "");
	put_text(out, o->text);
	fprintf(out, "\n");
	put_value(out, command, o);
}

static void put_command(FILE *out, const struct command *c)
{
	static const struct option_spec of_all[] = {
		{ "help", NULL, "what it does" }, { "world", "WORLD", "what programs run on" },
	};

	fprintf(out, "\ncomplete -c swaprace -n '__swaprace_is none' -a %s -d ", c->name);
	put_text(out, c->text);
	fprintf(out, "\n");
	put_option(out, c->name, &of_all[0]);
	put_option(out, c->name, &of_all[1]);
	for (const struct option_spec *o = c->options; o->name; o++)
		put_option(out, c->name, o);
	if (c == &command_tree || c == &command_vm) {
		fprintf(out, "complete -c swaprace -n '__swaprace_is %s 1' -a '", c->name);
		command_subcommands(out, c);
		fprintf(out, "'\n");
	}
	if (c == &command_help) {
		fprintf(out, "complete -c swaprace -n '__swaprace_is help' -a '");
		for (size_t i = 0; commands[i]; i++)
			fprintf(out, "%s%s", i ? " " : "", commands[i]->name);
		fprintf(out, "'\n");
	}
	if (command_takes_files(c))
		fprintf(out, "complete -c swaprace -n '__swaprace_is %s; and not __swaprace_gives %s' -F\n",
			c->name, c->name);
}

static const char head[] =
	"# fish completion of swaprace, by: swaprace help --completion=fish\n"
	"# SPDX-License-Identifier: GPL-2.0-or-later\n\n"
	"# Is this the command (none: there is none yet)? With N: has it so many words?\n"
	"function __swaprace_is\n"
	"\tset -l words (string match -v -- '-*' (commandline -opc)[2..-1])\n"
	"\ttest (count $words) -gt 0; or set words none\n"
	"\ttest $words[1] = $argv[1]; or return 1\n"
	"\ttest (count $argv) -eq 1; or test (count $words) -eq $argv[2]\n"
	"end\n\n"
	"# Is this the command, and does the word name an option?\n"
	"function __swaprace_names\n"
	"\t__swaprace_is $argv[1]; and string match -qr -- '^-[^=]*$' (commandline -ct)\n"
	"end\n\n"
	"# Is this the command, and does the word give the option a value? Without: any option.\n"
	"function __swaprace_gives\n"
	"\t__swaprace_is $argv[1]; or return 1\n"
	"\ttest (count $argv) -eq 2; or set -a argv '*'\n"
	"\tstring match -q -- \"--$argv[2]=*\" (commandline -ct)\n"
	"end\n\n"
	"# The words with what stands before the last = or comma.\n"
	"function __swaprace_list\n"
	"\tprintf '%%s\\n' (string replace -r '[^=,]*$' '' -- (commandline -ct))$argv\n"
	"end\n\n"
	"function __swaprace_folders\n"
	"\tset -l word (commandline -ct)\n"
	"\tset -l folders (__fish_complete_directories (string replace -r '^[^=]*=' '' -- $word))\n"
	"\tprintf '%%s\\n' (string replace -r '=.*$' '=' -- $word)$folders\n"
	"end\n\n"
	"# The worlds: the model, and the kernel trees that are there.\n"
	"function __swaprace_worlds\n"
	"\tset -l trees $SWAPRACE_TREES '%s'\n"
	"\tset -l worlds model\n"
	"\tfor folder in $trees[1]/*/\n"
	"\t\tset -a worlds tree:(basename $folder)\n"
	"\tend\n"
	"\t__swaprace_list $worlds\n"
	"end\n\n"
	"complete -c swaprace -f\n"
	"complete -c swaprace -n '__swaprace_names none' -a --help -d 'lists the commands'\n"
	"complete -c swaprace -n '__swaprace_names none' -a --version -d 'which version it is'\n"
	"complete -c swaprace -n '__swaprace_names none' -a --world= -d 'what programs run on'\n"
	"complete -c swaprace -n '__swaprace_gives none world' -a '(__swaprace_worlds)'\n";

void completion_fish(FILE *out)
{
	fprintf(out, head, trees_folder());
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
}
