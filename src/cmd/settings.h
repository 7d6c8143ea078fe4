/* settings - everything a person can set: one row each, from four places.
 *
 * The built-in default, then <data>/config.yaml (or the file named by TIRO_CONFIG), then the
 * environment, then the command line; the last one that says something wins. `tiro config` prints
 * every row with its value and where that came from.
 *
 *     struct settings s;
 *     TRY(settings_load(&s, data_dir, err));
 *     settings_override(&s, SETTING_PORT, args_get(args, "port"));
 *     TRY(settings_int(&s, SETTING_PORT, &port, 0, 65535, err));
 *     settings_release(&s);
 *
 * To add a setting: one line in SETTINGS.
 */
#ifndef TIRO_CMD_SETTINGS_H
#define TIRO_CMD_SETTINGS_H

#include "base/err.h"

#include <stdint.h>

/* X(id, name in the file and option, environment variable, default, help) */
#define SETTINGS(X)                                                                              \
    X(HOST, host, "TIRO_HOST", "127.0.0.1",                                                      \
      "address to listen on; beyond loopback people sign in, or send an API key")                \
    X(PORT, port, "TIRO_PORT", "8080", "TCP port, 0 to 65535; 0 picks a free one")               \
    X(API_KEY_FILE, api_key_file, "TIRO_API_KEY_FILE", "",                                       \
      "file with API keys, one a line; TIRO_API_KEY holds one directly")                         \
    X(REQUIRE_SIGN_IN, require_sign_in, "TIRO_REQUIRE_SIGN_IN", "no",                            \
      "yes: people sign in on loopback, too, as behind a reverse proxy they should")             \
    X(ALLOW_ORIGINS, allow_origins, "TIRO_ALLOW_ORIGINS", "",                                    \
      "further web origins that may call, separated by commas")                                  \
    X(ALLOW_HOSTS, allow_hosts, "TIRO_ALLOW_HOSTS", "",                                          \
      "further names by which this server may be called, separated by commas")                   \
    X(DATABASE, database, "TIRO_DATABASE", "",                                                   \
      "where state is kept: sqlite:PATH or postgres://USER@HOST/NAME, passwords as libpq takes " \
      "them (PGPASSFILE); empty: <data>/tiro.db")                                                \
    X(DEFAULT_MODEL, default_model, "TIRO_DEFAULT_MODEL", "",                                    \
      "model of new chats; empty: the best that is here")                                        \
    X(THREADS, threads, "TIRO_THREADS", "0", "threads of each model, 0 to 256; 0: one a core")   \
    X(CONTEXT, context, "TIRO_CONTEXT", "0", "context length in tokens; 0: the model's own")     \
    X(KV_MEGABYTES, kv_megabytes, "TIRO_KV_MEGABYTES", "0",                                      \
      "memory for keys and values of each model, in MiB; 0: chosen from what is free")           \
    X(KV_TYPE, kv_type, "TIRO_KV_TYPE", "auto",                                                  \
      "keys and values: auto (f16; f32 where compute is f32), f16, f32, or q8_0: half the "      \
      "memory of f16, a little less exact")                                                      \
    X(COMPUTE, compute, "TIRO_COMPUTE", "auto", "auto: fast; f32: everything in 32-bit floats")  \
    X(SPECULATION, speculation, "TIRO_SPECULATION", "auto",                                      \
      "auto: draft tokens where that pays, the answer stays the same; lookup: only where text "  \
      "repeats itself; off: never")                                                              \
    X(DRAFT_MODELS, draft_models, "TIRO_DRAFT_MODELS", "auto",                                   \
      "small models that draft for large ones of the same family: LARGE=SMALL, with commas; "    \
      "auto: those that the catalogue pairs; none")                                              \
    X(TOOL_FORMAT, tool_format, "TIRO_TOOL_FORMAT", "auto",                                      \
      "how models write calls of tools: auto (as their templates say), hermes, llama3, "         \
      "mistral, mistral_args, deepseek, deepseek_v31, gemma, gpt_oss, granite or generic")       \
    X(PINNED_PERCENT, pinned_percent, "TIRO_PINNED_PERCENT", "25",                               \
      "share of that memory in which requests may keep their prompts against eviction, 0 to 90") \
    X(LATENCY_MS, latency_ms, "TIRO_LATENCY_MS", "100",                                          \
      "how long the next token of running answers may wait for a part of a new prompt, 1 to "    \
      "60000")                                                                                   \
    X(CACHE_DIR, cache_dir, "TIRO_CACHE_DIR", "",                                                \
      "folder for packed weights, which make later starts quick; empty: <data>/cache")           \
    X(CACHE_MEGABYTES, cache_megabytes, "TIRO_CACHE_MEGABYTES", "32768",                         \
      "most that may lie there, in MiB; 0: keep none")                                           \
    X(EMBEDDING_MODEL, embedding_model, "TIRO_EMBEDDING_MODEL", "",                              \
      "model that files of vector stores are embedded with; empty: the first that is here")      \
    X(INDEX_MEGABYTES, index_megabytes, "TIRO_INDEX_MEGABYTES", "1024",                          \
      "memory for the index of vector stores, in MiB, 1 to 1048576; those used least recently "  \
      "make room for others")                                                                    \
    X(FILE_MEGABYTES, file_megabytes, "TIRO_FILE_MEGABYTES", "102400",                           \
      "most that the files of one project may have together, in MiB; 0: any number")             \
    X(QUEUE, queue, "TIRO_QUEUE", "256", "requests that may wait for one model, 1 to 65536")     \
    X(GRACE_SECONDS, grace_seconds, "TIRO_GRACE_SECONDS", "30",                                  \
      "time for open answers at shutdown, 0 to 3600")                                            \
    X(KEEP_CHATS, keep_chats, "TIRO_KEEP_CHATS", "forever",                                      \
      "how long chats of the app are kept: 1 to 36500 days, or forever")                         \
    X(KEEP_BOOKS, keep_books, "TIRO_KEEP_BOOKS", "forever",                                      \
      "how long books are kept, counted from their last change: days, or forever")               \
    X(KEEP_FOLDERS, keep_folders, "TIRO_KEEP_FOLDERS", "forever",                                \
      "how long folders of chats are kept: 1 to 36500 days, or forever")                         \
    X(KEEP_MEMORIES, keep_memories, "TIRO_KEEP_MEMORIES", "forever",                             \
      "how long what the app remembers of people is kept: 1 to 36500 days, or forever")          \
    X(KEEP_PRESETS, keep_presets, "TIRO_KEEP_PRESETS", "forever",                                \
      "how long presets of chats are kept: 1 to 36500 days, or forever")                         \
    X(KEEP_CONVERSATIONS, keep_conversations, "TIRO_KEEP_CONVERSATIONS", "forever",              \
      "how long conversations are kept: 1 to 36500 days, or forever")                            \
    X(KEEP_COMPLETIONS, keep_completions, "TIRO_KEEP_COMPLETIONS", "30",                         \
      "how long chat completions that were asked to be stored are kept: days, or forever")       \
    X(KEEP_BATCHES, keep_batches, "TIRO_KEEP_BATCHES", "forever",                                \
      "how long batches that are over are kept, their files apart: days, or forever")            \
    X(KEEP_RESPONSES, keep_responses, "TIRO_KEEP_RESPONSES", "30",                               \
      "how long responses are kept: days, or forever")                                           \
    X(KEEP_EVALUATIONS, keep_evaluations, "TIRO_KEEP_EVALUATIONS", "forever",                    \
      "how long exams and their results are kept: days, or forever")                             \
    X(KEEP_LEDGER, keep_ledger, "TIRO_KEEP_LEDGER", "forever",                                   \
      "how long the record of what was used is kept: days, or forever")                          \
    X(KEEP_BACKUPS, keep_backups, "TIRO_KEEP_BACKUPS", "7",                                      \
      "how long the copies are kept that upgrades make of the database: days, or forever")       \
    X(FIRST_RUN, first_run, "TIRO_FIRST_RUN", "yes",                                             \
      "yes: get the starter models when there are none; no: serve what is there")                \
    X(LOG_LEVEL, log_level, "TIRO_LOG_LEVEL", "info", "debug, info, warn, error or off")         \
    X(LOG_FORMAT, log_format, "TIRO_LOG_FORMAT", "text", "text for people, json for machines")

