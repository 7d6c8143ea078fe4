/* session - a conversation with the server of a data directory, from the command line.
 *
 *     struct session s;
 *     TRY(session_open(&s, &paths, err));       the running server, or one of our own
 *     TRY(session_chat(&s, &chat, err));        streams the answer to stdout
 *     session_close(&s);                        ends a server that was our own
 *
 * Weights are loaded once: when a server already runs on this directory it is asked through its
 * control socket; else one is started on a free port for as long as the session lasts.
 */
#ifndef TIRO_CMD_SESSION_H
#define TIRO_CMD_SESSION_H

#include "base/buf.h"
#include "base/err.h"
#include "gateway/client.h"
#include "store/paths.h"

#include <sys/types.h>

struct session {
    struct client *client;
    const struct store_paths *paths;
    pid_t own_server; /* 0: it was there before us */
};

struct session_message {
    const char *role; /* "system", "user", "assistant" */
    char *content;
};

struct session_chat {
    const char *model;
    const struct session_message *messages;
    size_t n_messages;
    int64_t max_tokens; /* 0: until the model ends */
    double temperature; /* negative: 0.4 */
    int64_t seed;       /* negative: none */
    struct buf *answer; /* what was said, also when it was stopped; initialised by the caller */
    char finish[32];    /* out: "stop", "length" ...; "" when stopped */
};

int session_open(struct session *ret, const struct store_paths *paths, struct err *err) MUST_USE;
void session_close(struct session *s);
/* The model to talk to: `wanted` if the server has it (the error lists what it has), else its
 * default for new chats. */
int session_model(struct session *s, char *ret, size_t size, const char *wanted,
                  struct err *err) MUST_USE;
/* Streams to stdout; Ctrl-C stops the answer (-ERR_CANCELLED). */
int session_chat(struct session *s, struct session_chat *chat, struct err *err) MUST_USE;

/* While held, Ctrl-C sets a flag instead of ending the program. */
void interrupts_hold(void);
/* As interrupts_hold, and for SIGTERM and SIGHUP too: a download ends the programs it started. */
void interrupts_hold_for_download(void);
void interrupts_release(void); /* Signals end the program again. */
bool interrupts_seen(void);
void interrupts_clear(void);

#endif
