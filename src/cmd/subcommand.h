/* subcommand - one command of the program: a file in cmd/sub/ that ends in a descriptor.
 *
 * To add one: write src/cmd/sub/NAME.c with
 *
 *     const struct subcommand subcommand_NAME = {
 *         .name = "NAME", .summary = "one line", .usage = "NAME [--json] FILE",
 *         .help = "what it does, each option with its default and unit, examples",
 *         .options = options, .run = run,
 *     };
 *
 * The build finds it; `tiro`, `tiro --help` and `tiro NAME --help` print it. Only src/cmd prints
 * or exits: results on stdout, progress and errors on stderr.
 */
#ifndef TIRO_CMD_SUBCOMMAND_H
#define TIRO_CMD_SUBCOMMAND_H

#include "base/err.h"

enum { EXIT_USAGE = 2, ARGS_OPTIONS_MAX = 32 };

/* One row of an option table; `--name=value` and `--name value` are the same. */
struct option_row {
    const char *name;  /* "port" for --port; NULL ends the table */
    const char *value; /* "N", "FILE"; NULL for a switch */
    const char *help;  /* with default and unit */
    char letter;       /* 'p' for -p; 0 for none */
};

/* What the command line gave; filled by args_parse. */
struct args {
    const struct option_row *options;
    const char
        *values[ARGS_OPTIONS_MAX]; /* by row: the text given, "" for a switch, NULL when absent */
    char **words;                  /* what is not an option */
    int n_words;
};

struct subcommand {
    const char *name, *summary, *usage, *help;
    const struct option_row *options;
    bool takes_words;                    /* besides options: names, files, texts */
    bool hidden;                         /* for the program itself, e.g. worker */
    int (*run)(const struct args *args); /* the exit status */
};

extern const struct subcommand *const subcommand_registry[];
extern const size_t subcommand_registry_len;

const char *args_get(const struct args *args, const char *name); /* NULL when absent */
bool args_has(const struct args *args, const char *name);
/* Prints "tiro: text" and what to type next to stderr; returns 1, for `return fail(&err)`. */
int fail(const struct err *err);

#endif
