#include "api/book_grams.h"

#include "base/seam.h"

enum { GRAMS_FIRST = 1024 };

void book_grams_release(struct book_grams *g)
{
    mem_free(g->slots);
    *g = (struct book_grams){ 0 };
}

bool book_grams_has(const struct book_grams *g, uint64_t h)
{
    if (!g || !g->cap || !h) return false;
    for (size_t i = h & (g->cap - 1); g->slots[i]; i = (i + 1) & (g->cap - 1))
        if (g->slots[i] == h) return true;
    return false;
}

static void put(struct book_grams *g, uint64_t h)
{
    size_t i = h & (g->cap - 1);
    while (g->slots[i] && g->slots[i] != h) i = (i + 1) & (g->cap - 1);
    g->n += !g->slots[i];
    g->slots[i] = h;
}

int book_gram_add(struct book_grams *g, uint64_t h, struct err *err)
{
    if (g->n * 2 >= g->cap) {
        struct book_grams bigger = { .cap = g->cap ? g->cap * 2 : GRAMS_FIRST };
        bigger.slots = mem_calloc(bigger.cap, sizeof *bigger.slots);
        if (!bigger.slots) return err_set(err, ERR_NO_MEMORY, "There is no memory for the book.");
        for (size_t i = 0; i < g->cap; i++)
            if (g->slots[i]) put(&bigger, g->slots[i]);
        mem_free(g->slots);
        *g = bigger;
    }
    put(g, h);
    return 0;
}

uint64_t book_ring_take(struct book_ring *r, uint64_t word)
{
    uint64_t h = 1;
    r->words[r->n++ % BOOK_GRAM] = word;
    if (r->n < BOOK_GRAM) return 0;
    for (size_t i = 0; i < BOOK_GRAM; i++) h = book_mix(h, r->words[(r->n + i) % BOOK_GRAM]);
    return h ? h : 1;
}

int book_grams_add(struct book_grams *g, struct slice text, struct err *err)
{
    struct book_word w = { .end = 0 };
    struct book_ring ring = { .n = 0 };
    while (book_next_word(&w, text, w.end)) {
        uint64_t h = book_ring_take(&ring, w.hash);
        if (h) TRY(book_gram_add(g, h, err));
    }
    return 0;
}

int book_grams_count(size_t *ret_n, size_t *ret_hits, const struct book_grams *g,
                     struct book_grams *own, struct book_ring *ring, struct slice text,
                     struct err *err)
{
    struct book_word w = { .end = 0 };
    *ret_n = *ret_hits = 0;
    while (book_next_word(&w, text, w.end)) {
        uint64_t h = book_ring_take(ring, w.hash);
        if (!h) continue;
        ++*ret_n;
        if (book_grams_has(g, h) || book_grams_has(own, h)) ++*ret_hits;
        TRY(book_gram_add(own, h, err));
    }
    return 0;
}

int book_repeated(double *ret, const struct book_grams *g, struct slice text, struct err *err)
{
    struct book_grams own = { 0 };
    struct book_ring ring = { .n = 0 };
    size_t n, hits;
    int rc = book_grams_count(&n, &hits, g, &own, &ring, text, err);
    book_grams_release(&own);
    *ret = rc == 0 && n ? (double)hits / (double)n : 0;
    return rc;
}
