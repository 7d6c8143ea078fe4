/* A whole worker in a child process over tiny golden models: load, serve, cancel, refuse, end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "unit/worker/tiny_models.h"
#include "unit/worker/worker_client.h"

enum { IDS = 80, TEXT_MAX = 2048 };

static char text_model[] = "/tmp/tiro-worker-text-XXXXXX";
static char chat_model[] = "/tmp/tiro-worker-chat-XXXXXX";
static char embed_model[] = "/tmp/tiro-worker-embed-XXXXXX";
static struct worker_client client;
static struct msg_ready ready; /* Numbers only: its texts are gone. */

struct answer_seen {
    char text[TEXT_MAX];
    size_t len;
    int counted, done, failed, after_end;
    bool final;
    struct msg_done end;
    uint32_t code;
    char param[128], error[512];
    float first_float;
    uint32_t n_floats, n_scores, n_tokens;
};

static struct answer_seen seen[IDS];

static int make_models(void **state)
{
    (void)state;
    make_model(text_model, "llama/gqa", tiny_tokenizer_json, "{\"eos_token\":\"<|endoftext|>\"}");
    make_model(chat_model, "llama/gqa", tiny_tokenizer_json,
               "{\"eos_token\":\"<|endoftext|>\",\"chat_template\":\"{% for m in messages %}"
               "{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}{% if "
               "add_generation_prompt %}a:{% endif %}\"}");
    make_model(embed_model, "bert/mean", letters_json, "{}");
    return 0;
}

static int remove_models(void **state)
{
    (void)state;
    remove_model(text_model);
    remove_model(chat_model);
    remove_model(embed_model);
    return 0;
}

/* ---- Talking ---- */

static void note_text(struct answer_seen *s, struct slice text)
{
    assert_true(s->len + text.len < TEXT_MAX);
    if (text.len) memcpy(s->text + s->len, text.ptr, text.len);
    s->len += text.len;
    s->text[s->len] = '\0';
}

static struct answer_seen *seen_of(uint64_t id)
{
    assert_true(id < IDS);
    seen[id].after_end += seen[id].final || seen[id].failed;
    return &seen[id];
}

static void note_error(const struct msg_error *m)
{
    struct answer_seen *s = seen_of(m->id);
    s->failed++;
    s->code = m->code;
    snprintf(s->param, sizeof s->param, "%.*s", SLICE_FMT(m->param));
    snprintf(s->error, sizeof s->error, "%.*s", SLICE_FMT(m->text));
}

static void note_done(const struct msg_done *m)
{
    struct answer_seen *s = seen_of(m->id);
    s->done++;
    s->end = *m;
    s->final = m->final;
}

static void note(const struct message_any *any)
{
    const struct msg_embedding *e = any->body;
    switch (any->kind) {
    case MSG_COUNTED: seen_of(((struct msg_counted *)any->body)->id)->counted++; break;
    case MSG_TOKEN:
        if (((struct msg_token *)any->body)->choice == 0)
            note_text(seen_of(((struct msg_token *)any->body)->id),
                      ((struct msg_token *)any->body)->text);
        break;
    case MSG_SCORE:
        seen_of(((struct msg_score *)any->body)->id)->n_scores +=
            ((struct msg_score *)any->body)->n_logprobs;
        break;
    case MSG_DONE: note_done(any->body); break;
    case MSG_ERROR: note_error(any->body); break;
    case MSG_TOKENS:
        seen_of(((struct msg_tokens *)any->body)->id)->n_tokens =
            ((struct msg_tokens *)any->body)->n_tokens;
        seen[((struct msg_tokens *)any->body)->id].final = true;
        break;
    case MSG_EMBEDDING:
        seen_of(e->id)->n_floats = e->n_floats;
        seen[e->id].first_float = e->floats[0];
        seen[e->id].final = true;
        break;
    default: fail_msg("message of kind %d", any->kind);
    }
}

static bool over(uint64_t id)
{
    return seen[id].final || seen[id].failed;
}

static void wait_for(uint64_t id)
{
    while (!over(id)) {
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
        if (any.kind != MSG_STATS) {
            note(&any);
            continue;
        }
        assert_int_equal(((struct msg_stats *)any.body)->nonce, 77);
        return *(struct msg_stats *)any.body;
    }
}

static struct slice speculation, draft; /* Of the next worker. */

