#include "grammar/vocabulary.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "grammar/grammar.h"
#include "grammar/vocabulary_trie.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A token to be put in a trie. */
struct entry {
    const char *ptr;
    uint32_t len; /* Without GRAMMAR_TOKEN_BYTE. */
    int32_t token;
    int32_t n_plain; /* Its characters if it is plain, else -1. */
    bool control;
};

/* ---- Which tokens, and in what order ---- */

/* Characters of a text of plain ones, or -1. */
static int32_t plain_chars(struct slice s)
{
    int32_t n = 0;
    for (size_t i = 0, len; i < s.len; i += len, n++) {
        uint32_t c;
        len = utf8_decode(&c, s.ptr + i, s.len - i);
        if (len == 0 || c < 0x20 || c == '"' || c == '\\') return -1;
    }
    return n;
}

/* An ordinary token with GRAMMAR_TOKEN_BYTE in it is part of no text, and could pass for a control
 * token: it is left out. */
static bool is_usable(const struct tokenizer *t, int32_t token)
{
    enum token_kind kind = tokenizer_kind(t, token);
    struct slice bytes = tokenizer_bytes(t, token);
    if (kind == TOKEN_UNUSED || kind == TOKEN_UNKNOWN || bytes.len == 0) return false;
    if (tokenizer_is_end(t, token)) return false;
    return kind == TOKEN_CONTROL || !memchr(bytes.ptr, GRAMMAR_TOKEN_BYTE, bytes.len);
}

static size_t length(const struct entry *e)
{
    return e->len + e->control;
}

static uint8_t byte_at(const struct entry *e, size_t i)
{
    if (!e->control) return (uint8_t)e->ptr[i];
    return i == 0 ? GRAMMAR_TOKEN_BYTE : (uint8_t)e->ptr[i - 1];
}

/* No ordinary token has a byte as high as the one before control tokens: they come last. */
static int by_bytes(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    if (a->control != b->control) return a->control ? 1 : -1;
    int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
    if (order != 0) return order;
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    return (a->token > b->token) - (a->token < b->token);
}

static int32_t list_tokens(struct entry *entries, const struct tokenizer *t)
{
    int32_t n = 0, n_vocab = (int32_t)tokenizer_vocab_len(t);
    for (int32_t i = 0; i < n_vocab; i++) {
        struct slice bytes = tokenizer_bytes(t, i);
        if (!is_usable(t, i)) continue;
        assert(bytes.len < TRIE_DEPTH_MAX);
        bool control = tokenizer_kind(t, i) == TOKEN_CONTROL;
        entries[n++] = (struct entry){ .ptr = bytes.ptr,
                                       .len = (uint32_t)bytes.len,
                                       .token = i,
                                       .n_plain = control ? -1 : plain_chars(bytes),
                                       .control = control };
    }
    if (n > 0) qsort(entries, (size_t)n, sizeof *entries, by_bytes);
    return n;
}

/* ---- Tries ---- */

static size_t common(const struct entry *a, const struct entry *b)
{
    size_t n = length(a) < length(b) ? length(a) : length(b), i = 0;
    while (i < n && byte_at(a, i) == byte_at(b, i)) i++;
    return i;
}

/* Of the entries in their order; `rest`: of those that are not plain. Without t->nodes it only
 * counts. */
static void fill_trie(struct trie *t, const struct entry *entries, int32_t n, bool rest)
{
    int32_t open[TRIE_DEPTH_MAX]; /* The nodes from the root to the last token's. */
    size_t depth = 0;
    const struct entry *last = NULL;
    t->n_nodes = t->n_tokens = 0;
    for (int32_t i = 0; i < n; i++) {
        const struct entry *e = &entries[i];
        if (rest && e->n_plain >= 0) continue;
        size_t shared = last ? common(last, e) : 0;
        for (; depth > shared; depth--)
            if (t->nodes) t->nodes[open[depth - 1]].skip = t->n_nodes;
        for (; depth < length(e); depth++) {
            if (t->nodes)
                t->nodes[t->n_nodes] = (struct trie_node){ .first = t->n_tokens,
                                                           .depth = (uint16_t)(depth + 1),
                                                           .byte = byte_at(e, depth) };
            open[depth] = t->n_nodes++;
        }
        if (t->tokens) t->tokens[t->n_tokens] = e->token;
        t->n_tokens++;
        last = e;
    }
    for (; t->nodes && depth > 0; depth--) t->nodes[open[depth - 1]].skip = t->n_nodes;
    if (t->nodes) t->nodes[t->n_nodes] = (struct trie_node){ .first = t->n_tokens };
}

/* A tokenizer's bytes are at most TOKENIZER_MEMORY_MAX, so nodes are fewer than 2^31. */
static int open_trie(struct trie *t, const struct entry *entries, int32_t n, bool rest)
{
    fill_trie(t, entries, n, rest);
    t->nodes = mem_calloc((size_t)t->n_nodes + 1, sizeof *t->nodes);
    t->tokens = mem_calloc((size_t)t->n_tokens + 1, sizeof *t->tokens);
    if (!t->nodes || !t->tokens) return -ERR_NO_MEMORY;
    fill_trie(t, entries, n, rest);
    return 0;
}

/* ---- Bitmaps ---- */

