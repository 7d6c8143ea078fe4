#include "grammar/constrain.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "grammar/mask.h"
#include "grammar/vocabulary_trie.h"

#include <assert.h>

enum {
    ROLLBACK_MAX = 255, /* Tokens: more than any draft has. */
    QUEUE_MAX = 255,
    HISTORY = ROLLBACK_MAX + QUEUE_MAX + 2,
    STRETCH_MAX = 256,          /* Bytes that are looked ahead. */
    STRETCH_LEAST = 2,          /* Fewer are not worth asking the tokenizer. */
    ENCODED_MAX = 512,          /* Tokens of a stretch and what is before it. */
    BYTES_MAX = TRIE_DEPTH_MAX, /* Of a token. */
};

/* Bytes that can only come so. */
struct stretch {
    char bytes[STRETCH_MAX];
    size_t len;
    bool closed; /* No text follows that could be one token with its end. */
};

/* Everything but the states is a function of the accepted tokens alone; so what is forced does not
 * depend on drafts that were taken back. */
struct constrained {
    struct constraint base;
    struct grammar *grammar; /* The masks' user has the reference. */
    const struct vocabulary *vocabulary;
    struct masks *masks;
    struct masks_user user;
    bool no_jump;
    int32_t n, n_most; /* Accepted tokens; and the most there ever were. */
    int32_t ended_at;  /* So many they were when an end had come; -1: none has. */
    /* How it stood after k tokens, at k % HISTORY: */
    int32_t states[HISTORY]; /* GRAMMAR_DEAD behind an end. Under the grammar's lock. */
    int32_t tokens[HISTORY]; /* The last one; TOKEN_NONE: none yet */
    int32_t queues[HISTORY]; /* Since how many tokens a stretch is being written; -1: none is */
    /* The tokens of the stretch that began after `queue_at`; -1: not known. Its memory is taken at
     * open. */
    struct tokens queue;
    int32_t queue_at;
};

static struct constrained *constrained_of(struct constraint *c)
{
    return (struct constrained *)c;
}

static const struct tokenizer *tokenizer_of(const struct constrained *c)
{
    return vocabulary_tokenizer(c->vocabulary);
}

static int32_t *state_at(struct constrained *c, int32_t n)
{
    return &c->states[n % HISTORY];
}

/* ---- Stretches ---- */

/* Only a control token may come, or the end. Under the lock. */
static bool is_text_over(struct grammar *g, int32_t state)
{
    for (int byte = 0; byte < GRAMMAR_TOKEN_BYTE; byte++)
        if (grammar_step(g, state, (uint8_t)byte) != GRAMMAR_DEAD) return false;
    return true;
}

/* Under the lock. */
static void look_ahead(struct grammar *g, int32_t state, struct stretch *s)
{
    s->len = 0;
    s->closed = false;
    while (s->len < STRETCH_MAX) {
        int32_t byte = grammar_forced_byte(g, state);
        if (byte < 0 || byte == GRAMMAR_TOKEN_BYTE) {
            s->closed = s->len >= STRETCH_LEAST && is_text_over(g, state);
            return;
        }
        int32_t next = grammar_step(g, state, (uint8_t)byte);
        if (next < 0) return;
        s->bytes[s->len++] = (char)byte;
        state = next;
    }
}

/* Whether the tokenizer lets nothing of what comes be one token with this one's text. */
static bool stands_alone(const struct constrained *c, int32_t token)
{
    return token == TOKEN_NONE || tokenizer_kind(tokenizer_of(c), token) == TOKEN_CONTROL;
}

/* The tokens that the tokenizer makes of the stretch, behind `last` if it goes on from there. */
static bool encode(struct constrained *c, int32_t last, struct slice stretch)
{
    char text[BYTES_MAX + STRETCH_MAX];
    struct tokens *q = &c->queue;
    struct slice before = { "", 0 };
    struct err err; /* Then the model says how to write it. */
    if (!stands_alone(c, last)) before = tokenizer_bytes(tokenizer_of(c), last);
    assert(before.len + stretch.len <= sizeof text);
    memcpy(text, before.ptr, before.len);
    memcpy(text + before.len, stretch.ptr, stretch.len);
    struct slice whole = { text, before.len + stretch.len };
    if (tokenizer_encode(tokenizer_of(c), q, whole, NULL, &err) < 0 || q->len == 0) return false;
    if (before.len == 0) return true;
    if (q->ids[0] != last) return false; /* It would not have been written like that. */
    q->len--;
    memmove(q->ids, q->ids + 1, q->len * sizeof q->ids[0]);
    return true;
}

