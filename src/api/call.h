/* call - one HTTP request being answered, as an endpoint sees it.
 *
 * The gateway makes a call when a request's head and body are complete, checks key, Host and
 * Origin, finds the endpoint (endpoint_find) and hands both to endpoint_run; when the endpoint
 * takes its body in pieces, once the head is there. From then on exactly one of these happens:
 *
 *     reply, reply_file                              one whole answer
 *     stream_begin, stream_send ..., stream_end      server-sent events
 *     on_close                                       the client went away, or stalled too long
 *
 * After reply, reply_file or stream_end the call may be gone: touch nothing of it, nor of its
 * arena. The gateway calls on_close (when set) at most once, from the loop, never from inside a
 * function of `ops`, and never after one of those three; the endpoint cancels what it submitted,
 * and the call is gone when on_close returns. Everything happens on the loop's one thread; nothing
 * blocks.
 *
 * Where it serves: `head`, `body` and all slices of the request are valid until endpoint_run
 * returns (not longer, so that an open stream costs little); the arena until the end of the call.
 */
#ifndef TIRO_API_CALL_H
#define TIRO_API_CALL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "proto/bodies.h"

struct backend;
struct buf;
struct call;
struct service;

/* How errors and streams are written. */
enum dialect { DIALECT_OPENAI, DIALECT_ANTHROPIC, DIALECT_RESPONSES };

struct call_ops {
    /* Adds a header to the answer; before reply or stream_begin. Copies. The gateway itself adds
     * x-request-id, openai-version, openai-processing-ms, date, content-length and the like. */
    void (*header)(struct call *call, const char *name, const char *value);
    /* The whole answer. Copies `body`. */
    void (*reply)(struct call *call, int status, const char *content_type, struct slice body);
    /* 200 with text/event-stream; charset=utf-8 and cache-control: no-cache. */
    void (*stream_begin)(struct call *call);
    /* Bytes of whole events ("data: ...\n\n"), copied. When the client reads too slowly the gateway
     * queues up to its limit and then closes (on_close later); nothing to check here. */
    void (*stream_send)(struct call *call, struct slice events);
    void (*stream_end)(struct call *call);
    /* The whole answer, 200, from an open file of so many bytes. It is read beside the loop as the
     * client takes it; the descriptor is the gateway's from here on. */
    void (*reply_file)(struct call *call, const char *content_type, int fd, uint64_t bytes);
    /* Of a body that comes in pieces (api/endpoint.h): nothing more of it until resume. */
    void (*pause)(struct call *call);
    void (*resume)(struct call *call);
    /* Of a stream: the stats are final, and what is sent from here on, its last events, reaches the
     * client when the ledger has the call's row; if it cannot get it, an error event goes out
     * instead. stream_end follows before the loop goes on. May be NULL: nobody keeps books. */
    void (*settle)(struct call *call);
};

/* Who is asking, and from where, beside whose rows are meant. The zero value may do least. */
enum caller_by {
    CALLER_NOBODY,  /* of endpoints that are open; and calls from inside */
    CALLER_LOCAL,   /* the machine's own user: our socket, or loopback */
    CALLER_KEY,     /* an API key: for what it is for, not for accounts */
    CALLER_SESSION, /* somebody who has signed in */
};
struct caller {
    enum caller_by by;
    bool owner;           /* may do what concerns everybody */
    struct slice session; /* its id; empty: none */
    /* As sent; valid until endpoint_run returns. */
    struct slice host, origin, agent;
    struct slice address; /* where the request came from */
    bool foreign;         /* by a page of another origin */
    bool guarded;         /* whoever shows nothing is nobody */
    bool keyed;           /* the server has API keys of its own */
};

struct call {
    /* Set by the gateway. */
    const struct call_ops *ops;
    struct backend *backend;
    struct service *service;    /* api/service.h */
    struct principal principal; /* who is asking; lives as long as the call */
    struct caller caller;
    const char *request_id;    /* as in x-request-id; NUL-terminated, lives as long as the call */
    enum dialect dialect;      /* of the endpoint, as soon as that is known */
    struct arena *arena;       /* for what the endpoint keeps */
    struct slice method;       /* "POST" */
    struct slice path;         /* decoded, without the query: "/v1/models" */
    struct slice query;        /* raw, without '?'; empty when none */
    struct slice content_type; /* as sent; empty when none */
    struct slice body;
    /* For the ledger, the access log and metrics; kept by the endpoint as it goes, so that they say
     * what was used also when the client leaves. */
    struct call_stats {
        const char *model; /* in the arena, or NULL */
        uint32_t prompt_tokens, cached_tokens, completion_tokens;
        uint32_t reasoning_tokens; /* of the completion tokens */
        uint64_t core_us;          /* of the worker's cores */
        bool streamed;
        uint64_t first_token_ns; /* now_ns() at the first token; 0: none */
        int error_status;        /* of the error a stream ended in; 0: none */
    } stats;
    /* Set by endpoint_run. */
    struct slice id, sub_id;         /* what the first and second {...} of the path matched */
    struct arena *scratch;           /* for what is needed until the handler returns */
    const struct prepared *prepared; /* NULL at first: see api/prepare.h */
    /* Set by whoever made the call, before endpoint_run. */
    /* Of its requests to models: higher first; below 0: when nothing else waits. */
    int32_t priority;
    bool has_seed; /* `seed` is for a request that brings none */
    uint64_t seed;
    /* Set by the endpoint. */
    uint64_t sequence; /* DIALECT_RESPONSES: the number of the stream's next event */
    bool books_itself; /* its row of the ledger is written with what else is stored of it */
    void (*on_close)(struct call *call);
    void *state;
    /* The gateway's own. */
    void *gateway;
};

/* Answers with the error as the dialect writes it, with the status of its code; 429 and 503 get
 * retry-after (at least 1 s; retry_after_ms 0: unknown). Ends the call. */
void call_error(struct call *call, const struct err *err, uint32_t retry_after_ms);
/* The error as the last event of a stream that has begun; stream_end follows. */
void call_send_error(struct call *call, const struct err *err);
/* ops->settle, if there is one. */
void call_settle(struct call *call);
/* Answers 200 with JSON; on a failed (too long) buffer, a 503. Ends the call. */
void call_json(struct call *call, const struct buf *json);

#endif
