/* Batches of texts: limits, order, cancels, failures; the vector of a text is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/seam.h"
#include "engine/embedder.h"

enum { N_CTX = 16, ROWS = 20, SEQS = 4, QUEUE = 6, EMBD = 3, IDS = 12 };

static struct embedder *embedder;
static int order[IDS], n_order, n_forwards, fail_at;
static float first[IDS];
static enum err_code failed[IDS];
static struct err err;

static int forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    (void)ctx;
    if (++n_forwards == fail_at) return err_set(e, ERR_NO_MEMORY, "the fake encoder fails");
    assert_true(b->n_rows <= ROWS && b->n_seqs <= SEQS);
    for (int32_t s = 0; s < b->n_seqs; s++) {
        float sum = 0;
        for (int32_t i = 0; i < b->seqs[s].n_rows; i++) {
            assert_int_equal(b->positions[b->seqs[s].row + i], i);
            sum += (float)(b->tokens[b->seqs[s].row + i] * (i + 1));
        }
        for (int k = 0; k < EMBD; k++) out[s * EMBD + k] = sum + (float)k;
    }
    return 0;
}

static void on_embedding(void *ctx, const struct engine_request *r, float *floats, int32_t n)
{
    (void)ctx;
    assert_int_equal(n, EMBD);
    order[n_order++] = (int)r->id;
    first[r->id] = floats[0];
}

static void on_failed(void *ctx, const struct engine_request *r, const struct err *e)
{
    (void)ctx;
    failed[r->id] = e->code;
}

static int setup(void **state)
{
    (void)state;
    struct embedder_options o = {
        .net = { .n_vocab = 100, .n_embd = EMBD, .forward = forward },
        .events = { .embedding = on_embedding, .failed = on_failed },
        .n_ctx = N_CTX,
        .n_rows_max = ROWS,
        .n_seqs_max = SEQS,
        .queue_max = QUEUE,
    };
    n_order = n_forwards = fail_at = 0;
    memset(failed, 0, sizeof failed);
    return embedder_open(&embedder, &o, &err);
}

static int teardown(void **state)
{
    (void)state;
    embedder_close(embedder);
    seams = seams_real;
    return 0;
}

static struct engine_request *request(uint64_t id, int32_t n_tokens)
{
    struct engine_request *r;
    assert_int_equal(engine_request_open(&r, &err), 0);
    r->id = id;
    r->what = "input";
    r->n_tokens = n_tokens;
    r->tokens = ARENA_NEWS(&r->arena, (size_t)n_tokens, int32_t);
    for (int32_t i = 0; i < n_tokens; i++) r->tokens[i] = (int32_t)id + i;
    return r;
}

static void submit(struct engine_request *r)
{
    if (embedder_submit(embedder, r, &err) < 0) fail_msg("%s", err.text);
}

static void run(void)
{
    while (embedder_has_work(embedder)) embedder_step(embedder);
}

static void test_batches(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 6; id++) submit(request(id, (int32_t)(3 * id % 16) + 1));
    run();
    assert_int_equal(n_order, 6);
    assert_true(n_forwards >= 3 && n_forwards < 6);
    for (int id = 1; id <= 6; id++) {
        float want = 0;
        for (int i = 0; i < 3 * id % 16 + 1; i++) want += (float)((id + i) * (i + 1));
        assert_true(first[id] == want);
        assert_int_equal(order[id - 1], id);
    }
    assert_int_equal(embedder_stats(embedder).n_done, 6);
}

static void test_priority_cancel_deadline(void **state)
{
    (void)state;
    submit(request(1, N_CTX));
    struct engine_request *r = request(2, N_CTX);
    r->priority = 1;
    submit(r);
    submit(request(3, N_CTX));
    r = request(4, 2);
    r->deadline_ns = 1;
    submit(r);
    assert_true(embedder_cancel(embedder, 3));
    assert_false(embedder_cancel(embedder, 3));
    run();
    assert_int_equal(n_order, 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    assert_int_equal(failed[4], ERR_DEADLINE);
}

static uint64_t idle_time;

static uint64_t idle_now(void)
{
    return idle_time;
}

/* Idle texts share no step with others, and wait for them; not for ever. */
static void test_idle_texts(void **state)
{
    (void)state;
    seams.now_ns = idle_now;
    idle_time = (uint64_t)1 << 50;
    struct engine_request *r = request(1, 2);
    r->priority = -1;
    submit(r);
    submit(request(7, 1));
    embedder_step(embedder); /* The first turn is an idle one: nothing was before. */
    assert_int_equal(n_order, 1);
    assert_int_equal(order[0], 1);
    embedder_step(embedder);
    r = request(2, 2);
    r->priority = -1;
    submit(r);
    for (uint64_t id = 3; id <= 6; id++) {
        submit(request(id, 1));
        embedder_step(embedder);
    }
    assert_int_equal(n_order, 6);
    for (int i = 1; i < 6; i++) assert_int_not_equal(order[i], 2);
    idle_time += EMBEDDER_IDLE_WAIT_MS * UINT64_C(1000000);
    submit(request(8, 1));
    embedder_step(embedder);
    assert_int_equal(n_order, 7);
    assert_int_equal(order[6], 2);
    run();
    assert_int_equal(order[7], 8);
    /* They are queued until it is full to a fourth: one of six. */
    r = request(9, 1);
    r->priority = -1;
    submit(r);
    r = request(10, 1);
    r->priority = -1;
    assert_int_equal(embedder_submit(embedder, r, &err), -ERR_OVERLOADED);
    engine_request_close(r);
}

static void refuse(struct engine_request *r, enum err_code code, const char *text)
{
    assert_int_equal(embedder_submit(embedder, r, &err), -(int)code);
    if (!strstr(err.text, text)) fail_msg("%s", err.text);
    engine_request_close(r);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse(request(1, N_CTX + 1), ERR_CONTEXT_LENGTH,
           "maximum context length is 16 tokens, however you requested 17 tokens");
    refuse(request(1, 0), ERR_INVALID_VALUE, "no tokens");
    refuse(request(99, 2), ERR_INVALID_VALUE, "Invalid token id 100");
    struct engine_request *r = request(1, 2);
    r->dimensions = EMBD + 1;
    refuse(r, ERR_INVALID_VALUE, "dimensions");
    for (uint64_t id = 1; id <= QUEUE; id++) submit(request(id, 1));
    refuse(request(7, 1), ERR_OVERLOADED, "6 texts are waiting");
    run();
}

static void test_failure_costs_its_batch(void **state)
{
    (void)state;
    fail_at = 1;
    submit(request(1, N_CTX));
    submit(request(2, N_CTX));
    run();
    assert_int_equal(failed[1], ERR_NO_MEMORY);
    assert_int_equal(failed[2], 0);
    assert_int_equal(n_order, 1);
}

static void test_cut(void **state)
{
    (void)state;
    float v[] = { 3, 4, 12 };
    assert_int_equal(embedder_cut(v, 3, 0), 3);
    assert_true(v[0] == 3);
    assert_int_equal(embedder_cut(v, 3, 2), 2);
    assert_true(fabs((double)v[0] - 0.6) < 1e-7 && fabs((double)v[1] - 0.8) < 1e-7);
    float zero[] = { 0, 0, 1 };
    assert_int_equal(embedder_cut(zero, 3, 2), 2);
    assert_true(zero[0] == 0 && zero[1] == 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_batches),  T(test_priority_cancel_deadline),
        T(test_refusals), T(test_failure_costs_its_batch),
        T(test_cut),      T(test_idle_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