static void start(const char *path, uint32_t n_threads, uint32_t kv_bytes)
{
    memset(seen, 0, sizeof seen);
    worker_client_open(&client, "text");
    struct message_any any = worker_client_next(&client);
    assert_int_equal(any.kind, MSG_HELLO);
    assert_int_equal(((struct msg_hello *)any.body)->protocol, MSG_PROTOCOL_VERSION);
    struct msg_load load = { .path = slice_of(path),
                             .name = SLICE("tiny"),
                             .n_threads = n_threads,
                             .speculation = speculation,
                             .draft = draft,
                             .kv_bytes = kv_bytes,
                             .log_level = SLICE("off") };
    worker_client_send(&client, MSG_LOAD, &load);
    do any = worker_client_next(&client);
    while (any.kind == MSG_PROGRESS);
    if (any.kind == MSG_ERROR) fail_msg("%.*s", SLICE_FMT(((struct msg_error *)any.body)->text));
    assert_int_equal(any.kind, MSG_READY);
    ready = *(struct msg_ready *)any.body;
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
    q.sampling.seed = 5 + id % 7;
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

/* ---- Tests ---- */

static const char question[] = "hello, this is the prompt of a tiny llama";

static void test_serves(void **state)
{
    (void)state;
    start(text_model, 1, 0);
    assert_int_equal(ready.n_vocab, 288);
    assert_int_equal(ready.n_ctx, 128);
    assert_int_equal(ready.capabilities, CAP_COMPLETION | CAP_LOGPROBS | CAP_ADAPTERS);
    ask(prompt(1, question));
    wait_for(1);
    assert_int_equal(seen[1].counted, 1);
    assert_int_equal(seen[1].end.completion_tokens, 20);
    assert_int_equal(seen[1].end.finish_reason, FINISH_LENGTH);
    assert_int_equal(seen[1].end.prompt_tokens, 36); /* hell, he and ll are one each. */
    struct msg_stats s = stats();
    assert_int_equal(s.n_done, 1);
    assert_int_equal(s.kv_blocks_used, 0);
    assert_true(s.rss_bytes > 0);
    quit();
}

/* Alone, among others, and with more threads: the same bytes. */
static void test_company_changes_nothing(void **state)
{
    (void)state;
    char alone[8][TEXT_MAX];
    start(text_model, 1, 0);
    for (uint64_t id = 1; id < 8; id++) {
        ask(prompt(id, question + id));
        wait_for(id);
        memcpy(alone[id], seen[id].text, TEXT_MAX);
        assert_true(seen[id].len > 0);
    }
    quit();
    start(text_model, 3, 0);
    for (uint64_t id = 1; id < 60; id++) {
        struct msg_request q = prompt(id, question + (id < 8 ? id : id % 30));
        if (id >= 8) q.n = 1 + (uint32_t)id % 3;
        ask(q);
        if (id % 5 == 0) worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ id - 1 });
        seen[id - 1].final |= id % 5 == 0;
    }
    for (uint64_t id = 1; id < 60; id++) {
        if (id == 4) continue; /* Cancelled. */
        wait_for(id);
        assert_int_equal(seen[id].failed, 0);
        if (id < 8) assert_string_equal(seen[id].text, alone[id]);
    }
    assert_int_equal(stats().kv_blocks_used, 0);
    quit();
}

/* As the gateway does it: the text of the one file, a descriptor of the other. */
static void tell_adapter(const char *name, const char *golden, const char *edit)
{
    char path[512], *config;
    size_t len;
    struct err err;
    snprintf(path, sizeof path, TIRO_SOURCE_DIR "/tests/golden/adapter/%s/adapter_config.json",
             golden);
    assert_int_equal(file_read_all(&config, &len, path, 1 << 20, &err), 0);
    snprintf(path, sizeof path,
             TIRO_SOURCE_DIR "/tests/golden/adapter/%s/adapter_model.safetensors", golden);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct msg_adapter m = { .name = slice_of(name), .config = { config, len } };
    if (edit) m.config = slice_of(edit);
    assert_int_equal(conn_queue_fd(&client.conn, MSG_ADAPTER, &m, fd, &err), 0);
    mem_free(config);
}

static uint32_t adapted(const char *name)
{
    for (;;) {
        struct message_any any = worker_client_next(&client);
        if (any.kind != MSG_ADAPTED) {
            note(&any);
            continue;
        }
        const struct msg_adapted *m = any.body;
        assert_true(slice_is(m->name, name));
        assert_int_equal(m->code == 0, m->text.len == 0);
        return m->code;
    }
}

