/* What the command line may be, and what each command's help says of itself. */
#include "unit/test.h"

#include "base/slice.h"
#include "cmd/args.h"

#include <string.h>

static const struct option_row rows[] = {
    { "port", "N", "a port", 'p' },
    { "json", NULL, "as JSON", 0 },
    { NULL, NULL, NULL, 0 },
};
static const struct subcommand wordless = { .name = "serve", .options = rows };
static const struct subcommand wordy = { .name = "run", .options = rows, .takes_words = true };

static void options_and_words(void **state)
{
    struct err err = { 0 };
    struct args args;
    char *words[] = { "m", "--port=1", "--json", "--", "--port" };
    (void)state;
    assert_ok(args_parse(&args, &wordy, 5, words, &err), &err);
    assert_string_equal(args_get(&args, "port"), "1");
    assert_true(args_has(&args, "json"));
    assert_int_equal(args.n_words, 2);
    assert_string_equal(args.words[1], "--port");
}

static void words_where_none_are_taken(void **state)
{
    struct err err = { 0 };
    struct args args;
    char *words[] = { "--json", "extra" };
    (void)state;
    assert_fails(args_parse(&args, &wordless, 2, words, &err), ERR_INVALID_VALUE, &err, "'extra'");
}

static void an_option_is_no_value(void **state)
{
    struct err err = { 0 };
    struct args args;
    char *swallowed[] = { "--port", "--json" }, *last[] = { "--port" };
    char *joined[] = { "--port=--json" }, *negative[] = { "-p", "-1" };
    (void)state;
    assert_fails(args_parse(&args, &wordless, 2, swallowed, &err), ERR_INVALID_VALUE, &err,
                 "--port needs a value");
    assert_fails(args_parse(&args, &wordless, 1, last, &err), ERR_INVALID_VALUE, &err,
                 "--port needs a value");
    assert_ok(args_parse(&args, &wordless, 1, joined, &err), &err);
    assert_string_equal(args_get(&args, "port"), "--json");
    assert_ok(args_parse(&args, &wordless, 2, negative, &err), &err);
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
