/* The trie and the bitmaps against what the tokenizer says of each token. */
#include "unit/grammar/grammars.h"

#include "base/utf8.h"
#include "fault/fault.h"
#include "grammar/vocabulary_trie.h"

static bool bit(const uint32_t *bits, int32_t token)
{
    return bits[token / 32] >> (token % 32) & 1;
}

/* Characters of a plain token, or -1: written otherwise than the vocabulary's. */
static int32_t plain_length(const struct tokenizer *t, int32_t token)
{
    struct slice s = tokenizer_bytes(t, token);
    if (tokenizer_kind(t, token) == TOKEN_CONTROL || !utf8_valid(s.ptr, s.len)) return -1;
    int32_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || strchr("\"\\", c)) return -1;
        n += (c & 0xc0) != 0x80;
    }
    return n;
}

static bool expected(const struct tokenizer *t, int32_t token)
{
    struct slice s = tokenizer_bytes(t, token);
    enum token_kind kind = tokenizer_kind(t, token);
    if (kind == TOKEN_UNUSED || kind == TOKEN_UNKNOWN || tokenizer_is_end(t, token)) return false;
    return kind == TOKEN_CONTROL || !memchr(s.ptr, 0xff, s.len);
}

static void check_token(const struct tokenizer *t, int32_t token, const char *path, size_t len)
{
    struct slice s = tokenizer_bytes(t, token);
    if (tokenizer_kind(t, token) == TOKEN_CONTROL) {
        assert_int_equal((uint8_t)path[0], GRAMMAR_TOKEN_BYTE);
        path++;
        len--;
    }
    assert_true(slice_eq(s, (struct slice){ path, len }));
}

/* Every path spells its tokens, and every subtree ends where its skip says. */
static void check_trie(const struct tokenizer *t, const struct trie *trie, int32_t *seen)
{
    char path[TRIE_DEPTH_MAX];
    for (int32_t i = 0; i < trie->n_nodes; i++) {
        const struct trie_node *n = &trie->nodes[i];
        int32_t skip = i + 1;
        while (skip < trie->n_nodes && trie->nodes[skip].depth > n->depth) skip++;
        assert_int_equal(n->skip, skip);
        assert_true(n->depth <= (i > 0 ? trie->nodes[i - 1].depth : 0) + 1);
        path[n->depth - 1] = (char)n->byte;
        for (int32_t k = n->first; k < n[1].first; k++) {
            check_token(t, trie->tokens[k], path, n->depth);
            seen[trie->tokens[k]]++;
        }
    }
    assert_int_equal(trie->nodes[trie->n_nodes].first, trie->n_tokens);
}

static void test_tries(void **state)
{
    (void)state;
    for (int f = 0; f < FAMILIES; f++) {
        struct tokenizer *t = golden_tokenizer(families[f]);
        struct vocabulary *v;
        struct err err;
        int32_t n_vocab = (int32_t)tokenizer_vocab_len(t), n_rest = 0;
        int32_t *all = calloc((size_t)n_vocab, 4), *rest = calloc((size_t)n_vocab, 4);
        assert_ok(vocabulary_open(&v, t, &err), &err);
        assert_ptr_equal(vocabulary_tokenizer(v), t);
        check_trie(t, &v->all, all);
        check_trie(t, &v->rest, rest);
        for (int32_t i = 0; i < n_vocab; i++) {
            bool usable = expected(t, i), plain = plain_length(t, i) >= 0;
            assert_int_equal(all[i], usable);
            assert_int_equal(rest[i], usable && !plain);
            assert_int_equal(vocabulary_has(v, i), usable);
            n_rest += rest[i];
        }
        assert_false(vocabulary_has(v, -1));
        assert_false(vocabulary_has(v, n_vocab));
        assert_true(n_rest > 100 && n_rest < n_vocab - 50);
        vocabulary_close(v);
        tokenizer_close(t);
        free(all);
        free(rest);
    }
}

