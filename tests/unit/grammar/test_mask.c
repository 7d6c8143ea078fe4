/* Masks against the definition: every token's bytes, stepped through the grammar. */
#include "unit/grammar/grammars.h"

#include "fault/fault.h"
#include "grammar/mask.h"
#include "grammar/vocabulary_trie.h"

#include <pthread.h>

/* More than the vocabulary has, as models have: those bits must be cleared. */
enum { N_VOCAB = 1024, WORDS = N_VOCAB / 32 };

struct walker {
    struct grammar *g;
    struct masks *masks;
    struct masks_user user;
    int32_t state;
};

static struct tokenizer *tokenizer;
static struct vocabulary *vocabulary;

static void begin_of(struct walker *w, struct grammar *g)
{
    struct err err;
    *w = (struct walker){ .g = g, .state = GRAMMAR_DEAD };
    w->user = (struct masks_user){ .states = &w->state, .n_states = 1 };
    assert_ok(masks_join(&w->masks, g, vocabulary, &w->user, &err), &err);
    grammar_lock(g);
    w->state = grammar_start(g);
    grammar_unlock(g);
}

static void begin(struct walker *w, writer how)
{
    struct grammar *g = compiled(how);
    begin_of(w, g);
    grammar_unref(g); /* The walker has its own. */
}

static void end(struct walker *w)
{
    masks_leave(w->masks, &w->user);
}

static void open_vocabulary(const char *family)
{
    struct err err;
    tokenizer = golden_tokenizer(family);
    assert_ok(vocabulary_open(&vocabulary, tokenizer, &err), &err);
    assert_true(vocabulary->n_vocab < N_VOCAB);
}

static void close_vocabulary(void)
{
    vocabulary_close(vocabulary);
    tokenizer_close(tokenizer);
}

/* Returns one of the allowed tokens, or -1. */
static int32_t check_mask(struct walker *w, uint64_t *seed)
{
    uint32_t bits[WORDS];
    int32_t n = 0, picked = -1;
    memset(bits, 0xff, sizeof bits);
    struct mask_facts facts = masks_apply(w->masks, vocabulary, &w->state, bits, N_VOCAB);
    grammar_lock(w->g);
    assert_int_equal(facts.accepts, grammar_accepts(w->g, w->state));
    for (int32_t i = 0; i < N_VOCAB; i++) {
        bool allowed = step_token(w->g, tokenizer, w->state, i) >= 0;
        bool set = bits[i / 32] >> (i % 32) & 1;
        if (set != allowed) fail_msg("token %d is %s", i, allowed ? "cleared" : "left");
        if (!allowed) continue;
        n++;
        if (dice(seed) % (uint32_t)n == 0) picked = i;
    }
    grammar_unlock(w->g);
    assert_int_equal(facts.n, n);
    if (n == 1) assert_int_equal(facts.only, picked);
    struct mask_facts again = masks_facts(w->masks, vocabulary, &w->state);
    assert_int_equal(again.n, n);
    return picked;
}

static void step(struct walker *w, int32_t token)
{
    grammar_lock(w->g);
    int32_t next = masks_step(w->masks, &w->state, tokenizer_bytes(tokenizer, token),
                              tokenizer_kind(tokenizer, token) == TOKEN_CONTROL);
    assert_true(next >= 0);
    w->state = next;
    grammar_unlock(w->g);
}

static void test_against_definition(void **state)
{
    (void)state;
    for (int f = 0; f < FAMILIES; f++) {
        uint64_t seed = (uint64_t)f + 1;
        open_vocabulary(families[f]);
        for (int k = 0; k < WRITERS; k++) {
            for (int walk = 0; walk < 8; walk++) {
                struct walker w;
                begin(&w, writers[k]);
                for (int i = 0; i < 60; i++) {
                    int32_t token = check_mask(&w, &seed);
                    if (token < 0) break;
                    step(&w, token);
                }
                end(&w);
            }
        }
        close_vocabulary();
    }
}

/* Bits that were cleared before stay so, and a model with fewer tokens gets what it has. */
static void test_only_clears(void **state)
{
    (void)state;
    struct walker w;
    uint64_t seed = 1;
    open_vocabulary("gpt2");
    begin(&w, short_string);
    step(&w, check_mask(&w, &seed)); /* Inside: plain tokens, and others. */
    uint32_t bits[WORDS], all[WORDS], few[WORDS];
    memset(all, 0xff, sizeof all);
    memset(few, 0xff, sizeof few);
    for (int i = 0; i < WORDS; i++) bits[i] = 0x55555555u * (uint32_t)(i % 3);
    (void)masks_apply(w.masks, vocabulary, &w.state, all, N_VOCAB);
    (void)masks_apply(w.masks, vocabulary, &w.state, bits, N_VOCAB);
    (void)masks_apply(w.masks, vocabulary, &w.state, few, 100);
    for (int i = 0; i < WORDS; i++) {
        assert_int_equal(bits[i], all[i] & 0x55555555u * (uint32_t)(i % 3));
        if (i < 3) assert_int_equal(few[i], all[i]);
        if (i > 3) assert_int_equal(few[i], UINT32_MAX); /* Not touched. */
    }
    end(&w);
    close_vocabulary();
}