static void ask_adapted(uint64_t id, const char *adapter)
{
    struct msg_request q = prompt(id, question);
    q.sampling.seed = 5;
    q.adapter = slice_of(adapter);
    ask(q);
}

static void test_adapters(void **state)
{
    (void)state;
    start(text_model, 2, 0);
    ask_adapted(1, "");
    wait_for(1);
    ask_adapted(2, "a");
    wait_for(2);
    assert_int_equal(seen[2].code, ERR_MODEL_NOT_FOUND);
    assert_non_null(strstr(seen[2].error, "`a`"));
    tell_adapter("a", "llama-attention", NULL);
    tell_adapter("b", "llama-mlp", NULL);
    tell_adapter("c", "qwen2-all", NULL);
    tell_adapter("d", "llama-mlp", "{}");
    for (uint64_t id = 3; id < 12; id++) /* Behind what announces them: in time. */
        ask_adapted(id, id % 3 == 0 ? "a" : id % 3 == 1 ? "b" : "");
    assert_int_equal(adapted("a"), 0);
    assert_int_equal(adapted("b"), 0);
    assert_int_equal(adapted("c"), ERR_FORMAT);
    assert_int_equal(adapted("d"), ERR_FORMAT);
    for (uint64_t id = 3; id < 12; id++) {
        wait_for(id);
        assert_int_equal(seen[id].failed, 0);
        assert_string_equal(seen[id].text, seen[id % 3 == 2 ? 1 : 3 + id % 3].text);
    }
    assert_string_not_equal(seen[3].text, seen[1].text);
    assert_string_not_equal(seen[4].text, seen[1].text);
    assert_string_not_equal(seen[3].text, seen[4].text);
    /* Another under the name; those that have begun keep the one they have. */
    ask_adapted(20, "a");
    ask_adapted(21, "b");
    while (!seen[20].counted || !seen[21].counted) {
        struct message_any any = worker_client_next(&client);
        note(&any);
    }
    tell_adapter("a", "llama-mlp", NULL);
    worker_client_send(&client, MSG_ADAPTER,
                       &(struct msg_adapter){ .name = SLICE("b"), .gone = true });
    ask_adapted(22, "a");
    ask_adapted(23, "b");
    assert_int_equal(adapted("a"), 0);
    for (uint64_t id = 20; id < 24; id++) wait_for(id);
    assert_string_equal(seen[20].text, seen[3].text);
    assert_string_equal(seen[21].text, seen[4].text);
    assert_string_equal(seen[22].text, seen[4].text);
    assert_int_equal(seen[22].end.cached_tokens, 0); /* Of the old one: not of this. */
    assert_int_equal(seen[23].code, ERR_MODEL_NOT_FOUND);
    /* Slots come back. */
    for (int i = 0; i < 200; i++) {
        tell_adapter("a", "llama-attention", NULL);
        assert_int_equal(adapted("a"), 0);
    }
    quit();
}

static _Atomic uint64_t n_looks;

static uint64_t microsecond_a_look(void)
{
    return ++n_looks * 1000;
}

/* Half of the answers are made to repeat themselves: many drafts are right, and change nothing. The
 * third worker has a draft model, too: itself, which is tried however little it can gain. By their
 * clock every step takes as long as any other, so that drafts pay, however loaded the machine. */
