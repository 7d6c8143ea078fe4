#include "cmd/settings.h"

#include "base/log.h"
#include "base/seam.h"
#include "base/slice.h"
#include "store/retention.h"

#include <assert.h>
#include <cyaml/cyaml.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VALUE_LEN_MAX = 4096 };

const struct setting_row setting_rows[SETTING_COUNT] = {
#define X(id, key, environment, value, text) \
    [SETTING_##id] = { .name = #key, .env = environment, .def = value, .help = text },
    SETTINGS(X)
#undef X
};

/* config.yaml is one flat mapping with these keys, all optional. */
struct file_values {
#define X(id, name, env, def, help) char *name;
    SETTINGS(X)
#undef X
};

static const cyaml_schema_field_t file_fields[] = {
#define X(id, name, env, def, help)                                                             \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_values, \
                           name, 0, VALUE_LEN_MAX),
    SETTINGS(X)
#undef X
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file_values, file_fields),
};

/* libcyaml's own words, with key and line, kept for the error. */
static void keep_message(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    char *text = ctx;
    if (level < CYAML_LOG_ERROR) return;
    size_t used = strlen(text);
    if (used + 1 >= ERR_TEXT_MAX / 2) return;
    (void)vsnprintf(text + used, ERR_TEXT_MAX / 2 - used, fmt, args); /* May be cut. */
    for (char *p = text; *p; p++)
        if (*p == '\n') *p = ' ';
}

static const cyaml_config_t *config(char *message)
{
    static _Thread_local cyaml_config_t c;
    c = (cyaml_config_t){
        .log_fn = keep_message,
        .log_ctx = message,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    return &c;
}

static int load_file(struct settings *s, struct err *err)
{
    char message[ERR_TEXT_MAX / 2] = "";
    struct file_values *values = NULL;
    cyaml_err_t rc = cyaml_load_file(s->file, config(message), &file_schema,
                                     (cyaml_data_t **)&values, NULL);
    if (rc != CYAML_OK)
        return err_set(err, ERR_INVALID_VALUE, "%s: %s; see 'tiro config' for what may stand there",
                       s->file, message[0] ? message : cyaml_strerror(rc));
    s->file_values = values;
    if (!values) return 0;
    const char *const texts[SETTING_COUNT] = {
#define X(id, name, env, def, help) [SETTING_##id] = values->name,
        SETTINGS(X)
#undef X
    };
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (!texts[i]) continue;
        s->values[i] = texts[i];
        s->sources[i] = FROM_FILE;
    }
    return 0;
}

int settings_load(struct settings *ret, const char *data_dir, struct err *err)
{
    struct settings s = { 0 };
    const char *named = getenv("TIRO_CONFIG");
    int n = named ? snprintf(s.file, sizeof s.file, "%s", named)
                  : snprintf(s.file, sizeof s.file, "%s/config.yaml", data_dir);
    if (n < 0 || (size_t)n >= sizeof s.file)
        return err_set(err, ERR_LIMIT, "the path of the configuration file is too long");
    for (int i = 0; i < SETTING_COUNT; i++) s.values[i] = setting_rows[i].def;
    if (named || access(s.file, F_OK) == 0) TRY(load_file(&s, err));
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *value = getenv(setting_rows[i].env);
        if (!value) continue;
        s.values[i] = value;
        s.sources[i] = FROM_ENVIRONMENT;
    }
    *ret = s;
    return 0;
}

void settings_release(struct settings *s)
{
    char message[ERR_TEXT_MAX / 2] = "";
    if (s->file_values) (void)cyaml_free(config(message), &file_schema, s->file_values, 0);
    s->file_values = NULL;
}

void settings_override(struct settings *s, enum setting id, const char *value)
{
    if (!value) return;
    s->values[id] = value;
    s->sources[id] = FROM_COMMAND_LINE;
}

const char *settings_str(const struct settings *s, enum setting id)
{
    assert(id < SETTING_COUNT);
    return s->values[id];
}

