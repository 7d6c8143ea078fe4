/* client - how the program's other commands find a running server and talk to it.
 *
 *     struct client *c;
 *     int rc = client_open(&c, data_dir, &err);      -ERR_NOT_FOUND: no server runs here
 *     TRY(client_json(c, &status, &body, "GET", "/v1/models", SLICE(""), &err));
 *     TRY(client_stream(c, "/v1/chat/completions", json, &(struct client_events){ ... }, &err));
 *     client_close(c);
 *
 * It speaks HTTP over <data_dir>/tiro.sock, where no key is needed: the file's mode is the guard.
 * A server is running when <data_dir>/tiro.lock is locked; a socket file left by a crash is not a
 * server. Blocking; one thread at a time.
 */
#ifndef TIRO_GATEWAY_CLIENT_H
#define TIRO_GATEWAY_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct client;

enum { CLIENT_URL_MAX = 256, CLIENT_BODY_MAX = 64 << 20 };

struct client_server {
    int64_t pid;
    char url[CLIENT_URL_MAX]; /* Where browsers and SDKs reach it. */
};

/* Is a server using this data directory? -ERR_NOT_FOUND: no. */
int client_find(struct client_server *ret, const char *data_dir, struct err *err) MUST_USE;

int client_open(struct client **ret, const char *data_dir, struct err *err) MUST_USE;
void client_close(struct client *c); /* NULL is fine. */
const struct client_server *client_server(const struct client *c);

/* One request and its whole answer (initialise ret_body with the most you take). `json` empty: no
 * body. An HTTP error status is an answer (0 is returned), not a failure. */
int client_json(struct client *c, int *ret_status, struct buf *ret_body, const char *method,
                const char *path, struct slice json, struct err *err) MUST_USE;

/* POST /v1/files with these bytes; the answer as of client_json. For what is needed once: who sends
 * it deletes it, and it goes by itself after an hour. */
int client_upload(struct client *c, int *ret_status, struct buf *ret_body, const char *purpose,
                  const char *filename, struct slice bytes, struct err *err) MUST_USE;

struct client_events {
    /* The text of one `data:` event, "[DONE]" included; false stops the request. */
    bool (*on_data)(void *ctx, struct slice data);
    /* Asked a few times a second; true stops the request (Ctrl-C). May be NULL. */
    bool (*stop)(void *ctx);
    void *ctx;
};

/* POST with a streamed answer. An API error, as answer or inside the stream, is returned as its
 * text; a stop asked for by the callbacks is -ERR_CANCELLED. */
int client_stream(struct client *c, const char *path, struct slice json,
                  const struct client_events *events, struct err *err) MUST_USE;

/* Fills *err from an OpenAI error body and the HTTP status; returns its negative code. */
int client_error(int status, struct slice body, struct err *err);

#endif
