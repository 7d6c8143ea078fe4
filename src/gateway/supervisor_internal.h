/* supervisor_internal - shared by supervisor.c (models, queues), worker_process.c (one process and
 * what it says), supervisor_pack.c (packed weights on disk) and supervisor_report.c (numbers). */
#ifndef TIRO_GATEWAY_SUPERVISOR_INTERNAL_H
#define TIRO_GATEWAY_SUPERVISOR_INTERNAL_H

#include "gateway/supervisor.h"
#include "proto/conn.h"

#include <limits.h>

enum { WORKER_BUCKETS = 256, SUPERVISOR_TICK_MS = 100, WORKER_ARENA_MAX = 256 << 20 };

/* A request between submit and its last event. */
struct backend_handle {
    struct model *model;
    struct worker *worker;              /* NULL while it waits. */
    struct backend_handle *prev, *next; /* In the model's queue, or in a bucket of the worker. */
    struct backend_handle *next_touched, *prev_touched;
    const struct backend_events *events;
    void *user;
    struct buf frame; /* The request as it goes over the wire, for a second try. */
    uint64_t id, since_ns, last_token_ns;
    uint64_t prompt_tokens; /* As counted. */
    bool touched, retried;
};

struct handle_list {
    struct backend_handle *first, *last;
    size_t n;
};

enum worker_state { WORKER_STARTING, WORKER_LOADING, WORKER_READY, WORKER_QUITTING };

struct worker {
    struct supervisor *supervisor;
    struct model *model; /* NULL once the model has let go of it. */
    struct worker *next; /* All of the supervisor. */
    uv_process_t process;
    uv_poll_t poll;
    struct conn conn;
    struct backend_handle *buckets[WORKER_BUCKETS];
    size_t n_in_flight;
    struct backend_handle *touched; /* Got events in this batch. */
    uint64_t deadline_ns;           /* For the hello, or for quitting; 0: none. */
    uint64_t ready_at_ns, heard_ns; /* heard_ns: when it last said anything. */
    enum worker_state state;
    uint32_t kind;   /* enum worker_kind: its model's, or WORKER_PACK */
    int pid, n_open; /* n_open: handles of libuv not closed yet. */
    bool connected, running, broken;
};

/* Tokens and the time they took; what is older counts less. */
struct pace {
    double tokens, us;
};

struct model {
    struct backend_model facts; /* Strings are the model's own. */
    char *path, *arch, *problem;
    char fingerprint[16];
    uint32_t kind; /* enum worker_kind */
    bool preload, removed;
    bool is_adapter, is_told; /* is_told: the worker of its base knows it. */
    struct worker *worker;
    struct worker *packer;                 /* Writes packed weights; NULL: none runs. */
    char packed[PATH_MAX], part[PATH_MAX]; /* Where they lie, and what it writes; "": nowhere. */
    uint64_t pack_at_ns;                   /* When it may begin, if all is idle; 0: not wanted. */
    bool weights_mapped;
    struct handle_list waiting;
    uint64_t retry_at_ns;  /* 0: no worker is to be started by itself. */
    uint32_t crashes;      /* Since it last ran well: for the back-off. */
    uint32_t load_crashes; /* In a row, before it was ready. */
    uint32_t restarts;     /* Ever. */
    uint64_t n_requests;   /* Taken, under this name. */
    struct err failure;    /* When facts.state is BACKEND_MODEL_FAILED. */
    uint64_t rested_at_ns; /* When a failure that may pass is forgotten; 0: it stays. */
    struct {
        int64_t mtime_ns, size;
        uint64_t inode;
    } file;
    const char *draft; /* The model that drafts for this one; NULL: none. */
    struct msg_stats stats;
    uint64_t stats_at_ns;
    char what[64]; /* What loading does now. */
    uint64_t progress_done, progress_total;
    uint64_t weight_bytes, kv_bytes, n_parameters;
    uint32_t n_threads, load_ms;
    char walls[256], walls_missing[256], quantisation[32];
    char sha256[65];
    struct pace prefill, decode; /* Of the latest requests. */
};

