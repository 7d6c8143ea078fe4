/* SentencePiece's BPE from GGUF: scores, bytes, streams, and vocabularies that must be refused. The
 * ids of real text are compared in tests/golden/tokenizer. */
#include "unit/test.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "engine/tokenizer.h"
#include "engine/tokenizer_family.h"
#include "fault/fault.h"
#include "models/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct err err;

/* Pieces behind 3 control tokens, an added one and 256 bytes; scores fall from the first on. */
enum { BOS = 2, SPACES = 3, BYTES = 4, PIECES = BYTES + 256, TOKENS_MAX = PIECES + 16 };

static const char *const pieces[] = {
    "\xE2\x96\x81\x61\x62",
    "bc",
    "ab",
    "abc",
    "\xC3\xA9",
    "\xE2\x96\x81",
    "a",
    "b",
    "c",
    "<",
    "bos>",
};
enum { N_PIECES = sizeof pieces / sizeof *pieces, N = PIECES + N_PIECES };

struct vocab {
    struct checkpoint *c;
    struct checkpoint_value values[12];
    struct slice texts[TOKENS_MAX];
    char bytes[256][8];
    int32_t types[TOKENS_MAX];
    float scores[TOKENS_MAX];
};

static struct checkpoint_value *add(struct vocab *v, const char *key, enum value_type type)
{
    struct checkpoint_value *value = &v->values[v->c->n_values++];
    *value = (struct checkpoint_value){ .key = slice_of(key), .type = type };
    return value;
}

static void add_array(struct vocab *v, const char *key, enum value_type item, const void *items)
{
    struct checkpoint_value *value = add(v, key, VALUE_ARRAY);
    value->item = item;
    value->n = N;
    if (item == VALUE_STRING)
        value->strings = items;
    else
        value->items = items;
}

static struct vocab *vocab_new(void)
{
    static const char *const first[] = { "<pad>", "<eos>", "<bos>", "  " };
    static const int32_t kinds[] = { 3, 3, 3, 4 };
    struct vocab *v = calloc(1, sizeof *v);
    assert_non_null(v);
    for (int i = 0; i < N; i++) {
        v->types[i] = i < BYTES ? kinds[i] : i < PIECES ? 6 : 1;
        v->scores[i] = i < PIECES ? -1000 : (float)(PIECES - i);
        if (i < BYTES) v->texts[i] = slice_of(first[i]);
        if (i >= PIECES) v->texts[i] = slice_of(pieces[i - PIECES]);
        if (i < BYTES || i >= PIECES) continue;
        snprintf(v->bytes[i - BYTES], 8, "<0x%02X>", (unsigned)(i - BYTES));
        v->texts[i] = slice_of(v->bytes[i - BYTES]);
    }
    assert_ok(checkpoint_new(&v->c, CHECKPOINT_GGUF, "small.gguf", 1 << 20, &err), &err);
    v->c->values = v->values;
    add(v, "tokenizer.ggml.model", VALUE_STRING)->string = SLICE("llama");
    add(v, "tokenizer.ggml.pre", VALUE_STRING)->string = SLICE("default");
    add(v, "general.architecture", VALUE_STRING)->string = SLICE("gemma3");
    add_array(v, "tokenizer.ggml.tokens", VALUE_STRING, v->texts);
    add_array(v, "tokenizer.ggml.token_type", VALUE_I32, v->types);
    add_array(v, "tokenizer.ggml.scores", VALUE_F32, v->scores);
    add(v, "tokenizer.ggml.bos_token_id", VALUE_U32)->u = BOS;
    add(v, "tokenizer.ggml.add_space_prefix", VALUE_BOOL);
    return v;
}

/* Opens and forgets the vocabulary: the tokenizer must not point into it. */
static int vocab_open(struct tokenizer **ret, struct vocab *v)
{
    assert_ok(checkpoint_index(v->c, &err), &err);
    int rc = tokenizer_open(ret, v->c, &err);
    checkpoint_close(v->c);
    free(v);
    return rc;
}

static void check(const struct tokenizer *t, struct slice text, enum tokenizer_trust trust,
                  const char *want)
{
    struct tokenizer_options o = { .trust = trust };
    struct tokens ids;
    struct buf out;
    tokens_init(&ids, 1 << 10);
    buf_init(&out, 1 << 12);
    assert_ok(tokenizer_encode(t, &ids, text, &o, &err), &err);
    for (size_t i = 0; i < ids.len; i++) {
        int32_t id = ids.ids[i];
        if (id >= BYTES && id < PIECES)
            buf_printf(&out, "%s%02X", i ? " " : "", (unsigned)(id - BYTES));
        else
            buf_printf(&out, "%s%.*s", i ? " " : "", SLICE_FMT(tokenizer_bytes(t, id)));
    }
    assert_string_equal(buf_str(&out), want);
    buf_release(&out);
    tokens_release(&ids);
}

