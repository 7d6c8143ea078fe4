/* Byte-level BPE: a word's bytes become symbols, and the pair of the lowest rank merges first, the
 * leftmost of equals, until none of the pairs left has a rank (Sennrich et al. 2016, as in GPT-2).
 *
 * Most words are one token. Whether merging would really give it is worked out once per token, on
 * first use, and kept in one byte: so there is no word cache to bound, lock or evict.
 */
#include "engine/tokenizer_bpe.h"

#include "base/seam.h"

#include <assert.h>

enum { SHORT_WORD_MAX = 48 /* Up to here a plain scan for the lowest rank beats the heap. */ };

#define EMPTY UINT64_MAX /* A free struct merge. */

enum reachable { REACHABLE_UNKNOWN, REACHABLE_YES, REACHABLE_NO };

/* --- spelling: the printable character that stands for each byte (GPT-2's bytes_to_unicode) --- */

static bool prints_itself(unsigned c)
{
    return (c >= '!' && c <= '~') || (c >= 0xA1 && c <= 0xAC) || c >= 0xAE;
}

/* The byte that character c stands for, or -1. */
static int byte_of(uint32_t c)
{
    if (c < 256) return prints_itself(c) ? (int)c : -1;
    /* The others, in order, are U+0100 and on: 0..32, 127..160, 173. */
    uint32_t k = c - 256;
    if (k <= 32) return (int)k;
    if (k <= 66) return (int)(k - 33 + 127);
    return k == 67 ? 173 : -1;
}

bool bpe_spelling(char *out, size_t *ret_len, struct slice text)
{
    assert(text.len <= TOKEN_LEN_MAX);
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        size_t step = unicode_at(&c, text.ptr, text.len, i);
        int byte = step ? byte_of(c) : -1;
        if (byte < 0) return false;
        out[n++] = (char)byte;
        i += step;
    }
    *ret_len = n;
    return true;
}

/* --- tables ----------------------------------------------------------------------------------- */

static uint64_t pair_of(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

static struct merge *merge_slot(const struct bpe *b, uint64_t pair)
{
    uint64_t h = (pair ^ b->seed) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    h ^= h >> 29;
    uint64_t i = h & b->mask;
    while (b->merges[i].pair != pair && b->merges[i].pair != EMPTY) i = (i + 1) & b->mask;
    return &b->merges[i];
}

static uint32_t rank_of(const struct bpe *b, int32_t left, int32_t right, int32_t *ret_id)
{
    const struct merge *m = merge_slot(b, pair_of(left, right));
    if (m->pair == EMPTY) return NO_RANK;
    *ret_id = m->id;
    return m->rank;
}

void bpe_set_merge(struct bpe *b, int32_t left, int32_t right, struct bpe_made made)
{
    uint64_t pair = pair_of(left, right);
    *merge_slot(b, pair) = (struct merge){ pair, made.rank, made.id };
}

static int merges_init(struct bpe *b, size_t n)
{
    size_t cap = 16;
    while (cap < n * 2) cap *= 2;
    b->merges = mem_alloc(cap * sizeof *b->merges);
    if (!b->merges) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < cap; i++) b->merges[i].pair = EMPTY;
    b->mask = cap - 1;
    random_bytes_fill(&b->seed, sizeof b->seed);
    return 0;
}

static int find_text(int32_t *ret, struct slice text, const struct tokenizer_source *s, size_t row,
                     struct err *err)
{
    uint32_t id;
    if (text.len == 0 || !map_get(&s->texts, text, &id))
        return err_set(err, ERR_FORMAT,
                       "%s: merge %zu names the token \"%.*s\", which is not in the vocabulary",
                       s->name, row, (int)(text.len < 64 ? text.len : 64),
                       text.ptr ? text.ptr : "");
    *ret = (int32_t)id;
    return 0;
}

int bpe_add_merge(struct bpe *b, const struct tokenizer_source *s, size_t row, struct err *err)
{
    const struct source_merge *m = &s->merges[row];
    char joined[TOKEN_LEN_MAX];
    int32_t left, right, id;
    TRY(find_text(&left, m->left, s, row, err));
    TRY(find_text(&right, m->right, s, row, err));
    size_t len = m->left.len + m->right.len;
    if (len > sizeof joined)
        return err_set(err, ERR_FORMAT, "%s: merge %zu makes a token of %zu bytes", s->name, row,
                       len);
    memcpy(joined, m->left.ptr, m->left.len);
    memcpy(joined + m->left.len, m->right.ptr, m->right.len);
    TRY(find_text(&id, (struct slice){ joined, len }, s, row, err));
    /* No merging makes a control token, whatever the file says: only trusted text does. Nor does
     * the text "<0x0A>" make that byte. */
    if (s->tokens[id].kind == TOKEN_CONTROL || s->tokens[id].kind == TOKEN_BYTE) return 0;
    bpe_set_merge(b, left, right, (struct bpe_made){ (uint32_t)row, id });
    if (b->junctions) spm_set_junction(b, m->left, m->right);
    return 0;
}

