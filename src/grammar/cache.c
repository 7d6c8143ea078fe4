#include "grammar/cache.h"

#include "base/seam.h"
#include "grammar/grammar.h"
#include "grammar/mask.h"

#include <pthread.h>

struct cached {
    uint64_t hash; /* Of the text; what counts is the text. */
    int32_t kind;
    struct slice text; /* Owned. */
    struct grammar *grammar;
};

struct grammar_cache {
    pthread_mutex_t lock;
    size_t bytes_max;
    struct cached at[GRAMMAR_CACHE_MAX]; /* (n), the last used first */
    int32_t n;
};

int grammar_cache_open(struct grammar_cache **ret, size_t bytes_max, struct err *err)
{
    struct grammar_cache *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "out of memory for the cache of grammars");
    (void)pthread_mutex_init(&c->lock, NULL); /* Cannot fail with these attributes. */
    c->bytes_max = bytes_max ? bytes_max : GRAMMAR_CACHE_BYTES_MAX;
    *ret = c;
    return 0;
}

static void release(struct cached *e)
{
    mem_free((char *)e->text.ptr);
    grammar_unref(e->grammar);
}

void grammar_cache_close(struct grammar_cache *c)
{
    if (!c) return;
    for (int32_t i = 0; i < c->n; i++) release(&c->at[i]);
    (void)pthread_mutex_destroy(&c->lock); /* Nobody has it. */
    mem_free(c);
}

static size_t bytes_of(const struct cached *e)
{
    grammar_lock(e->grammar);
    size_t masks = masks_bytes(e->grammar);
    grammar_unlock(e->grammar);
    return e->text.len + grammar_bytes(e->grammar) + masks;
}

/* Its place, or c->n. */
static int32_t find(const struct grammar_cache *c, int32_t kind, struct slice text, uint64_t hash)
{
    int32_t i = 0;
    while (i < c->n &&
           (c->at[i].hash != hash || c->at[i].kind != kind || !slice_eq(c->at[i].text, text)))
        i++;
    return i;
}

static void take_out(struct grammar_cache *c, int32_t i)
{
    c->n--;
    memmove(&c->at[i], &c->at[i + 1], (size_t)(c->n - i) * sizeof c->at[0]);
}

static void put_first(struct grammar_cache *c, struct cached e)
{
    memmove(&c->at[1], &c->at[0], (size_t)c->n * sizeof c->at[0]);
    c->at[0] = e;
    c->n++;
}

static void shrink(struct grammar_cache *c)
{
    size_t bytes = 0;
    for (int32_t i = 0; i < c->n; i++) {
        bytes += bytes_of(&c->at[i]);
        if (bytes <= c->bytes_max) continue;
        while (c->n > i) release(&c->at[--c->n]);
    }
}

struct grammar *grammar_cache_get(struct grammar_cache *c, int32_t kind, struct slice text)
{
    struct grammar *g = NULL;
    uint64_t hash = slice_hash(text);
    (void)pthread_mutex_lock(&c->lock); /* Fails for misuse alone. */
    int32_t i = find(c, kind, text, hash);
    if (i < c->n) {
        struct cached e = c->at[i];
        take_out(c, i);
        put_first(c, e);
        g = grammar_ref(e.grammar);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return g;
}

void grammar_cache_put(struct grammar_cache *c, int32_t kind, struct slice text, struct grammar *g)
{
    char *copy = mem_strndup(text.ptr ? text.ptr : "", text.len);
    if (!copy) return;
    struct cached e = { .hash = slice_hash(text),
                        .kind = kind,
                        .text = { copy, text.len },
                        .grammar = grammar_ref(g) };
    (void)pthread_mutex_lock(&c->lock); /* Fails for misuse alone. */
    int32_t i = find(c, kind, text, e.hash);
    if (i == c->n && c->n == GRAMMAR_CACHE_MAX) i--;
    if (i < c->n) {
        release(&c->at[i]);
        take_out(c, i);
    }
    put_first(c, e);
    shrink(c);
    (void)pthread_mutex_unlock(&c->lock);
}

int32_t grammar_cache_len(struct grammar_cache *c)
{
    (void)pthread_mutex_lock(&c->lock); /* Fails for misuse alone. */
    int32_t n = c->n;
    (void)pthread_mutex_unlock(&c->lock);
    return n;
}