static void set_bit(uint32_t *bits, int32_t token)
{
    bits[token / 32] |= UINT32_C(1) << (token % 32);
}

static uint32_t *level(const struct vocabulary *v, int32_t k)
{
    return v->plain + (size_t)k * (size_t)v->n_words;
}

static int by_chars(const void *pa, const void *pb)
{
    const struct wide *a = pa, *b = pb;
    if (a->n_chars != b->n_chars) return a->n_chars < b->n_chars ? -1 : 1;
    return (a->token > b->token) - (a->token < b->token);
}

static void fill_plain(struct vocabulary *v, const struct entry *entries, int32_t n)
{
    enum { ALL = VOCABULARY_LEVELS + 1 };
    for (int32_t i = 0; i < n; i++) {
        const struct entry *e = &entries[i];
        set_bit(v->usable, e->token);
        if (e->n_plain < 0) continue;
        set_bit(level(v, ALL), e->token);
        if (e->n_plain > VOCABULARY_LEVELS)
            v->wide[v->n_wide++] = (struct wide){ .n_chars = e->n_plain, .token = e->token };
        else
            set_bit(level(v, e->n_plain), e->token);
    }
    for (int32_t k = 1; k <= VOCABULARY_LEVELS; k++)
        for (int32_t i = 0; i < v->n_words; i++) level(v, k)[i] |= level(v, k - 1)[i];
    for (int32_t k = 0; k <= ALL; k++)
        for (int32_t i = 0; i < v->n_words; i++)
            v->n_plain[k] += __builtin_popcount(level(v, k)[i]);
    if (v->n_wide > 0) qsort(v->wide, (size_t)v->n_wide, sizeof *v->wide, by_chars);
}

static int open_plain(struct vocabulary *v, const struct entry *entries, int32_t n)
{
    size_t words = (size_t)v->n_words, n_wide = 0;
    for (int32_t i = 0; i < n; i++) n_wide += entries[i].n_plain > VOCABULARY_LEVELS;
    v->usable = mem_calloc(words, sizeof *v->usable);
    v->plain = mem_calloc((VOCABULARY_LEVELS + 2) * words, sizeof *v->plain);
    v->wide = mem_calloc(n_wide + 1, sizeof *v->wide);
    if (!v->usable || !v->plain || !v->wide) return -ERR_NO_MEMORY;
    fill_plain(v, entries, n);
    return 0;
}

/* ---- The whole ---- */

static int fill(struct vocabulary *v, struct entry *entries)
{
    int32_t n = list_tokens(entries, v->tokenizer);
    TRY(open_trie(&v->all, entries, n, false));
    TRY(open_trie(&v->rest, entries, n, true));
    return open_plain(v, entries, n);
}

int vocabulary_open(struct vocabulary **ret, const struct tokenizer *t, struct err *err)
{
    static atomic_ullong serials;
    size_t n_vocab = tokenizer_vocab_len(t);
    struct vocabulary *v = mem_calloc(1, sizeof *v);
    struct entry *entries = mem_alloc(n_vocab * sizeof *entries);
    int rc = v && entries ? 0 : -ERR_NO_MEMORY;
    if (rc == 0) {
        v->tokenizer = t;
        v->serial = atomic_fetch_add(&serials, 1) + 1;
        v->n_vocab = (int32_t)n_vocab;
        v->n_words = (int32_t)(n_vocab / 32 + 1);
        rc = fill(v, entries);
    }
    mem_free(entries);
    if (rc < 0) {
        vocabulary_close(v);
        return err_set(err, ERR_NO_MEMORY, "no memory for a trie of %zu tokens", n_vocab);
    }
    *ret = v;
    return 0;
}

static void close_trie(struct trie *t)
{
    mem_free(t->nodes);
    mem_free(t->tokens);
}

void vocabulary_close(struct vocabulary *v)
{
    if (!v) return;
    close_trie(&v->all);
    close_trie(&v->rest);
    mem_free(v->usable);
    mem_free(v->plain);
    mem_free(v->wide);
    mem_free(v);
}

const struct tokenizer *vocabulary_tokenizer(const struct vocabulary *v)
{
    return v->tokenizer;
}

const uint32_t *vocabulary_plain(const struct vocabulary *v, int32_t n, int32_t *ret_count,
                                 int32_t *ret_wide)
{
    assert(n >= 0);
    int32_t k = n < VOCABULARY_LEVELS ? n : VOCABULARY_LEVELS;
    *ret_wide = 0;
    if (vocabulary_plain_all(v, n)) k = VOCABULARY_LEVELS + 1;
    while (k == VOCABULARY_LEVELS && *ret_wide < v->n_wide && v->wide[*ret_wide].n_chars <= n)
        ++*ret_wide;
    *ret_count = v->n_plain[k];
    return level(v, k);
}

bool vocabulary_plain_all(const struct vocabulary *v, int32_t n)
{
    return n >= (v->n_wide > 0 ? v->wide[v->n_wide - 1].n_chars : VOCABULARY_LEVELS);
}

bool vocabulary_has(const struct vocabulary *v, int32_t token)
{
    if (token < 0 || token >= v->n_vocab) return false;
    return v->usable[token / 32] >> (token % 32) & 1;
}
