/* WordPiece: BERT's normaliser, its split into words, and in each word the longest token that fits,
 * from left to right (Schuster and Nakajima 2012). A word that does not come out even is [UNK]. */
#include "engine/tokenizer_family.h"

#include "base/seam.h"

#include <assert.h>

enum {
    WORD_CHARS_MAX = 1000, /* BERT's own limit is 100. */
    I_WITH_DOT = 0x130,    /* The one character whose lower case is two. */
    DOT_ABOVE = 0x307,
};

struct wordpiece {
    struct map begins, continues; /* Tokens by their text without the prefix. */
    uint8_t *is_continuation;     /* [n_vocab] */
    size_t token_len_max;         /* Bytes of the longest. */
    uint64_t word_chars_max;
    int32_t unk;
    bool clean, chinese, accents, lower;
};

static int no_memory(const struct tokenizer_source *s, struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "%s: no memory for a vocabulary of %zu tokens", s->name,
                   s->n_tokens);
}

static int add_token(struct wordpiece *w, struct tokenizer *t, const struct tokenizer_source *s,
                     size_t id, struct err *err)
{
    const struct slice space = SLICE("\xE2\x96\x81"), prefix = s->bert.prefix;
    struct slice text = t->bytes[id];
    bool marked = s->bert.phantom ? slice_starts(text, space) : slice_starts(text, prefix);
    size_t cut = !marked ? 0 : s->bert.phantom ? space.len : prefix.len;
    bool continues = s->bert.phantom ? !marked : marked;
    text.ptr += cut;
    text.len -= cut;
    if (text.len == 0) return 0; /* A bare mark cannot be reached by any text. */
    t->bytes[id] = text;
    w->is_continuation[id] = continues;
    if (text.len > w->token_len_max) w->token_len_max = text.len;
    if (map_put(continues ? &w->continues : &w->begins, text, (uint32_t)id) < 0)
        return no_memory(s, err);
    return 0;
}

int wordpiece_open(struct wordpiece **ret, struct tokenizer *t, const struct tokenizer_source *s,
                   struct err *err)
{
    if (t->special.unk == TOKEN_NONE)
        return err_set(err, ERR_FORMAT, "%s: the WordPiece vocabulary has no unknown token",
                       s->name);
    if (s->bert.word_chars_max > WORD_CHARS_MAX)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: max_input_chars_per_word is %llu; at most %d is supported", s->name,
                       (unsigned long long)s->bert.word_chars_max, (int)WORD_CHARS_MAX);
    struct wordpiece *w = mem_calloc(1, sizeof *w);
    if (!w) return no_memory(s, err);
    w->clean = s->bert.clean;
    w->chinese = s->bert.chinese;
    w->accents = s->bert.accents;
    w->lower = s->bert.lower;
    w->word_chars_max = s->bert.word_chars_max;
    w->unk = t->special.unk;
    w->is_continuation = mem_calloc(s->n_tokens, 1);
    int rc = w->is_continuation ? 0 : no_memory(s, err);
    for (size_t i = 0; rc == 0 && i < s->n_tokens; i++) {
        enum token_kind kind = (enum token_kind)s->tokens[i].kind;
        if (kind == TOKEN_NORMAL || kind == TOKEN_ADDED) rc = add_token(w, t, s, i, err);
    }
    if (rc < 0) {
        wordpiece_close(w);
        return rc;
    }
    *ret = w;
    return 0;
}

void wordpiece_close(struct wordpiece *w)
{
    if (!w) return;
    map_release(&w->begins);
    map_release(&w->continues);
    mem_free(w->is_continuation);
    mem_free(w);
}

bool wordpiece_continues(const struct wordpiece *w, int32_t id)
{
    return w->is_continuation[id];
}

static void add_point(struct buf *out, uint32_t c)
{
    char enc[UTF8_BYTES_MAX];
    buf_add(out, enc, utf8_encode(enc, c));
}

static void add_lower(const struct wordpiece *w, struct buf *out, uint32_t c)
{
    if (w->lower && c == I_WITH_DOT) {
        add_point(out, 'i');
        add_point(out, DOT_ABOVE);
    } else {
        add_point(out, w->lower ? unicode_lower(c) : c);
    }
}

