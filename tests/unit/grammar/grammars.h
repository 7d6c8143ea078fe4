/* grammars - some small ones, and the tiny tokenizers of tests/golden/tokenizer, for the tests of
 * masks and constraints. */
#ifndef TIRO_TESTS_GRAMMARS_H
#define TIRO_TESTS_GRAMMARS_H

#include "unit/test.h"

#include "base/json.h"
#include "base/seam.h"
#include "engine/tokenizer.h"
#include "grammar/build.h"
#include "grammar/grammar.h"
#include "unit/engine/tiny_tokenizer.h"

#include <stdlib.h>
#include <string.h>

enum { FAMILIES = 6 };

/* All of that file but WordPiece, which no model writes with; and one of English words. */
static const char *const families[FAMILIES] = {
    "gpt2", "smollm", "qwen2", "llama3", "spm", "words"
};

/* Byte-level BPE in which a text has many tokenisations. A space is written as U+0120. */
static inline struct tokenizer *words_tokenizer(void)
{
    static const char *const merges[][2] = {
        { "t", "h" },    { "th", "e" },         { "h", "e" },           { "l", "l" },
        { "he", "ll" },  { "hell", "o" },       { "o", "r" },           { "l", "d" },
        { "w", "or" },   { "wor", "ld" },       { "\\u0120", "world" }, { "\\u0120", "the" },
        { "e", "l" },    { "a", "g" },          { "ag", "e" },          { "n", "a" },
        { "m", "e" },    { "na", "me" },        { "u", "s" },           { "e", "r" },
        { "us", "er" },  { "\\\"", ":" },       { "{", "\\\"" },        { ",", "\\u0120" },
        { "\\\"", "," }, { "\\u0120", "\\\"" }, { "s", "a" },           { "sa", "y" },
        { "say", "s" },  { "\\u0120", "says" }, { "\\u0120", "hello" }, { "1", "2" },
        { "b", "r" },    { "o", "w" },
    };
    enum { N = sizeof merges / sizeof *merges };
    struct buf b;
    struct err err;
    struct tokenizer *t;
    buf_init(&b, 1 << 20);
    buf_printf(&b,
               "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
               "\"use_regex\":true},\"added_tokens\":[{\"id\":%d,\"content\":\"<|im_start|>\","
               "\"special\":true},{\"id\":%d,\"content\":\"<|im_end|>\",\"special\":true},{"
               "\"id\":%d,\"content\":\"<tool_call>\",\"special\":false}],\"model\":{\"type\":"
               "\"BPE\",\"merges\":[",
               256 + N, 257 + N, 258 + N);
    for (int i = 0; i < N; i++)
        buf_printf(&b, "%s\"%s %s\"", i ? "," : "", merges[i][0], merges[i][1]);
    buf_add_str(&b, "],\"vocab\":{");
    for (unsigned i = 0; i < 256; i++) {
        buf_add_char(&b, '"');
        tiny_char(&b, i);
        buf_printf(&b, "\":%u,", i);
    }
    for (int i = 0; i < N; i++)
        buf_printf(&b, "%s\"%s%s\":%d", i ? "," : "", merges[i][0], merges[i][1], 256 + i);
    buf_add_str(&b, "}}}");
    assert_ok(tokenizer_open_json(&t, buf_slice(&b), SLICE("{\"eos_token\":\"<|im_end|>\"}"), &err),
              &err);
    buf_release(&b);
    return t;
}

static inline struct tokenizer *golden_tokenizer(const char *family)
{
    if (strcmp(family, "words") == 0) return words_tokenizer();
    const char *path = TIRO_SOURCE_DIR "/tests/golden/tokenizer/tiny.json";
    struct tokenizer *t = NULL;
    struct err err;
    char *file;
    size_t len, i;
    json_t *root, *entry;
    assert_ok(file_read_all(&file, &len, path, 1 << 20, &err), &err);
    assert_ok(json_read(&root, (struct slice){ file, len }, &json_limits_file, path, &err), &err);
    json_array_foreach(root, i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "family")), family) != 0) continue;
        char *text = json_dumps(json_object_get(entry, "tokenizer"), JSON_COMPACT);
        assert_ok(tokenizer_open_json(&t, slice_of(text), slice_of(""), &err), &err);
        free(text);
    }
    json_decref(root);
    mem_free(file);
    assert_non_null(t);
    return t;
}

/* ---- Expressions ---- */

/* A character of a JSON string that needs no escape. */
static inline int32_t plain_char(struct grammar_builder *b)
{
    static const struct grammar_range not [] = { { 0, 0x1f }, { '"', '"' }, { '\\', '\\' } };
    return grammar_chars(b, not, 3, true);
}

static inline int32_t between(struct grammar_builder *b, const char *before, int32_t node,
                              const char *after)
{
    return grammar_seq(
        b, 3,
        (int32_t[]){ grammar_text(b, slice_of(before)), node, grammar_text(b, slice_of(after)) });
}