/* Two vocabularies with one grammar: each has its own masks. */
static void test_vocabularies_are_kept_apart(void **state)
{
    (void)state;
    struct grammar *g = compiled(object);
    uint64_t seed = 3;
    for (int round = 0; round < 2; round++)
        for (int f = 0; f < FAMILIES; f++) {
            struct walker w;
            open_vocabulary(families[f]);
            begin_of(&w, g);
            for (int i = 0; i < 12; i++) {
                int32_t token = check_mask(&w, &seed);
                if (token < 0) break;
                step(&w, token);
            }
            end(&w);
            close_vocabulary();
        }
    grammar_lock(g);
    assert_true(masks_bytes(g) > 1000 && masks_bytes(g) < GRAMMAR_MASKS_BYTES_MAX);
    grammar_unlock(g);
    grammar_unref(g);
}

enum { LETTERS = 1000000 };
static const char alphabet[] = "abcdefghijabcdefghij";

static int32_t counted(struct grammar_builder *b)
{
    return grammar_repeat(b, grammar_text(b, (struct slice){ alphabet, 10 }), 1, LETTERS / 10);
}

/* A text of more states than the grammar keeps: they are forgotten, and it goes on as before, with
 * masks of the states that have the old ones' numbers now. */
static void test_states_are_forgotten(void **state)
{
    (void)state;
    struct walker w, other;
    struct grammar *g = compiled(counted);
    uint64_t seed = 5;
    int32_t last = 0, n_forgotten = 0, since = 0, n = 0;
    open_vocabulary("words");
    begin_of(&w, g);
    begin_of(&other, g);
    grammar_lock(g);
    other.state = masks_step(other.masks, &other.state, SLICE("abcdefghijabc"), false);
    grammar_unlock(g);
    for (size_t len; n + 7 <= LETTERS; n += (int32_t)len, since++) {
        len = since < 40 ? 1 : 7;
        if (since < 40) (void)check_mask(&w, &seed);
        grammar_lock(g);
        w.state = masks_step(w.masks, &w.state, (struct slice){ alphabet + n % 10, len }, false);
        assert_true(w.state >= 0);
        int32_t now = grammar_n_states(g);
        grammar_unlock(g);
        assert_true(now <= GRAMMAR_LIVE_MAX);
        if (now < last) {
            n_forgotten++;
            since = 0;
            (void)check_mask(&other, &seed);
        }
        last = now;
        if (since % 1000 == 0)
            (void)masks_facts(w.masks, vocabulary, &w.state); /* When it is due. */
    }
    assert_true(n_forgotten > 3);
    /* Both still know how much is left. */
    grammar_lock(g);
    w.state = masks_step(w.masks, &w.state,
                         (struct slice){ alphabet + n % 10, (size_t)(LETTERS - n) }, false);
    assert_true(w.state >= 0 && grammar_accepts(g, w.state));
    assert_int_equal(masks_step(w.masks, &w.state, SLICE("a"), false), GRAMMAR_DEAD);
    assert_true(masks_step(other.masks, &other.state, SLICE("d"), false) >= 0);
    assert_int_equal(masks_step(other.masks, &other.state, SLICE("e"), false), GRAMMAR_DEAD);
    grammar_unlock(g);
    end(&w);
    end(&other);
    grammar_unref(g);
    close_vocabulary();
}

struct share {
    struct grammar *g;
    uint64_t seed;
};

static void *walk_alone(void *arg)
{
    struct share *s = arg;
    for (int walk = 0; walk < 10; walk++) {
        struct walker w;
        begin_of(&w, s->g);
        for (int i = 0; i < 40; i++) {
            int32_t token = check_mask(&w, &s->seed);
            if (token < 0) break;
            step(&w, token);
        }
        end(&w);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[3];
    struct share shares[3];
    struct grammar *g = compiled(nested);
    open_vocabulary("qwen2");
    for (int i = 0; i < 3; i++) {
        shares[i] = (struct share){ .g = g, .seed = (uint64_t)i };
        assert_int_equal(pthread_create(&threads[i], NULL, walk_alone, &shares[i]), 0);
    }
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    grammar_unref(g);
    close_vocabulary();
}

/* Without memory to keep a mask it is right all the same; without memory to step, too strict. */
static void test_no_memory(void **state)
{
    (void)state;
    struct err err;
    uint64_t seed = 7;
    int n = 1;
    open_vocabulary("gpt2");
    for (;; n++) {
        struct grammar *fresh = compiled(short_string);
        struct walker w = { .g = fresh, .state = GRAMMAR_DEAD };
        w.user = (struct masks_user){ .states = &w.state, .n_states = 1 };
        uint32_t bits[WORDS];
        memset(bits, 0xff, sizeof bits);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = masks_join(&w.masks, fresh, vocabulary, &w.user, &err);
        if (rc == 0) {
            grammar_lock(fresh);
            w.state = grammar_start(fresh);
            grammar_unlock(fresh);
            if (w.state >= 0) (void)masks_apply(w.masks, vocabulary, &w.state, bits, N_VOCAB);
        }
        bool hit = fault_stop();
        grammar_lock(fresh);
        int32_t start = grammar_start(fresh);
        for (int32_t i = 0; rc == 0 && w.state >= 0 && i < N_VOCAB; i++)
            if (bits[i / 32] >> (i % 32) & 1)
                assert_true(step_token(fresh, tokenizer, start, i) >= 0);
        grammar_unlock(fresh);
        if (rc < 0) assert_int_equal(rc, -ERR_NO_MEMORY);
        if (rc == 0 && w.state >= 0) (void)check_mask(&w, &seed); /* The next one is right. */
        if (rc == 0) end(&w);
        grammar_unref(fresh);
        if (!hit) break;
    }
    assert_true(n > 3);
    close_vocabulary();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_definition),
        cmocka_unit_test(test_only_clears),
        cmocka_unit_test(test_vocabularies_are_kept_apart),
        cmocka_unit_test(test_states_are_forgotten),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