static void test_merges(void **state)
{
    (void)state;
    struct tokenizer *t;
    assert_ok(vocab_open(&t, vocab_new()), &err);
    assert_string_equal(tokenizer_family_name(t), "spm");
    assert_true(tokenizer_special(t)->add_bos);
    /* bc scores before ab, so abc comes from a and bc; "ab" after a space is made of that first. */
    check(t, SLICE("abc"), TRUST_NONE, "abc");
    check(t, SLICE("abab"), TRUST_NONE, "ab ab");
    check(t, SLICE(" ab"), TRUST_NONE, " ab");
    check(t,
          SLICE("\xE2\x96\x81"
                "ab"),
          TRUST_NONE, " ab");
    check(t, SLICE("a  ab"), TRUST_NONE, "a    ab"); /* "a", "  ", "ab" */
    check(t, SLICE("x\xC3\xA9\xE2\x82\xAC"), TRUST_NONE, "78 \xC3\xA9 E2 82 AC");
    check(t, SLICE("<0x0A>"), TRUST_ALL, "< 30 78 30 41 3E");
    check(t, SLICE("<bos>"), TRUST_ALL, "<bos>");
    check(t, SLICE("<bos>"), TRUST_NONE, "< b 6F 73 3E");
    tokenizer_close(t);
}

/* Bytes make characters as they come; what can be none is U+FFFD. */
static void test_stream_of_bytes(void **state)
{
    (void)state;
    static const struct {
        int bytes[8];
        const char *steps; /* "." after each token */
    } rows[] = {
        { { 0xE2, 0x82, 0xAC, 'x', -1 }, "..\xE2\x82\xAC.x." },
        { { 0xF0, 0x9F, 'y', -1 }, "..\xEF\xBF\xBDy." },
        { { 0xFF, 0xC3, 0xA9, -1 }, "\xEF\xBF\xBD..\xC3\xA9." },
        { { 0xE2, 0x82, -1 }, "..\xEF\xBF\xBD" },
    };
    struct tokenizer *t;
    assert_ok(vocab_open(&t, vocab_new()), &err);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct detokenizer d;
        struct buf out;
        buf_init(&out, 1 << 10);
        detokenizer_init(&d, t, false);
        for (int i = 0; rows[r].bytes[i] >= 0; i++) {
            detokenizer_add(&d, &out, BYTES + rows[r].bytes[i]);
            buf_add_char(&out, '.');
        }
        detokenizer_finish(&d, &out);
        assert_string_equal(buf_str(&out), rows[r].steps);
        buf_release(&out);
    }
    tokenizer_close(t);
}

static void refused(struct vocab *v, int code, const char *says)
{
    struct tokenizer *t;
    assert_fails(vocab_open(&t, v), code, &err, says);
}

static struct checkpoint_value *value_of(struct vocab *v, const char *key)
{
    for (size_t i = 0; i < v->c->n_values; i++)
        if (slice_is(v->values[i].key, key)) return &v->values[i];
    fail_msg("no %s", key);
    return NULL;
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "<0x-1>", "<0x 1>", "<0x100>", "<0x0a>", "<0xG0>", "0x0A" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct vocab *v = vocab_new();
        v->texts[BYTES + 7] = slice_of(bad[i]);
        refused(v, ERR_FORMAT, bad[i]);
    }
    struct vocab *v = vocab_new();
    v->types[BYTES + 0xAB] = 5;
    refused(v, ERR_FORMAT, "no byte token <0xAB>");
    v = vocab_new();
    v->scores[PIECES + 1] = NAN;
    refused(v, ERR_FORMAT, "scores[261]");
    v = vocab_new();
    value_of(v, "tokenizer.ggml.scores")->n = N - 1;
    refused(v, ERR_FORMAT, "tokenizer.ggml.scores has");
    v = vocab_new();
    value_of(v, "tokenizer.ggml.scores")->key = SLICE("scores");
    refused(v, ERR_FORMAT, "tokenizer.ggml.scores");
    v = vocab_new();
    value_of(v, "tokenizer.ggml.add_space_prefix")->u = 1;
    refused(v, ERR_UNSUPPORTED_FORMAT, "add_space_prefix");
    v = vocab_new();
    v->texts[PIECES + 1] = SLICE("b\xFF");
    refused(v, ERR_FORMAT, "token 261 is not UTF-8");
    for (size_t len = 256; len <= 257; len++) { /* The longest piece, and one more. */
        char *text = malloc(len);
        struct tokenizer *t = NULL;
        memset(text, 'a', len);
        v = vocab_new();
        v->texts[PIECES + 1] = (struct slice){ text, len };
        int rc = vocab_open(&t, v);
        assert_int_equal(rc, len == 256 ? 0 : -ERR_LIMIT);
        tokenizer_close(t);
        free(text);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    bool failed = true;
    int n = 1;
    for (; failed; n++) {
        struct tokenizer *t = NULL;
        struct vocab *v = vocab_new();
        assert_ok(checkpoint_index(v->c, &err), &err);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = tokenizer_open(&t, v->c, &err);
        failed = fault_stop();
        if (failed) assert_int_equal(rc, -ERR_NO_MEMORY);
        tokenizer_close(t);
        checkpoint_close(v->c);
        free(v);
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merges),
        cmocka_unit_test(test_stream_of_bytes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
