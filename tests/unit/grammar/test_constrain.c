/* Constraints: what they allow they take, what is forced is allowed, and nothing depends on what
 * was taken back. */
#include "unit/grammar/grammars.h"

#include "fault/fault.h"
#include "grammar/constrain.h"

enum { N_VOCAB = 1024, WORDS = N_VOCAB / 32, STEPS_MAX = 80 };

static struct tokenizer *tokenizer;
static struct vocabulary *vocabulary;

static void open_vocabulary(const char *family)
{
    struct err err;
    tokenizer = golden_tokenizer(family);
    assert_ok(vocabulary_open(&vocabulary, tokenizer, &err), &err);
}

static void close_vocabulary(void)
{
    vocabulary_close(vocabulary);
    tokenizer_close(tokenizer);
}

static struct constraint *constrained(writer w, bool no_jump)
{
    struct constraint *c;
    struct err err;
    struct grammar *g = compiled(w);
    struct grammar_constrain_options o = { .vocabulary = vocabulary, .no_jump = no_jump };
    assert_ok(grammar_constrain(&c, g, &o, &err), &err);
    grammar_unref(g);
    return c;
}

static void mask_of(struct constraint *c, uint32_t bits[WORDS])
{
    memset(bits, 0xff, WORDS * sizeof *bits);
    constraint_mask(c, bits, N_VOCAB);
}

/* One of the allowed tokens at random, the end rarely; -1: none. */
static int32_t pick(const uint32_t bits[WORDS], uint64_t *seed)
{
    int32_t n = 0, picked = -1, end = -1;
    for (int32_t i = 0; i < N_VOCAB; i++) {
        if (!constraint_bit(bits, i)) continue;
        if (tokenizer_is_end(tokenizer, i))
            end = i;
        else if (dice(seed) % (uint32_t)++n == 0)
            picked = i;
    }
    return end >= 0 && (picked < 0 || dice(seed) % 8 == 0) ? end : picked;
}

static void check_refused(struct constraint *c, const uint32_t bits[WORDS])
{
    for (int32_t i = -1; i < N_VOCAB; i++)
        if (i < 0 || !constraint_bit(bits, i))
            assert_int_equal(constraint_accept(c, i), -ERR_INVALID_VALUE);
}

/* What is allowed is taken, and after it came back nothing has changed. */
static void check_taken(struct constraint *c, const uint32_t bits[WORDS], int32_t forced)
{
    uint32_t again[WORDS];
    for (int32_t i = 0; i < N_VOCAB; i++) {
        if (!constraint_bit(bits, i)) continue;
        assert_int_equal(constraint_accept(c, i), 0);
        constraint_rollback(c, 1);
    }
    mask_of(c, again);
    assert_memory_equal(bits, again, sizeof again);
    assert_int_equal(constraint_forced(c), forced);
}

static void test_allowed_is_taken(void **state)
{
    (void)state;
    for (int f = 0; f < FAMILIES; f++) {
        uint64_t seed = (uint64_t)f + 11;
        open_vocabulary(families[f]);
        for (int k = 0; k < WRITERS * 2; k++) {
            struct constraint *c = constrained(writers[k / 2], k % 2);
            bool ended = false;
            for (int i = 0; i < STEPS_MAX && !ended; i++) {
                uint32_t bits[WORDS];
                mask_of(c, bits);
                int32_t forced = constraint_forced(c), token = pick(bits, &seed);
                assert_true(token >= 0);
                if (forced != CONSTRAINT_FREE) assert_true(constraint_bit(bits, forced));
                check_refused(c, bits);
                check_taken(c, bits, forced);
                assert_int_equal(constraint_accept(c, token), 0);
                ended = tokenizer_is_end(tokenizer, token);
            }
            constraint_close(c);
        }
        close_vocabulary();
    }
}

/* An answer as the scheduler makes it: forced tokens where there are some. */
static int32_t write_answer(struct constraint *c, uint64_t seed, int32_t *tokens, bool disturbed)
{
    int32_t n = 0;
    uint64_t noise = seed + 99;
    while (n < STEPS_MAX && (n == 0 || !tokenizer_is_end(tokenizer, tokens[n - 1]))) {
        uint32_t bits[WORDS];
        if (disturbed && n > 0 && dice(&noise) % 3 == 0) {
            /* Some tokens were a draft and are sampled again: those were right. */
            int32_t back = 1 + (int32_t)(dice(&noise) % (uint32_t)n);
            constraint_rollback(c, back);
            for (int32_t i = n - back; i < n; i++) {
                if (dice(&noise) % 2) (void)constraint_forced(c);
                assert_int_equal(constraint_accept(c, tokens[i]), 0);
            }
        }
        for (int32_t wrong = 0; disturbed && wrong < 4; wrong++) {
            /* And some were a draft that was wrong. */
            mask_of(c, bits);
            if (constraint_accept(c, pick(bits, &noise)) < 0) fail_msg("not taken");
            if (wrong == 3) constraint_rollback(c, 4);
        }
        int32_t token = constraint_forced(c);
        uint64_t mine = seed + (uint64_t)n * 7919; /* As the scheduler's dice: by position. */
        mask_of(c, bits);
        if (token == CONSTRAINT_FREE) token = pick(bits, &mine);
        assert_int_equal(constraint_accept(c, token), 0);
        tokens[n++] = token;
    }
    return n;
}

