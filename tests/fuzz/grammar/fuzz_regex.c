/* Any bytes as a regular expression, the first one its options: written and compiled within the
 * limits or refused with a text, and twice with the same result. */
#include "base/utf8.h"
#include "grammar/grammar.h"
#include "grammar/regex.h"

#include <assert.h>

enum { WALK_MAX = 64 };

static int compile(struct grammar **ret, struct slice pattern, uint8_t how, struct err *err)
{
    const struct regex_options options = {
        .whole = how & 1, .json = how & 2, .ignore_case = how & 4, .dot_all = how & 8
    };
    struct grammar_builder *b;
    TRY(grammar_builder_open(&b, err));
    int32_t root = regex_write(b, pattern, &options, err);
    int rc = root < 0 ? root : grammar_compile(ret, b, root, err);
    grammar_builder_close(b);
    return rc;
}

/* The pattern's own bytes as a text: many match their beginning. */
static int walk(struct grammar *g, struct slice text)
{
    int n = 0;
    grammar_lock(g);
    int32_t state = grammar_start(g);
    for (; n < WALK_MAX && (size_t)n < text.len && state >= 0; n++) {
        state = grammar_step(g, state, (uint8_t)text.ptr[n]);
        if (state >= 0) (void)grammar_accepts(g, state);
    }
    grammar_unlock(g);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct grammar *g, *again;
    struct err err = { 0 }, err_again = { 0 };
    if (size == 0) return 0;
    struct slice pattern = { (const char *)data + 1, size - 1 };
    int rc = compile(&g, pattern, data[0], &err);
    int rc_again = compile(&again, pattern, data[0], &err_again);
    assert(rc == rc_again);
    if (rc < 0) {
        assert(err.text[0] && utf8_valid(err.text, strlen(err.text)));
        return 0;
    }
    assert(grammar_size(g) == grammar_size(again));
    assert(walk(g, pattern) == walk(again, pattern));
    grammar_unref(g);
    grammar_unref(again);
    return 0;
}
