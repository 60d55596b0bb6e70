// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be completed, for all shells; and which shells there are. */
#include <string.h>

#include "fuzz/prog/profile.h"
#include "fuzz/tools/completion.h"

static const struct shell {
	const char *name;
	void (*print)(FILE *out);
} shells[] = {
	{ "bash", completion_bash }, { "zsh", completion_zsh }, { "fish", completion_fish },
};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool takes_bugs(const struct option_spec *o)
{
	static const char *const bugs[] = { "bug", "bugs", "beside", NULL };

	return is_one_of(o->name, bugs);
}

enum value_kind value_kind(const struct option_spec *o)
{
	static const char *const words[] = { "policy", "profile", NULL };
	static const char *const files[] = { "OUT", "FILE", NULL };

	if (!o->value)
		return VALUE_NONE;
	if (takes_bugs(o) || strcmp(o->name, "policies") == 0)
		return VALUE_LIST;
	if (is_one_of(o->name, words))
		return VALUE_WORDS;
	if (strcmp(o->value, "WORLD") == 0)
		return VALUE_WORLD;
	if (strchr(o->value, '|'))
		return VALUE_WORDS;
	if (strcmp(o->value, "DIR") == 0)
		return VALUE_DIR;
	return is_one_of(o->value, files) ? VALUE_FILE : VALUE_ANY;
}

bool value_is_optional(const struct option_spec *o)
{
	return o->value && o->value[0] == '[';
}

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

void value_words(FILE *out, const struct option_spec *o)
{
	if (takes_bugs(o))
		put_bugs(out);
	else if (strcmp(o->name, "policies") == 0)
		put_policies(out, true);
	else if (strcmp(o->name, "policy") == 0)
		put_policies(out, false);
	else if (strcmp(o->name, "profile") == 0)
		put_profiles(out);
	else /* "sim|native" as "sim native" */
		for (const char *s = o->value; *s; s++)
			fputc(*s == '|' ? ' ' : *s, out);
}

bool command_takes_files(const struct command *c)
{
	return strstr(c->arguments, "FILE") || c == &command_tree || c == &command_vm;
}

void command_subcommands(FILE *out, const struct command *c)
{
	if (c != &command_tree && c != &command_vm)
		return;
	for (const char *s = c->arguments; *s; s += strcspn(s, "|"), s += *s == '|') {
		s += strspn(s, " ");
		fprintf(out, "%s%.*s", s == c->arguments ? "" : " ", (int)strcspn(s, " |"), s);
	}
}

bool completion_print(FILE *out, const char *shell)
{
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].print(out);
			return true;
		}
	}
	return false;
}