static void test_speculation_changes_nothing(void **state)
{
    (void)state;
    seams.now_ns = microsecond_a_look; /* The workers', which are forks. */
    static char texts[30][TEXT_MAX];
    static const char *const modes[] = { "off", "lookup", "auto" };
    struct msg_logit_bias biases[] = { { .token = 'a', .bias = 40 }, { .token = 'b', .bias = 40 } };
    for (int mode = 0; mode < 3; mode++) {
        speculation = slice_of(modes[mode]);
        draft = slice_of(chat_model); /* Of the same weights. */
        start(text_model, 1 + (uint32_t)mode, 0);
        for (uint64_t id = 1; id < 30; id++) {
            struct msg_request q = prompt(id, question + id % 9);
            q.max_tokens = 90;
            q.sampling.temperature = id % 3 == 0 ? 0.7 : 0;
            q.sampling.logit_bias = biases;
            q.sampling.n_logit_bias = id % 4 == 1 ? 1 : id % 4 == 3 ? 2 : 0;
            q.sampling.top_k = id % 2 ? 5 : 0;
            q.logprobs = id % 4 == 0;
            ask(q);
            if (id % 2) wait_for(id); /* Alone, and two at a time. */
        }
        for (uint64_t id = 1; id < 30; id++) {
            wait_for(id);
            if (mode) assert_string_equal(seen[id].text, texts[id]);
            memcpy(texts[id], seen[id].text, TEXT_MAX);
        }
        struct msg_stats s = stats();
        assert_int_equal(s.n_drafted_tokens > 0, mode > 0);
        assert_int_equal(s.n_accepted_tokens > 10, mode > 0);
        assert_int_equal(s.n_model_drafted_tokens > 0, mode == 2);
        assert_int_equal(s.n_model_accepted_tokens > 0, mode == 2);
        assert_int_equal(s.kv_blocks_used, 0);
        quit();
    }
    speculation = draft = (struct slice){ 0 };
    seams.now_ns = seams_real.now_ns;
}

static void refuse_draft(const char *path, const char *why)
{
    worker_client_open(&client, "text");
    struct message_any any = worker_client_next(&client);
    assert_int_equal(any.kind, MSG_HELLO);
    struct msg_load load = { .path = slice_of(text_model),
                             .draft = slice_of(path),
                             .log_level = SLICE("off") };
    worker_client_send(&client, MSG_LOAD, &load);
    do any = worker_client_next(&client);
    while (any.kind == MSG_PROGRESS);
    assert_int_equal(any.kind, MSG_ERROR);
    struct slice text = ((struct msg_error *)any.body)->text;
    assert_true(slice_find(text, slice_of(why)) < text.len);
    assert_true(slice_find(text, slice_of(path)) < text.len);
    assert_int_equal(worker_client_close(&client), 1);
}

static void test_refuses_a_draft_model_of_another_vocabulary(void **state)
{
    (void)state;
    refuse_draft(embed_model, "their vocabularies differ, token ");
    refuse_draft("/nowhere/at/all.gguf", "all.gguf");
}

/* The tiny model may end its answer before the cancel arrives: then another one is asked. */
static void test_cancel(void **state)
{
    (void)state;
    enum { TRIES_MAX = 50 };
    start(text_model, 1, 0);
    struct msg_stats s;
    uint64_t id = 0;
    do {
        id++;
        struct msg_request q = prompt(id, question);
        q.max_tokens = 80;
        ask(q);
        while (seen[id].len == 0) {
            struct message_any any = worker_client_next(&client);
            note(&any);
        }
        worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ .id = id });
        s = stats(); /* Answered after the cancel was handled. */
    } while (s.n_cancelled == 0 && id < TRIES_MAX);
    assert_int_equal(s.n_cancelled, 1);
    assert_int_equal(s.n_running + s.n_waiting, 0);
    assert_int_equal(s.kv_blocks_used, 0);
    size_t len = seen[id].len;
    ask(prompt(id + 1, question));
    wait_for(id + 1);
    assert_int_equal(seen[id].len, len);
    assert_int_equal(seen[id].done, 0);
    quit();
}

static void expect_error(struct msg_request q, enum err_code code, const char *param,
                         const char *text)
{
    ask(q);
    wait_for(q.id);
    assert_int_equal(seen[q.id].failed, 1);
    assert_int_equal(seen[q.id].code, code);
    assert_string_equal(seen[q.id].param, param);
    if (!strstr(seen[q.id].error, text)) fail_msg("%s", seen[q.id].error);
}