static void test_drafts_change_nothing(void **state)
{
    (void)state;
    for (int f = 0; f < FAMILIES; f++) {
        open_vocabulary(families[f]);
        for (int k = 0; k < WRITERS; k++) {
            for (uint64_t seed = 0; seed < 10; seed++) {
                int32_t plain[STEPS_MAX], drafted[STEPS_MAX], copied[STEPS_MAX];
                struct constraint *a = constrained(writers[k], false);
                struct constraint *b = constrained(writers[k], false);
                struct constraint *c = constraint_copy(b);
                int32_t n = write_answer(a, seed, plain, false);
                assert_int_equal(write_answer(b, seed, drafted, true), n);
                assert_int_equal(write_answer(c, seed, copied, true), n);
                assert_memory_equal(plain, drafted, (size_t)n * sizeof *plain);
                assert_memory_equal(plain, copied, (size_t)n * sizeof *plain);
                constraint_close(a);
                constraint_close(b);
                constraint_close(c);
            }
        }
        close_vocabulary();
    }
}

static void test_a_copy_goes_its_own_way(void **state)
{
    (void)state;
    open_vocabulary("words");
    struct constraint *a = constrained(object, false);
    int32_t first[STEPS_MAX], n = 0;
    while (n < 4) {
        uint32_t bits[WORDS];
        uint64_t seed = 1;
        mask_of(a, bits);
        first[n] = constraint_forced(a);
        if (first[n] == CONSTRAINT_FREE) first[n] = pick(bits, &seed);
        assert_int_equal(constraint_accept(a, first[n++]), 0);
    }
    struct constraint *b = constraint_copy(a);
    uint32_t of_a[WORDS], of_b[WORDS];
    mask_of(a, of_a);
    mask_of(b, of_b);
    assert_memory_equal(of_a, of_b, sizeof of_a);
    assert_int_equal(constraint_forced(a), constraint_forced(b));
    constraint_rollback(b, 4); /* The copy has the history, too. */
    for (int32_t i = 0; i < 2; i++) {
        int32_t forced = constraint_forced(b);
        if (forced != CONSTRAINT_FREE) assert_int_equal(forced, first[i]);
        assert_int_equal(constraint_accept(b, first[i]), 0);
    }
    uint32_t now[WORDS];
    mask_of(a, now);
    assert_memory_equal(of_a, now, sizeof now);
    constraint_close(a);
    assert_int_equal(constraint_accept(b, first[2]), 0);
    constraint_close(b);
    close_vocabulary();
}

/* A fixed text comes as the tokenizer writes it, without one question to the model. */
static void test_fixed_text_is_written_as_by_the_tokenizer(void **state)
{
    (void)state;
    static const struct slice text = { "the quick brown fox says hello to the world", 43 };
    for (int f = 0; f < FAMILIES; f++) {
        struct tokens ids;
        struct err err;
        open_vocabulary(families[f]);
        tokens_init(&ids, STEPS_MAX);
        assert_ok(tokenizer_encode(tokenizer, &ids, text, NULL, &err), &err);
        struct constraint *c = constrained(fixed, false);
        for (size_t i = 0; i < ids.len; i++) {
            assert_int_equal(constraint_forced(c), ids.ids[i]);
            assert_int_equal(constraint_accept(c, ids.ids[i]), 0);
        }
        int32_t end = tokenizer_special(tokenizer)->end[0];
        assert_int_equal(constraint_forced(c), end);
        assert_int_equal(constraint_accept(c, end), 0);
        assert_int_equal(constraint_accept(c, ids.ids[0]), -ERR_INVALID_VALUE);
        assert_int_equal(constraint_accept(c, end), 0); /* ignore_eos asks for more. */
        constraint_rollback(c, 2);
        assert_int_equal(constraint_forced(c), end);
        tokens_release(&ids);
        constraint_close(c);
        close_vocabulary();
    }
}

