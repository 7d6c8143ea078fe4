/* What the golden ids do not show: trust, limits, streams, hostile vocabularies, GGUF's keys. */
#include "unit/test.h"

#include "base/json.h"
#include "base/seam.h"
#include "base/utf8.h"
#include "engine/tokenizer.h"
#include "engine/tokenizer_family.h"
#include "fault/fault.h"
#include "models/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

static struct err err;

/* The tokenizer of tests/golden/tokenizer/tiny.json for this family, as JSON. */
static json_t *tiny(const char *family)
{
    const char *path = TIRO_SOURCE_DIR "/tests/golden/tokenizer/tiny.json";
    char *file;
    size_t len, i;
    json_t *root, *entry, *found = NULL;
    assert_ok(file_read_all(&file, &len, path, 1 << 20, &err), &err);
    assert_ok(json_read(&root, (struct slice){ file, len }, &json_limits_file, path, &err), &err);
    json_array_foreach(root, i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "family")), family) == 0)
            found = json_incref(json_object_get(entry, "tokenizer"));
    }
    assert_non_null(found);
    json_decref(root);
    mem_free(file);
    return found;
}

static int open_root(struct tokenizer **ret, json_t *root, const char *config)
{
    char *text = json_dumps(root, JSON_COMPACT);
    int rc = tokenizer_open_json(ret, slice_of(text), slice_of(config), &err);
    free(text);
    return rc;
}

static struct tokenizer *open_tiny(const char *family)
{
    struct tokenizer *t;
    json_t *root = tiny(family);
    assert_ok(open_root(&t, root, ""), &err);
    json_decref(root);
    return t;
}

/* The ids as text, "5 17 3", into a buffer of the caller. */
static const char *ids_of(struct buf *out, const struct tokenizer *t, struct slice text,
                          const struct tokenizer_options *options)
{
    struct tokens ids;
    tokens_init(&ids, 1 << 20);
    assert_ok(tokenizer_encode(t, &ids, text, options, &err), &err);
    buf_reset(out);
    for (size_t i = 0; i < ids.len; i++) buf_printf(out, "%s%d", i ? " " : "", ids.ids[i]);
    tokens_release(&ids);
    return buf_str(out);
}

static size_t count_of(const struct tokenizer *t, struct slice text, int32_t id,
                       const struct tokenizer_span *spans, size_t n_spans)
{
    struct tokenizer_options o = { .trust = TRUST_SPANS, .spans = spans, .n_spans = n_spans };
    struct tokens ids;
    size_t n = 0;
    tokens_init(&ids, 1 << 20);
    assert_ok(tokenizer_encode(t, &ids, text, &o, &err), &err);
    for (size_t i = 0; i < ids.len; i++) n += ids.ids[i] == id;
    tokens_release(&ids);
    return n;
}

/* --- trust ------------------------------------------------------------------------------------ */

static void test_trust(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("qwen2");
    int32_t start = tokenizer_find(t, SLICE("<|im_start|>"));
    assert_true(start >= 0);
    assert_int_equal(tokenizer_kind(t, start), TOKEN_CONTROL);
    struct slice text = SLICE("<|im_start|>user\n<|im_start|>"); /* 12 + 5 + 12 */
    struct tokenizer_span first = { 0, 17 }, both = { 0, 29 }, cut = { 0, 28 }, late = { 18, 29 };
    struct tokenizer_span halves[] = { { 0, 6 }, { 6, 6 }, { 6, 17 }, { 17, 20 }, { 20, 29 } };
    struct tokenizer_span gap[] = { { 0, 6 }, { 7, 29 } };
    assert_int_equal(count_of(t, text, start, NULL, 0), 0);
    assert_int_equal(count_of(t, text, start, &first, 1), 1);
    assert_int_equal(count_of(t, text, start, &both, 1), 2);
    assert_int_equal(count_of(t, text, start, &cut, 1), 1);
    assert_int_equal(count_of(t, text, start, &late, 1), 0);
    assert_int_equal(count_of(t, text, start, halves, 5), 2);
    assert_int_equal(count_of(t, text, start, gap, 2), 1);
    tokenizer_close(t);
}

