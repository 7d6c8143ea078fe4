/* SentencePiece's BPE (Kudo and Richardson 2018, arXiv 1808.06226): characters become symbols, and
 * the neighbours whose token scores highest become one, the leftmost of equals.
 *
 * Ranks are those of Gemma's converter, so that ids are those of Hugging Face: a merge for each way
 * to cut a token into two tokens, by score of the token, then the longer left part.
 *
 * There are no words to cut text into, but no merge joins what no merge's two sides meet in: where
 * two characters are no such junction, text is cut. So most words are short, as they are elsewhere.
 * Inside, U+2581 is a space again: nothing is copied for texts without that character. */
#include "engine/tokenizer_bpe.h"

#include "base/seam.h"

#include <assert.h>
#include <stdlib.h>

enum {
    MARK_LEN = 3,            /* U+2581 */
    PIECE_LEN_MAX = 256,     /* Bytes of a token that merges make: all its cuts are tried. */
    JUNCTION_BITS = 1 << 23, /* 1 MB; Gemma sets a few hundred thousand of them. */
    MERGES_FIRST = 1 << 16,
};

static const char mark[] = "\xE2\x96\x81";

bool spm_has_mark(struct slice text)
{
    return slice_find(text, (struct slice){ mark, MARK_LEN }) < text.len;
}