static inline int32_t object(struct grammar_builder *b)
{
    int32_t digit = grammar_chars(b, &(struct grammar_range){ '0', '9' }, 1, false);
    int32_t name = grammar_repeat(b, plain_char(b), 0, GRAMMAR_UNBOUNDED);
    int32_t age = grammar_repeat(b, digit, 1, 3);
    return grammar_seq(b, 2,
                       (int32_t[]){ between(b, "{\"name\": \"", name, "\", \"age\": "),
                                    between(b, "", age, "}") });
}

static inline int32_t short_string(struct grammar_builder *b)
{
    return between(b, "\"", grammar_repeat(b, plain_char(b), 2, 5), "\"");
}

/* Longer than the bitmaps go. */
static inline int32_t long_string(struct grammar_builder *b)
{
    return between(b, "\"", grammar_repeat(b, plain_char(b), 0, 40), "\"");
}

static inline int32_t free_text(struct grammar_builder *b)
{
    return grammar_seq(b, 2,
                       (int32_t[]){ grammar_until(b, SLICE("<tool_call>")),
                                    grammar_optional(b, grammar_text(b, SLICE("<tool_call>{}"))) });
}

static inline int32_t turns(struct grammar_builder *b)
{
    int32_t say = grammar_text(b, SLICE("user says hello"));
    int32_t start = grammar_alt(b, 2,
                                (int32_t[]){ grammar_token(b, SLICE("<|im_start|>")),
                                             grammar_token(b, SLICE("<start_of_turn>")) });
    int32_t turn = grammar_seq(b, 2, (int32_t[]){ start, say });
    return grammar_repeat(b, turn, 1, GRAMMAR_UNBOUNDED);
}

static inline int32_t nested(struct grammar_builder *b)
{
    int32_t list = grammar_rule(b, SLICE("list")), use = grammar_use(b, list);
    int32_t item = grammar_alt(b, 2, (int32_t[]){ use, short_string(b) });
    int32_t more = grammar_seq(b, 2, (int32_t[]){ grammar_text(b, SLICE(", ")), item });
    int32_t items = grammar_seq(b, 2,
                                (int32_t[]){ item, grammar_repeat(b, more, 0, GRAMMAR_UNBOUNDED) });
    grammar_rule_set(b, list, between(b, "[", grammar_optional(b, items), "]"));
    return use;
}

static inline int32_t choices(struct grammar_builder *b)
{
    return grammar_alt(b, 4,
                       (int32_t[]){ grammar_text(b, SLICE("the")), grammar_text(b, SLICE("then")),
                                    grammar_text(b, SLICE("caf\xc3\xa9")),
                                    grammar_text(b, SLICE("\xe6\x97\xa5\xe6\x9c\xac")) });
}

static inline int32_t fixed(struct grammar_builder *b)
{
    return grammar_text(b, SLICE("the quick brown fox says hello to the world"));
}

typedef int32_t (*writer)(struct grammar_builder *b);
static const writer writers[] = { object, short_string, long_string, free_text,
                                  turns,  nested,       choices,     fixed };
enum { WRITERS = sizeof writers / sizeof *writers };

static inline int try_compile(struct grammar **ret, writer w, struct err *err)
{
    struct grammar_builder *b;
    TRY(grammar_builder_open(&b, err));
    int rc = grammar_compile(ret, b, w(b), err);
    grammar_builder_close(b);
    return rc;
}

static inline struct grammar *compiled(writer w)
{
    struct grammar *g;
    struct err err;
    assert_ok(try_compile(&g, w, &err), &err);
    return g;
}

/* ---- What must come out ---- */

/* By definition: the token's bytes, one after the other. */
static inline int32_t step_token(struct grammar *g, const struct tokenizer *t, int32_t state,
                                 int32_t token)
{
    struct slice bytes = tokenizer_bytes(t, token);
    enum token_kind kind = tokenizer_kind(t, token);
    if (kind == TOKEN_UNUSED || kind == TOKEN_UNKNOWN || bytes.len == 0) return GRAMMAR_DEAD;
    if (tokenizer_is_end(t, token)) return GRAMMAR_DEAD;
    if (kind == TOKEN_CONTROL) state = grammar_step(g, state, GRAMMAR_TOKEN_BYTE);
    for (size_t i = 0; state >= 0 && i < bytes.len; i++) {
        if (kind != TOKEN_CONTROL && (uint8_t)bytes.ptr[i] == GRAMMAR_TOKEN_BYTE)
            return GRAMMAR_DEAD;
        state = grammar_step(g, state, (uint8_t)bytes.ptr[i]);
    }
    return state;
}

/* A small generator: the same walks in every run. */
static inline uint32_t dice(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

#endif