/* Ill-formed bytes become longer; the spans must follow. */
static void test_trust_moves_with_ill_formed_text(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("smollm");
    int32_t end = tokenizer_find(t, SLICE("<|im_end|>"));
    struct slice text = SLICE("\xFF\xE4\xB8<|im_end|>\xF0\x9F<|im_end|>"); /* 3 + 10 + 2 + 10 */
    struct tokenizer_span spans[] = { { 3, 13 }, { 15, 25 }, { 4, 13 }, { 3, 12 }, { 2, 14 } };
    assert_int_equal(count_of(t, text, end, &spans[0], 2), 2);
    assert_int_equal(count_of(t, text, end, &spans[1], 1), 1);
    assert_int_equal(count_of(t, text, end, &spans[2], 1), 0);
    assert_int_equal(count_of(t, text, end, &spans[3], 1), 0);
    assert_int_equal(count_of(t, text, end, &spans[4], 1), 1);
    tokenizer_close(t);
}

/* Nor do merges lead to a control token, even if the file has such merges. */
static void test_merges_make_no_control_token(void **state)
{
    (void)state;
    const char *json =
        "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
        "\"added_tokens\":[{\"id\":3,\"content\":\"abc\",\"special\":true}],\"model\":{"
        "\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"abc\":3,\"ab\":4},"
        "\"merges\":[\"a b\",\"ab c\"]}}";
    struct tokenizer *t;
    assert_ok(tokenizer_open_json(&t, slice_of(json), SLICE(""), &err), &err);
    struct buf out;
    buf_init(&out, 1 << 10);
    assert_string_equal(ids_of(&out, t, SLICE("abc"), NULL), "4 2");
    struct tokenizer_options all = { .trust = TRUST_ALL };
    assert_string_equal(ids_of(&out, t, SLICE("abc"), &all), "3");
    buf_release(&out);
    tokenizer_close(t);
}

/* Where nothing is a control token, spans change nothing: words run across their ends. */
static void test_spans_do_not_split_words(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("gpt2");
    struct slice text = SLICE("All human beings are born free, don't you think?");
    struct buf a, b;
    buf_init(&a, 1 << 16);
    buf_init(&b, 1 << 16);
    ids_of(&a, t, text, NULL);
    for (size_t i = 0; i <= text.len; i++) {
        struct tokenizer_span span = { i / 2, i };
        struct tokenizer_options o = { .trust = TRUST_SPANS, .spans = &span, .n_spans = 1 };
        assert_string_equal(ids_of(&b, t, text, &o), buf_str(&a));
    }
    buf_release(&a);
    buf_release(&b);
    tokenizer_close(t);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void test_limit_leaves_list_alone(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("qwen2");
    struct slice text = SLICE("one two three four five six seven");
    size_t n;
    assert_ok(tokenizer_count(t, &n, text, NULL, &err), &err);
    struct tokens ids;
    tokens_init(&ids, n);
    assert_ok(tokens_add(&ids, 7), &err);
    assert_fails(tokenizer_encode(t, &ids, text, NULL, &err), ERR_LIMIT, &err, "more than");
    assert_int_equal(ids.len, 1);
    ids.len = 0;
    assert_ok(tokenizer_encode(t, &ids, text, NULL, &err), &err);
    assert_int_equal(ids.len, n);
    tokens_release(&ids);
    tokenizer_close(t);
}

/* Runs whose naive cost would be quadratic: under a quadratic algorithm this test times out. */
static void test_long_runs(void **state)
{
    (void)state;
    static const char *const runs[] = {
        "a",     " ",  "=",   "ab", "\xCC\xB8", "\xCC\x81\xCC\xA7", "\n ", "\xE4\xB8\xAD",
        "<|im_", "'s", "\xFF"
    };
    enum { SIZE = 1 << 20 };
    struct tokenizer *t[] = { open_tiny("qwen2"), open_tiny("smollm"), open_tiny("bert"),
                              open_tiny("spm") };
    char *text = mem_alloc(SIZE);
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        size_t len = strlen(runs[r]), n;
        for (size_t i = 0; i < SIZE; i++) text[i] = runs[r][i % len];
        for (size_t k = 0; k < 4; k++)
            assert_ok(tokenizer_count(t[k], &n, (struct slice){ text, SIZE }, NULL, &err), &err);
    }
    mem_free(text);
    for (size_t k = 0; k < 4; k++) tokenizer_close(t[k]);
}

