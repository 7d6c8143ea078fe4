/* What the command line may be, and what each command's help says of itself. */
#include "base/slice.h"
#include "cmd/args.h"

#include <stdio.h>
#include <string.h>

#include "unit/test.h" /* Last: cmocka's fail() is a macro. */

/* That of main.c, which is no part of the layer's library. */
int(fail)(const struct err *err)
{
    (void)err;
    return 1;
}

static const struct option_row rows[] = {
    { "port", "N", "a port", 'p' },
    { "json", NULL, "as JSON", 0 },
    { NULL, NULL, NULL, 0 },
};
static const struct subcommand wordless = { .name = "serve", .options = rows };
static const struct subcommand wordy = { .name = "run", .options = rows, .takes_words = true };

/* The words of a line, apart by single spaces. */
static int parse(struct args *ret, const struct subcommand *sub, const char *line, struct err *err)
{
    static char copy[64];
    static char *words[8];
    int n = 0;
    assert_true(snprintf(copy, sizeof copy, "%s", line) < (int)sizeof copy);
    for (char *at = copy; at; n++) {
        words[n] = at;
        at = strchr(at, ' ');
        if (at) *at++ = '\0';
    }
    return args_parse(ret, sub, n, words, err);
}

static void options_and_words(void **state)
{
    struct err err = { 0 };
    struct args args;
    (void)state;
    assert_ok(parse(&args, &wordy, "m --port=1 --json -- --port", &err), &err);
    assert_string_equal(args_get(&args, "port"), "1");
    assert_true(args_has(&args, "json"));
    assert_int_equal(args.n_words, 2);
    assert_string_equal(args.words[1], "--port");
}

static void words_where_none_are_taken(void **state)
{
    struct err err = { 0 };
    struct args args;
    (void)state;
    assert_fails(parse(&args, &wordless, "--json extra", &err), ERR_INVALID_VALUE, &err, "'extra'");
    assert_ok(parse(&args, &wordless, "--json", &err), &err);
}

static void an_option_is_no_value(void **state)
{
    static const char needs[] = "--port needs a value";
    struct err err = { 0 };
    struct args args;
    (void)state;
    assert_fails(parse(&args, &wordless, "--port --json", &err), ERR_INVALID_VALUE, &err, needs);
    assert_fails(parse(&args, &wordless, "--port", &err), ERR_INVALID_VALUE, &err, needs);
    assert_ok(parse(&args, &wordless, "--port=--json", &err), &err);
    assert_string_equal(args_get(&args, "port"), "--json");
    assert_ok(parse(&args, &wordless, "-p -1", &err), &err);
    assert_string_equal(args_get(&args, "port"), "-1");
}

static void each_command_names_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < subcommand_registry_len; i++) {
        const struct subcommand *sub = subcommand_registry[i];
        if (sub->hidden) continue;
        struct slice usage = slice_of(sub->usage);
        if (!slice_starts(usage, slice_of(sub->name)) || usage.ptr[strlen(sub->name)] != ' ')
            fail_msg("tiro %s: its usage is '%s'", sub->name, sub->usage);
        if (sub->help && slice_ends(slice_of(sub->help), SLICE("\n")))
            fail_msg("tiro %s: its help ends in an empty line", sub->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words),
        cmocka_unit_test(words_where_none_are_taken),
        cmocka_unit_test(an_option_is_no_value),
        cmocka_unit_test(each_command_names_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
