#include "api/token_counter.h"

#include "base/seam.h"

#include <assert.h>

enum { WINDOW = 32, CAP_MIN = 256 };

struct question {
    struct token_counter *counter;
    struct backend_handle *handle; /* NULL: none */
    size_t index;                  /* of the segment */
};

struct token_counter {
    struct token_counter_options o;
    struct question window[WINDOW];
    struct chunker_segment *segments; /* n of them, those that were asked for */
    size_t n, cap, n_answered, at, bytes_max;
    uint32_t n_special;
    bool planned;
};

static void cancel_all(struct token_counter *c)
{
    struct backend *backend = c->o.service->backend;
    for (int i = 0; i < WINDOW; i++) {
        if (c->window[i].handle) backend->ops->cancel(backend, c->window[i].handle);
        c->window[i].handle = NULL;
    }
}

static void fail(struct token_counter *c, const struct err *err)
{
    struct err why = *err;
    cancel_all(c);
    c->o.done(c->o.user, NULL, 0, &why);
}

static void on_encoded(void *user, const struct msg_tokens *m);

static void on_error(void *user, const struct err *err, uint32_t retry_after_ms)
{
    struct question *q = user;
    (void)retry_after_ms;
    q->handle = NULL;
    fail(q->counter, err);
}

static bool on_restart(void *user)
{
    (void)user;
    return true;
}

static const struct backend_events events = {
    .encoded = on_encoded,
    .error = on_error,
    .restart = on_restart,
};

static int ask(struct question *q, struct slice text, struct err *err)
{
    struct token_counter *c = q->counter;
    struct backend *backend = c->o.service->backend;
    struct msg_request request = {
        .kind = REQUEST_TOKENIZE,
        .sampling = MSG_SAMPLING_DEFAULT,
        .principal = *c->o.principal,
        .prompt = text,
        .n = 1,
        .priority = c->o.priority,
    };
    return backend->ops->submit(backend, &q->handle, c->o.model, &request, &events, q, err);
}

static int add_segment(struct token_counter *c, struct err *err)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : CAP_MIN;
        struct chunker_segment *segments = mem_realloc(c->segments, cap * sizeof *segments);
        if (!segments) return err_set(err, ERR_NO_MEMORY, "no memory to cut the file");
        c->segments = segments;
        c->cap = cap;
    }
    c->segments[c->n++] = (struct chunker_segment){ .end = chunker_segment(c->o.text, c->at,
                                                                           c->bytes_max) };
    return 0;
}

/* Asks for what the window has room for. */
static int go_on(struct token_counter *c, struct err *err)
{
    for (int i = 0; i < WINDOW && c->at < c->o.text.len; i++) {
        struct question *q = &c->window[i];
        if (q->handle) continue;
        TRY(add_segment(c, err));
        q->index = c->n - 1;
        struct slice part = { c->o.text.ptr + c->at, c->segments[q->index].end - c->at };
        c->at += part.len;
        TRY(ask(q, part, err));
    }
    return 0;
}

static int take(struct token_counter *c, struct question *q, uint32_t n_tokens, struct err *err)
{
    if (!c->planned) { /* The first question is one word of one token. */
        c->planned = true;
        c->n_special = n_tokens ? n_tokens - 1 : 0;
        TRY(c->o.plan(c->o.user, c->n_special, &c->bytes_max, err));
    } else {
        c->segments[q->index].n_tokens = n_tokens > c->n_special ? n_tokens - c->n_special : 0;
        c->n_answered++;
    }
    return go_on(c, err);
}

static void on_encoded(void *user, const struct msg_tokens *m)
{
    struct question *q = user;
    struct token_counter *c = q->counter;
    struct err err = { 0 };
    q->handle = NULL;
    if (take(c, q, m->n_tokens, &err) < 0)
        fail(c, &err);
    else if (c->n_answered == c->n && c->at == c->o.text.len)
        c->o.done(c->o.user, c->segments, c->n, NULL);
}

int token_counter_open(struct token_counter **ret, const struct token_counter_options *options,
                       struct err *err)
{
    assert(options->text.len > 0);
    struct token_counter *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "no memory to cut the file");
    c->o = *options;
    for (int i = 0; i < WINDOW; i++) c->window[i].counter = c;
    int rc = ask(&c->window[0], SLICE("a"), err);
    if (rc < 0) {
        mem_free(c);
        return rc;
    }
    *ret = c;
    return 0;
}

void token_counter_close(struct token_counter *c)
{
    if (!c) return;
    cancel_all(c);
    mem_free(c->segments);
    mem_free(c);
}
