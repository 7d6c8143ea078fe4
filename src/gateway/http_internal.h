/* http_internal - shared by http_server.c (sockets), http_conn.c (bytes), http_exchange.c
 * (requests) and http_file.c (answers from files). */
#ifndef TIRO_GATEWAY_HTTP_INTERNAL_H
#define TIRO_GATEWAY_HTTP_INTERNAL_H

#include "api/endpoint.h"
#include "gateway/books.h"
#include "gateway/http_parser.h"
#include "gateway/http_server.h"
#include "gateway/page.h"

enum conn_state {
    CONN_IDLE,   /* Between requests. */
    CONN_HEAD,   /* Part of a head is there. */
    CONN_BODY,   /* The head is whole, the body is not. */
    CONN_ANSWER, /* The call runs. */
    CONN_FLUSH,  /* The answer is whole and not yet taken by the client. */
    CONN_LINGER, /* Nothing more will be sent; what comes is thrown away. */
};

/* Bytes the kernel has not taken yet. Exists only then. */
struct http_pending {
    uv_write_t write;
    struct buf busy; /* Being written. */
    struct buf next; /* Arrived since. */
    size_t mark;     /* Bytes left when the present deadline began. */
    uint64_t deadline_ns;
    uint64_t behind_ns; /* A stream with too much queued has until then; 0: it has not. */
};

struct http_exchange;
struct http_file;

union http_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct http_conn {
    union http_handle u;
    struct http_server *server;
    struct http_conn *prev, *next;  /* All of the server. */
    struct http_conn *next_resumed; /* Waiting for the loop to read `ahead`. */
    struct http_exchange *exchange; /* NULL while idle. */
    struct http_pending *pending;
    struct buf ahead;     /* Sent by the client before its turn. */
    uint64_t deadline_ns; /* Of head, body, idling or lingering; 0: none. */
    uint8_t state;
    bool local;       /* Came through the Unix socket. */
    bool closing;     /* uv_close has been called. */
    bool close_after; /* No further request on this connection. */
    bool held;        /* The endpoint takes no more of the body for now. */
    bool resumed, paused, feeding;
};

struct http_exchange {
    struct call call;
    struct http_conn *conn;
    struct http_parser parser;
    struct buf body;
    struct buf headers; /* Lines added to the answer. */
    struct arena arena;
    const struct endpoint *endpoint;
    const struct page *page;
    const struct asset *asset;
    struct http_file *file; /* The answer, while it comes from one. */
    const char *label;      /* For metrics. */
    uint64_t start_ns;
    /* Of a body in pieces: what has come, what had when its deadline was set, and its last one. */
    uint64_t n_body, body_mark, body_end_ns;
    int status;
    bool running;      /* endpoint_run is on the stack. */
    bool head_only;    /* HEAD: no body in the answer. */
    bool is_page_file; /* Of the chat page: `asset`, or the plain page when that is NULL. */
    bool streaming, ended;
    bool finished; /* The endpoint has let go of the call; its answer may wait for the ledger. */
    enum { SETTLE_NOT, SETTLE_WAITING, SETTLED } settle;
    struct books_entry *entry; /* While waiting; NULL then: the row was not even begun. */
    struct buf held;           /* What waits: an answer's body, or the end of a stream, */
    const char *held_type;     /* and the answer's type (in the arena) and status. */
    int held_status;
    char id[40];
};

struct http_listener {
    union http_handle u;
    union http_handle spare; /* For a connection that there is no memory for: taken and closed. */
    struct http_server *server;
    struct http_listener *next;
    int n_open; /* Of the two handles. */
    bool local;
    bool spare_busy, owed; /* owed: one more waits to be turned away. */
};

struct http_server {
    struct http_server_options o;
    struct books *books;
    struct http_conn *conns; /* Newest first. */
    size_t n_conns;
    struct http_conn *resumed;
    struct http_listener *listeners;
    uv_timer_t tick, resume;
    int n_open;      /* Handles of the server itself that are not closed yet. */
    struct buf head; /* Where the head of each answer is written. */
    char date[32];   /* Of the present second, for the header Date. */
    uint64_t date_at;
    bool draining, closed;
    char scratch[HTTP_READ_STEP];
};

/* http_conn.c */
int http_conn_accept(struct http_server *s, struct http_listener *l);
void http_conn_close(struct http_conn *c);
/* Sends now what the kernel takes and queues the rest. */
void http_conn_send(struct http_conn *c, const struct slice *parts, size_t n_parts);
void http_conn_cap_kernel_queue(struct http_conn *c);
/* Nothing more of the request is awaited. */
void http_conn_begin_answer(struct http_conn *c);
/* The exchange's answer is whole. */
void http_conn_answered(struct http_conn *c);
void http_conn_check_deadlines(struct http_conn *c, uint64_t now);
void http_conn_resume(struct http_conn *c);
/* Nothing more of the body until http_conn_let_go. */
void http_conn_hold(struct http_conn *c);
void http_conn_let_go(struct http_conn *c);

/* http_file.c */
/* Sends `bytes` bytes of the file behind the head that is out. NULL: no memory; fd is closed. */
struct http_file *http_file_open(struct http_exchange *x, int fd, uint64_t bytes);
/* All that was sent has been taken: goes on. */
void http_file_drained(struct http_file *f);
void http_file_close(struct http_file *f); /* NULL is fine. */

/* http_exchange.c */
struct http_exchange *http_exchange_open(struct http_conn *c);
void http_exchange_close(struct http_exchange *x);
/* Its head is whole: true to read on, false when it has been answered already. */
bool http_exchange_head(struct http_exchange *x);
void http_exchange_body(struct http_exchange *x);
void http_exchange_run(struct http_exchange *x);
/* Whether its body goes to the endpoint in pieces. */
bool http_exchange_is_upload(const struct http_exchange *x);
/* All of the file is out. */
void http_exchange_end(struct http_exchange *x);
/* Answers with the error; the connection is closed behind it when `fatal`. */
void http_exchange_refuse(struct http_exchange *x, const struct err *err, bool fatal);
/* The client is gone or has to go: the endpoint lets go of the call. */
void http_exchange_lost(struct http_exchange *x);
void http_exchange_abort(struct http_exchange *x, const struct err *why);

/* http_server.c */
const char *http_server_date(struct http_server *s);
void http_server_resume_later(struct http_conn *c);
void http_server_conn_gone(struct http_server *s);

#endif