static void test_refusals(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct msg_part part = { .text = SLICE("hello") };
    struct msg_chat message = { .role = SLICE("user"), .parts = &part, .n_parts = 1 };
    start(text_model, 1, 0);
    expect_error(prompt(1, text), ERR_CONTEXT_LENGTH, "prompt",
                 "maximum context length is 128 tokens. However, your prompt resulted in 199");
    struct msg_request q = prompt(2, "hello");
    q.has_suffix = true;
    expect_error(q, ERR_UNSUPPORTED_PARAMETER, "suffix", "fill-in-the-middle");
    q = prompt(3, "");
    q.kind = REQUEST_CHAT;
    expect_error(q, ERR_ARRAY_TOO_SHORT, "messages", "empty array");
    q.id = 4;
    q.messages = &message;
    q.n_messages = 1;
    expect_error(q, ERR_UNSUPPORTED_PARAMETER, "messages", "no chat template");
    q = prompt(5, "hello");
    q.kind = REQUEST_EMBED;
    expect_error(q, ERR_UNSUPPORTED_VALUE, "model", "not embeddings");
    q = prompt(6, "hello");
    q.sampling.top_p = 1.5;
    expect_error(q, ERR_INVALID_VALUE, "top_p", "top_p");
    uint32_t ids[] = { 5, 288 };
    q = prompt(7, "");
    q.tokens = ids;
    q.n_tokens = 2;
    expect_error(q, ERR_INVALID_VALUE, "prompt", "288");
    q = prompt(8, "hello");
    q.grammar_kind = GRAMMAR_REGEX;
    q.grammar = SLICE("(");
    q.grammar_param = SLICE("regex");
    expect_error(q, ERR_INVALID_VALUE, "regex", "");
    q = prompt(9, "still here");
    ask(q);
    wait_for(9);
    assert_int_equal(seen[9].failed, 0);
    quit();
}

static void test_chat(void **state)
{
    (void)state;
    /* "u: hi<|endoftext|>a:" is u : _ h i END a :, and what a user writes is never END. */
    struct msg_part parts[] = { { .text = SLICE("hi") }, { .kind = PART_IMAGE } };
    struct msg_chat message = { .role = SLICE("u"), .parts = parts, .n_parts = 1 };
    struct msg_request q = prompt(1, "");
    q.kind = REQUEST_CHAT;
    q.messages = &message;
    q.n_messages = 1;
    start(chat_model, 1, 0);
    assert_true(ready.capabilities & CAP_CHAT);
    ask(q);
    wait_for(1);
    assert_int_equal(seen[1].failed, 0);
    assert_int_equal(seen[1].end.prompt_tokens, 8);
    q.id = 2;
    q.kind = REQUEST_TOKENIZE;
    parts[0].text = SLICE("<|endoftext|>");
    ask(q);
    wait_for(2);
    assert_int_equal(seen[2].n_tokens, 6 + 13);
    q.id = 3;
    q.kind = REQUEST_CHAT;
    message.n_parts = 2;
    expect_error(q, ERR_UNSUPPORTED_VALUE, "messages[0].content[1].type", "image_url");
    message.n_parts = 1;
    quit();
}

static void test_score_and_tokenize(void **state)
{
    (void)state;
    start(text_model, 1, 0);
    struct msg_request q = prompt(1, "hello there");
    q.kind = REQUEST_SCORE;
    ask(q);
    wait_for(1);
    assert_int_equal(seen[1].n_scores, 7); /* hell o | _ t he r e */
    assert_int_equal(seen[1].end.completion_tokens, 0);
    q = prompt(2, "hello there<|endoftext|>");
    q.kind = REQUEST_TOKENIZE;
    ask(q);
    wait_for(2);
    assert_int_equal(seen[2].n_tokens, 8); /* A raw prompt's control token is one. */
    quit();
}

static void test_embeddings(void **state)
{
    (void)state;
    start(embed_model, 1, 0);
    assert_int_equal(ready.capabilities, CAP_EMBEDDINGS);
    struct msg_request q = prompt(1, "hello");
    q.kind = REQUEST_EMBED;
    ask(q);
    wait_for(1);
    assert_int_equal(seen[1].n_floats, ready.n_embd);
    float alone = seen[1].first_float;
    for (uint64_t id = 2; id < 40; id++) { /* In one batch, at different lengths. */
        q = prompt(id, id % 2 ? "hello" : question + id % 5);
        q.kind = REQUEST_EMBED;
        q.index = (uint32_t)id;
        ask(q);
    }
    for (uint64_t id = 2; id < 40; id++) {
        wait_for(id);
        if (id % 2) assert_true(seen[id].first_float == alone);
    }
    q = prompt(40, "hello");
    q.kind = REQUEST_EMBED;
    q.dimensions = 4;
    ask(q);
    wait_for(40);
    assert_int_equal(seen[40].n_floats, 4);
    q.id = 41;
    q.dimensions = ready.n_embd + 1;
    expect_error(q, ERR_INVALID_VALUE, "dimensions", "dimensions");
    expect_error(prompt(42, "hello"), ERR_UNSUPPORTED_VALUE, "model", "makes embeddings");
    quit();
}