/* --- streams ---------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Any ids at all: each step whole characters, all together what the bytes would give. */
static void test_stream_is_the_whole_text(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("llama3");
    uint32_t seed = 1;
    struct buf stream, bytes;
    buf_init(&stream, 1 << 16);
    buf_init(&bytes, 1 << 16);
    char *want = mem_alloc(1 << 18);
    for (int round = 0; round < 20000; round++) {
        struct detokenizer d;
        detokenizer_init(&d, t, true);
        buf_reset(&stream);
        buf_reset(&bytes);
        size_t n = next_random(&seed) % 12;
        for (size_t i = 0; i < n; i++) {
            /* The first 256 are the single bytes: most of these texts are broken. */
            size_t range = next_random(&seed) % 4 ? 256 : tokenizer_vocab_len(t);
            int32_t id = (int32_t)(next_random(&seed) % range);
            detokenizer_add(&d, &stream, id);
            assert_true(utf8_valid(stream.ptr, stream.len));
            buf_add_slice(&bytes, tokenizer_bytes(t, id));
        }
        detokenizer_finish(&d, &stream);
        size_t len = utf8_sanitize(want, 1 << 18, bytes.len ? bytes.ptr : "", bytes.len);
        assert_int_equal(stream.len, len);
        if (len) assert_memory_equal(stream.ptr, want, len);
    }
    mem_free(want);
    buf_release(&stream);
    buf_release(&bytes);
    tokenizer_close(t);
}

/* A character of 4 bytes over 4 tokens comes out with the last of them. */
static void test_stream_holds_half_characters(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("gpt2");
    const struct slice face = SLICE("\xF0\x9F\x98\x80");
    struct buf out;
    buf_init(&out, 1 << 10);
    struct detokenizer d;
    detokenizer_init(&d, t, false);
    for (size_t i = 0; i < face.len; i++) {
        int32_t id = 0;
        while (!slice_eq(tokenizer_bytes(t, id), (struct slice){ face.ptr + i, 1 })) id++;
        detokenizer_add(&d, &out, id);
        assert_int_equal(out.len, i == 3 ? 4 : 0);
    }
    assert_memory_equal(out.ptr, face.ptr, 4);
    /* Control tokens are hidden, and ids that do not exist are U+FFFD. */
    detokenizer_add(&d, &out, tokenizer_find(t, SLICE("<|im_end|>")));
    assert_int_equal(out.len, 4);
    detokenizer_add(&d, &out, 1 << 20);
    detokenizer_add(&d, &out, -1);
    detokenizer_finish(&d, &out);
    assert_string_equal(out.ptr, "\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBD");
    buf_release(&out);
    tokenizer_close(t);
}

/* --- special tokens --------------------------------------------------------------------------- */

static void test_special(void **state)
{
    (void)state;
    struct tokenizer *t;
    json_t *root = tiny("qwen2");
    const char *config =
        "{\"eos_token\": {\"content\": \"<|im_end|>\"}, \"pad_token\": \"<|endoftext|>\","
        " \"bos_token\": \"<|im_start|>\", \"add_bos_token\": true}";
    assert_ok(open_root(&t, root, config), &err);
    const struct tokenizer_special *s = tokenizer_special(t);
    int32_t end = tokenizer_find(t, SLICE("<|im_end|>")),
            text = tokenizer_find(t, SLICE("<|endoftext|>"));
    assert_int_equal(s->eos, end);
    assert_int_equal(s->pad, text);
    assert_true(tokenizer_is_end(t, end) && tokenizer_is_end(t, text));
    assert_false(tokenizer_is_end(t, s->bos) || tokenizer_is_end(t, 0) ||
                 tokenizer_is_end(t, TOKEN_NONE));
    assert_true(tokenizer_has_fim(t));
    assert_int_equal(s->fim_prefix, tokenizer_find(t, SLICE("<|fim_prefix|>")));
    assert_int_equal(s->repo, TOKEN_NONE);
    assert_int_equal(tokenizer_kind(t, tokenizer_find(t, SLICE("<tool_call>"))), TOKEN_ADDED);
    assert_int_equal(tokenizer_find(t, SLICE("a")), TOKEN_NONE);
    struct buf out;
    buf_init(&out, 1 << 10);
    char want[64];
    snprintf(want, sizeof want, "%d", s->bos);
    assert_true(s->add_bos && !s->add_eos);
    assert_string_equal(
        ids_of(&out, t, SLICE(""), &(struct tokenizer_options){ .add_special = true }), want);
    assert_string_equal(ids_of(&out, t, SLICE(""), NULL), "");
    buf_release(&out);
    json_decref(root);
    tokenizer_close(t);
}

