/* Decoding is streaming: one path, so that a stream and a whole text cannot differ. */
#include "engine/tokenizer_family.h"

#include <assert.h>

void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool control)
{
    *d = (struct detokenizer){ .tokenizer = t, .control = control };
}

static void add_replacement(struct buf *out)
{
    char enc[UTF8_BYTES_MAX];
    buf_add(out, enc, utf8_encode(enc, UTF8_REPLACEMENT));
}

/* Appends s, with U+FFFD for what is ill formed. */
static void add_text(struct buf *out, const char *s, size_t len)
{
    size_t clean = 0; /* s[clean..i) is well formed and not yet written. */
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = unicode_at(&c, s, len, i);
        if (n) {
            i += n;
            continue;
        }
        buf_add(out, s + clean, i - clean);
        add_replacement(out);
        i += utf8_bad_len(s + i, len - i);
        clean = i;
    }
    buf_add(out, s + clean, len - clean);
}

/* Finishes the held character with bytes from s while that is still possible; returns how many of
 * s were taken. Afterwards either nothing is held or all of s was taken. */
static size_t complete_held(struct detokenizer *d, struct buf *out, const char *s, size_t len)
{
    size_t used = 0;
    while (d->n_held > 0 && used < len) {
        char joined[UTF8_BYTES_MAX];
        memcpy(joined, d->held, d->n_held);
        joined[d->n_held] = s[used];
        uint32_t c;
        size_t n = (size_t)d->n_held + 1;
        if (utf8_decode(&c, joined, n) == n) {
            buf_add(out, joined, n);
            d->n_held = 0;
            used++;
        } else if (utf8_complete_len(joined, n) == 0) {
            d->held[d->n_held++] = s[used++];
        } else {
            /* The next byte does not continue it: what is held is one ill-formed subpart. */
            add_replacement(out);
            d->n_held = 0;
        }
    }
    return used;
}

static void add_bytes(struct detokenizer *d, struct buf *out, struct slice s)
{
    size_t used = complete_held(d, out, s.ptr, s.len);
    const char *rest = s.ptr + used;
    size_t len = s.len - used;
    if (len == 0) return;
    size_t complete = utf8_complete_len(rest, len);
    add_text(out, rest, complete);
    d->n_held = (uint8_t)(len - complete);
    assert(d->n_held < sizeof d->held);
    memcpy(d->held, rest + complete, d->n_held);
}

void detokenizer_add(struct detokenizer *d, struct buf *out, int32_t id)
{
    const struct tokenizer *t = d->tokenizer;
    if (id < 0 || (size_t)id >= t->n_vocab) {
        detokenizer_finish(d, out);
        add_replacement(out);
        return;
    }
    enum token_kind kind = (enum token_kind)t->kinds[id];
    if (kind == TOKEN_UNUSED || (kind == TOKEN_CONTROL && !d->control)) return;
    if (t->wordpiece && d->started && !wordpiece_continues(t->wordpiece, id))
        add_bytes(d, out, SLICE(" "));
    d->started = true;
    add_bytes(d, out, t->bytes[id]);
}

void detokenizer_finish(struct detokenizer *d, struct buf *out)
{
    if (d->n_held) add_replacement(out);
    d->n_held = 0;
}

void tokenizer_decode(const struct tokenizer *t, struct buf *out, const int32_t *ids, size_t n,
                      bool control)
{
    struct detokenizer d;
    detokenizer_init(&d, t, control);
    for (size_t i = 0; i < n; i++) detokenizer_add(&d, out, ids[i]);
    detokenizer_finish(&d, out);
}
