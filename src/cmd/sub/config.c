/* tiro config: every setting, its value and where that came from. */
#include "cmd/settings.h"
#include "cmd/subcommand.h"

#include "base/json.h"
#include "store/paths.h"

#include <stdio.h>

static const struct option_row options[] = {
    { .name = "data", .value = "DIR", .help = "data directory (default: see 'tiro doctor')" },
    { .name = "json", .help = "print JSON" },
    { .name = NULL },
};

static void print_json(const struct settings *s)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "file");
    json_str(&w, s->file);
    json_key(&w, "settings");
    json_array_begin(&w);
    for (int i = 0; i < SETTING_COUNT; i++) {
        json_object_begin(&w);
        json_key(&w, "name");
        json_str(&w, setting_rows[i].name);
        json_key(&w, "value");
        json_str(&w, s->values[i]);
        json_key(&w, "source");
        json_str(&w, setting_source_name(s->sources[i]));
        json_key(&w, "env");
        json_str(&w, setting_rows[i].env);
        json_key(&w, "default");
        json_str(&w, setting_rows[i].def);
        json_key(&w, "help");
        json_str(&w, setting_rows[i].help);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    puts(buf_str(&out));
    buf_release(&out);
}

static void print_text(const struct settings *s)
{
    printf("# %s\n", s->file);
    for (int i = 0; i < SETTING_COUNT; i++) {
        printf("\n# %s\n# environment: %s, now from: %s\n%s: \"%s\"\n", setting_rows[i].help,
               setting_rows[i].env, setting_source_name(s->sources[i]), setting_rows[i].name,
               s->values[i]);
    }
}

static int run(const struct args *args)
{
    struct store_paths paths;
    struct settings s;
    struct err err;
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    if (settings_load(&s, paths.data, &err) < 0) return fail(&err);
    if (args_has(args, "json")) {
        print_json(&s);
    } else {
        print_text(&s);
    }
    settings_release(&s);
    return 0;
}

const struct subcommand subcommand_config = {
    .name = "config",
    .summary = "show every setting, its value and where it comes from",
    .usage = "config [--json] [--data DIR]",
    .help =
        "Prints all settings as a config.yaml that would give the same values. A setting comes\n"
        "from the built-in default, then DIR/config.yaml (or the file TIRO_CONFIG names), then\n"
        "the environment, then the command line; the last one wins.\n\n"
        "  tiro config > ~/.local/share/tiro/config.yaml      begin a file of your own",
    .options = options,
    .run = run,
};
