/* tiro alone: what is here, and what to type next. */
#include "cmd/progress.h"
#include "cmd/subcommand.h"
#include "gateway/client.h"
#include "store/library.h"

#include <stdio.h>

static void print_models(const struct library *lib)
{
    for (size_t i = 0; i < lib->n; i++) {
        char size[24];
        printf("  %-28s %8s\n", lib->models[i].name, bytes_text(size, lib->models[i].bytes));
    }
}

static int run(const struct args *args)
{
    (void)args;
    struct err err;
    struct store_paths paths;
    struct library lib;
    struct client_server server;
    if (store_paths_init(&paths, NULL, &err) < 0 || library_read(&lib, &paths, &err) < 0)
        return fail(&err);
    printf("tiro " TIRO_VERSION ": your own AI platform.\n\n");
    bool running = client_find(&server, paths.data, &err) == 0;
    if (running) printf("A server runs at %s\n\n", server.url);
    if (lib.n > 0) {
        printf("Models in %s:\n", paths.models);
        print_models(&lib);
        printf("\nType next:\n  tiro chat          talk to one\n");
        if (!running) printf("  tiro serve         serve them: API and chat page\n");
    } else {
        printf("There are no models in %s yet.\n\nType next:\n"
               "  tiro serve         get a small one, serve it: API and chat page\n"
               "  tiro pull NAME     get one by name; 'tiro list' shows names\n",
               paths.models);
    }
    printf("  tiro --help        all commands\n");
    library_release(&lib);
    return 0;
}

const struct subcommand subcommand_start = {
    .name = "start",
    .summary = "what is here and what to type next",
    .usage = "",
    .hidden = true,
    .run = run,
};