/* --- hostile vocabularies --------------------------------------------------------------------- */

struct hostile {
    const char *family, *path; /* "model.vocab.x": a dot descends */
    const char *json;          /* What is put there; NULL removes. */
    enum err_code code;
    const char *says;
};

static const struct hostile hostile[] = {
    { "qwen2", "model.vocab.<0x-1>", "-1", ERR_FORMAT, "<0x-1>" },
    { "qwen2", "model.vocab.x1", "4294967296", ERR_FORMAT, "x1" },
    { "qwen2", "model.vocab.x1", "2097151", ERR_FORMAT, "2097151" },
    { "qwen2", "model.vocab.x1", "1.5", ERR_FORMAT, "x1" },
    { "qwen2", "model.vocab.x1", "\"5\"", ERR_FORMAT, "x1" },
    { "qwen2", "model.vocab.x1", "3", ERR_FORMAT, "both have the id 3" },
    { "qwen2", "model.vocab.", "90000", ERR_FORMAT, "up to 90000" },
    { "qwen2", "model.vocab.", "9000", ERR_FORMAT, "9000 is empty" },
    { "qwen2", "model.vocab", "[]", ERR_UNSUPPORTED_FORMAT, "model.vocab" },
    { "qwen2", "model.vocab", NULL, ERR_UNSUPPORTED_FORMAT, "model.vocab" },
    { "qwen2", "model.merges", "[[\"a\", \"zzz\"]]", ERR_FORMAT, "zzz" },
    { "qwen2", "model.merges", "[\"~ ~\"]", ERR_FORMAT, "merge" },
    { "qwen2", "model.merges", "[\"ab\"]", ERR_FORMAT, "merges[0]" },
    { "qwen2", "model.merges", "[\" a\"]", ERR_FORMAT, "merges[0]" },
    { "qwen2", "model.merges", "[[\"a\"]]", ERR_FORMAT, "merges[0]" },
    { "qwen2", "model.merges", "[7]", ERR_FORMAT, "merges[0]" },
    { "qwen2", "model.merges", "{}", ERR_FORMAT, "merges" },
    { "qwen2", "model.type", "\"Unigram\"", ERR_UNSUPPORTED_FORMAT, "Unigram" },
    { "qwen2", "model.byte_fallback", "true", ERR_UNSUPPORTED_FORMAT, "byte_fallback" },
    { "qwen2", "model.dropout", "0.5", ERR_UNSUPPORTED_FORMAT, "dropout" },
    { "qwen2", "model.unk_token", "\"a\"", ERR_UNSUPPORTED_FORMAT, "unk_token" },
    { "qwen2", "normalizer.type", "\"NFKC\"", ERR_UNSUPPORTED_FORMAT, "NFKC" },
    { "qwen2", "pre_tokenizer.type", "\"Whitespace\"", ERR_UNSUPPORTED_FORMAT, "Whitespace" },
    { "qwen2", "pre_tokenizer", "null", ERR_UNSUPPORTED_FORMAT, "pre_tokenizer" },
    { "qwen2", "added_tokens", "[{\"id\": 0}]", ERR_UNSUPPORTED_FORMAT, "content" },
    { "qwen2", "added_tokens", "[{\"id\": -1, \"content\": \"x\"}]", ERR_FORMAT, "\"x\"" },
    { "qwen2", "added_tokens", "[{\"id\": 3, \"content\": \"x\"}]", ERR_FORMAT, "id 3" },
    { "qwen2", "added_tokens", "[{\"id\": 500, \"content\": \"\"}]", ERR_FORMAT, "500 is empty" },
    { "qwen2", "added_tokens", "[{\"id\": 500, \"content\": \"a\"}]", ERR_FORMAT,
      "are both \"a\"" },
    { "qwen2", "added_tokens", "[{\"id\": 500, \"content\": \"x\", \"single_word\": true}]",
      ERR_UNSUPPORTED_FORMAT, "single_word" },
    { "qwen2", "post_processor", "{\"type\": \"Odd\"}", ERR_UNSUPPORTED_FORMAT, "Odd" },
    { "spm", "model.byte_fallback", "false", ERR_UNSUPPORTED_FORMAT, "byte_fallback" },
    { "spm", "model.vocab.<0x0A>", NULL, ERR_FORMAT, "no byte token <0x0A>" },
    { "spm", "normalizer.type", "\"NFC\"", ERR_UNSUPPORTED_FORMAT, "NFC" },
    { "bert", "model.unk_token", "\"nothing\"", ERR_FORMAT, NULL },
    { "bert", "model.max_input_chars_per_word", "100000", ERR_UNSUPPORTED_FORMAT, "100000" },
    { "bert", "normalizer", "{\"type\": \"Lowercase\"}", ERR_UNSUPPORTED_FORMAT, "Lowercase" },
};