static int no_memory(const struct tokenizer_source *s, struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "%s: no memory for a vocabulary of %zu tokens", s->name,
                   s->n_tokens);
}

/* Words by their bytes, and the single bytes. */
static int add_words(struct bpe *b, const struct tokenizer *t, const struct tokenizer_source *s,
                     struct err *err)
{
    if (map_reserve(&b->words, s->n_tokens) < 0) return no_memory(s, err);
    for (size_t i = 0; i < s->n_tokens; i++) {
        char bytes[TOKEN_LEN_MAX];
        size_t len;
        if (s->tokens[i].kind != TOKEN_NORMAL || !bpe_spelling(bytes, &len, s->tokens[i].text))
            continue;
        if (len == 1) b->byte_ids[(unsigned char)bytes[0]] = (int32_t)i;
        if (len > b->word_len_max) b->word_len_max = len;
        if (map_put(&b->words, t->bytes[i], (uint32_t)i) < 0) return no_memory(s, err);
    }
    return 0;
}

static int fill(struct bpe *b, const struct tokenizer *t, const struct tokenizer_source *s,
                struct err *err)
{
    TRY(add_words(b, t, s, err));
    for (size_t i = 0; i < s->n_merges; i++) TRY(bpe_add_merge(b, s, i, err));
    return 0;
}

int bpe_new(struct bpe **ret, size_t n_tokens, size_t n_merges)
{
    struct bpe *b = mem_calloc(1, sizeof *b);
    if (!b) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < 256; i++) b->byte_ids[i] = TOKEN_NONE;
    b->reachable = mem_calloc(n_tokens, sizeof *b->reachable);
    if (!b->reachable || merges_init(b, n_merges) < 0) {
        bpe_close(b);
        return -ERR_NO_MEMORY;
    }
    *ret = b;
    return 0;
}

int bpe_open(struct bpe **ret, struct tokenizer *t, const struct tokenizer_source *s,
             struct err *err)
{
    struct bpe *b;
    if (bpe_new(&b, s->n_tokens, s->n_merges) < 0) return no_memory(s, err);
    b->whole_words = s->whole_words;
    int rc = fill(b, t, s, err);
    if (rc < 0) {
        bpe_close(b);
        return rc;
    }
    *ret = b;
    return 0;
}

void bpe_close(struct bpe *b)
{
    if (!b) return;
    map_release(&b->words);
    mem_free(b->merges);
    mem_free((void *)b->reachable);
    mem_free(b->junctions);
    mem_free(b);
}

/* --- merging ---------------------------------------------------------------------------------- */

/* The word's bytes as symbols; bytes that the vocabulary lacks are left out, as upstream does. */
static size_t symbols_of(const struct bpe *b, int32_t *ids, struct slice word)
{
    size_t n = 0;
    if (b->junctions) return spm_symbols(b, ids, word);
    for (size_t i = 0; i < word.len; i++) {
        int32_t id = b->byte_ids[(unsigned char)word.ptr[i]];
        if (id != TOKEN_NONE) ids[n++] = id;
    }
    return n;
}

/* Merges in place; returns how many symbols are left. For n up to SHORT_WORD_MAX. */
static size_t merge_short(const struct bpe *b, int32_t *ids, size_t n)
{
    uint32_t ranks[SHORT_WORD_MAX]; /* Of symbol i with i + 1, and what they would make. */
    int32_t made[SHORT_WORD_MAX];
    for (size_t i = 0; i + 1 < n; i++) ranks[i] = rank_of(b, ids[i], ids[i + 1], &made[i]);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (ranks[i] < ranks[best]) best = i;
        if (ranks[best] == NO_RANK) break;
        ids[best] = made[best];
        size_t gone = best + 1, after = n - gone - 1;
        memmove(ids + gone, ids + gone + 1, after * sizeof *ids);
        if (after > 0) {
            memmove(ranks + gone, ranks + gone + 1, (after - 1) * sizeof *ranks);
            memmove(made + gone, made + gone + 1, (after - 1) * sizeof *made);
        }
        n--;
        if (best + 1 < n) ranks[best] = rank_of(b, ids[best], ids[best + 1], &made[best]);
        if (best > 0) ranks[best - 1] = rank_of(b, ids[best - 1], ids[best], &made[best - 1]);
    }
    return n;
}

/* A long word: a list of symbols and a heap of pairs, lowest rank and then leftmost first. A pair
 * whose symbols have changed since is recognised by the token it would make: the same bytes at the
 * same place can only be the same pair. */
struct node {
    int32_t id, prev, next; /* id TOKEN_NONE: merged into the one before. next, prev -1: none. */
};

struct candidate {
    uint64_t order; /* rank << 32 | place */
    int32_t made;
};

struct heap {
    struct candidate *at;
    size_t len;
};

