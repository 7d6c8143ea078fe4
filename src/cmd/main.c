/* tiro - one program: chooses the subcommand named first and prints help made from the table. */
#include "base/json.h"
#include "base/log.h"
#include "base/slice.h"
#include "cmd/args.h"
#include "cmd/subcommand.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

int fail(const struct err *err)
{
    fprintf(stderr, "tiro: %s\n", err->text);
    return 1;
}

static void print_commands(FILE *out)
{
    for (size_t i = 0; i < subcommand_registry_len; i++) {
        const struct subcommand *sub = subcommand_registry[i];
        if (!sub->hidden) fprintf(out, "  %-10s %s\n", sub->name, sub->summary);
    }
}

static void print_help(FILE *out)
{
    fprintf(out, "tiro " TIRO_VERSION ": your own AI platform.\n\n"
                 "usage: tiro COMMAND [options] [arguments]\n\ncommands:\n");
    print_commands(out);
    fprintf(out, "\n'tiro COMMAND --help' explains one. Begin with 'tiro serve' or 'tiro chat'.\n");
}

static void print_subcommand_help(const struct subcommand *sub)
{
    printf("usage: tiro %s\n\n%s\n", sub->usage, sub->help ? sub->help : sub->summary);
    if (sub->options && sub->options[0].name) printf("\noptions:\n");
    for (const struct option_row *o = sub->options; o && o->name; o++) {
        char left[48];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : "  ",
                 o->letter ? o->letter : ' ', o->letter ? ", " : " ", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        printf("  %-26s %s\n", left, o->help);
    }
}

static const struct subcommand *subcommand_by_name(const char *name)
{
    for (size_t i = 0; i < subcommand_registry_len; i++)
        if (slice_is(slice_of(name), subcommand_registry[i]->name)) return subcommand_registry[i];
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (slice_is(slice_of(argv[i]), "--")) return false;
        if (slice_is(slice_of(argv[i]), "--help") || slice_is(slice_of(argv[i]), "-h")) return true;
    }
    return false;
}

static int run(const struct subcommand *sub, int argc, char **argv)
{
    if (!sub->hidden && asks_for_help(argc, argv)) {
        print_subcommand_help(sub);
        return 0;
    }
    struct args args;
    struct err err;
    if (args_parse(&args, sub, argc, argv, &err) < 0) {
        (void)fail(&err);
        return EXIT_USAGE;
    }
    return sub->run(&args);
}

/* A full disk behind a redirection shows here at the latest. */
static int finish(int status)
{
    struct err err;
    bool failed = ferror(stdout); /* Then errno is no longer that of the write. */
    if (fflush(stdout) == 0 && !failed) return status;
    if (failed)
        (void)err_set(&err, ERR_IO, "the output could not be written");
    else
        (void)err_errno(&err, errno, "the output could not be written");
    (void)fail(&err);
    return status ? status : 1;
}

/* Where a caller closed one of the first three, what is printed to it would land in whatever file
 * is opened next: the database. What cannot be written to fails as before. */
static void occupy_standard_streams(void)
{
    int fd;
    do fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) (void)close(fd); /* Nothing was written. */
}

int main(int argc, char **argv)
{
    occupy_standard_streams();
    if (sodium_init() < 0) {
        fprintf(stderr, "tiro: the system gives no random numbers\n");
        return 1;
    }
    json_init();
    log_setup(LOG_INFO, LOG_TEXT, "tiro");
    if (argc < 2) {
        const struct subcommand *start = subcommand_by_name("start");
        if (start) return run(start, 0, argv + 1);
        print_help(stdout);
        return 0;
    }
    if (slice_is(slice_of(argv[1]), "--version")) {
        printf("tiro " TIRO_VERSION "\n");
        return 0;
    }
    if (slice_is(slice_of(argv[1]), "--help") || slice_is(slice_of(argv[1]), "-h") ||
        slice_is(slice_of(argv[1]), "help")) {
        print_help(stdout);
        return 0;
    }
    const struct subcommand *sub = subcommand_by_name(argv[1]);
    if (!sub) {
        fprintf(stderr, "tiro: there is no command '%s'\n\ncommands:\n", argv[1]);
        print_commands(stderr);
        return EXIT_USAGE;
    }
    return finish(run(sub, argc - 2, argv + 2));
}
