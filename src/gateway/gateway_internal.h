/* gateway_internal - what gateway.c and the pages share. */
#ifndef TIRO_GATEWAY_GATEWAY_INTERNAL_H
#define TIRO_GATEWAY_GATEWAY_INTERNAL_H

#include "api/people.h"
#include "gateway/access.h"
#include "gateway/control.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "gateway/index_process.h"
#include "gateway/metrics.h"
#include "gateway/service_uv.h"
#include "gateway/supervisor.h"

#include <pthread.h>
#include <uv.h>

enum { GATEWAY_PULLS_MAX = 64, GATEWAY_NAME_MAX = 256, GATEWAY_URL_MAX = 256, GRACE_MS = 30000 };

struct pull_row {
    char name[GATEWAY_NAME_MAX], state[16], text[256];
    uint64_t bytes, bytes_total;
    double bytes_per_s;
};

/* What another thread asks of the loop. */
struct command {
    struct command *next;
    enum { COMMAND_ADD, COMMAND_REMOVE, COMMAND_PULL, COMMAND_STOP } kind;
    struct gateway_model model; /* Its strings are the command's own. */
    struct pull_row pull;
};

struct gateway {
    const struct gateway_options *o;
    uv_loop_t loop;
    struct access *access;
    struct people *people;
    char owner_token[PEOPLE_TOKEN_SIZE]; /* Of the link for the first owner; "": none. */
    struct metrics metrics;
    struct service_uv *service;
    struct supervisor *supervisor;
    struct index_process *index;
    struct http_server *http;
    struct control control;
    char url[GATEWAY_URL_MAX];
    uint64_t start_ns;
    bool listening; /* on_listening has been called. */

    uv_async_t wake;
    uv_signal_t terminate, interrupt;
    uv_timer_t drain;
    uint64_t grace_until_ns;
    enum { GATEWAY_RUNNING, GATEWAY_DRAINING, GATEWAY_STOPPING, GATEWAY_CLOSING } state;

    pthread_mutex_t lock; /* Of `commands`, the only thing other threads touch. */
    struct command *commands, **commands_end;

    struct pull_row pulls[GATEWAY_PULLS_MAX];
    size_t n_pulls;
};

/* Begins to drain; the loop ends when all is done. */
void gateway_drain(struct gateway *g);

#endif