static int32_t open_end(struct grammar_builder *b)
{
    return between(b, "hello world", grammar_repeat(b, plain_char(b), 0, GRAMMAR_UNBOUNDED), "");
}

static int32_t closed_by_token(struct grammar_builder *b)
{
    return grammar_seq(b, 2,
                       (int32_t[]){ grammar_text(b, SLICE("hello world")),
                                    grammar_token(b, SLICE("<|im_start|>")) });
}

static int32_t closed_by_either(struct grammar_builder *b)
{
    return grammar_seq(
        b, 2, (int32_t[]){ grammar_text(b, SLICE("hello world")), grammar_optional(b, turns(b)) });
}

/* What the end of a stretch could be one token with is left to the model. */
static void test_the_end_of_a_stretch(void **state)
{
    (void)state;
    struct tokens ids;
    struct err err;
    open_vocabulary("words");
    tokens_init(&ids, STEPS_MAX);
    assert_ok(tokenizer_encode(tokenizer, &ids, SLICE("hello world"), NULL, &err), &err);
    assert_true(ids.len >= 2);
    for (int closed = 0; closed < 3; closed++) {
        static const writer writers_of[] = { open_end, closed_by_token, closed_by_either };
        struct constraint *c = constrained(writers_of[closed], false);
        size_t n = ids.len - !closed;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(constraint_forced(c), ids.ids[i]);
            assert_int_equal(constraint_accept(c, ids.ids[i]), 0);
        }
        int32_t start = tokenizer_find(tokenizer, SLICE("<|im_start|>"));
        assert_int_equal(constraint_forced(c), closed == 1 ? start : CONSTRAINT_FREE);
        constraint_close(c);
    }
    /* Written otherwise than the tokenizer would, it is the model's affair until a token ends where
     * one of the tokenizer's does. */
    struct constraint *c = constrained(closed_by_token, false);
    int32_t h = -1;
    for (int32_t i = 0; i < (int32_t)tokenizer_vocab_len(tokenizer); i++)
        if (slice_is(tokenizer_bytes(tokenizer, i), "h")) h = i;
    assert_true(h >= 0 && h != ids.ids[0]);
    assert_int_equal(constraint_accept(c, h), 0);
    assert_int_equal(constraint_forced(c), CONSTRAINT_FREE);
    constraint_rollback(c, 1);
    assert_int_equal(constraint_forced(c), ids.ids[0]);
    constraint_close(c);
    tokens_release(&ids);
    close_vocabulary();
}

enum { LONG = 700 };

static int32_t long_text(struct grammar_builder *b)
{
    char text[LONG];
    for (size_t i = 0; i < LONG; i++) text[i] = "hello world, says the user 12 "[i % 30];
    return grammar_text(b, (struct slice){ text, LONG });
}

/* Longer than what is looked ahead, and taken back by as much as a draft may have. */
static void test_long_stretches(void **state)
{
    (void)state;
    for (int f = 0; f < FAMILIES; f++) {
        int32_t tokens[LONG + 1], forced[LONG + 1], n = 0, n_free = 0;
        uint64_t seed = 31;
        open_vocabulary(families[f]);
        struct constraint *c = constrained(long_text, false);
        do {
            tokens[n] = forced[n] = constraint_forced(c);
            if (forced[n] == CONSTRAINT_FREE) {
                n_free++;
                uint32_t bits[WORDS]; /* The end of what was looked ahead. */
                mask_of(c, bits);
                tokens[n] = pick(bits, &seed);
            }
            assert_int_equal(constraint_accept(c, tokens[n]), 0);
        } while (!tokenizer_is_end(tokenizer, tokens[n++]));
        for (int i = 0; i < 40; i++) {
            int32_t back = i == 0 ? 255 : (int32_t)(dice(&seed) % 255), at = n - back;
            if (at < 0) at = 0;
            constraint_rollback(c, n - at);
            for (; at < n; at++) {
                assert_int_equal(constraint_forced(c), forced[at]);
                assert_int_equal(constraint_accept(c, tokens[at]), 0);
            }
        }
        assert_true(n_free < n / 10);
        constraint_close(c);
        close_vocabulary();
    }
}

static void test_without_jumps_only_what_is_alone(void **state)
{
    (void)state;
    open_vocabulary("words");
    struct constraint *c = constrained(fixed, true);
    uint32_t bits[WORDS];
    mask_of(c, bits);
    int32_t n = 0;
    for (int32_t i = 0; i < N_VOCAB; i++) n += constraint_bit(bits, i);
    assert_true(n > 1); /* "t", "th", "the" ... */
    assert_int_equal(constraint_forced(c), CONSTRAINT_FREE);
    constraint_close(c);
    close_vocabulary();
}