enum setting {
#define X(id, name, env, def, help) SETTING_##id,
    SETTINGS(X)
#undef X
        SETTING_COUNT
};

enum setting_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_COMMAND_LINE };

struct setting_row {
    const char *name, *env, *def, *help;
};

struct settings {
    const char *values[SETTING_COUNT]; /* Never NULL. */
    enum setting_source sources[SETTING_COUNT];
    char file[4096];   /* Where config.yaml is, or would be. */
    void *file_values; /* What was read from it; owned. */
};

extern const struct setting_row setting_rows[SETTING_COUNT];

/* An unknown key or a value that is not a scalar in the file fails by name. A missing file is no
 * failure, unless TIRO_CONFIG names it. */
int settings_load(struct settings *ret, const char *data_dir, struct err *err) MUST_USE;
void settings_release(struct settings *s);
/* From the command line; NULL changes nothing. */
void settings_override(struct settings *s, enum setting id, const char *value);
const char *settings_str(const struct settings *s, enum setting id);
/* The error names the setting, where its value came from and the range. */
int settings_int(const struct settings *s, enum setting id, int64_t *ret, int64_t min, int64_t max,
                 struct err *err) MUST_USE;
/* yes, no, true, false, 1, 0 */
int settings_bool(const struct settings *s, enum setting id, bool *ret, struct err *err) MUST_USE;
/* Where packed weights lie: cache_dir, else a folder of the data directory; "" with
 * cache_megabytes = 0. */
int settings_packed_dir(const struct settings *s, const char *data_dir, char *ret, size_t size,
                        uint64_t *ret_bytes_max, struct err *err) MUST_USE;
/* Of each of retention_registry, by the row keep_NAME; ret has retention_registry_len. */
int settings_retention(const struct settings *s, int64_t *ret, struct err *err) MUST_USE;
const char *setting_source_name(enum setting_source source);
/* Applies log_level and log_format. */
int settings_apply_log(const struct settings *s, const char *who, struct err *err) MUST_USE;

#endif
