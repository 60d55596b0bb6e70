// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The completion of bash, made from the tables of commands and options. What an option
 * takes follows from its name or from the kind of its value: "a|b" are words, OUT and
 * FILE files, DIR folders; lists with commas complete their last word.
 */
#include <string.h>

#include "fuzz/prog/profile.h"
#include "fuzz/tools/tool.h"

static void put_bugs(FILE *out)
{
	for (int i = BUG_NONE; i < SEEDED_BUG_COUNT; i++)
		fprintf(out, "%s%s", i ? " " : "", seeded_bug_info((enum seeded_bug)i)->name);
}

static void put_policies(FILE *out, bool of_matrix)
{
	for (int i = of_matrix; i < PROG_POLICY_COUNT; i++) /* a matrix has no replay */
		fprintf(out, "%s%s", i > of_matrix ? " " : "", prog_policy_names[i]);
	if (of_matrix)
		fprintf(out, " portfolio native");
}

static void put_profiles(FILE *out)
{
	for (unsigned i = 0; prog_profile_name(i); i++)
		fprintf(out, "%s%s", i ? " " : "", prog_profile_name(i));
}

/* "sim|native" as "sim native". */
static void put_alternatives(FILE *out, const char *value)
{
	for (; *value; value++)
		fputc(*value == '|' ? ' ' : *value, out);
}

/* A line that sets what --name= of this command takes. */
static void put_values(FILE *out, const struct option_spec *o)
{
	static const char *const bugs[] = { "bug", "bugs", "beside", NULL };
	bool is_bug = false;

	for (int i = 0; bugs[i]; i++)
		is_bug |= strcmp(o->name, bugs[i]) == 0;
	if (is_bug || strcmp(o->name, "policies") == 0) {
		fprintf(out, "list='");
		if (is_bug)
			put_bugs(out);
		else
			put_policies(out, true);
		fprintf(out, "'");
	} else if (strcmp(o->name, "policy") == 0 || strcmp(o->name, "profile") == 0) {
		fprintf(out, "values='");
		if (o->name[1] == 'o')
			put_policies(out, false);
		else
			put_profiles(out);
		fprintf(out, "'");
	} else if (strcmp(o->value, "WORLD") == 0) {
		fprintf(out, "values=$(_swaprace_worlds)");
	} else if (strchr(o->value, '|')) {
		fprintf(out, "values='");
		put_alternatives(out, o->value);
		fprintf(out, "'");
	} else if (strcmp(o->value, "DIR") == 0) {
		fprintf(out, "kind=-d");
	} else if (strcmp(o->value, "OUT") == 0 || strcmp(o->value, "FILE") == 0) {
		fprintf(out, "kind=-f");
	} else {
		fprintf(out, ":");
	}
}

/* "add NAME PATH | list": the words after the bars. */
static void put_subcommands(FILE *out, const char *arguments)
{
	for (const char *s = arguments; *s; s += strcspn(s, "|"), s += *s == '|') {
		s += strspn(s, " ");
		fprintf(out, "%.*s ", (int)strcspn(s, " |"), s);
	}
}

static void put_command(FILE *out, const struct command *c)
{
	fprintf(out, "\t%s)\n\t\toptions='--help ", c->name);
	for (const struct option_spec *o = c->options; o->name; o++)
		fprintf(out, "--%s%s ", o->name, o->value && o->value[0] != '[' ? "=" : "");
	fprintf(out, "--world='\n");
	if (strstr(c->arguments, "FILE"))
		fprintf(out, "\t\targuments=-f\n");
	if (c == &command_tree || c == &command_vm) {
		fprintf(out, "\t\twords='");
		put_subcommands(out, c->arguments);
		fprintf(out, "'\n\t\targuments=-f\n");
	}
	if (c == &command_help)
		fprintf(out, "\t\twords=$commands\n");
	fprintf(out, "\t\tcase $name in\n\t\t--world) values=$(_swaprace_worlds) ;;\n");
	for (const struct option_spec *o = c->options; o->name; o++) {
		if (!o->value)
			continue;
		fprintf(out, "\t\t--%s) ", o->name);
		put_values(out, o);
		fprintf(out, " ;;\n");
	}
	fprintf(out, "\t\tesac\n\t\t;;\n");
}

static const char head[] =
	"# bash completion of swaprace, by: swaprace help --completion=bash\n"
	"# SPDX-License-Identifier: GPL-2.0-or-later\n\n"
	"# The worlds: the model, and the kernel trees that are there.\n"
	"_swaprace_worlds()\n"
	"{\n"
	"\tlocal folder\n"
	"\tprintf 'model\\n'\n"
	"\tfor folder in \"${SWAPRACE_TREES:-%s}\"/*/; do\n"
	"\t\t[[ -d $folder ]] && folder=${folder%%/} && printf 'tree:%%s\\n' \"${folder##*/}\"\n"
	"\tdone\n"
	"}\n\n"
	"_swaprace()\n"
	"{\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} cur name='' value='' before='' command='' word reply\n"
	"\tlocal options='--help --version --world=' values='' list='' kind='' words='' arguments=''\n"
	"\tlocal commands='";

static const char middle[] =
	"'\n"
	"\tcur=${line##*[[:space:]]}\n"
	"\tfor word in ${line%\"$cur\"}; do\n"
	"\t\t[[ $word == -* || $word == \"${COMP_WORDS[0]}\" ]] && continue\n"
	"\t\tcommand=$word\n"
	"\t\tbreak\n"
	"\tdone\n"
	"\t[[ $cur == --*=* ]] && name=${cur%%=*} && value=${cur#*=}\n"
	"\tcase $command in\n"
	"\t'')\n"
	"\t\twords=$commands\n"
	"\t\t[[ $name == --world ]] && values=$(_swaprace_worlds)\n"
	"\t\t;;\n";

/* What bash replaces begins behind the last = or : of the word. */
static const char tail[] =
	"\tesac\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $name ]]; then\n"
	"\t\t[[ $list ]] && before=${value%\"${value##*,}\"}\n"
	"\t\tvalue=${value#\"$before\"}\n"
	"\t\tmapfile -t COMPREPLY < <(compgen ${kind:+\"$kind\"} -W \"$values $list\" -- \"$value\")\n"
	"\t\tfor word in \"${!COMPREPLY[@]}\"; do\n"
	"\t\t\treply=$name=$before${COMPREPLY[word]}\n"
	"\t\t\t[[ $COMP_WORDBREAKS == *[=:]* ]] && reply=${reply#\"${cur%\"${cur##*[=:]}\"}\"}\n"
	"\t\t\tCOMPREPLY[word]=$reply\n"
	"\t\tdone\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"\t\t[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen ${arguments:+\"$arguments\"} -W \"$words\" -- \"$cur\")\n"
	"\t\t[[ $arguments ]] && compopt -o filenames\n"
	"\tfi\n"
	"\t[[ $kind ]] && compopt -o filenames\n"
	"\treturn 0\n"
	"}\n"
	"complete -F _swaprace swaprace\n";

void completion_print(FILE *out)
{
	fprintf(out, head, trees_folder());
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", commands[i]->name);
	fputs(middle, out);
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
	fputs(tail, out);
}
