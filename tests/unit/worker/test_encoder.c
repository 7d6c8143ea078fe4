/* Prompts on their way to tokens: streams go on beside them, cancels and ends find them, memory
 * that runs out costs one. A gate in the worker's allocator holds the encoder's thread where a test
 * wants it, so nothing here depends on how fast anything is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "unit/worker/tiny_models.h"
#include "unit/worker/worker_client.h"

enum { IDS = 80 };

/* Shared with the worker's process. */
static struct gate {
    atomic_int closed; /* The encoder waits at its next allocation. */
    sem_t reached, opened;
    atomic_int fail_in; /* Counts the encoder's allocations down to one that fails. */
} * gate;

static struct seen {
    int counted, tokens, done, failed;
    uint32_t code;
    int order; /* Of its first answer among all. */
} seen[IDS];
static int n_ordered;

static char model[] = "/tmp/tiro-encoder-XXXXXX";
static struct worker_client client;

/* ---- The gate: in the child only the encoder allocates off the first thread ---- */

static bool on_encoder(void)
{
    return gettid() != getpid();
}

static bool pass_gate(void)
{
    if (!on_encoder()) return true;
    if (atomic_load(&gate->closed)) {
        atomic_store(&gate->closed, 0);
        sem_post(&gate->reached);
        while (sem_wait(&gate->opened) < 0) continue;
    }
    return atomic_load(&gate->fail_in) <= 0 || atomic_fetch_sub(&gate->fail_in, 1) != 1;
}

static void *gated_alloc(size_t size)
{
    return pass_gate() ? seams_real.alloc(size) : NULL;
}

static void *gated_realloc(void *p, size_t size)
{
    return pass_gate() ? seams_real.realloc(p, size) : NULL;
}

static void hold_encoder(void)
{
    atomic_store(&gate->closed, 1);
}

/* What the socket does not take at once is sent meanwhile. */
static void await_held(void)
{
    struct err err;
    while (sem_trywait(&gate->reached) < 0) {
        assert_int_equal(conn_flush(&client.conn, &err), 0);
        struct pollfd p = { .fd = client.conn.fd };
        if (conn_wants_write(&client.conn)) p.events |= POLLOUT;
        (void)poll(&p, 1, 2); /* Then look again. */
    }
}

static void release_encoder(void)
{
    sem_post(&gate->opened);
}

/* ---- Talking ---- */

static void start(void)
{
    memset(seen, 0, sizeof seen);
    n_ordered = 0;
    seams.alloc = gated_alloc;
    seams.realloc = gated_realloc;
    worker_client_open(&client, "text");
    seams = seams_real; /* In this process; the worker keeps its own. */
    assert_int_equal(worker_client_next(&client).kind, MSG_HELLO);
    struct msg_load load = { .path = slice_of(model),
                             .name = SLICE("tiny"),
                             .compute = SLICE("f32"),
                             .n_threads = 1,
                             .log_level = SLICE("off") };
    worker_client_send(&client, MSG_LOAD, &load);
    enum message_kind kind;
    do kind = worker_client_next(&client).kind;
    while (kind == MSG_PROGRESS);
    assert_int_equal(kind, MSG_READY);
}

static struct seen *seen_of(uint64_t id)
{
    assert_true(id < IDS);
    if (seen[id].order == 0) seen[id].order = ++n_ordered;
    assert_false(seen[id].done || seen[id].failed);
    return &seen[id];
}

static void note(const struct message_any *any)
{
    switch (any->kind) {
    case MSG_COUNTED: seen_of(((struct msg_counted *)any->body)->id)->counted++; break;
    case MSG_TOKEN: seen_of(((struct msg_token *)any->body)->id)->tokens++; break;
    case MSG_TOKENS: seen_of(((struct msg_tokens *)any->body)->id)->done = 1; break;
    case MSG_DONE:
        seen_of(((struct msg_done *)any->body)->id)->done = ((struct msg_done *)any->body)->final;
        break;
    case MSG_ERROR: {
        struct seen *s = seen_of(((struct msg_error *)any->body)->id);
        s->failed = 1;
        s->code = ((struct msg_error *)any->body)->code;
        break;
    }
    default: fail_msg("message of kind %d", any->kind);
    }
}

static void wait_for(uint64_t id)
{
    while (!seen[id].done && !seen[id].failed) {
        struct message_any any = worker_client_next(&client);
        if (any.kind == 0) fail_msg("the worker ended before request %d did", (int)id);
        note(&any);
    }
}

static struct msg_stats stats(void)
{
    worker_client_send(&client, MSG_POLL, &(struct msg_poll){ .nonce = 77 });
    for (;;) {
        struct message_any any = worker_client_next(&client);
        if (any.kind == MSG_STATS) return *(struct msg_stats *)any.body;
        note(&any);
    }
}