/* Whether the queue is how the stretch begins. */
static bool spells(const struct constrained *c, struct slice stretch)
{
    for (size_t i = 0; i < c->queue.len; i++) {
        int32_t token = c->queue.ids[i];
        struct slice bytes = tokenizer_bytes(tokenizer_of(c), token);
        if (!vocabulary_has(c->vocabulary, token) || stands_alone(c, token)) return false;
        if (!slice_starts(stretch, bytes)) return false;
        stretch.ptr += bytes.len;
        stretch.len -= bytes.len;
    }
    return true;
}

/* What follows the stretch may be one token with its end: the last one is the model's to choose. */
static bool write_queue(struct constrained *c, int32_t at, const struct stretch *s)
{
    struct slice whole = { s->bytes, utf8_complete_len(s->bytes, s->len) };
    bool closed = s->closed && whole.len == s->len;
    c->queue_at = -1;
    c->queue.len = 0;
    if (whole.len < STRETCH_LEAST || !encode(c, c->tokens[at % HISTORY], whole)) return false;
    if (!closed && c->queue.len > 0) c->queue.len--;
    if (c->queue.len > QUEUE_MAX) c->queue.len = QUEUE_MAX;
    if (c->queue.len == 0 || !spells(c, whole)) return false;
    c->queue_at = at;
    return true;
}

/* The stretch that began after `at` tokens: again, if another was written since. */
static bool load_queue(struct constrained *c, int32_t at)
{
    struct stretch s;
    if (c->queue_at == at) return true;
    grammar_lock(c->grammar);
    look_ahead(c->grammar, *state_at(c, at), &s);
    grammar_unlock(c->grammar);
    return write_queue(c, at, &s);
}

/* The next token of the stretch that is being written. */
static int32_t queued(struct constrained *c)
{
    int32_t at = c->queues[c->n % HISTORY];
    if (at < 0 || !load_queue(c, at)) return CONSTRAINT_FREE;
    return c->queue.ids[c->n - at];
}

/* ---- The constraint ---- */

static int32_t forced(struct constraint *base)
{
    struct constrained *c = constrained_of(base);
    int32_t token = queued(c), end = tokenizer_special(tokenizer_of(c))->end[0];
    if (token != CONSTRAINT_FREE) return token;
    if (c->ended_at >= 0) return end;
    struct mask_facts facts = masks_facts(c->masks, c->vocabulary, state_at(c, c->n));
    if (facts.accepts) return facts.n == 0 ? end : CONSTRAINT_FREE;
    return facts.n == 1 ? facts.only : CONSTRAINT_FREE;
}

static void mask(struct constraint *base, uint32_t *bits, int32_t n_vocab)
{
    struct constrained *c = constrained_of(base);
    const struct tokenizer_special *special = tokenizer_special(tokenizer_of(c));
    bool ended = c->ended_at >= 0, had[TOKENIZER_END_MAX] = { false };
    struct mask_facts facts = { .accepts = ended };
    for (size_t i = 0; i < special->n_end; i++)
        had[i] = special->end[i] < n_vocab && constraint_bit(bits, special->end[i]);
    if (ended)
        memset(bits, 0, (size_t)(n_vocab + 31) / 32 * sizeof *bits);
    else
        facts = masks_apply(c->masks, c->vocabulary, state_at(c, c->n), bits, n_vocab);
    for (size_t i = 0; facts.accepts && i < special->n_end; i++)
        if (had[i]) bits[special->end[i] / 32] |= UINT32_C(1) << (special->end[i] % 32);
}

/* Where the token leads; false: nowhere. Under the lock. */
static bool step(struct constrained *c, int32_t token, int32_t *ret)
{
    const struct tokenizer *t = tokenizer_of(c);
    int32_t *state = state_at(c, c->n);
    *ret = GRAMMAR_DEAD;
    if (tokenizer_is_end(t, token)) return c->ended_at >= 0 || grammar_accepts(c->grammar, *state);
    if (c->ended_at >= 0 || !vocabulary_has(c->vocabulary, token)) return false;
    *ret = masks_step(c->masks, state, tokenizer_bytes(t, token),
                      tokenizer_kind(t, token) == TOKEN_CONTROL);
    return *ret != GRAMMAR_DEAD;
}

