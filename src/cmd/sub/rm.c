/* tiro rm - deletes models. */
#include "cmd/packed_place.h"
#include "cmd/progress.h"
#include "cmd/subcommand.h"
#include "store/library.h"
#include "store/packed_cache.h"

#include <stdio.h>

static int remove_one(const struct store_paths *paths, const char *name, struct err *err)
{
    struct library_model m;
    struct packed_place place;
    char size[24];
    TRY(packed_place_find(&place, paths, err));
    TRY(library_find(&m, paths, name, err));
    TRY(library_remove(paths, name, err));
    if (place.dir[0]) m.bytes += packed_cache_remove(place.dir, m.path);
    (void)printf("%s is deleted (%s freed)\n", m.name, bytes_text(size, m.bytes));
    return 0;
}

static int run(const struct args *args)
{
    struct store_paths paths;
    struct err err = { 0 };
    if (args->n_words == 0) {
        (void)err_set(&err, ERR_MISSING_PARAMETER, "name a model; tiro list shows what is here");
        (void)fail(&err);
        return EXIT_USAGE;
    }
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    int status = 0;
    for (int i = 0; i < args->n_words; i++)
        if (remove_one(&paths, args->words[i], &err) < 0) status = fail(&err);
    return status;
}

static const struct option_row options[] = {
    { "data", "DIR", "the data folder (default: $TIRO_DATA, else ~/.local/share/tiro)", 0 },
    { 0 },
};

const struct subcommand subcommand_rm = {
    .name = "rm",
    .summary = "delete a model from this machine",
    .usage = "rm NAME... [--data DIR]",
    .help = "Deletes a model's file or folder, and its packed weights. A running server forgets it "
            "within seconds;\n"
            "its open answers end with an error.",
    .options = options,
    .takes_words = true,
    .run = run,
};
