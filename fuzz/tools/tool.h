/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of `swaprace` share: options, programs from files, output
 * that is never half written. A command returns the exit status, EXIT_...; 2 and 3 are
 * said in one line on stderr.
 */
#ifndef FUZZ_TOOLS_TOOL_H
#define FUZZ_TOOLS_TOOL_H

#include <stdio.h>

#include "fuzz/exec/run.h"
#include "fuzz/prog/prog.h"

#define EXIT_CLEAN 0
#define EXIT_REPORT 1
#define EXIT_USAGE 2
#define EXIT_ENVIRONMENT 3 /* a build, the disk, memory, a process: not the caller's input */
#define EXIT_SKIPPED 77 /* nothing was run: all files are for other worlds */

/* One "--name=value" (or "--name" where value is NULL) that a command takes. */
struct option_spec {
	const char *name;
	const char *value;   /* its kind in --help: "S", "DIR"; "[NAME]": may be left out; NULL:
			      * a switch */
	const char *text;
};

struct command {
	const char *name;
	const char *arguments; /* "FILE... [options]" */
	const char *text;
	const struct option_spec *options; /* ends with a NULL name */
	int (*run)(int argc, char **argv);
};
extern const struct command command_run, command_search, command_show, command_encode,
	command_minimize, command_trace, command_bugs, command_matrix, command_bench,
	command_kernel, command_export_c, command_tree, command_compare, command_port,
	command_selftest, command_vm, command_confirm, command_help;

/* ---- main.c, cmd_help.c, completion.c ---- */

extern const struct command *const commands[]; /* that --help lists; ends with NULL */
const struct command *command_find(const char *name);
/* One line on stderr, with the nearest name; returns EXIT_USAGE. */
int command_unknown(const char *name);
void commands_print(FILE *out);
/* Does it take a policy? */
bool command_has_policies(const struct command *c);
/* The completion of a shell, as a script. False: there is none for it. */
bool completion_print(FILE *out, const char *shell);

/* ---- world.c ---- */

/* --world= of the command line, which is taken out of it: goes on (0) where it means
 * the world of this executable, else becomes the tree's executable. Returns a status
 * after a line on stderr where that cannot be. */
int world_select(int *argc, char **argv);
/* Prints " --world=NAME" where the world is not the model: part of a command line. */
void print_world_option(FILE *out);
/* The script behind swaprace tree, and the folder of the trees. */
const char *tree_script(void);
const char *trees_folder(void);
/* The script behind swaprace vm. */
const char *vm_script(void);
/* Is the checkout there that has the script? Else EXIT_ENVIRONMENT after a line on stderr:
 * this executable may be installed elsewhere. */
int checkout_check(const char *command, const char *script);

/* Becomes the script, with these words as its arguments. EXIT_ENVIRONMENT after a line on
 * stderr where that fails. */
int script_run(const char *command, const char *script, const char *const *words, int count);

/* ---- options.c ---- */

#define ARGS_FILES_MAX 4096
struct args {
	const struct command *command;
	const char *file[ARGS_FILES_MAX];
	int nfiles;
	const char *value[24];  /* by index in command->options; "" for a switch */
};
/* 0, or EXIT_USAGE after the line on stderr; -1 after --help was printed. */
int args_parse(struct args *a, const struct command *c, int argc, char **argv);
/* NULL where the option was not given. */
const char *args_get(const struct args *a, const char *name);
/* Numbers: the default where it was not given; *bad is set after a line on stderr. */
/* --seed=: a new one where it was not given; then *fresh, and it must be printed. */
u64 args_seed(const struct args *a, bool *fresh, bool *bad);
u64 args_number(const struct args *a, const char *name, u64 otherwise, u64 max, bool *bad);
/* --jobs=: as many processes as cores that this one may use, at most most, where it was not
 * given. */
u64 args_jobs(const struct args *a, u64 most, u64 max, bool *bad);
double args_seconds(const struct args *a, const char *name, double otherwise, bool *bad);
/* What --policy= takes: of a program, of a search. */
extern const char option_policy_text[], option_search_policy_text[];
/* enum prog_policy, RUN_POLICY_OF_PROGRAM where not given; -2 after an error. */
int args_policy(const struct args *a);
/* --bug=A,B, or what the text says (may be NULL) where it was not given: 0 or EXIT_USAGE. */
int args_bugs(const struct args *a, const char *text, struct seeded_bug_set *bugs);
/* What --bug= takes. */
extern const char option_bug_text[], option_bug_search_text[];
/* --NAME=: one of two words, the first where it was not given; 0 or EXIT_USAGE. */
int args_choice(const struct args *a, const char *name, const char *first, const char *second,
		bool *is_second);
/* --races=: 0 or EXIT_USAGE. */
int args_races(const struct args *a, bool *marked);
int args_backend(const struct args *a); /* enum engine_backend, -2 after an error */
const struct prog_profile *args_profile(const struct args *a); /* NULL after an error */
void usage(FILE *out, const struct command *c);
extern const char exit_status_text[]; /* the table of all commands */
/* "swaprace NAME: ..." on stderr, one line; returns EXIT_USAGE. */
int bad_usage(const char *command, const char *fmt, ...) __printf_like(2, 3);
/* The same, but it is the machine's fault; returns EXIT_ENVIRONMENT. */
int bad_environment(const char *command, const char *fmt, ...) __printf_like(2, 3);

/* ---- files.c ---- */

/* As load_program(), and this world can be the program's machine. */
int load_runnable(const char *path, struct prog *p, struct prog_text *text);
/* Text or a fuzzer's bytes, told apart by content; with bytes this world's machine, as its
 * target runs them. 0 or EXIT_USAGE. */
int load_program(const char *path, struct prog *p, struct prog_text *text);
/* What the last load_program() that failed has said on stderr. */
const char *load_error(void);
/* Before long work: can path be written when it is done? 0, EXIT_USAGE where its folder
 * is not there, EXIT_ENVIRONMENT where it cannot be written. */
int output_check(const char *path);
/* The folder that --out=DIR and the like name, with those above it. 0, EXIT_USAGE where a file
 * is in the way, EXIT_ENVIRONMENT; both after a line on stderr. */
int make_folder(const char *command, const char *path);
/* To a temporary file beside path, then renamed; what is no regular file (a pipe,
 * a device) is written to as it is. 0, EXIT_USAGE or EXIT_ENVIRONMENT as above. */
int write_file(const char *path, const void *data, size_t size);
/* path: without ".prog", with room for 32 more characters; gets the name that was free:
 * path.prog, path-2.prog, ... An older file is never replaced. Status as write_file(). */
int write_new_program(char *path, size_t path_size, const struct prog *p,
		      const struct prog_text *text);
int write_program(const char *path, const struct prog *p, const struct prog_text *text);
/* Prints a string as JSON, with its quotes; as XML text. What is not UTF-8, and what XML
 * cannot have, becomes U+FFFD. */
void print_json(FILE *out, const char *s);
void print_xml(FILE *out, const char *s);
double now_seconds(void);
/* Progress on a terminal: once a second at most; quiet in a pipe. */
void progress(const char *fmt, ...) __printf_like(1, 2);
void progress_end(void);
/* Memory of this process's own, resident or swapped. Pages of files are not: some kernels
 * drop those that are not in use, and then they come back. */
long own_memory_kib(void);

#endif
