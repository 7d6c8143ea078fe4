/* Any bytes as a grammar, and behind a NUL a text to walk: written and compiled within the limits
 * or refused with a text; what may come next is told at every step. */
#include "base/utf8.h"
#include "grammar/ebnf.h"
#include "grammar/expect.h"

#include <assert.h>

enum { WALK_MAX = 64, TOLD_MAX = 1 << 12 };

static void walk(struct grammar *g, struct slice text)
{
    struct buf told;
    buf_init(&told, TOLD_MAX);
    grammar_lock(g);
    int32_t state = grammar_start(g);
    for (size_t i = 0; i < WALK_MAX && i < text.len && state >= 0; i++) {
        buf_reset(&told);
        grammar_expected(&told, g, state);
        assert(!told.failed && told.len > 0);
        int32_t forced = grammar_forced_byte(g, state);
        int32_t next = grammar_step(g, state, (uint8_t)text.ptr[i]);
        assert(forced < 0 || next < 0 || forced == (uint8_t)text.ptr[i]);
        state = next;
    }
    grammar_unlock(g);
    buf_release(&told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size }, tried = { 0 };
    struct grammar_builder *b;
    struct grammar *g;
    struct err err = { 0 };
    const char *nul = size ? memchr(data, 0, size) : NULL;
    if (nul) {
        text.len = (size_t)(nul - text.ptr);
        tried = (struct slice){ nul + 1, size - text.len - 1 };
    }
    if (grammar_builder_open(&b, &err) < 0) return 0;
    int32_t root = ebnf_write(b, text, &err);
    int rc = root < 0 ? root : grammar_compile(&g, b, root, &err);
    grammar_builder_close(b);
    if (rc < 0) {
        assert(err.text[0] && utf8_valid(err.text, strlen(err.text)));
        return 0;
    }
    walk(g, tried);
    grammar_unref(g);
    return 0;
}
