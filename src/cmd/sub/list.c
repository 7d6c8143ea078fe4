/* tiro list - the models on this machine, and those that can be pulled. */
#include "base/buf.h"
#include "base/json.h"
#include "cmd/progress.h"
#include "cmd/subcommand.h"
#include "store/catalogue.h"
#include "store/library.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { JSON_LEN_MAX = 16 << 20 };

static bool is_here(const struct library *lib, const char *name)
{
    for (size_t i = 0; i < lib->n; i++)
        if (strcmp(lib->models[i].name, name) == 0) return true;
    return false;
}

static int width_of(const struct library *lib, const struct catalogue *cat)
{
    size_t width = 4;
    for (size_t i = 0; i < lib->n; i++)
        if (strlen(lib->models[i].name) > width) width = strlen(lib->models[i].name);
    for (unsigned i = 0; i < cat->n_models; i++)
        if (strlen(cat->models[i].name) > width) width = strlen(cat->models[i].name);
    return width > 60 ? 60 : (int)width;
}

static const char *day_text(char out[16], int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (!localtime_r(&t, &tm) || strftime(out, 16, "%Y-%m-%d", &tm) == 0)
        (void)snprintf(out, 16, "-");
    return out;
}

static void print_library(const struct library *lib, const struct catalogue *cat, int width)
{
    char size[24], day[16];
    (void)printf("%-*s  %10s  %-10s  %s\n", width, "NAME", "SIZE", "CHANGED", "WHAT");
    for (size_t i = 0; i < lib->n; i++) {
        const struct library_model *m = &lib->models[i];
        const struct catalogue_model *known = catalogue_find(cat, m->name);
        (void)printf("%-*s  %10s  %-10s  %s%s\n", width, m->name, bytes_text(size, m->bytes),
                     day_text(day, m->mtime_s),
                     known        ? known->title
                     : m->adapter ? "adapter"
                     : m->folder  ? "folder"
                                  : "file",
                     m->verified ? ", verified" : "");
    }
}

static void print_known(const struct library *lib, const struct catalogue *cat, int width)
{
    char size[24];
    bool any = false;
    for (unsigned i = 0; i < cat->n_models; i++) {
        const struct catalogue_model *m = &cat->models[i];
        if (is_here(lib, m->name)) continue;
        if (!any) (void)printf("%sTo be had with tiro pull NAME:\n", lib->n ? "\n" : "");
        any = true;
        (void)printf("%-*s  %10s  %s (%s)\n%*s  %10s  %s\n", width, m->name,
                     bytes_text(size, catalogue_bytes(m)), m->title, m->licence, width, "", "",
                     m->description);
    }
}

static void write_here(struct json_writer *w, const struct library_model *m)
{
    json_object_begin(w);
    json_key(w, "name"), json_str(w, m->name);
    json_key(w, "path"), json_str(w, m->path);
    json_key(w, "bytes"), json_uint(w, m->bytes);
    json_key(w, "changed"), json_int(w, m->mtime_s);
    json_key(w, "folder"), json_bool(w, m->folder);
    json_key(w, "adapter"), json_bool(w, m->adapter);
    json_key(w, "verified"), json_bool(w, m->verified);
    json_object_end(w);
}

static void write_known(struct json_writer *w, const struct catalogue_model *m, bool here)
{
    json_object_begin(w);
    json_key(w, "name"), json_str(w, m->name);
    json_key(w, "title"), json_str(w, m->title);
    json_key(w, "description"), json_str(w, m->description);
    json_key(w, "licence"), json_str(w, m->licence);
    json_key(w, "kind"), json_str(w, m->kind == CATALOGUE_EMBED ? "embed" : "chat");
    json_key(w, "bytes"), json_uint(w, catalogue_bytes(m));
    json_key(w, "here"), json_bool(w, here);
    json_object_end(w);
}

static int print_json(const struct library *lib, const struct catalogue *cat, struct err *err)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, JSON_LEN_MAX);
    json_writer_init(&w, &b);
    json_object_begin(&w);
    json_key(&w, "models"), json_array_begin(&w);
    for (size_t i = 0; i < lib->n; i++) write_here(&w, &lib->models[i]);
    json_array_end(&w);
    json_key(&w, "catalogue"), json_array_begin(&w);
    for (unsigned i = 0; i < cat->n_models; i++)
        write_known(&w, &cat->models[i], is_here(lib, cat->models[i].name));
    json_array_end(&w);
    json_object_end(&w);
    int rc = buf_check(&b, "the list", err);
    if (rc == 0) (void)printf("%s\n", buf_str(&b)); /* A reader that is gone ends us by SIGPIPE. */
    buf_release(&b);
    return rc;
}

static int run(const struct args *args)
{
    struct store_paths paths;
    struct library lib;
    const struct catalogue *cat;
    struct err err;
    int rc = 0;
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0 ||
        catalogue_get(&cat, &err) < 0 || library_read(&lib, &paths, &err) < 0)
        return fail(&err);
    int width = width_of(&lib, cat);
    if (args_has(args, "json")) {
        rc = print_json(&lib, cat, &err);
    } else {
        if (lib.n > 0)
            print_library(&lib, cat, width);
        else
            (void)printf("There are no models in %s yet.\n\n", paths.models);
        print_known(&lib, cat, width);
    }
    library_release(&lib);
    return rc < 0 ? fail(&err) : 0;
}

static const struct option_row options[] = {
    { "data", "DIR", "the data folder (default: $TIRO_DATA, else ~/.local/share/tiro)", 0 },
    { "json", NULL, "as JSON: models and catalogue", 0 },
    { 0 },
};

const struct subcommand subcommand_list = {
    .name = "list",
    .summary = "the models on this machine, and those that can be pulled",
    .usage = "list [--data DIR] [--json]",
    .help = "Lists the files and folders of the data folder's models/ and, below, the models that\n"
            "tiro pull knows by name.",
    .options = options,
    .run = run,
};
