/* args - reads a subcommand's words and options by its option table. */
#ifndef TIRO_CMD_ARGS_H
#define TIRO_CMD_ARGS_H

#include "cmd/subcommand.h"

/* `--` ends the options. Unknown or repeated options, missing values and words where
 * none are taken: -ERR_UNKNOWN_PARAMETER or
 * -ERR_INVALID_VALUE, naming the option and what would be right. words points into argv. */
int args_parse(struct args *ret, const struct subcommand *sub, int argc, char **argv,
               struct err *err) MUST_USE;

#endif
