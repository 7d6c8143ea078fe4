/* An answer taken apart: from the engine's text to thoughts, content and calls of tools. What a
 * request needs for that belongs to it (engine_request.own) and ends with it. */
#include "base/seam.h"
#include "chat/reply.h"
#include "worker/worker_state.h"

#include <string.h>

enum { CALL_ID_CHARS = 24 };

/* One choice. Its events point here. */
struct part_choice {
    struct answer_parts *parts;
    struct reply reply;
    uint32_t choice;
    uint32_t n_tokens; /* So far; */
    uint64_t core_us;  /* of the request. */
    bool called;
    /* Logprobs of bytes that were not told yet, in order: what becomes a call has none. */
    struct answer_entry *entries;
    size_t n_entries, cap_entries;
};

struct answer_parts {
    struct worker *w; /* The worker's thread's, while it reads. */
    uint64_t id;
    struct tool_list *tools; /* Owned; NULL: none */
    int32_t n;
    struct part_choice choices[]; /* (n) */
};

/* ---- What is told ---- */

/* The entries of the content's bytes: from *ret_first on, n of them. Those before are over, too. */
static size_t entries_of(const struct part_choice *c, const struct reply_event *e,
                         size_t *ret_first)
{
    size_t first = 0, n = 0;
    while (first < c->n_entries && c->entries[first].to <= e->from &&
           c->entries[first].from < e->from)
        first++;
    while (first + n < c->n_entries && c->entries[first + n].from < e->to) n++;
    *ret_first = first;
    return n;
}

static void drop_entries(struct part_choice *c, size_t n)
{
    c->n_entries -= n;
    if (n) memmove(c->entries, c->entries + n, c->n_entries * sizeof *c->entries);
}

static void tell_text(struct part_choice *c, const struct reply_event *e)
{
    struct worker *w = c->parts->w;
    size_t first, n = entries_of(c, e, &first);
    struct msg_token m = {
        .id = c->parts->id,
        .choice = c->choice,
        .reasoning = e->kind == REPLY_REASONING,
        .text = e->text,
        .n_logprobs = (uint32_t)n,
        .n_tokens = c->n_tokens,
        .core_us = c->core_us,
    };
    m.logprobs = worker_logprobs(w, n ? c->entries + first : NULL, n);
    worker_send_built(w, m.id, MSG_TOKEN, &m);
    drop_entries(c, first + n);
}

static struct slice make_call_id(char *ret)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char head[] = "call_";
    enum { DIGITS = sizeof digits - 1, FAIR = 256 / DIGITS * DIGITS };
    size_t len = sizeof head - 1;
    memcpy(ret, head, len);
    while (len < sizeof head - 1 + CALL_ID_CHARS) {
        uint8_t byte;
        random_bytes_fill(&byte, 1);
        if (byte < FAIR) ret[len++] = digits[byte % DIGITS];
    }
    return (struct slice){ ret, len };
}

static void on_event(void *ctx, const struct reply_event *e)
{
    struct part_choice *c = ctx;
    char id[CALL_ID_CHARS + 8];
    if (e->kind == REPLY_CONTENT || e->kind == REPLY_REASONING) {
        tell_text(c, e);
        return;
    }
    struct msg_tool_delta m = { .id = c->parts->id,
                                .choice = c->choice,
                                .index = (uint32_t)e->index,
                                .n_tokens = c->n_tokens,
                                .core_us = c->core_us };
    if (e->kind == REPLY_CALL) {
        m.call_id = make_call_id(id);
        m.name = e->text;
        c->called = true;
    } else {
        m.arguments = e->text;
    }
    worker_send_part(c->parts->w, m.id, MSG_TOOL_DELTA, &m);
}

/* ---- What comes ---- */

static struct part_choice *choice_of(struct worker *w, const struct engine_request *r,
                                     uint32_t choice, int32_t n_tokens)
{
    struct answer_parts *p = r->own;
    struct part_choice *c = &p->choices[choice];
    p->w = w;
    c->n_tokens = (uint32_t)n_tokens;
    c->core_us = r->core_ns / 1000;
    return c;
}

static bool keep_entries(struct part_choice *c, const struct answer_entry *entries, size_t n)
{
    size_t need = c->n_entries + n;
    if (n == 0) return true;
    if (need > c->cap_entries) {
        size_t cap = 2 * need;
        struct answer_entry *p = mem_realloc(c->entries, cap * sizeof *p);
        if (!p) return false;
        c->entries = p;
        c->cap_entries = cap;
    }
    memcpy(c->entries + c->n_entries, entries, n * sizeof *entries);
    c->n_entries = need;
    return true;
}

void worker_parts_token(struct worker *w, const struct engine_request *r, uint32_t choice,
                        struct slice text, const struct answer_entry *entries, size_t n,
                        int32_t n_tokens)
{
    struct part_choice *c = choice_of(w, r, choice, n_tokens);
    if (!keep_entries(c, entries, n) || reply_add(&c->reply, text) < 0) worker_give_up(w, r->id);
}

bool worker_parts_end(struct worker *w, const struct engine_request *r, uint32_t choice,
                      int32_t n_tokens)
{
    struct part_choice *c = choice_of(w, r, choice, n_tokens);
    if (reply_end(&c->reply) < 0) worker_give_up(w, r->id);
    drop_entries(c, c->n_entries);
    return c->called && !c->reply.in_call;
}

/* ---- Its life ---- */

static void parts_close(void *own)
{
    struct answer_parts *p = own;
    for (int32_t i = 0; i < p->n; i++) {
        reply_release(&p->choices[i].reply);
        mem_free(p->choices[i].entries);
    }
    tool_list_close(p->tools);
    mem_free(p);
}

int worker_parts_open(const struct worker *w, struct errand *e)
{
    struct engine_request *r = e->request;
    if (e->m->kind != REQUEST_CHAT) return 0;
    const struct reply_options options = {
        .style = chat_style(w->chat),
        .thinking = chat_thinking(w->chat),
        .thinks = e->thinks,
        .tools = e->tools,
        .held = e->m->grammar_kind != GRAMMAR_NONE && e->m->tool_choice != TOOL_CHOICE_REQUIRED,
    };
    if (!e->tools && !chat_caps(w->chat)->thinking) return 0;
    struct answer_parts *p = mem_calloc(1, sizeof *p + (size_t)r->n_choices * sizeof p->choices[0]);
    if (!p) return err_set(&e->err, ERR_NO_MEMORY, "out of memory for a request");
    p->id = r->id;
    p->tools = e->tools;
    p->n = r->n_choices;
    e->tools = NULL;
    for (int32_t i = 0; i < p->n; i++) {
        struct part_choice *c = &p->choices[i];
        c->parts = p;
        c->choice = (uint32_t)i;
        reply_init(&c->reply, &options, (struct reply_events){ .ctx = c, .event = on_event });
    }
    r->marks = true;
    r->own = p;
    r->close_own = parts_close;
    return 0;
}