int settings_int(const struct settings *s, enum setting id, int64_t *ret, int64_t min, int64_t max,
                 struct err *err)
{
    int64_t value;
    if (!slice_to_i64(&value, slice_of(s->values[id])) || value < min || value > max)
        return err_set(
            err, ERR_INVALID_VALUE,
            "%s is '%s' (from %s); it must be a whole number from %" PRId64 " to %" PRId64,
            setting_rows[id].name, s->values[id], setting_source_name(s->sources[id]), min, max);
    *ret = value;
    return 0;
}

int settings_bool(const struct settings *s, enum setting id, bool *ret, struct err *err)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = { { "yes", true },    { "no", false }, { "true", true },
                  { "false", false }, { "1", true },   { "0", false } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_is(slice_of(s->values[id]), words[i].text)) {
            *ret = words[i].value;
            return 0;
        }
    return err_set(err, ERR_INVALID_VALUE, "%s is '%s' (from %s); it must be yes or no",
                   setting_rows[id].name, s->values[id], setting_source_name(s->sources[id]));
}

int settings_packed_dir(const struct settings *s, const char *data_dir, char *ret, size_t size,
                        uint64_t *ret_bytes_max, struct err *err)
{
    int64_t megabytes;
    const char *named = settings_str(s, SETTING_CACHE_DIR);
    TRY(settings_int(s, SETTING_CACHE_MEGABYTES, &megabytes, 0, 1 << 30, err));
    *ret_bytes_max = (uint64_t)megabytes << 20;
    ret[0] = '\0';
    if (megabytes == 0) return 0;
    int n = snprintf(ret, size, *named ? "%s" : "%s/cache", *named ? named : data_dir);
    if (n < 0 || (size_t)n >= size) return err_set(err, ERR_LIMIT, "cache_dir is too long");
    if (ret[0] == '/') return 0;
    return err_set(err, ERR_INVALID_VALUE,
                   "cache_dir is '%s' (from %s); it must be an absolute path", named,
                   setting_source_name(s->sources[SETTING_CACHE_DIR]));
}

static const struct setting_row *find_row(const char *prefix, const char *name)
{
    size_t n = strlen(prefix);
    for (int i = 0; i < SETTING_COUNT; i++)
        if (strncmp(setting_rows[i].name, prefix, n) == 0 &&
            strcmp(setting_rows[i].name + n, name) == 0)
            return &setting_rows[i];
    return NULL;
}

int settings_retention(const struct settings *s, int64_t *ret, struct err *err)
{
    for (size_t i = 0; i < retention_registry_len; i++) {
        const struct setting_row *row = find_row("keep_", retention_registry[i]->name);
        assert(row); /* Each kind has one: store/retention.h. */
        size_t at = (size_t)(row - setting_rows);
        if (retention_days_of(&ret[i], s->values[at])) continue;
        return err_set(err, ERR_INVALID_VALUE,
                       "%s is '%s' (from %s); it must be a number of days from 1 to %d, or forever",
                       row->name, s->values[at], setting_source_name(s->sources[at]),
                       RETENTION_DAYS_MAX);
    }
    return 0;
}

const char *setting_source_name(enum setting_source source)
{
    static const char *const names[] = { "default", "config file", "environment", "command line" };
    return names[source];
}

int settings_apply_log(const struct settings *s, const char *who, struct err *err)
{
    enum log_level level;
    if (!log_level_of(&level, settings_str(s, SETTING_LOG_LEVEL)))
        return err_set(err, ERR_INVALID_VALUE,
                       "log_level is '%s'; it must be debug, info, warn, error or off",
                       settings_str(s, SETTING_LOG_LEVEL));
    struct slice format = slice_of(settings_str(s, SETTING_LOG_FORMAT));
    if (!slice_is(format, "text") && !slice_is(format, "json"))
        return err_set(err, ERR_INVALID_VALUE, "log_format is '%s'; it must be text or json",
                       format.ptr);
    log_setup(level, slice_is(format, "json") ? LOG_JSON : LOG_TEXT, who);
    return 0;
}