static void test_ends_only_where_it_may(void **state)
{
    (void)state;
    open_vocabulary("gpt2");
    struct constraint *c = constrained(choices, true);
    int32_t end = tokenizer_special(tokenizer)->end[0];
    uint32_t bits[WORDS];
    struct tokens ids;
    struct err err;
    mask_of(c, bits);
    assert_false(constraint_bit(bits, end));
    assert_int_equal(constraint_accept(c, end), -ERR_INVALID_VALUE);
    tokens_init(&ids, STEPS_MAX);
    assert_ok(tokenizer_encode(tokenizer, &ids, SLICE("the"), NULL, &err), &err);
    for (size_t i = 0; i < ids.len; i++) assert_int_equal(constraint_accept(c, ids.ids[i]), 0);
    mask_of(c, bits); /* "the", or "then" */
    assert_true(constraint_bit(bits, end));
    assert_int_equal(constraint_forced(c), CONSTRAINT_FREE);
    /* A bit that someone else cleared stays cleared. */
    memset(bits, 0, sizeof bits);
    constraint_mask(c, bits, N_VOCAB);
    for (int i = 0; i < WORDS; i++) assert_int_equal(bits[i], 0);
    assert_int_equal(constraint_accept(c, end), 0);
    mask_of(c, bits);
    for (int32_t i = 0; i < N_VOCAB; i++)
        assert_int_equal(constraint_bit(bits, i), tokenizer_is_end(tokenizer, i));
    tokens_release(&ids);
    constraint_close(c);
    close_vocabulary();
}

static void test_a_model_without_an_end(void **state)
{
    (void)state;
    static const char json[] =
        "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},"
        "\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{\"a\":0}}}";
    struct err err;
    struct constraint *c;
    assert_ok(tokenizer_open_json(&tokenizer, SLICE(json), SLICE(""), &err), &err);
    assert_ok(vocabulary_open(&vocabulary, tokenizer, &err), &err);
    struct grammar *g = compiled(fixed);
    struct grammar_constrain_options o = { .vocabulary = vocabulary };
    assert_fails(grammar_constrain(&c, g, &o, &err), ERR_UNSUPPORTED_VALUE, &err,
                 "no token that ends");
    grammar_unref(g);
    close_vocabulary();
}

/* After it is open, tokens come without memory but for states and masks; and without that they are
 * refused, not let through. */
static void test_no_memory(void **state)
{
    (void)state;
    struct err err;
    int n = 1;
    open_vocabulary("qwen2");
    for (;; n++) {
        struct grammar *g = compiled(object);
        struct grammar_constrain_options o = { .vocabulary = vocabulary };
        struct constraint *c = NULL, *twin = NULL;
        int32_t tokens[12], n_tokens = 0;
        uint64_t seed = 21;
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = grammar_constrain(&c, g, &o, &err);
        for (int i = 0; rc == 0 && i < 12; i++) {
            uint32_t bits[WORDS];
            mask_of(c, bits);
            int32_t token = pick(bits, &seed);
            if (token >= 0 && constraint_accept(c, token) == 0) tokens[n_tokens++] = token;
        }
        if (rc == 0) twin = constraint_copy(c);
        bool hit = fault_stop();
        if (rc < 0) assert_int_equal(rc, -ERR_NO_MEMORY);
        if (rc == 0 && !hit) assert_non_null(twin);
        if (rc == 0 && !hit) assert_int_equal(n_tokens, 12);
        grammar_lock(g);
        int32_t at = grammar_start(g);
        for (int32_t i = 0; i < n_tokens; i++)
            assert_true((at = step_token(g, tokenizer, at, tokens[i])) >= 0);
        grammar_unlock(g);
        constraint_close(c);
        constraint_close(twin);
        grammar_unref(g);
        if (!hit) break;
    }
    assert_true(n > 10);
    close_vocabulary();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed_is_taken),
        cmocka_unit_test(test_drafts_change_nothing),
        cmocka_unit_test(test_a_copy_goes_its_own_way),
        cmocka_unit_test(test_fixed_text_is_written_as_by_the_tokenizer),
        cmocka_unit_test(test_the_end_of_a_stretch),
        cmocka_unit_test(test_long_stretches),
        cmocka_unit_test(test_without_jumps_only_what_is_alone),
        cmocka_unit_test(test_ends_only_where_it_may),
        cmocka_unit_test(test_a_model_without_an_end),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