static void heap_push(struct heap *h, struct candidate c)
{
    size_t i = h->len++;
    while (i > 0 && h->at[(i - 1) / 2].order > c.order) {
        h->at[i] = h->at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->at[i] = c;
}

static struct candidate heap_pop(struct heap *h)
{
    struct candidate top = h->at[0], last = h->at[--h->len];
    size_t i = 0;
    for (;;) {
        size_t child = i * 2 + 1;
        if (child >= h->len) break;
        if (child + 1 < h->len && h->at[child + 1].order < h->at[child].order) child++;
        if (h->at[child].order >= last.order) break;
        h->at[i] = h->at[child];
        i = child;
    }
    h->at[i] = last;
    return top;
}

static void push_pair(const struct bpe *b, struct heap *h, const struct node *nodes, int32_t at)
{
    if (at < 0 || nodes[at].next < 0) return;
    int32_t made = TOKEN_NONE;
    uint32_t rank = rank_of(b, nodes[at].id, nodes[nodes[at].next].id, &made);
    if (rank != NO_RANK)
        heap_push(h, (struct candidate){ (uint64_t)rank << 32 | (uint32_t)at, made });
}

static void merge_long(const struct bpe *b, struct heap *h, struct node *nodes)
{
    while (h->len > 0) {
        struct candidate top = heap_pop(h);
        int32_t at = (int32_t)(top.order & 0xFFFFFFFF), made = TOKEN_NONE;
        struct node *left = &nodes[at];
        if (left->id == TOKEN_NONE || left->next < 0) continue;
        struct node *right = &nodes[left->next];
        if (rank_of(b, left->id, right->id, &made) == NO_RANK || made != top.made) continue;
        left->id = made;
        right->id = TOKEN_NONE;
        left->next = right->next;
        if (right->next >= 0) nodes[right->next].prev = at;
        push_pair(b, h, nodes, left->prev);
        push_pair(b, h, nodes, at);
    }
}

static void *scratch_reserve(struct bpe_scratch *s, size_t size)
{
    if (s->cap < size) {
        void *grown = mem_realloc(s->block, size);
        if (!grown) return NULL;
        s->block = grown;
        s->cap = size;
    }
    return s->block;
}

static int encode_long(struct encoder *e, struct slice word)
{
    const struct bpe *b = e->t->bpe;
    /* Each merge takes one candidate and adds two at most: n - 1 at first, 2n in all at once. */
    size_t heap_size = word.len * 2 * sizeof(struct candidate);
    size_t nodes_size = word.len * sizeof(struct node);
    char *block = scratch_reserve(&e->scratch, heap_size + nodes_size + word.len * sizeof(int32_t));
    if (!block) return -ERR_NO_MEMORY;
    struct heap heap = { .at = (struct candidate *)block };
    struct node *nodes = (struct node *)(block + heap_size);
    int32_t *ids = (int32_t *)(block + heap_size + nodes_size);
    int32_t n = (int32_t)symbols_of(b, ids, word);
    if (n == 0) return 0;
    for (int32_t i = 0; i < n; i++) nodes[i] = (struct node){ ids[i], i - 1, i + 1 };
    nodes[n - 1].next = -1;
    for (int32_t i = 0; i + 1 < n; i++) push_pair(b, &heap, nodes, i);
    merge_long(b, &heap, nodes);
    for (int32_t i = 0; i >= 0; i = nodes[i].next) TRY(encoder_emit(e, nodes[i].id));
    return 0;
}

/* Whether merging the bytes of token `id` gives just that token. */
static bool is_reachable(const struct bpe *b, int32_t id, struct slice word)
{
    uint8_t known = atomic_load_explicit(&b->reachable[id], memory_order_relaxed);
    if (known != REACHABLE_UNKNOWN) return known == REACHABLE_YES;
    int32_t ids[SHORT_WORD_MAX];
    bool yes = false;
    if (word.len <= SHORT_WORD_MAX) {
        size_t n = merge_short(b, ids, symbols_of(b, ids, word));
        yes = n == 1 && ids[0] == id;
    }
    atomic_store_explicit(&b->reachable[id], yes ? REACHABLE_YES : REACHABLE_NO,
                          memory_order_relaxed);
    return yes;
}

int bpe_encode_word(struct encoder *e, struct slice word)
{
    const struct bpe *b = e->t->bpe;
    uint32_t id;
    if (word.len <= b->word_len_max && map_get(&b->words, word, &id) &&
        (b->whole_words || is_reachable(b, (int32_t)id, word)))
        return encoder_emit(e, (int32_t)id);
    if (word.len > SHORT_WORD_MAX) return encode_long(e, word);
    int32_t ids[SHORT_WORD_MAX];
    size_t n = merge_short(b, ids, symbols_of(b, ids, word));
    for (size_t i = 0; i < n; i++) TRY(encoder_emit(e, ids[i]));
    return 0;
}

int bpe_encode(struct encoder *e, struct slice text)
{
    const struct tokenizer_family *f = e->t->family;
    for (size_t i = 0; i < text.len;) {
        size_t end = f->word_end(e->t->classes, text.ptr, text.len, i);
        assert(end > i && end <= text.len);
        TRY(bpe_encode_word(e, (struct slice){ text.ptr + i, end - i }));
        i = end;
    }
    return 0;
}
