/* Encoding from the outside in: make the text well formed, cut it at added tokens, normalise each
 * piece, and let the family's algorithm have what is left. */
#include "engine/tokenizer_family.h"

#include "base/seam.h"

#include <assert.h>

void tokens_init(struct tokens *list, size_t max)
{
    *list = (struct tokens){ .max = max };
}

void tokens_release(struct tokens *list)
{
    mem_free(list->ids);
    *list = (struct tokens){ .max = list->max };
}

int tokens_add(struct tokens *list, int32_t id)
{
    if (list->len == list->max) return -ERR_LIMIT;
    if (list->len == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        if (cap > list->max) cap = list->max;
        int32_t *grown = mem_realloc(list->ids, cap * sizeof *grown);
        if (!grown) return -ERR_NO_MEMORY;
        list->ids = grown;
        list->cap = cap;
    }
    list->ids[list->len++] = id;
    return 0;
}

static int encode_words(struct encoder *e, struct slice text)
{
    if (text.len == 0) return 0;
    switch (e->t->family->algorithm) {
    case ALGORITHM_BPE: return bpe_encode(e, text);
    case ALGORITHM_SPM: return spm_encode(e, text);
    case ALGORITHM_WORDPIECE: break;
    }
    return wordpiece_encode(e, text);
}

/* Calls `piece` for each stretch of text between added tokens, and emits those. */
static int encode_around(struct encoder *e, const struct added_set *set, struct slice text,
                         struct trust *trust, int (*piece)(struct encoder *, struct slice))
{
    struct added_match m;
    size_t at = 0;
    while (added_find(&m, set, e->t->classes, text, at, trust)) {
        if (m.from > at) TRY(piece(e, (struct slice){ text.ptr + at, m.from - at }));
        TRY(encoder_emit(e, m.id));
        at = m.to;
    }
    return at < text.len ? piece(e, (struct slice){ text.ptr + at, text.len - at }) : 0;
}

int tokenizer_normalise(struct encoder *e, struct slice *ret, struct slice text)
{
    const struct tokenizer *t = e->t;
    *ret = text;
    if (t->wordpiece) {
        TRY(wordpiece_normalise(e, text));
        *ret = buf_slice(&e->normal);
    } else if (t->family->algorithm == ALGORITHM_SPM && spm_has_mark(text)) {
        buf_reset(&e->normal);
        TRY(spm_normalise(&e->normal, text));
        *ret = buf_slice(&e->normal);
    } else if (t->nfc && unicode_may_change(text)) {
        buf_reset(&e->normal);
        TRY(unicode_compose(&e->normal, &e->points, text));
        *ret = buf_slice(&e->normal);
    }
    return 0;
}

static int encode_piece(struct encoder *e, struct slice text)
{
    TRY(tokenizer_normalise(e, &text, text));
    /* Control tokens are all in the other set: none of these asks for trust. */
    struct trust none = { .kind = TRUST_NONE };
    return encode_around(e, &e->t->normal, text, &none, encode_words);
}

/* A well-formed copy of `text`, with the spans moved along. */
struct wellformed {
    char *text;
    size_t len;
    struct tokenizer_span *spans;
};

static void wellformed_release(struct wellformed *w)
{
    mem_free(w->text);
    mem_free(w->spans);
}

static int wellformed_init(struct wellformed *w, struct slice text,
                           const struct tokenizer_options *o)
{
    *w = (struct wellformed){ .text = mem_alloc(text.len * 3 + 1),
                              .spans = mem_calloc(o->n_spans + 1, sizeof *w->spans) };
    if (!w->text || !w->spans) {
        wellformed_release(w);
        return -ERR_NO_MEMORY;
    }
    /* `edge` walks over from, to, from, to ...; one inside a character shrinks its span. */
    size_t edge = 0, edges = o->n_spans * 2;
    for (size_t i = 0; i <= text.len;) {
        size_t n = 1, before = w->len, from = i;
        if (i < text.len) {
            uint32_t c;
            n = utf8_decode(&c, text.ptr + i, text.len - i);
            w->len += utf8_encode(w->text + w->len, n ? c : UTF8_REPLACEMENT);
            if (n == 0) n = utf8_bad_len(text.ptr + i, text.len - i);
        }
        i += n;
        for (; edge < edges; edge++) {
            const struct tokenizer_span *s = &o->spans[edge / 2];
            struct tokenizer_span *moved = &w->spans[edge / 2];
            size_t place = edge % 2 ? s->to : s->from;
            if (place >= i) break;
            if (edge % 2)
                moved->to = before > moved->from ? before : moved->from;
            else
                moved->from = place == from ? before : w->len;
        }
    }
    assert(edge == edges);
    return 0;
}