static void check_room(const struct tokenizer *t, const struct vocabulary *v, int32_t room)
{
    int32_t count, n_wide, n = 0;
    const uint32_t *bits = vocabulary_plain(v, room, &count, &n_wide);
    int32_t n_vocab = (int32_t)tokenizer_vocab_len(t);
    bool all = true;
    for (int32_t i = 0; i < n_vocab; i++) {
        int32_t len = plain_length(t, i);
        bool plain = expected(t, i) && len >= 0, in = bit(bits, i);
        for (int32_t k = 0; k < n_wide; k++) in = in || v->wide[k].token == i;
        if (in != (plain && len <= room)) fail_msg("token %d, room %d", i, room);
        n += bit(bits, i);
        all = all && (!plain || len <= room);
    }
    assert_int_equal(count, n);
    /* It may be more careful than it had to. */
    if (vocabulary_plain_all(v, room)) assert_true(all);
    if (room > 1000) assert_true(vocabulary_plain_all(v, room));
}

/* A tokenizer with tokens longer than the bitmaps go. */
static struct tokenizer *with_long_tokens(void)
{
    struct buf b;
    struct err err;
    struct tokenizer *t;
    buf_init(&b, 1 << 20);
    buf_add_str(&b, "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                    "\"use_regex\":true},\"added_tokens\":[{\"id\":0,\"content\":\"<|end|>\","
                    "\"special\":true}");
    for (int n = 30; n <= 50; n++)
        buf_printf(&b, ",{\"id\":%d,\"content\":\"%0*d\",\"special\":false}", n, n, 0);
    buf_add_str(&b, "],\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{\"a\":1}}}");
    assert_ok(tokenizer_open_json(&t, buf_slice(&b), SLICE("{\"eos_token\":\"<|end|>\"}"), &err),
              &err);
    buf_release(&b);
    return t;
}

static void test_plain_tokens(void **state)
{
    (void)state;
    static const int32_t rooms[] = {
        0,  1,  2,  3,  5,          VOCABULARY_LEVELS - 1, VOCABULARY_LEVELS, VOCABULARY_LEVELS + 1,
        40, 49, 50, 51, GRAMMAR_ANY
    };
    for (int f = 0; f <= FAMILIES; f++) {
        struct tokenizer *t = f < FAMILIES ? golden_tokenizer(families[f]) : with_long_tokens();
        struct vocabulary *v;
        struct err err;
        assert_ok(vocabulary_open(&v, t, &err), &err);
        for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) check_room(t, v, rooms[i]);
        if (f == FAMILIES) assert_int_equal(v->n_wide, 50 - VOCABULARY_LEVELS);
        vocabulary_close(v);
        tokenizer_close(t);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    struct tokenizer *t = golden_tokenizer("qwen2");
    struct vocabulary *v;
    struct err err;
    assert_ok(vocabulary_open(&v, t, &err), &err);
    int32_t start = tokenizer_find(t, SLICE("<|im_start|>"));
    int32_t end = tokenizer_find(t, SLICE("<|im_end|>"));
    int32_t call = tokenizer_find(t, SLICE("<tool_call>"));
    assert_true(start >= 0 && end >= 0 && call >= 0);
    assert_int_equal(tokenizer_kind(t, call), TOKEN_ADDED);
    assert_true(vocabulary_has(v, start));
    assert_false(vocabulary_has(v, end)); /* It ends an answer: that is no text. */
    assert_true(vocabulary_has(v, call));
    assert_true(bit(v->plain + (size_t)(VOCABULARY_LEVELS + 1) * (size_t)v->n_words, call));
    assert_false(bit(v->plain + (size_t)(VOCABULARY_LEVELS + 1) * (size_t)v->n_words, start));
    vocabulary_close(v);
    tokenizer_close(t);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct tokenizer *t = golden_tokenizer("gpt2");
    struct vocabulary *v;
    struct err err;
    int n = 1;
    for (;; n++) {
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = vocabulary_open(&v, t, &err);
        if (!fault_stop()) break;
        assert_int_equal(rc, -ERR_NO_MEMORY);
    }
    assert_true(n > 5);
    vocabulary_close(v);
    vocabulary_close(NULL);
    tokenizer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries),
        cmocka_unit_test(test_plain_tokens),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