static void test_gateway_dies(void **state)
{
    (void)state;
    start(text_model, 1, 0);
    struct msg_request q = prompt(1, question);
    q.max_tokens = 80;
    ask(q);
    assert_int_equal(worker_client_close(&client), 0);
}

static void test_quit_finishes_and_takes_nothing_new(void **state)
{
    (void)state;
    start(text_model, 1, 0);
    struct msg_request first = prompt(1, question);
    /* In one piece with what follows: else the worker may end before that comes. */
    worker_client_queue(&client, MSG_REQUEST, &first);
    worker_client_queue(&client, MSG_QUIT, &(struct msg_quit){ .grace_ms = 30000 });
    ask(prompt(2, question));
    for (;;) {
        struct message_any any = worker_client_next(&client);
        if (any.kind == 0) break;
        note(&any);
    }
    assert_true(seen[1].final);
    assert_int_equal(seen[1].end.completion_tokens, 20);
    assert_int_equal(seen[2].code, ERR_SHUTTING_DOWN);
    assert_int_equal(worker_client_close(&client), 0);
}

static void test_bad_model(void **state)
{
    (void)state;
    worker_client_open(&client, "text");
    struct message_any any = worker_client_next(&client);
    struct msg_load load = { .path = SLICE("/nowhere/model.gguf"), .log_level = SLICE("off") };
    worker_client_send(&client, MSG_LOAD, &load);
    any = worker_client_next(&client);
    assert_int_equal(any.kind, MSG_ERROR);
    const struct msg_error *e = any.body;
    assert_int_equal(e->id, 0);
    assert_int_equal(e->code, ERR_NOT_FOUND);
    assert_true(slice_find(e->text, SLICE("/nowhere/model.gguf")) < e->text.len);
    assert_int_equal(worker_client_next(&client).kind, 0);
    assert_int_equal(worker_client_close(&client), 1);
}

static void test_garbage_ends_the_worker(void **state)
{
    (void)state;
    start(text_model, 1, 0);
    assert_int_equal(write(client.conn.fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_int_equal(worker_client_next(&client).kind, 0);
    assert_int_equal(worker_client_close(&client), 0);
}

/* ---- Memory that runs out inside the worker ---- */

static int *fail_in; /* Shared with the child: counts down to the allocation that fails. */

static void *failing_alloc(size_t size)
{
    if (*fail_in > 0 && --*fail_in == 0) return NULL;
    return seams_real.alloc(size);
}

static void *failing_realloc(void *p, size_t size)
{
    if (*fail_in > 0 && --*fail_in == 0) return NULL;
    return seams_real.realloc(p, size);
}

static void test_memory_failures_cost_one_request(void **state)
{
    (void)state;
    fail_in = mmap(NULL, sizeof *fail_in, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                   0);
    assert_true(fail_in != MAP_FAILED);
    seams.alloc = failing_alloc;
    seams.realloc = failing_realloc;
    start(text_model, 1, 0);
    seams = seams_real; /* In this process; the worker keeps its own. */
    int failures = 0;
    for (int k = 1; k < 60; k++) {
        memset(seen, 0, sizeof seen);
        struct msg_request q = prompt(1, question);
        q.max_tokens = 3;
        q.logprobs = true;
        q.top_logprobs = 5;
        *fail_in = k;
        ask(q);
        wait_for(1);
        *fail_in = 0;
        if (seen[1].failed) {
            assert_int_equal(seen[1].code, ERR_NO_MEMORY);
            failures++;
        }
        ask(prompt(2, question));
        wait_for(2);
        assert_int_equal(seen[2].failed, 0);
        assert_int_equal(seen[1].after_end, 0);
    }
    assert_true(failures > 3);
    assert_int_equal(stats().kv_blocks_used, 0);
    quit();
    munmap(fail_in, sizeof *fail_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serves),
        cmocka_unit_test(test_company_changes_nothing),
        cmocka_unit_test(test_adapters),
        cmocka_unit_test(test_speculation_changes_nothing),
        cmocka_unit_test(test_refuses_a_draft_model_of_another_vocabulary),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_score_and_tokenize),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_gateway_dies),
        cmocka_unit_test(test_quit_finishes_and_takes_nothing_new),
        cmocka_unit_test(test_bad_model),
        cmocka_unit_test(test_garbage_ends_the_worker),
        cmocka_unit_test(test_memory_failures_cost_one_request),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
