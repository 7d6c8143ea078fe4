/* cache - compiled grammars by what they were made from, for the next request with the same.
 *
 *     struct grammar *g = grammar_cache_get(cache, kind, text);     a reference, or NULL
 *     if (!g) { ... compile ...; grammar_cache_put(cache, kind, text, g); }
 *     ...
 *     grammar_unref(g);
 *
 * The least recently used go when there are too many, or too many bytes: of keys, automata, states
 * and masks, which grow while grammars are used.
 *
 * Threads: any.
 */
#ifndef TIRO_GRAMMAR_CACHE_H
#define TIRO_GRAMMAR_CACHE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct grammar;
struct grammar_cache;

enum { GRAMMAR_CACHE_MAX = 64, GRAMMAR_CACHE_BYTES_MAX = 256 << 20 };

/* bytes_max 0: GRAMMAR_CACHE_BYTES_MAX. */
int grammar_cache_open(struct grammar_cache **ret, size_t bytes_max, struct err *err) MUST_USE;
void grammar_cache_close(struct grammar_cache *c); /* NULL is fine. */
/* kind: what is to be told apart beside the text. */
struct grammar *grammar_cache_get(struct grammar_cache *c, int32_t kind, struct slice text);
/* Takes a reference of its own and copies the text. Without memory, or alone over the limit, it is
 * not kept. One of the same key is replaced. */
void grammar_cache_put(struct grammar_cache *c, int32_t kind, struct slice text, struct grammar *g);
int32_t grammar_cache_len(struct grammar_cache *c);

#endif
