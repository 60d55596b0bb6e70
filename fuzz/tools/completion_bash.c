// SPDX-License-Identifier: GPL-2.0-or-later
/* The completion of bash. */
#include <string.h>

#include "fuzz/tools/completion.h"

/* What --name= of this command takes, as variables of the script. */
static void put_values(FILE *out, const struct option_spec *o)
{
	enum value_kind kind = value_kind(o);

	switch (kind) {
	case VALUE_NONE:
	case VALUE_ANY:
		fprintf(out, ":");
		break;
	case VALUE_LIST:
	case VALUE_WORDS:
		fprintf(out, "%s='", kind == VALUE_LIST ? "list" : "values");
		value_words(out, o);
		fprintf(out, "'");
		break;
	case VALUE_WORLD:
		fprintf(out, "values=$(_swaprace_worlds)");
		break;
	case VALUE_DIR:
		fprintf(out, "kind=-d");
		break;
	case VALUE_FILE:
		fprintf(out, "kind=-f");
		break;
	}
}

static void put_command(FILE *out, const struct command *c)
{
	fprintf(out, "\t%s)\n\t\toptions='--help ", c->name);
	for (const struct option_spec *o = c->options; o->name; o++)
		fprintf(out, "--%s%s ", o->name, o->value && !value_is_optional(o) ? "=" : "");
	fprintf(out, "--world='\n\t\twords='");
	command_subcommands(out, c);
	fprintf(out, "'\n");
	if (command_takes_files(c))
		fprintf(out, "\t\targuments=-f\n");
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

void completion_bash(FILE *out)
{
	fprintf(out, head, trees_folder());
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", commands[i]->name);
	fputs(middle, out);
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
	fputs(tail, out);
}
