/* matching - whether texts belong to a grammar, for tests. */
#ifndef TIRO_TESTS_GRAMMAR_MATCHING_H
#define TIRO_TESTS_GRAMMAR_MATCHING_H

#include "base/buf.h"
#include "grammar/build.h"
#include "grammar/grammar.h"

static inline bool grammar_matches(struct grammar *g, struct slice text)
{
    grammar_lock(g);
    int32_t state = grammar_start(g);
    for (size_t i = 0; i < text.len && state >= 0; i++)
        state = grammar_step(g, state, (uint8_t)text.ptr[i]);
    bool matches = state >= 0 && grammar_accepts(g, state);
    grammar_unlock(g);
    return matches;
}

/* What a front end wrote, or its failure, as a grammar. */
static inline int grammar_finish(struct grammar **ret, struct grammar_builder *b, int32_t root,
                                 struct err *err)
{
    int rc = root < 0 ? root : grammar_compile(ret, b, root, err);
    grammar_builder_close(b);
    return rc;
}

/* before, n times a unit, middle, n times another unit; to be released. */
static inline struct buf repeated_text(const char *before, const char *unit, size_t n,
                                       const char *middle, const char *after_unit)
{
    struct buf text;
    buf_init(&text, 2 << 20);
    buf_add_str(&text, before);
    for (size_t i = 0; i < n; i++) buf_add_str(&text, unit);
    buf_add_str(&text, middle);
    for (size_t i = 0; i < n; i++) buf_add_str(&text, after_unit);
    assert_false(text.failed);
    return text;
}

#endif
