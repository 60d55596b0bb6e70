// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the completions of all shells are made from: the tables of commands and options. What
 * an option takes follows from its name or from the kind of its value: "a|b" are words, OUT
 * and FILE files, DIR folders; lists with commas complete their last word.
 */
#ifndef FUZZ_TOOLS_COMPLETION_H
#define FUZZ_TOOLS_COMPLETION_H

#include <stdio.h>

#include "fuzz/tools/tool.h"

enum value_kind {
	VALUE_NONE,   /* a switch */
	VALUE_ANY,    /* a number, a name: nothing to complete */
	VALUE_WORDS,  /* one of value_words() */
	VALUE_LIST,   /* some of them, with commas */
	VALUE_WORLD,  /* the model, or a tree that is there */
	VALUE_DIR,
	VALUE_FILE,
};

enum value_kind value_kind(const struct option_spec *o);
/* May it be left out? */
bool value_is_optional(const struct option_spec *o);
/* With a blank between two. o: of the kind VALUE_WORDS or VALUE_LIST. */
void value_words(FILE *out, const struct option_spec *o);

/* Is FILE among its arguments? */
bool command_takes_files(const struct command *c);
/* "add NAME PATH | list": the words after the bars. Prints nothing where there are none. */
void command_subcommands(FILE *out, const struct command *c);

/* ---- completion_bash.c, completion_zsh.c, completion_fish.c ---- */

void completion_bash(FILE *out);
void completion_zsh(FILE *out);
void completion_fish(FILE *out);

#endif