static int accept(struct constraint *base, int32_t token)
{
    struct constrained *c = constrained_of(base);
    struct stretch s = { .len = 0 };
    int32_t at = c->queues[c->n % HISTORY], next;
    bool as_queued = at >= 0 && queued(c) == token;
    bool goes_on = as_queued && (size_t)(c->n + 1 - at) < c->queue.len;
    grammar_lock(c->grammar);
    bool allowed = step(c, token, &next);
    if (allowed) {
        c->n++;
        *state_at(c, c->n) = next;
        if (next >= 0 && !goes_on && !c->no_jump) look_ahead(c->grammar, next, &s);
    }
    grammar_unlock(c->grammar);
    if (!allowed) return -ERR_INVALID_VALUE;
    if (c->n > c->n_most) c->n_most = c->n;
    if (next < 0 && c->ended_at < 0) c->ended_at = c->n;
    c->tokens[c->n % HISTORY] = token;
    if (!goes_on) at = write_queue(c, c->n, &s) ? c->n : -1;
    c->queues[c->n % HISTORY] = at;
    return 0;
}

static void rollback(struct constraint *base, int32_t n_tokens)
{
    struct constrained *c = constrained_of(base);
    assert(n_tokens <= c->n && c->n_most - (c->n - n_tokens) <= ROLLBACK_MAX);
    c->n -= n_tokens;
    if (c->ended_at > c->n) c->ended_at = -1;
}

/* ---- Opening ---- */

static void close_constrained(struct constraint *base)
{
    struct constrained *c = constrained_of(base);
    if (c->masks) masks_leave(c->masks, &c->user);
    tokens_release(&c->queue);
    mem_free(c);
}

/* One that has joined the grammar's masks, in no state; NULL: no memory. */
static struct constrained *new_constrained(const struct constraint_ops *ops, struct grammar *g,
                                           const struct vocabulary *v)
{
    struct constrained *c = mem_calloc(1, sizeof *c);
    if (!c) return NULL;
    c->base.ops = ops;
    c->grammar = g;
    c->vocabulary = v;
    c->ended_at = c->queue_at = -1;
    for (int32_t i = 0; i < HISTORY; i++) {
        c->states[i] = GRAMMAR_DEAD;
        c->tokens[i] = TOKEN_NONE;
        c->queues[i] = -1;
    }
    c->user = (struct masks_user){ .states = c->states, .n_states = HISTORY };
    tokens_init(&c->queue, ENCODED_MAX);
    c->queue.ids = mem_calloc(ENCODED_MAX, sizeof *c->queue.ids);
    if (c->queue.ids) c->queue.cap = ENCODED_MAX;
    if (c->queue.ids && masks_join(&c->masks, g, v, &c->user, NULL) == 0) return c;
    close_constrained(&c->base);
    return NULL;
}

static struct constraint *copy(const struct constraint *base)
{
    const struct constrained *from = (const struct constrained *)base;
    struct constrained *c = new_constrained(base->ops, from->grammar, from->vocabulary);
    if (!c) return NULL;
    c->no_jump = from->no_jump;
    c->n = from->n;
    c->n_most = from->n_most;
    c->ended_at = from->ended_at;
    c->queue_at = from->queue_at;
    c->queue.len = from->queue.len;
    memcpy(c->queue.ids, from->queue.ids, from->queue.len * sizeof *c->queue.ids);
    memcpy(c->tokens, from->tokens, sizeof c->tokens);
    memcpy(c->queues, from->queues, sizeof c->queues);
    grammar_lock(c->grammar);
    memcpy(c->states, from->states, sizeof c->states);
    grammar_unlock(c->grammar);
    return &c->base;
}

static const struct constraint_ops ops = {
    .name = "grammar",
    .mask = mask,
    .forced = forced,
    .accept = accept,
    .rollback = rollback,
    .copy = copy,
    .close = close_constrained,
};

int grammar_constrain(struct constraint **ret, struct grammar *g,
                      const struct grammar_constrain_options *options, struct err *err)
{
    const struct tokenizer *t = vocabulary_tokenizer(options->vocabulary);
    struct stretch s = { .len = 0 };
    if (tokenizer_special(t)->n_end == 0)
        return err_set(err, ERR_UNSUPPORTED_VALUE,
                       "This model has no token that ends an answer; one that follows a grammar "
                       "could not end.");
    struct constrained *c = new_constrained(&ops, g, options->vocabulary);
    if (!c) return err_set(err, ERR_NO_MEMORY, "out of memory for a constraint");
    c->no_jump = options->no_jump;
    grammar_lock(g);
    *state_at(c, 0) = grammar_start(g);
    if (!c->no_jump) look_ahead(g, *state_at(c, 0), &s);
    grammar_unlock(g);
    if (write_queue(c, 0, &s)) c->queues[0] = 0;
    (void)masks_facts(c->masks, c->vocabulary, state_at(c, 0)); /* Kept for the first token. */
    *ret = &c->base;
    return 0;
}
