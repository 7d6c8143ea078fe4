#include "index/lexicon.h"

#include "base/seam.h"
#include "index/words.h"

#include <assert.h>
#include <stdlib.h>

enum { CAP_MIN = 256, BYTES_MIN = 12, VARINT_MAX = 5 };

void lexicon_init(struct lexicon *l)
{
    *l = (struct lexicon){ 0 };
}

void lexicon_release(struct lexicon *l)
{
    for (size_t i = 0; i < l->cap; i++) mem_free(l->words[i].bytes);
    mem_free(l->words);
    mem_free(l->hashes);
    lexicon_init(l);
}

static uint64_t hash_of(struct slice word)
{
    uint64_t hash = slice_hash(word);
    return hash ? hash : 1;
}

/* ---- The table of words ---- */

static struct lexicon_word *find(const struct lexicon_word *words, size_t cap, uint64_t hash)
{
    size_t i = hash & (cap - 1);
    while (words[i].hash && words[i].hash != hash) i = (i + 1) & (cap - 1);
    return (struct lexicon_word *)(uintptr_t)&words[i];
}

static int reserve(struct lexicon *l)
{
    if (l->len + 1 <= l->cap / 4 * 3) return 0;
    size_t cap = l->cap ? l->cap * 2 : CAP_MIN;
    struct lexicon_word *words = mem_calloc(cap, sizeof *words);
    if (!words) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < l->cap; i++)
        if (l->words[i].hash) *find(words, cap, l->words[i].hash) = l->words[i];
    mem_free(l->words);
    l->bytes += (cap - l->cap) * sizeof *words;
    l->words = words;
    l->cap = cap;
    return 0;
}

/* ---- Slots as bytes ---- */

static uint32_t put_number(uint8_t *to, uint32_t v)
{
    uint32_t n = 0;
    for (; v >= 0x80; v >>= 7) to[n++] = (uint8_t)(v | 0x80);
    to[n++] = (uint8_t)v;
    return n;
}

static uint32_t get_number(const uint8_t **at)
{
    uint32_t v = 0, shift = 0;
    for (;; shift += 7) {
        uint8_t byte = *(*at)++;
        v |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return v;
    }
}

static int add_slot(struct lexicon *l, struct lexicon_word *w, uint32_t slot, uint32_t count)
{
    if (w->len + 2 * VARINT_MAX > w->cap) {
        uint32_t cap = w->cap ? w->cap + w->cap / 2 + VARINT_MAX : BYTES_MIN;
        uint8_t *bytes = mem_realloc(w->bytes, cap);
        if (!bytes) return -ERR_NO_MEMORY;
        l->bytes += cap - w->cap;
        w->bytes = bytes;
        w->cap = cap;
    }
    w->len += put_number(w->bytes + w->len, w->n ? slot - w->last : slot);
    w->len += put_number(w->bytes + w->len, count);
    w->last = slot;
    w->n++;
    return 0;
}

/* ---- From a text ---- */

static int keep_hash(struct lexicon *l, uint64_t hash)
{
    if (l->n_hashes == l->cap_hashes) {
        size_t cap = l->cap_hashes ? l->cap_hashes * 2 : CAP_MIN;
        uint64_t *hashes = mem_realloc(l->hashes, cap * sizeof *hashes);
        if (!hashes) return -ERR_NO_MEMORY;
        l->bytes += (cap - l->cap_hashes) * sizeof *hashes;
        l->hashes = hashes;
        l->cap_hashes = cap;
    }
    l->hashes[l->n_hashes++] = hash;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int lexicon_add(struct lexicon *l, uint32_t slot, struct slice text, uint32_t *ret_n)
{
    struct words words;
    struct slice word;
    l->n_hashes = 0;
    words_init(&words, text);
    while (words_next(&words, &word)) TRY(keep_hash(l, hash_of(word)));
    if (l->n_hashes) qsort(l->hashes, l->n_hashes, sizeof *l->hashes, by_value);
    for (size_t i = 0, next; i < l->n_hashes; i = next) {
        for (next = i + 1; next < l->n_hashes && l->hashes[next] == l->hashes[i];) next++;
        TRY(reserve(l));
        struct lexicon_word *w = find(l->words, l->cap, l->hashes[i]);
        if (!w->hash) {
            w->hash = l->hashes[i];
            l->len++;
        }
        assert(w->n == 0 || slot > w->last);
        TRY(add_slot(l, w, slot, (uint32_t)(next - i)));
    }
    *ret_n = (uint32_t)l->n_hashes;
    return 0;
}

size_t lexicon_hashes(uint64_t *ret, size_t max, struct slice text)
{
    struct words words;
    struct slice word;
    size_t n = 0;
    words_init(&words, text);
    while (n < max && words_next(&words, &word)) {
        uint64_t hash = hash_of(word);
        size_t i = 0;
        while (i < n && ret[i] != hash) i++;
        if (i == n) ret[n++] = hash;
    }
    return n;
}

/* ---- Reading ---- */

struct lexicon_slots lexicon_find(const struct lexicon *l, uint64_t hash)
{
    struct lexicon_slots s = { 0 };
    const struct lexicon_word *w = l->cap ? find(l->words, l->cap, hash) : NULL;
    if (w && w->hash) s = (struct lexicon_slots){ .at = w->bytes, .end = w->bytes + w->len };
    return s;
}

bool lexicon_next(struct lexicon_slots *s)
{
    if (s->at == s->end) return false;
    s->slot += get_number(&s->at); /* The first is its own difference from 0. */
    s->count = get_number(&s->at);
    return true;
}

/* What is written never passes what is read: differences add up to no more bytes. */
static void renumber_word(struct lexicon_word *w, const uint32_t *places)
{
    struct lexicon_slots s = { .at = w->bytes, .end = w->bytes + w->len };
    uint32_t len = 0, last = 0, n = 0;
    while (lexicon_next(&s)) {
        uint32_t place = places[s.slot];
        if (place == UINT32_MAX) continue;
        uint8_t bytes[2 * VARINT_MAX];
        uint32_t k = put_number(bytes, n ? place - last : place);
        k += put_number(bytes + k, s.count);
        assert(w->bytes + len + k <= s.at);
        memcpy(w->bytes + len, bytes, k);
        len += k;
        last = place;
        n++;
    }
    w->len = len;
    w->last = last;
    w->n = n;
}

void lexicon_renumber(struct lexicon *l, const uint32_t *places)
{
    for (size_t i = 0; i < l->cap; i++)
        if (l->words[i].n) renumber_word(&l->words[i], places);
}