static void test_hostile_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        const struct hostile *h = &hostile[i];
        json_t *root = tiny(h->family), *at = root;
        char path[64], *name = path, *dot;
        snprintf(path, sizeof path, "%s", h->path);
        for (; (dot = strchr(name, '.')); name = dot + 1) {
            *dot = '\0';
            at = json_object_get(at, name);
        }
        if (h->json)
            json_object_set_new(at, name, json_loads(h->json, JSON_DECODE_ANY, NULL));
        else
            json_object_del(at, name);
        struct tokenizer *t = NULL;
        int rc = open_root(&t, root, "");
        /* [UNK] is still found by its text: that is no failure. */
        if (!h->says)
            assert_int_equal(rc, 0);
        else if (rc != -(int)h->code || !strstr(err.text, h->says))
            fail_msg("%s = %s: gave %d, \"%s\"", h->path, h->json, rc, rc ? err.text : "");
        tokenizer_close(t);
        json_decref(root);
    }
}

/* Every allocation fails once: an error, nothing leaked, nothing half open. */
static void test_no_memory(void **state)
{
    (void)state;
    struct tokenizer *t = open_tiny("bert"), *u = open_tiny("qwen2");
    struct slice text = SLICE(
        "caf\xC3\xA9 e\xCC\x81 \xFF aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    struct tokens ids;
    bool failed = true;
    int n = 1;
    for (; failed; n++) {
        tokens_init(&ids, 1000);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int a = tokenizer_encode(t, &ids, text, NULL, &err);
        int b = tokenizer_encode(u, &ids, text, NULL, &err);
        failed = fault_stop();
        assert_int_equal(a + b, failed ? -ERR_NO_MEMORY : 0);
        tokens_release(&ids);
    }
    assert_true(n > 10);
    tokenizer_close(t);
    tokenizer_close(u);
}

static void test_no_memory_to_open(void **state)
{
    (void)state;
    json_t *root = tiny("smollm");
    bool failed = true;
    for (int n = 1; failed; n = n < 200 ? n + 1 : n * 5 / 4) {
        struct tokenizer *t = NULL;
        char *text = json_dumps(root, JSON_COMPACT);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = tokenizer_open_json(&t, slice_of(text), slice_of(""), &err);
        failed = fault_stop();
        assert_int_equal(rc < 0, failed);
        assert_int_equal(t == NULL, failed);
        tokenizer_close(t);
        free(text);
    }
    json_decref(root);
}

/* --- GGUF ------------------------------------------------------------------------------------- */

struct gguf {
    struct checkpoint *c;
    struct checkpoint_value values[16];
};

static void add_value(struct gguf *g, struct checkpoint_value v)
{
    g->values[g->c->n_values++] = v;
}

static void add_string(struct gguf *g, const char *key, const char *text)
{
    add_value(g, (struct checkpoint_value){
                     .key = slice_of(key), .type = VALUE_STRING, .string = slice_of(text) });
}

static void add_u32(struct gguf *g, const char *key, uint32_t value)
{
    add_value(g, (struct checkpoint_value){ .key = slice_of(key), .type = VALUE_U32, .u = value });
}

static void add_strings(struct gguf *g, const char *key, const struct slice *strings, size_t n)
{
    add_value(g, (struct checkpoint_value){ .key = slice_of(key),
                                            .type = VALUE_ARRAY,
                                            .item = VALUE_STRING,
                                            .n = n,
                                            .strings = strings });
}

static void add_types(struct gguf *g, const int32_t *types, size_t n)
{
    add_value(g, (struct checkpoint_value){ .key = SLICE("tokenizer.ggml.token_type"),
                                            .type = VALUE_ARRAY,
                                            .item = VALUE_I32,
                                            .n = n,
                                            .items = (const unsigned char *)types });
}

static void gguf_init(struct gguf *g, const char *model, const char *pre, const char *arch)
{
    assert_ok(checkpoint_new(&g->c, CHECKPOINT_GGUF, "small.gguf", 1 << 20, &err), &err);
    g->c->values = g->values;
    g->c->n_values = 0;
    add_string(g, "tokenizer.ggml.model", model);
    if (pre) add_string(g, "tokenizer.ggml.pre", pre);
    add_string(g, "general.architecture", arch);
}

/* Opens and forgets the checkpoint: the tokenizer must not point into it. */
static int gguf_open(struct tokenizer **ret, struct gguf *g)
{
    assert_ok(checkpoint_index(g->c, &err), &err);
    int rc = tokenizer_open(ret, g->c, &err);
    checkpoint_close(g->c);
    memset(g, 0xA5, sizeof *g);
    return rc;
}

#define S(text)                \
    {                          \
        text, sizeof(text) - 1 \
    }
static const struct slice bert_words[] = { S("[PAD]"),           S("[UNK]"),
                                           S("[CLS]"),           S("[SEP]"),
                                           S("\xE2\x96\x81hug"), S("ging"),
                                           S("\xE2\x96\x81."),   S("s") };
static const int32_t bert_types[] = { 3, 3, 3, 3, 1, 1, 1, 1 };

static void check_gguf_bert(const char *pre)
{
    struct gguf g;
    struct tokenizer *t;
    gguf_init(&g, "bert", pre, "bert");
    add_strings(&g, "tokenizer.ggml.tokens", bert_words, 8);
    add_types(&g, bert_types, 8);
    add_u32(&g, "tokenizer.ggml.cls_token_id", 2);
    add_u32(&g, "tokenizer.ggml.seperator_token_id", 3);
    add_u32(&g, "tokenizer.ggml.unknown_token_id", 1);
    assert_ok(gguf_open(&t, &g), &err);
    struct buf out;
    buf_init(&out, 1 << 10);
    struct tokenizer_options all = { .trust = TRUST_ALL, .add_special = true };
    assert_string_equal(ids_of(&out, t, SLICE("Hugging H\xC3\x9Bgs. gings"), &all),
                        "2 4 5 4 7 6 1 3");
    assert_string_equal(ids_of(&out, t, SLICE("[CLS]"), &all), "2 2 3");
    assert_string_equal(ids_of(&out, t, SLICE("[CLS]"), NULL), "1 1 1");
    buf_reset(&out);
    tokenizer_decode(t, &out, (const int32_t[]){ 2, 4, 5, 4, 7, 6, 3 }, 7, false);
    assert_string_equal(out.ptr, "hugging hugs .");
    buf_release(&out);
    tokenizer_close(t);
}

static void test_gguf_bert(void **state)
{
    (void)state;
    check_gguf_bert(NULL);
    check_gguf_bert("jina-v2-en"); /* What llama.cpp's converter calls BERT's own, uncased. */
}

static const struct slice bpe_words[] = {
    S("a"), S("b"), S("ab"), S("\xC4\xA0"), S("<|endoftext|>"), S("[PAD5]"), S("[PAD5]")
};
static const int32_t bpe_types[] = { 1, 1, 1, 1, 3, 5, 5 };
static const struct slice bpe_merges[] = { S("a b") };

static void bpe_gguf(struct gguf *g, const char *pre, const char *arch)
{
    gguf_init(g, "gpt2", pre, arch);
    add_strings(g, "tokenizer.ggml.tokens", bpe_words, 7);
    add_strings(g, "tokenizer.ggml.merges", bpe_merges, 1);
}

static void test_gguf_bpe(void **state)
{
    (void)state;
    struct gguf g;
    struct tokenizer *t;
    struct buf out;
    buf_init(&out, 1 << 10);
    bpe_gguf(&g, "smollm", "llama");
    add_types(&g, bpe_types, 7);
    add_u32(&g, "tokenizer.ggml.eos_token_id", 4);
    assert_ok(gguf_open(&t, &g), &err);
    assert_string_equal(tokenizer_family_name(t), "smollm");
    assert_string_equal(
        ids_of(&out, t, SLICE("abab b<|endoftext|>"), &(struct tokenizer_options){ TRUST_ALL }),
        "2 2 3 1 4");
    assert_true(tokenizer_is_end(t, 4));
    assert_int_equal(tokenizer_kind(t, 5), TOKEN_UNUSED);
    assert_int_equal(tokenizer_bytes(t, 5).len, 0);
    tokenizer_close(t);
    /* An old file without pre: by its architecture. */
    bpe_gguf(&g, NULL, "qwen2");
    add_types(&g, bpe_types, 7);
    assert_ok(gguf_open(&t, &g), &err);
    assert_string_equal(tokenizer_family_name(t), "qwen2");
    tokenizer_close(t);
    buf_release(&out);
}

static void test_gguf_refused(void **state)
{
    (void)state;
    struct gguf g;
    struct tokenizer *t;
    bpe_gguf(&g, "of-tomorrow", "llama");
    assert_fails(gguf_open(&t, &g), ERR_UNSUPPORTED_FORMAT, &err, "of-tomorrow");
    bpe_gguf(&g, NULL, "llama");
    assert_fails(gguf_open(&t, &g), ERR_UNSUPPORTED_FORMAT, &err, "(missing)");
    gguf_init(&g, "t5", "default", "t5");
    assert_fails(gguf_open(&t, &g), ERR_UNSUPPORTED_FORMAT, &err, "\"t5\"");
    bpe_gguf(&g, "qwen2", "qwen2"); /* Without types, both [PAD5] are words. */
    assert_fails(gguf_open(&t, &g), ERR_FORMAT, &err, "both \"[PAD5]\"");
    bpe_gguf(&g, "qwen2", "qwen2");
    add_types(&g, bpe_types, 6);
    assert_fails(gguf_open(&t, &g), ERR_FORMAT, &err, "6 entries for 7");
    bpe_gguf(&g, "qwen2", "qwen2");
    add_types(&g, bpe_types, 7);
    add_u32(&g, "tokenizer.ggml.bos_token_id", 7);
    assert_fails(gguf_open(&t, &g), ERR_FORMAT, &err, "bos_token_id");
    gguf_init(&g, "gpt2", "qwen2", "qwen2");
    add_strings(&g, "tokenizer.ggml.tokens", bpe_words, 0);
    assert_fails(gguf_open(&t, &g), ERR_FORMAT, &err, "tokens");
}

/* --- merging ---------------------------------------------------------------------------------- */

/* A pair that was overtaken must not come back under its old rank: a+b waits behind b+c, is gone
 * then, and a+bc comes after bc+d. Short words and long ones take different paths. */
static void test_overtaken_pair(void **state)
{
    (void)state;
    const char *json =
        "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},\"model\":{"
        "\"type\":"
        "\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"bc\":4,\"ab\":5,\"bcd\":6,\"abc\":7},"
        "\"merges\":[\"b c\",\"a b\",\"bc d\",\"a bc\"]}}";
    struct tokenizer *t;
    assert_ok(tokenizer_open_json(&t, slice_of(json), SLICE(""), &err), &err);
    for (size_t n = 1; n < 40; n++) {
        struct buf text, got, want;
        buf_init(&text, 1 << 10);
        buf_init(&got, 1 << 10);
        buf_init(&want, 1 << 10);
        for (size_t i = 0; i < n; i++) {
            buf_add_str(&text, "abcd");
            buf_add_str(&want, i ? " 0 6" : "0 6");
        }
        assert_string_equal(ids_of(&got, t, buf_slice(&text), NULL), buf_str(&want));
        buf_release(&text);
        buf_release(&got);
        buf_release(&want);
    }
    tokenizer_close(t);
}

/* --- words ------------------------------------------------------------------------------------ */

/* Bytes of each word, as Hugging Face's pre-tokenisers of the same family cut them. */
static const struct {
    const char *family, *text, *lengths;
} words[] = {
    { "gpt2", "it's 'S ''ll  x", "2 2 2 1 3 2 1 2" },
    { "gpt2", "a  1  \t b\n\n", "1 1 2 3 2 2" },
    { "gpt2", "a  ", "1 2" },
    { "gpt2", "\u00a0\u00a0x \u00e9\u0301 \u0967\u0968 \u00bd", "2 2 1 3 2 7 3" },
    { "gpt2", "_x y_ !?\n", "1 1 2 1 3 1" },
    { "smollm", "a  12  b", "1 2 1 1 1 2" },
    { "smollm", "it's12's", "2 2 1 1 2" },
    { "smollm", " \u00bd 1", "1 2 1 1" },
    { "smollm", "x\u3000\u3000 1\n 2", "1 7 1 2 1" },
    { "smollm", "\U00011de0 a", "4 2" }, /* A digit to Digits, none to the regex. */
    { "qwen2", "'\u017fab 'LLx 'Re", "3 2 2 3 2 2" },
    { "qwen2", "a  \n\n  b\r\n", "1 4 1 2 2" },
    { "qwen2", " 12 x!\n\ny", "1 1 1 2 3 1" },
    { "qwen2", "\tfoo  bar", "4 1 4" },
    { "qwen2", "a\u0301bc _d\u20dd", "1 4 2 1 3" },
    { "qwen2", "?!\r\n\r\n ", "6 1" },
    { "qwen2", "x   ", "1 3" },
    { "llama3", "1234567 12", "3 3 1 1 2" },
    { "llama3", "'Tx  12345\n", "2 1 1 1 3 2 1" },
};

static const struct tokenizer_family *family_named(const char *name)
{
    for (size_t i = 0; i < tokenizer_family_registry_len; i++)
        if (strcmp(tokenizer_family_registry[i]->name, name) == 0)
            return tokenizer_family_registry[i];
    fail_msg("no family %s", name);
    return NULL;
}

static void test_words(void **state)
{
    (void)state;
    uint8_t *classes = unicode_classes_new();
    assert_non_null(classes);
    struct buf got;
    buf_init(&got, 1 << 10);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct tokenizer_family *f = family_named(words[i].family);
        struct slice text = slice_of(words[i].text);
        buf_reset(&got);
        for (size_t at = 0; at < text.len;) {
            size_t end = f->word_end(classes, text.ptr, text.len, at);
            buf_printf(&got, "%s%zu", at ? " " : "", end - at);
            at = end;
        }
        if (strcmp(buf_str(&got), words[i].lengths) != 0)
            fail_msg("%s \"%s\": %s, not %s", f->name, text.ptr, buf_str(&got), words[i].lengths);
    }
    buf_release(&got);
    mem_free(classes);
}

