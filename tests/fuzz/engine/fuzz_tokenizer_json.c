/* A hostile tokenizer.json: refused, or usable. The input is the JSON, a line "%%", and a text that
 * is then encoded and decoded. */
#include "engine/tokenizer.h"

#include <assert.h>
#include <stdlib.h>

static void use(const struct tokenizer *t, struct slice text, enum tokenizer_trust trust)
{
    struct tokenizer_span half = { text.len / 4, text.len / 2 };
    struct tokenizer_options options = { .trust = trust, .add_special = true };
    if (trust == TRUST_SPANS) {
        options.spans = &half;
        options.n_spans = 1;
    }
    struct err err;
    struct tokens ids;
    struct buf out;
    size_t count;
    tokens_init(&ids, 1 << 16);
    buf_init(&out, 1 << 24);
    if (tokenizer_encode(t, &ids, text, &options, &err) == 0) {
        int rc = tokenizer_count(t, &count, text, &options, &err);
        assert(rc == 0 && count == ids.len);
        for (size_t i = 0; i < ids.len; i++)
            assert(ids.ids[i] >= 0 && (size_t)ids.ids[i] < tokenizer_vocab_len(t));
        tokenizer_decode(t, &out, ids.ids, ids.len, trust == TRUST_ALL);
    }
    tokens_release(&ids);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = { (const char *)data, size }, mark = SLICE("\n%%\n");
    size_t at = slice_find(input, mark);
    struct slice json = { input.ptr, at }, text = SLICE("ab <|x|> don't 123 \n\xE4\xB8\xAD[CLS]");
    if (at < size) text = (struct slice){ input.ptr + at + mark.len, size - at - mark.len };
    struct tokenizer *t;
    struct err err;
    if (tokenizer_open_json(&t, json, json, &err) < 0) return 0;
    use(t, text, TRUST_ALL);
    use(t, text, TRUST_NONE);
    use(t, text, TRUST_SPANS);
    tokenizer_close(t);
    return 0;
}
