/* Bytes as calls of the builder, and those behind them as a text: the grammar compiles or is
 * refused; what it says of the text is what a naive matcher says; and from every state that is not
 * dead, some text ends. */
#include "unit/grammar/naive.h"
#include "unit/grammar/walking.h"

enum { FUZZ_TEXT = 10 };

static void check_state(struct grammar *g, int32_t state)
{
    assert(grammar_can_end(g, state, 100));
    assert(grammar_plain_holds(g, state, grammar_plain(g, state), 0, 2));
    int32_t forced = grammar_forced_byte(g, state);
    for (int byte = 0; byte < 256; byte++) {
        int32_t next = grammar_step(g, state, (uint8_t)byte);
        assert(forced < 0 || (next == GRAMMAR_DEAD) == (byte != forced));
        assert(next == grammar_step(g, state, (uint8_t)byte));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const parts[] = { "a", "b", "\"", "\xc3\xa9", "z", "\xe2\x82\xac" };
    char bytes[FUZZ_TEXT + UTF8_BYTES_MAX];
    size_t len = 0;
    struct naive n = { .bytes = data, .n_bytes = size };
    struct grammar *g;
    struct err err;
    naive_open(&n, size & 1);
    if (naive_compile(&g, &n, &err) < 0) {
        assert(utf8_valid(err.text, strlen(err.text)));
        return 0;
    }
    int32_t state = grammar_start(g);
    for (;;) {
        struct slice text = { bytes, len };
        if (state == GRAMMAR_FULL) break;
        assert(grammar_accepts(g, state) == naive_matches(&n, text));
        if (state == GRAMMAR_DEAD || len >= FUZZ_TEXT || n.n_bytes == 0) break;
        check_state(g, state);
        struct slice part = slice_of(parts[naive_draw(&n, 6)]);
        memcpy(bytes + len, part.ptr, part.len);
        state = grammar_walk(g, state, part);
        len += part.len;
        if (len % 3 == 0 && state >= 0) {
            int32_t *list = &state;
            assert(grammar_trim(g, &list, &(size_t){ 1 }, 1) == 0);
        }
    }
    grammar_unref(g);
    return 0;
}