/* --- Unicode ---------------------------------------------------------------------------------- */

static void test_compose(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "e\xCC\x81", "\xC3\xA9" },
        { "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "\xEA\xB0\x81" },
        { "a\xCC\x81\xCC\xA7", "\xC3\xA1\xCC\xA7" }, /* Ordered below first, then composed. */
        { "\xE2\x84\xAB", "\xC3\x85" },              /* ANGSTROM SIGN */
        { "a\xE0\xA2\x98\xCC\x81",
          "a\xE0\xA2\x98\xCC\x81" }, /* U+0898, unknown to the old tables. */
        { "<\xCC\xB8", "\xE2\x89\xAE" },
    };
    struct buf out;
    struct points scratch = { 0 };
    buf_init(&out, 1 << 10);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_reset(&out);
        assert_int_equal(unicode_compose(&out, &scratch, slice_of(rows[i][0])), 0);
        assert_string_equal(buf_str(&out), rows[i][1]);
    }
    points_release(&scratch);
    buf_release(&out);
    assert_int_equal(unicode_lower('A'), 'a');
    assert_int_equal(unicode_lower(0x416), 0x436);
    assert_int_equal(unicode_lower('['), '[');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_trust_moves_with_ill_formed_text),
        cmocka_unit_test(test_merges_make_no_control_token),
        cmocka_unit_test(test_spans_do_not_split_words),
        cmocka_unit_test(test_limit_leaves_list_alone),
        cmocka_unit_test(test_long_runs),
        cmocka_unit_test(test_stream_is_the_whole_text),
        cmocka_unit_test(test_stream_holds_half_characters),
        cmocka_unit_test(test_special),
        cmocka_unit_test(test_hostile_json),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_memory_to_open),
        cmocka_unit_test(test_gguf_bert),
        cmocka_unit_test(test_gguf_bpe),
        cmocka_unit_test(test_gguf_refused),
        cmocka_unit_test(test_overtaken_pair),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_compose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
