/* reply - an answer taken apart as it comes: what the model thinks, says and calls.
 *
 *     reply_init(&r, &(struct reply_options){ .style = style, .tools = tools }, events);
 *     each piece:   TRY(reply_add(&r, text));       events come out of here
 *     at the end:   TRY(reply_end(&r));             what was held back
 *     reply_release(&r);
 *
 *     text ─► reasoning ─► tool format's reader ─► events
 *
 * The result is the same however the text is cut into pieces. Nothing is lost: what begins like a
 * call and is none is content; only the format's own marks and the white space around calls and
 * thoughts go. A call whose name was told stays a call, however its arguments end.
 *
 * Text holds marks (chat/mark.h); control tokens that mean nothing to the format are left out. Each
 * piece of content knows which bytes of the text it is, for logprobs.
 */
#ifndef TIRO_CHAT_REPLY_H
#define TIRO_CHAT_REPLY_H

#include "base/buf.h"
#include "chat/reasoning.h"
#include "chat/tool_format.h"
#include "chat/tools.h"

enum {
    REPLY_CALLS_MAX = 128,      /* Further calls are content. */
    REPLY_HELD_MAX = 64 << 10,  /* Bytes of a call before its name is known; more are content. */
    REPLY_PIECE_MAX = 16 << 20, /* Bytes of one event. */
};

enum reply_kind { REPLY_CONTENT, REPLY_REASONING, REPLY_CALL, REPLY_ARGUMENTS };

/* What the text points to is valid during the call. */
struct reply_event {
    enum reply_kind kind;
    struct slice text; /* Of a REPLY_CALL the name; of a custom tool's arguments its input. */
    int32_t index;     /* Of the call */
    uint64_t from, to; /* Content and reasoning: the bytes of the answer that it is. */
};

struct reply_events {
    void *ctx;
    void (*event)(void *ctx, const struct reply_event *e);
};

struct reply {
    struct reply_events events;
    struct reasoning reasoning;
    struct tool_reader reader;
    bool has_reader; /* False: all that is not thought is content. */
    uint64_t n_read; /* Bytes of the answer so far. */
    /* What is to be told next: one kind, adjacent bytes. */
    struct buf piece;
    enum reply_kind kind;
    uint64_t piece_from;
    int32_t n_calls;
    bool in_call; /* The last call is not finished. */
    bool in_mark; /* Inside a control token that means nothing here. */
    bool failed;  /* No memory */
};

struct reply_options { /* What the pointers point to outlives the reply. */
    const struct tool_style *style;
    const struct thinking *thinking; /* NULL: it does not think. */
    bool thinks;                     /* The prompt ended within its thoughts. */
    const struct tool_list *tools;   /* NULL: calls are not looked for. */
    bool held;                       /* What is no call is held to a grammar. */
};

void reply_init(struct reply *r, const struct reply_options *o, struct reply_events events);
void reply_release(struct reply *r);
/* -ERR_NO_MEMORY: some of it may have been told. */
int reply_add(struct reply *r, struct slice text) MUST_USE;
int reply_end(struct reply *r) MUST_USE;

/* For the readers. `at`: which byte of the answer it is. */
void reply_put(struct reply *r, enum reply_kind kind, char c, uint64_t at);
/* Bytes at .. at + text.len as content, marks without their mark bytes. */
void reply_put_back(struct reply *r, struct slice text, uint64_t at);
/* False: one call too many. */
bool reply_call(struct reply *r, struct slice name);
void reply_argument(struct reply *r, char c);
void reply_call_done(struct reply *r);

#endif