static struct msg_request prompt(uint64_t id, const char *text)
{
    struct msg_request q = { .id = id,
                             .principal = { .tenant = SLICE("default") },
                             .kind = REQUEST_PROMPT,
                             .prompt = slice_of(text),
                             .n = 1,
                             .sampling = MSG_SAMPLING_DEFAULT,
                             .has_max_tokens = true,
                             .max_tokens = 20,
                             .ignore_eos = true };
    q.sampling.has_seed = true;
    return q;
}

static void ask(struct msg_request q)
{
    worker_client_send(&client, MSG_REQUEST, &q);
}

static void quit(void)
{
    assert_int_equal(worker_client_quit(&client, note), 0);
}

static char *long_text(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) text[i] = "hello, world "[i % 13];
    text[len] = '\0';
    return text;
}

/* ---- Tests ---- */

/* All of an answer comes while a long prompt is being tokenised. */
static void test_a_stream_goes_on(void **state)
{
    (void)state;
    char *text = long_text(4 << 20);
    start();
    struct msg_request q = prompt(1, "hello");
    q.max_tokens = 100;
    ask(q);
    while (seen[1].tokens == 0) {
        struct message_any any = worker_client_next(&client);
        note(&any);
    }
    hold_encoder();
    ask(prompt(2, text));
    await_held();
    uint64_t steps = stats().n_steps;
    ask(prompt(3, "behind it"));
    wait_for(1);
    struct msg_stats s = stats();
    assert_true(s.n_steps >= steps);
    assert_int_equal(s.n_done, 1);
    assert_int_equal(s.n_waiting, 2);
    assert_int_equal(seen[2].order + seen[3].order, 0);
    release_encoder();
    wait_for(3);
    assert_int_equal(seen[2].code, ERR_CONTEXT_LENGTH);
    assert_true(seen[3].done && seen[2].order < seen[3].order);
    quit();
    free(text);
}

static void test_first_come_first_served(void **state)
{
    (void)state;
    char *text = long_text(1 << 20);
    start();
    hold_encoder();
    for (uint64_t id = 1; id < 30; id++) {
        struct msg_request q = prompt(id, id % 7 == 0 ? text : "hello there");
        if (id % 3 == 0) q.kind = REQUEST_TOKENIZE;
        if (id % 7 == 0) q.kind = REQUEST_PROMPT;
        ask(q);
    }
    await_held();
    assert_int_equal(n_ordered, 0);
    release_encoder();
    for (uint64_t id = 1; id < 30; id++) wait_for(id);
    int last[3] = { 0 }; /* Of those that are answered alike. */
    for (uint64_t id = 1; id < 30; id++) {
        int *before = &last[id % 7 == 0 ? 0 : id % 3 == 0 ? 1 : 2];
        assert_true(seen[id].order > *before);
        *before = seen[id].order;
        assert_int_equal(seen[id].failed, id % 7 == 0);
    }
    quit();
    free(text);
}

/* Those that nobody waits for come last, each kind in its order. */
static void test_idle_work_lets_others_pass(void **state)
{
    (void)state;
    enum { N = 12 };
    start();
    hold_encoder();
    for (uint64_t id = 1; id <= N; id++) {
        struct msg_request q = prompt(id, "hello there");
        q.kind = REQUEST_TOKENIZE; /* Answered by the encoder, so order is its own. */
        q.priority = id == 1 || id % 3 == 0 ? 0 : id % 2 ? -1 : -7;
        ask(q);
    }
    await_held(); /* 1 is in hand. */
    assert_int_equal(stats().n_waiting, N);
    worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ .id = 6 });
    worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ .id = 10 });
    assert_int_equal(stats().n_cancelled, 2);
    release_encoder();
    /* The last is not cancelled: behind its answer none is left. */
    static const uint64_t expected[] = { 1, 3, 9, 12, 2, 4, 5, 7, 8, 11 };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) wait_for(expected[i]);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(seen[expected[i]].order, i + 1);
    assert_int_equal(seen[6].order + seen[10].order, 0);
    assert_int_equal(stats().n_waiting, 0);
    ask(prompt(20, "hello"));
    wait_for(20);
    quit();
}

static void test_cancel_while_encoding(void **state)
{
    (void)state;
    start();
    hold_encoder();
    for (uint64_t id = 1; id <= 4; id++) ask(prompt(id, "hello"));
    await_held(); /* 1 is in hand, the others wait. */
    worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ .id = 1 });
    worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ .id = 3 });
    worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ .id = 3 }); /* Over: fine. */
    assert_int_equal(stats().n_cancelled, 2);
    release_encoder();
    wait_for(2);
    wait_for(4);
    struct msg_stats s = stats();
    assert_int_equal(seen[1].order + seen[3].order, 0);
    assert_int_equal(s.n_requests, 2);
    assert_int_equal(s.n_waiting + s.n_running + s.kv_blocks_used, 0);
    quit();
}

