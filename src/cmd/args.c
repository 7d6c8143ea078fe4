#include "cmd/args.h"

#include "base/slice.h"

#include <assert.h>
#include <stdio.h>

enum { ROWS_MAX = ARGS_OPTIONS_MAX };

static int row_by_name(const struct option_row *rows, struct slice name)
{
    for (int i = 0; rows && rows[i].name; i++)
        if (slice_is(name, rows[i].name)) return i;
    return -1;
}

static int row_by_letter(const struct option_row *rows, char letter)
{
    for (int i = 0; rows && rows[i].name; i++)
        if (rows[i].letter && rows[i].letter == letter) return i;
    return -1;
}

/* One option at argv[*i]; moves *i past its value when that stands in the next word. */
static int option(struct args *args, const struct subcommand *sub, int argc, char **argv, int *i,
                  struct err *err)
{
    struct slice word = slice_of(argv[*i]);
    bool is_long = slice_starts(word, SLICE("--"));
    struct slice name = { word.ptr + (is_long ? 2 : 1), word.len - (is_long ? 2 : 1) };
    size_t eq = slice_find(name, SLICE("="));
    const char *value = is_long && eq < name.len ? name.ptr + eq + 1 : NULL;
    if (is_long) name.len = eq;
    int row = is_long         ? row_by_name(sub->options, name)
              : name.len == 1 ? row_by_letter(sub->options, name.ptr[0])
                              : -1;
    if (row < 0)
        return err_set(err, ERR_UNKNOWN_PARAMETER, "tiro %s has no option %s; see 'tiro %s --help'",
                       sub->name, argv[*i], sub->name);
    assert(row < (int)ROWS_MAX);
    const struct option_row *option_row = &sub->options[row];
    if (args->values[row])
        return err_set(err, ERR_INVALID_VALUE, "--%s is given twice", option_row->name);
    if (!option_row->value && value)
        return err_set(err, ERR_INVALID_VALUE, "--%s takes no value", option_row->name);
    if (option_row->value && !value) {
        /* An option where the value should be was meant as one: --NAME=--TEXT says otherwise. */
        if (*i + 1 >= argc || slice_starts(slice_of(argv[*i + 1]), SLICE("--")))
            return err_set(err, ERR_INVALID_VALUE, "--%s needs a value: --%s %s", option_row->name,
                           option_row->name, option_row->value);
        value = argv[++*i];
    }
    args->values[row] = value ? value : "";
    return 0;
}

int args_parse(struct args *ret, const struct subcommand *sub, int argc, char **argv,
               struct err *err)
{
    struct args args = { .options = sub->options, .words = argv };
    int n_words = 0;
    bool only_words = false;
    for (int i = 0; i < argc; i++) {
        if (!only_words && slice_is(slice_of(argv[i]), "--")) {
            only_words = true;
        } else if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[n_words++] = argv[i]; /* n_words <= i: words move to the front. */
        } else {
            TRY(option(&args, sub, argc, argv, &i, err));
        }
    }
    if (n_words > 0 && !sub->takes_words)
        return err_set(err, ERR_INVALID_VALUE, "tiro %s takes no '%s'; see 'tiro %s --help'",
                       sub->name, argv[0], sub->name);
    args.n_words = n_words;
    *ret = args;
    return 0;
}

const char *args_get(const struct args *args, const char *name)
{
    int row = row_by_name(args->options, slice_of(name));
    assert(row >= 0); /* The command asks only for options of its own table. */
    return args->values[row];
}

bool args_has(const struct args *args, const char *name)
{
    return args_get(args, name) != NULL;
}
