/* gateway - the whole server as one call: HTTP, keys, workers, metrics, control socket, page.
 *
 *     static void listening(void *ctx, struct gateway *g, const char *url) { ... print url ... }
 *
 *     struct gateway_options o = { .host = "127.0.0.1", .port = 8080, .data_dir = dir,
 *                                  .models = models, .n_models = n, .on_listening = listening };
 *     if (gateway_run(&o, &err) < 0) return fail(&err);
 *
 * gateway_run owns its thread until SIGTERM or SIGINT has drained the server (see `grace_ms`), and
 * then returns 0; a second signal ends the process at once. It opens <data_dir>/tiro.lock (held
 * while it runs; a second server with the same directory is refused by name) and listens on
 * <data_dir>/tiro.sock too (mode 0600, no key needed there), which gateway/client.h uses.
 *
 * Everything else in this header may be called from any thread between on_listening and on_closing;
 * the loop thread does the work later.
 */
#ifndef TIRO_GATEWAY_GATEWAY_H
#define TIRO_GATEWAY_GATEWAY_H

#include "base/err.h"

#include <stdint.h>

struct gateway;
struct http_deadlines;

struct gateway_model {
    const char *name; /* What clients put in "model". */
    const char *path; /* Model file or folder. */
    const char *kind; /* "text" or "embed": which worker serves it; "adapter": that of MODEL, if
                         its name is MODEL:NAME. */
    bool preload;     /* Load at start (or when added), not at the first request. */
    bool is_default;  /* The page's choice for new chats; the last one so marked wins. */
};

/* A download going on behind the server, for the page and `tiro ps`: GET /v1/tiro/status. */
struct gateway_pull {
    const char *name;
    uint64_t bytes, bytes_total; /* bytes_total 0: not known yet. */
    double bytes_per_s;
    const char *state; /* "downloading", "verifying", "done", "failed" */
    const char *text;  /* Why it failed; NULL or "" otherwise. */
};

/* Which model drafts for which (docs/decisions/0011): by name, where both are here. */
struct gateway_draft {
    const char *model, *draft;
};

struct gateway_options {
    const char *host; /* Name or address; NULL: "127.0.0.1". */
    int port;         /* 0: a free one. */
    const char *data_dir;
    const char *database;    /* URL, see store/db.h; NULL: tiro.db in data_dir */
    uint64_t file_bytes_max; /* Of one project's files; 0: any number. */
    /* Of each of retention_registry (store/retention.h); outlives the gateway. NULL: for ever. */
    const int64_t *retention_days;
    /* Keys, one a line, '#' begins a comment. NULL: the environment variable TIRO_API_KEY, if set.
     * Without any key people must sign in, but on loopback. */
    const char *api_key_file;
    bool require_sign_in;             /* There, too. */
    const char *const *allow_origins; /* n of them: further web origins, "https://chat.example". */
    size_t n_allow_origins;
    const char *const *allow_hosts; /* n of them: further names by which Host may call us. */
    size_t n_allow_hosts;

    const struct gateway_model *models; /* Copied. */
    size_t n_models;
    const char *worker_program; /* NULL: this program, run as `tiro worker --kind K --fd 3`. */
    int n_threads;              /* Per worker; 0: the worker decides. */
    uint32_t n_ctx;             /* 0: the model's own. */
    uint64_t kv_bytes;          /* 0: the worker decides. */
    const char *compute;        /* "auto" (NULL) or "f32". */
    const char *kv_type;        /* "auto" (NULL), "f16", "f32" or "q8_0". */
    const char *speculation;    /* "auto" (NULL), "lookup" or "off". */
    const char *tool_format;    /* "auto" (NULL), or a name of src/chat/tool_format. */
    uint32_t pinned_percent;    /* Of the memory for keys and values: for pinned prefixes. */
    const struct gateway_draft *drafts; /* n of them; outlive the gateway. */
    size_t n_drafts;
    uint32_t latency_ms;    /* What a prompt may keep running answers waiting; 0: the worker's. */
    const char *packed_dir; /* Folder for packed weights; NULL: none are kept. */
    uint64_t packed_bytes_max; /* Most that may lie there; 0: none are kept. */
    uint32_t pack_idle_ms; /* A model is idle so long before its weights are packed; 0: 2,000. */

    const char *embedding_model; /* Of vector stores; NULL or "": the first that is here. */
    uint64_t index_bytes_max;    /* What the index of vector stores may take in memory. */

    const char *log_level; /* For workers; NULL: "info". */
    bool log_json;

    uint32_t connections_max; /* 0: 16384, less where file descriptors are scarce. */
    uint32_t queue_max;       /* Requests waiting for one model that loads; 0: 256. */
    uint32_t in_flight_max;   /* Requests inside one worker; 0: 1024. */
    uint32_t queue_age_ms;    /* The longest wait for a model that loads; 0: 120,000. */
    uint32_t silence_ms; /* A worker with requests that says nothing so long is lost; 0: 120,000. */
    uint32_t rest_ms;    /* After it a load that may now succeed is tried again; 0: 60,000. */
    uint32_t grace_ms;   /* For streams at shutdown; 0: 30,000. */

    const struct http_deadlines *deadlines; /* For tests; NULL: those of http_server.h. */

    /* Once, on the loop thread, when both sockets accept. url is "http://127.0.0.1:8080". */
    void (*on_listening)(void *ctx, struct gateway *g, const char *url);
    /* Once, on the loop thread, after the last answer and before `g` ends: whoever uses it in
     * another thread must have stopped when this returns. May be NULL. */
    void (*on_closing)(void *ctx);
    void *ctx;
};

/* Returns 0 after a drained shutdown. */
int gateway_run(const struct gateway_options *options, struct err *err) MUST_USE;

/* In on_listening: the token of the one-time link for the first owner; NULL: none is needed. */
const char *gateway_owner_token(const struct gateway *g);

/* Adds a model, or replaces the one of that name (whose worker ends when its requests have). */
void gateway_add_model(struct gateway *g, const struct gateway_model *model);
/* Tells where a download stands; rows are kept by name. */
void gateway_set_pull(struct gateway *g, const struct gateway_pull *pull);
/* Forgets a model (its file is the caller's business); its requests get an error. */
void gateway_remove_model(struct gateway *g, const char *name);
/* As SIGTERM. */
void gateway_stop(struct gateway *g);

#endif