static int encode_text(struct encoder *e, struct slice text, const struct tokenizer_options *o)
{
    const struct tokenizer *t = e->t;
    struct trust trust = { .kind = o->trust, .spans = o->spans, .n = o->n_spans };
    if (o->add_special && t->prefix_id >= 0) TRY(encoder_emit(e, t->prefix_id));
    if (utf8_valid(text.ptr, text.len)) {
        TRY(encode_around(e, &t->raw, text, &trust, encode_piece));
    } else {
        struct wellformed w;
        TRY(wellformed_init(&w, text, o));
        trust.spans = w.spans;
        int rc = encode_around(e, &t->raw, (struct slice){ w.text, w.len }, &trust, encode_piece);
        wellformed_release(&w);
        TRY(rc);
    }
    if (o->add_special && t->suffix_id >= 0) TRY(encoder_emit(e, t->suffix_id));
    return 0;
}

static void check_options(const struct tokenizer_options *o, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < o->n_spans; i++) {
        assert(o->spans[i].from >= at && o->spans[i].to >= o->spans[i].from);
        at = o->spans[i].to;
    }
    assert(at <= len);
}

static int encode(const struct tokenizer *t, struct tokens *out, size_t *ret_count,
                  struct slice text, const struct tokenizer_options *options, struct err *err)
{
    static const struct tokenizer_options none = { .trust = TRUST_NONE };
    const struct tokenizer_options *o = options ? options : &none;
    if (text.len > TOKENIZER_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "the text has %zu bytes; at most %d can be tokenised",
                       text.len, (int)TOKENIZER_TEXT_MAX);
    check_options(o, text.len);
    struct encoder e = { .t = t, .out = out };
    size_t before = out ? out->len : 0;
    /* A character of 2 bytes may decompose to 3 times as many, WordPiece adds 2 spaces. */
    buf_init(&e.normal, (size_t)TOKENIZER_TEXT_MAX * 8);
    int rc = encode_text(&e, text, o);
    buf_release(&e.normal);
    points_release(&e.points);
    mem_free(e.scratch.block);
    if (rc == 0) {
        if (ret_count) *ret_count = e.count;
        return 0;
    }
    if (out) out->len = before;
    if (rc == -ERR_LIMIT)
        return err_set(err, ERR_LIMIT, "the text has more than %zu tokens", out->max - before);
    return err_set(err, ERR_NO_MEMORY, "no memory to tokenise %zu bytes", text.len);
}

int tokenizer_encode(const struct tokenizer *t, struct tokens *out, struct slice text,
                     const struct tokenizer_options *options, struct err *err)
{
    assert(out);
    return encode(t, out, NULL, text, options, err);
}

int tokenizer_count(const struct tokenizer *t, size_t *ret, struct slice text,
                    const struct tokenizer_options *options, struct err *err)
{
    return encode(t, NULL, ret, text, options, err);
}

size_t tokenizer_vocab_len(const struct tokenizer *t)
{
    return t->n_vocab;
}

const char *tokenizer_family_name(const struct tokenizer *t)
{
    return t->family->name;
}

const struct tokenizer_special *tokenizer_special(const struct tokenizer *t)
{
    return &t->special;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    for (size_t i = 0; i < t->special.n_end; i++)
        if (t->special.end[i] == id) return true;
    return false;
}

struct slice tokenizer_bytes(const struct tokenizer *t, int32_t id)
{
    if (id < 0 || (size_t)id >= t->n_vocab) return (struct slice){ "", 0 };
    return t->bytes[id];
}

enum token_kind tokenizer_kind(const struct tokenizer *t, int32_t id)
{
    if (id < 0 || (size_t)id >= t->n_vocab) return TOKEN_UNUSED;
    return (enum token_kind)t->kinds[id];
}

int32_t tokenizer_difference(const struct tokenizer *a, const struct tokenizer *b)
{
    size_t n = a->n_vocab < b->n_vocab ? a->n_vocab : b->n_vocab;
    for (size_t i = 0; i < n; i++) {
        bool control = a->kinds[i] == TOKEN_CONTROL;
        if (control != (b->kinds[i] == TOKEN_CONTROL)) return (int32_t)i;
        if (!slice_eq(a->bytes[i], b->bytes[i])) return (int32_t)i;
    }
    return TOKEN_NONE;
}

int32_t tokenizer_find(const struct tokenizer *t, struct slice text)
{
    uint32_t id;
    return text.len && map_get(&t->added_ids, text, &id) ? (int32_t)id : TOKEN_NONE;
}

bool tokenizer_has_fim(const struct tokenizer *t)
{
    const struct tokenizer_special *s = &t->special;
    return s->fim_prefix >= 0 && s->fim_suffix >= 0 && s->fim_middle >= 0;
}