/* Accents go after decomposition, lower case comes last: the order of BertNormalizer. */
static int strip_and_lower(const struct wordpiece *w, struct encoder *e, struct slice text)
{
    TRY(unicode_decompose(&e->points, text));
    for (size_t i = 0; i < e->points.len; i++) {
        uint32_t c = (uint32_t)e->points.at[i];
        if (!(e->t->classes[c] & CLASS_ACCENT)) add_lower(w, &e->normal, c);
    }
    return 0;
}

/* What becomes of one character before accents: appended to out. */
static void clean_char(const struct wordpiece *w, const uint8_t *classes, struct buf *out,
                       const char *s, size_t n, uint32_t c)
{
    uint8_t class = classes[c];
    if (w->clean && (class & CLASS_CONTROL)) return;
    if (w->clean && (class & CLASS_SPACE)) {
        buf_add_char(out, ' ');
    } else if (w->chinese && (class & CLASS_CHINESE)) {
        buf_add_char(out, ' ');
        buf_add(out, s, n);
        buf_add_char(out, ' ');
    } else {
        buf_add(out, s, n);
    }
}

int wordpiece_normalise(struct encoder *e, struct slice text)
{
    const struct wordpiece *w = e->t->wordpiece;
    const uint8_t *classes = e->t->classes;
    buf_reset(&e->normal);
    struct buf cleaned;
    buf_init(&cleaned, e->normal.max);
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        size_t n = unicode_at(&c, text.ptr, text.len, i);
        clean_char(w, classes, &cleaned, text.ptr + i, n, c);
        i += n;
    }
    int rc = cleaned.failed ? -ERR_NO_MEMORY : 0;
    if (rc == 0 && w->accents) {
        rc = strip_and_lower(w, e, buf_slice(&cleaned));
    } else if (rc == 0) {
        for (size_t i = 0; i < cleaned.len;) {
            uint32_t c;
            i += unicode_at(&c, cleaned.ptr, cleaned.len, i);
            add_lower(w, &e->normal, c);
        }
    }
    buf_release(&cleaned);
    return rc < 0 || e->normal.failed ? -ERR_NO_MEMORY : 0;
}

/* The longest token at the front of `rest`; its bytes, or 0. */
static size_t longest(const struct wordpiece *w, int32_t *ret, struct slice rest, bool begins)
{
    size_t n = rest.len < w->token_len_max ? rest.len : w->token_len_max;
    while (n > 0) {
        uint32_t id;
        bool boundary = n == rest.len || ((unsigned char)rest.ptr[n] & 0xC0) != 0x80;
        if (boundary &&
            map_get(begins ? &w->begins : &w->continues, (struct slice){ rest.ptr, n }, &id)) {
            *ret = (int32_t)id;
            return n;
        }
        n--;
    }
    return 0;
}

static int encode_word(struct encoder *e, struct slice word, size_t n_chars)
{
    const struct wordpiece *w = e->t->wordpiece;
    if (n_chars > w->word_chars_max) return encoder_emit(e, w->unk);
    int32_t ids[WORD_CHARS_MAX]; /* At least a character each. */
    size_t n_ids = 0;
    for (size_t i = 0; i < word.len; n_ids++) {
        size_t n = longest(w, &ids[n_ids], (struct slice){ word.ptr + i, word.len - i }, i == 0);
        if (n == 0) return encoder_emit(e, w->unk);
        i += n;
    }
    for (size_t i = 0; i < n_ids; i++) TRY(encoder_emit(e, ids[i]));
    return 0;
}

int wordpiece_encode(struct encoder *e, struct slice text)
{
    const uint8_t *classes = e->t->classes;
    size_t start = 0, n_chars = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        size_t n = unicode_at(&c, text.ptr, text.len, i);
        bool space = classes[c] & CLASS_SPACE, punct = classes[c] & CLASS_PUNCT;
        if ((space || punct) && i > start)
            TRY(encode_word(e, (struct slice){ text.ptr + start, i - start }, n_chars));
        i += n;
        n_chars++;
        if (!space && !punct) continue;
        if (punct) TRY(encode_word(e, (struct slice){ text.ptr + i - n, n }, 1));
        start = i;
        n_chars = 0;
    }
    if (start == text.len) return 0;
    return encode_word(e, (struct slice){ text.ptr + start, text.len - start }, n_chars);
}