static void test_gateway_dies_while_encoding(void **state)
{
    (void)state;
    start();
    hold_encoder();
    for (uint64_t id = 1; id <= 3; id++) ask(prompt(id, "hello"));
    await_held();
    conn_release(&client.conn);
    release_encoder();
    int status;
    arena_release(&client.arena);
    assert_int_equal(waitpid(client.pid, &status, 0), client.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_quit_waits_for_what_it_has_taken(void **state)
{
    (void)state;
    start();
    hold_encoder();
    ask(prompt(1, "hello"));
    await_held();
    worker_client_send(&client, MSG_QUIT, &(struct msg_quit){ .grace_ms = 30000 });
    ask(prompt(2, "hello"));
    wait_for(2); /* Refused at once, not behind the first. */
    assert_int_equal(seen[2].code, ERR_SHUTTING_DOWN);
    release_encoder();
    wait_for(1);
    assert_true(seen[1].done);
    assert_int_equal(worker_client_next(&client).kind, 0);
    assert_int_equal(worker_client_close(&client), 0);
}

/* More than a worker takes in at once: it leaves the socket alone for a while and loses nothing. */
static void test_more_than_it_takes(void **state)
{
    (void)state;
    char *text = long_text(4 << 20);
    start();
    hold_encoder();
    for (uint64_t id = 1; id < 25; id++) ask(prompt(id, text));
    ask(prompt(25, "hello"));
    await_held();
    release_encoder();
    for (uint64_t id = 1; id < 26; id++) wait_for(id);
    for (uint64_t id = 1; id < 25; id++) assert_int_equal(seen[id].code, ERR_CONTEXT_LENGTH);
    assert_true(seen[25].done);
    for (uint64_t id = 1; id < 26; id++) assert_int_equal(seen[id].order, id);
    quit();
    free(text);
}

/* The n-th allocation of the encoder fails, for every n. */
static void test_memory_torture(void **state)
{
    (void)state;
    static const struct slice stops[] = { SLICE("ab"), SLICE("cd") };
    struct msg_part part = { .text = SLICE("hello") };
    struct msg_chat message = { .role = SLICE("u"), .parts = &part, .n_parts = 1 };
    int failures = 0, kinds = 0;
    start();
    for (int kind = 0; kind < 3; kind++) {
        bool failed = true;
        for (int k = 1; k < 100 && failed; k++) {
            memset(seen, 0, sizeof seen);
            struct msg_request q = prompt(1, kind == 0 ? "" : "hello there");
            q.kind = kind == 0 ? REQUEST_CHAT : kind == 1 ? REQUEST_PROMPT : REQUEST_TOKENIZE;
            q.messages = kind == 0 ? &message : NULL;
            q.n_messages = kind == 0;
            q.stop = (struct slice *)(uintptr_t)stops;
            q.n_stop = 2;
            q.max_tokens = 3;
            atomic_store(&gate->fail_in, k);
            ask(q);
            wait_for(1);
            failed = atomic_exchange(&gate->fail_in, 0) <= 0;
            if (seen[1].failed) assert_int_equal(seen[1].code, ERR_NO_MEMORY);
            failures += seen[1].failed;
            ask(prompt(2, "hello"));
            wait_for(2);
            assert_int_equal(seen[2].failed, 0);
        }
        kinds += !failed; /* It went through all of them. */
    }
    assert_int_equal(kinds, 3);
    assert_true(failures > 6);
    assert_int_equal(stats().kv_blocks_used, 0);
    quit();
}

static int setup(void **state)
{
    (void)state;
    make_model(model, "llama/gqa", tiny_tokenizer_json,
               "{\"eos_token\":\"<|endoftext|>\",\"chat_template\":\"{% for m in messages %}"
               "{{ m.role }}: {{ m.content }}{% endfor %}\"}");
    gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (gate == MAP_FAILED) return -1;
    return sem_init(&gate->reached, 1, 0) || sem_init(&gate->opened, 1, 0);
}

static int teardown(void **state)
{
    (void)state;
    remove_model(model);
    return munmap(gate, sizeof *gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream_goes_on),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_idle_work_lets_others_pass),
        cmocka_unit_test(test_cancel_while_encoding),
        cmocka_unit_test(test_gateway_dies_while_encoding),
        cmocka_unit_test(test_quit_waits_for_what_it_has_taken),
        cmocka_unit_test(test_more_than_it_takes),
        cmocka_unit_test(test_memory_torture),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
