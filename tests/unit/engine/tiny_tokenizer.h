/* tiny_tokenizer - byte-level BPE whose ids 0..255 are the bytes themselves, and a few more. */
#ifndef TIRO_TESTS_ENGINE_TINY_TOKENIZER_H
#define TIRO_TESTS_ENGINE_TINY_TOKENIZER_H

#include "base/utf8.h"
#include "engine/tokenizer.h"

enum { TINY_HE = 256, TINY_LL, TINY_HELL, TINY_END, TINY_VOCAB };

/* GPT-2's printable stand-ins for bytes. */
static inline void tiny_char(struct buf *b, unsigned byte)
{
    char enc[UTF8_BYTES_MAX];
    uint32_t c = byte, n = 0;
    for (unsigned i = 0; i <= byte; i++) {
        bool itself = (i >= 33 && i <= 126) || (i >= 161 && i <= 172) || i >= 174;
        if (i == byte && !itself) c = 256 + n;
        n += !itself;
    }
    if (c == '"' || c == '\\') buf_add_char(b, '\\');
    buf_add(b, enc, utf8_encode(enc, c));
}

/* The text of its tokenizer.json. */
static inline void tiny_tokenizer_json(struct buf *b)
{
    buf_add_str(b, "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                   "\"use_regex\":true},\"added_tokens\":[{\"id\":259,\"content\":"
                   "\"<|endoftext|>\",\"special\":true}],\"model\":{\"type\":\"BPE\",\"merges\":"
                   "[\"h e\",\"l l\",\"he ll\"],\"vocab\":{");
    for (unsigned i = 0; i < 256; i++) {
        buf_add_char(b, '"');
        tiny_char(b, i);
        buf_printf(b, "\":%u,", i);
    }
    buf_add_str(b, "\"he\":256,\"ll\":257,\"hell\":258}}}");
}

static inline struct tokenizer *tiny_tokenizer_open(void)
{
    struct buf b;
    struct err err = { 0 };
    struct tokenizer *t = NULL;
    buf_init(&b, 1 << 20);
    tiny_tokenizer_json(&b);
    int r = tokenizer_open_json(&t, buf_slice(&b), SLICE("{\"eos_token\":\"<|endoftext|>\"}"),
                                &err);
    buf_release(&b);
    return r < 0 ? NULL : t;
}

#endif
