/* The program started again by the gateway, as one worker; not for people. */
#include "cmd/subcommand.h"

#include "base/slice.h"
#include "worker/decode.h"
#include "worker/press.h"
#include "worker/worker.h"

#include <stdio.h>

static const struct option_row options[] = {
    { .name = "kind", .value = "KIND", .help = "text, embed, pack, index, decode or press" },
    { .name = "format", .value = "FORMAT", .help = "that decode reads, or press writes" },
    { .name = "fd", .value = "N", .help = "the connected socket" },
    { .name = NULL },
};

static int run(const struct args *args)
{
    int64_t fd = -1;
    const char *kind = args_get(args, "kind");
    if (kind && strcmp(kind, "decode") == 0 && args_has(args, "format"))
        return worker_decode(args_get(args, "format"));
    if (kind && strcmp(kind, "press") == 0 && args_has(args, "format"))
        return worker_press(args_get(args, "format"));
    if (!kind || !args_has(args, "fd") || !slice_to_i64(&fd, slice_of(args_get(args, "fd"))) ||
        fd < 0 || fd > 1 << 20) {
        fprintf(stderr, "tiro: a worker is started by 'tiro serve', not by hand\n");
        return EXIT_USAGE;
    }
    return worker_main(kind, (int)fd);
}

const struct subcommand subcommand_worker = {
    .name = "worker",
    .summary = "one worker of a running server",
    .usage = "worker --kind KIND --fd N",
    .options = options,
    .hidden = true,
    .run = run,
};