int spm_normalise(struct buf *out, struct slice text)
{
    while (text.len > 0) {
        size_t at = slice_find(text, (struct slice){ mark, MARK_LEN });
        bool found = at < text.len;
        size_t len = found ? at : text.len;
        buf_add(out, text.ptr, len);
        if (found) buf_add_char(out, ' ');
        text.ptr += len + (found ? MARK_LEN : 0);
        text.len -= len + (found ? MARK_LEN : 0);
    }
    return out->failed ? -ERR_NO_MEMORY : 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int spm_byte_of(struct slice text)
{
    if (text.len != 6 || memcmp(text.ptr, "<0x", 3) != 0 || text.ptr[5] != '>') return -1;
    int high = digit_of(text.ptr[3]), low = digit_of(text.ptr[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* --- junctions --- */

static uint32_t junction_of(uint32_t a, uint32_t b)
{
    uint64_t h = ((uint64_t)a << 32 | b) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 40) & (JUNCTION_BITS - 1);
}

static bool is_junction(const struct bpe *b, uint32_t left, uint32_t right)
{
    uint32_t bit = junction_of(left, right);
    return b->junctions[bit / 8] >> bit % 8 & 1;
}

/* The last (or first) character of a token's text; U+2581 is a space. */
static uint32_t character(struct slice text, bool last)
{
    size_t at = last ? text.len - 1 : 0;
    uint32_t c;
    while (at > 0 && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at--;
    if (unicode_at(&c, text.ptr, text.len, at) == 0) c = UTF8_REPLACEMENT;
    return c == 0x2581 ? ' ' : c;
}

void spm_set_junction(struct bpe *b, struct slice left, struct slice right)
{
    uint32_t bit = junction_of(character(left, true), character(right, false));
    b->junctions[bit / 8] |= (uint8_t)(1 << bit % 8);
}

/* --- tables --- */

static int no_memory(const struct tokenizer_source *s, struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "%s: no memory for a vocabulary of %zu tokens", s->name,
                   s->n_tokens);
}

/* Merges make NORMAL tokens; where the file lists merges, added ones too. No text has a token with
 * a plain space in it: all spaces are marks there. */
static bool is_piece(const struct tokenizer_source *s, size_t id)
{
    const struct source_token *token = &s->tokens[id];
    bool kind = token->kind == TOKEN_NORMAL || (s->n_merges > 0 && token->kind == TOKEN_ADDED);
    return kind && !memchr(token->text.ptr, ' ', token->text.len);
}

static int add_token(struct bpe *b, const struct tokenizer *t, const struct tokenizer_source *s,
                     size_t id, struct err *err)
{
    struct slice bytes = t->bytes[id];
    if (s->tokens[id].kind == TOKEN_BYTE) b->byte_ids[(unsigned char)bytes.ptr[0]] = (int32_t)id;
    if (!is_piece(s, id)) return 0;
    if (!utf8_valid(bytes.ptr, bytes.len))
        return err_set(err, ERR_FORMAT, "%s: token %zu is not UTF-8", s->name, id);
    if (bytes.len > PIECE_LEN_MAX && s->n_merges == 0)
        return err_set(err, ERR_LIMIT, "%s: token %zu has %zu bytes; at most %d are supported",
                       s->name, id, bytes.len, (int)PIECE_LEN_MAX);
    if (bytes.len == 1) b->ascii_ids[(unsigned char)bytes.ptr[0]] = (int32_t)id;
    if (bytes.len > b->word_len_max) b->word_len_max = bytes.len;
    return map_put(&b->words, bytes, (uint32_t)id) < 0 ? no_memory(s, err) : 0;
}

static int add_tokens(struct bpe *b, const struct tokenizer *t, const struct tokenizer_source *s,
                      struct err *err)
{
    for (size_t i = 0; i < 128; i++) b->ascii_ids[i] = TOKEN_NONE;
    if (map_reserve(&b->words, s->n_tokens) < 0) return no_memory(s, err);
    for (size_t i = 0; i < s->n_tokens; i++)
        if (s->tokens[i].kind != TOKEN_UNUSED) TRY(add_token(b, t, s, i, err));
    for (unsigned i = 0; i < 256; i++)
        if (b->byte_ids[i] == TOKEN_NONE)
            return err_set(err, ERR_FORMAT, "%s: the vocabulary has no byte token <0x%02X>",
                           s->name, i);
    return 0;
}

/* A way to cut a token in two. */
struct cut {
    float score;
    uint16_t left_len, right_len; /* characters */
    int32_t id, left, right;
};

struct cuts {
    struct cut *at; /* `len` of them; owned. */
    size_t len, cap;
};

/* Gemma's converter sorts by score and both lengths, downwards, and keeps the order of tokens. */
static int by_rank(const void *pa, const void *pb)
{
    const struct cut *a = pa, *b = pb;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->left_len != b->left_len) return (int)b->left_len - (int)a->left_len;
    if (a->right_len != b->right_len) return (int)b->right_len - (int)a->right_len;
    return (a->id > b->id) - (a->id < b->id);
}

static int add_cut(struct cuts *list, struct cut cut, const struct tokenizer_source *s,
                   struct err *err)
{
    if (list->len == TOKENIZER_MERGES_MAX)
        return err_set(err, ERR_LIMIT, "%s: the vocabulary makes more than %d merges", s->name,
                       (int)TOKENIZER_MERGES_MAX);
    if (list->len == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : MERGES_FIRST;
        struct cut *grown = mem_realloc(list->at, cap * sizeof *grown);
        if (!grown) return no_memory(s, err);
        list->at = grown;
        list->cap = cap;
    }
    list->at[list->len++] = cut;
    return 0;
}

static uint16_t characters(struct slice text)
{
    uint16_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

static int cut_token(struct cuts *list, const struct bpe *b, const struct tokenizer *t,
                     const struct tokenizer_source *s, size_t id, struct err *err)
{
    struct slice text = t->bytes[id];
    uint16_t total = characters(text), before = 0;
    for (size_t i = 1; i < text.len; i++) {
        if (((unsigned char)text.ptr[i] & 0xC0) == 0x80) continue;
        uint32_t left, right;
        before++;
        if (!map_get(&b->words, (struct slice){ text.ptr, i }, &left) ||
            !map_get(&b->words, (struct slice){ text.ptr + i, text.len - i }, &right))
            continue;
        TRY(add_cut(list,
                    (struct cut){ .score = s->tokens[id].score,
                                  .left_len = before,
                                  .right_len = (uint16_t)(total - before),
                                  .id = (int32_t)id,
                                  .left = (int32_t)left,
                                  .right = (int32_t)right },
                    s, err));
    }
    return 0;
}

static int find_cuts(struct cuts *list, const struct bpe *b, const struct tokenizer *t,
                     const struct tokenizer_source *s, struct err *err)
{
    for (size_t i = 0; i < s->n_tokens; i++)
        if (is_piece(s, i)) TRY(cut_token(list, b, t, s, i, err));
    if (list->len > 0) qsort(list->at, list->len, sizeof *list->at, by_rank);
    return 0;
}

static int fill(struct bpe **ret, struct bpe *words, struct cuts *cuts, const struct tokenizer *t,
                const struct tokenizer_source *s, struct err *err)
{
    TRY(add_tokens(words, t, s, err));
    if (s->n_merges == 0) TRY(find_cuts(cuts, words, t, s, err));
    struct bpe *b;
    if (bpe_new(&b, s->n_tokens, s->n_merges + cuts->len) < 0) return no_memory(s, err);
    *ret = b;
    b->junctions = mem_calloc(JUNCTION_BITS / 8, 1);
    if (!b->junctions) return no_memory(s, err);
    for (size_t i = 0; i < s->n_merges; i++) TRY(bpe_add_merge(b, s, i, err));
    for (size_t i = 0; i < cuts->len; i++) {
        const struct cut *cut = &cuts->at[i];
        bpe_set_merge(b, cut->left, cut->right, (struct bpe_made){ (uint32_t)i, cut->id });
        spm_set_junction(b, t->bytes[cut->left], t->bytes[cut->right]);
    }
    memcpy(b->byte_ids, words->byte_ids, sizeof b->byte_ids);
    memcpy(b->ascii_ids, words->ascii_ids, sizeof b->ascii_ids);
    b->word_len_max = words->word_len_max;
    b->words = words->words;
    map_init(&words->words);
    return 0;
}

int spm_open(struct bpe **ret, struct tokenizer *t, const struct tokenizer_source *s,
             struct err *err)
{
    struct bpe *words, *b = NULL;
    struct cuts cuts = { 0 };
    /* How many merges there will be is known once all words are: tables in two steps. */
    if (bpe_new(&words, s->n_tokens, 0) < 0) return no_memory(s, err);
    int rc = fill(&b, words, &cuts, t, s, err);
    mem_free(cuts.at);
    bpe_close(words);
    if (rc < 0) {
        bpe_close(b);
        return rc;
    }
    *ret = b;
    return 0;
}

/* --- encoding --- */

size_t spm_symbols(const struct bpe *b, int32_t *ids, struct slice word)
{
    size_t n = 0;
    for (size_t i = 0, len; i < word.len; i += len) {
        uint32_t c, id;
        len = unicode_at(&c, word.ptr, word.len, i);
        assert(len > 0);
        if (c < 128 && b->ascii_ids[c] != TOKEN_NONE) {
            ids[n++] = b->ascii_ids[c];
        } else if (c >= 128 && map_get(&b->words, (struct slice){ word.ptr + i, len }, &id)) {
            ids[n++] = (int32_t)id;
        } else {
            for (size_t k = 0; k < len; k++) ids[n++] = b->byte_ids[(unsigned char)word.ptr[i + k]];
        }
    }
    return n;
}

int spm_encode(struct encoder *e, struct slice text)
{
    const struct bpe *b = e->t->bpe;
    size_t start = 0;
    uint32_t before = 0;
    for (size_t i = 0, len; i < text.len; i += len) {
        uint32_t c;
        len = unicode_at(&c, text.ptr, text.len, i);
        assert(len > 0);
        if (i > start && !is_junction(b, before, c)) {
            TRY(bpe_encode_word(e, (struct slice){ text.ptr + start, i - start }));
            start = i;
        }
        before = c;
    }
    return bpe_encode_word(e, (struct slice){ text.ptr + start, text.len - start });
}