struct supervisor {
    struct backend backend; /* First: what endpoints hold. */
    struct supervisor_options o;
    struct model **models; /* n of them, sorted by id */
    size_t n_models;
    struct backend_model *listed; /* As backend_ops.models returns them. */
    struct worker *workers;
    uv_prepare_t flush;
    uv_timer_t tick;
    int n_open;
    struct arena arena; /* Of the message being handled. */
    uint64_t next_id, polled_at_ns;
    uint64_t n_packed;
    uint32_t queue_max, in_flight_max, queue_age_ms, silence_ms, rest_ms, poll_ms, pack_idle_ms;
    bool packing_failed; /* Nothing can be written where packed weights would lie. */
    bool ticking, stopped, closed;
};

/* The weights in the folder of an adapter. */
#define ADAPTER_WEIGHTS "adapter_model.safetensors"

/* supervisor.c */
struct model *model_find(const struct supervisor *s, struct slice id); /* NULL: none. */
bool model_file_changed(const struct model *m);
/* Forgets a failure. */
void model_reset(struct model *m);
void supervisor_wake_tick(struct supervisor *s);
void supervisor_free_when_gone(struct supervisor *s);
void handle_list_add(struct handle_list *list, struct backend_handle *h);
void handle_list_remove(struct handle_list *list, struct backend_handle *h);
/* Ends it with the error; *h is gone. */
void handle_fail(struct backend_handle *h, const struct err *err, uint32_t retry_after_ms);
void handle_free(struct backend_handle *h);
void model_fail(struct supervisor *s, struct model *m, const struct err *err);
void model_start_worker(struct supervisor *s, struct model *m);
void model_send_waiting(struct supervisor *s, struct model *m);
void model_on_ready(struct supervisor *s, struct model *m, const struct msg_ready *ready);
/* Its worker is gone; `was` is what it was doing. */
void model_on_worker_lost(struct supervisor *s, struct model *m, enum worker_state was);

/* supervisor_pack.c */
void model_find_packed(struct supervisor *s, struct model *m);
/* The model is ready; its weights came from disk or not. */
void model_want_packed(struct supervisor *s, struct model *m, bool mapped);
void model_check_packing(struct supervisor *s, struct model *m, uint64_t now);
void model_on_packed(struct supervisor *s, struct model *m, const struct msg_artefact *artefact);
void model_on_packer_gone(struct model *m);

/* supervisor_adapter.c */
struct model *adapter_base(const struct supervisor *s, const struct model *m); /* NULL: none. */
/* As endpoints see it: what it does not say itself is its base's. */
struct backend_model adapter_facts(const struct supervisor *s, const struct model *m);
/* From an adapter to the model that answers for it, and the name that this one's worker knows. */
int adapter_resolve(struct supervisor *s, struct model **ret_base, struct slice *ret_name,
                    struct model *m, struct err *err) MUST_USE;
void adapters_on_ready(struct supervisor *s, struct model *base);
void adapter_on_change(struct supervisor *s, struct model *m);
void adapter_on_remove(struct supervisor *s, struct model *m);
void adapter_on_adapted(struct supervisor *s, struct model *base,
                        const struct msg_adapted *adapted);

/* worker_process.c */
/* -ERR_BUSY: not now; the descriptor is the worker's only on success. */
int worker_tell_adapter(struct worker *w, const struct msg_adapter *m, int fd,
                        struct err *err) MUST_USE;
/* Of the model's kind, or WORKER_PACK. */
int worker_start(struct supervisor *s, struct model *m, uint32_t kind, struct err *err) MUST_USE;
int worker_process_send(struct worker *w, struct backend_handle *h, struct err *err) MUST_USE;
void worker_cancel(struct worker *w, struct backend_handle *h);
void worker_forget(struct worker *w, struct backend_handle *h);
/* Finish what runs, then end; after SUPERVISOR_QUIT_MS (none with requests in flight) by force. */
void worker_quit(struct worker *w);
void worker_poll_stats(struct worker *w);
void worker_flush(struct worker *w);
void worker_check_deadline(struct worker *w, uint64_t now);
bool worker_is_idle(const struct worker *w);

/* supervisor_report.c has the rest of supervisor.h. */

#endif
