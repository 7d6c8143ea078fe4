/* fake_worker - a worker without a model, for tests of everything around workers.
 *
 * Words in the last message (or the prompt) say what it does:
 *
 *     tokens=N delay=MS     N tokens "w0 ", "w1 " ..., MS apart (5, 0)
 *     size=N                each token has N bytes
 *     wait=MS               before anything is said
 *     hold=K                goes on behind K tokens once <model path>.go exists
 *     hang                  says nothing
 *     calls                 calls the tool f first
 *     error                 answers with an error
 *     crash-after=K         aborts behind K tokens, each time
 *     crash-once            aborts before the first token, unless <model path>.crashed exists
 *
 * and words in the model's path how it loads: load=MS, load-hold (as above), load-error,
 * load-crash. What it sees goes to <model path>.log: "load", "request ID", "cancel ID", "quit".
 */
#ifndef TIRO_TESTS_FAKE_WORKER_H
#define TIRO_TESTS_FAKE_WORKER_H

#include "unit/gateway/fake_worker_state.h"

#include <poll.h>

static void fake_load(struct fake_worker *w, const struct msg_load *load)
{
    (void)snprintf(w->path, sizeof w->path, "%.*s", SLICE_FMT(load->path));
    struct slice path = slice_of(w->path);
    char packed[512];
    (void)snprintf(packed, sizeof packed, "%.*s", SLICE_FMT(load->packed));
    fake_log(w, "load", 0);
    usleep((useconds_t)fake_word(path, "load=", 0) * 1000);
    pid_t server = getppid();
    while (fake_has(path, "load-hold") && !fake_may_go(w) && getppid() == server) usleep(1000);
    if (fake_has(path, "load-crash")) abort();
    if (fake_has(path, "load-error")) {
        FAKE_SAY(w, MSG_ERROR,
                 &(struct msg_error){ .code = ERR_FORMAT,
                                      .text = SLICE("model.gguf: magic at byte 0: bad") });
        return;
    }
    FAKE_SAY(w, MSG_READY,
             &(struct msg_ready){
                 .arch = SLICE("fake"),
                 .n_vocab = 100,
                 .n_ctx = 4096,
                 .n_ctx_train = 4096,
                 .n_embd = FAKE_EMBD,
                 .weight_bytes = 6,
                 .weights_mapped = packed[0] && access(packed, R_OK) == 0,
                 .capabilities = w->embed ? CAP_EMBEDDINGS
                                          : CAP_CHAT | CAP_COMPLETION | CAP_LOGPROBS | CAP_FIM |
                                                CAP_TOOLS,
             });
}

static struct slice fake_text(const struct msg_request *r)
{
    if (r->n_messages == 0) return r->prompt;
    const struct msg_chat *last = &r->messages[r->n_messages - 1];
    return last->n_parts ? last->parts[0].text : SLICE("");
}

static bool fake_crashes_now(const struct fake_worker *w)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s.crashed", w->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    close(fd);
    return true;
}

static void fake_request(struct fake_worker *w, const struct msg_request *r)
{
    struct slice text = fake_text(r);
    size_t i = 0;
    fake_log(w, "request", r->id);
    if (fake_has(text, "crash-once") && fake_crashes_now(w)) abort();
    while (w->jobs[i].used)
        if (++i == FAKE_JOBS_MAX) abort();
    w->jobs[i] = (struct fake_job){
        .used = true,
        .id = r->id,
        .kind = r->kind,
        .n = (uint32_t)fake_word(
            text, "tokens=", r->has_max_tokens && r->max_tokens < 5 ? r->max_tokens : 5),
        .choice_n = r->n ? r->n : 1,
        .size = (uint32_t)fake_word(text, "size=", 0),
        .delay_ms = (uint32_t)fake_word(text, "delay=", 0),
        .at_ms = fake_now_ms() + (uint64_t)fake_word(text, "wait=", 0),
        .crash_after = fake_word(text, "crash-after=", -1),
        .hold = fake_word(text, "hold=", -1),
        .hang = fake_has(text, "hang"),
        .fail = fake_has(text, "error"),
        .calls = fake_has(text, "calls"),
        .index = r->index,
        .dimensions = r->dimensions ? r->dimensions : FAKE_EMBD,
    };
}

static void fake_cancel(struct fake_worker *w, uint64_t id)
{
    fake_log(w, "cancel", id);
    for (size_t i = 0; i < FAKE_JOBS_MAX; i++)
        if (w->jobs[i].used && w->jobs[i].id == id) w->jobs[i].used = false;
}

static void fake_finish(struct fake_worker *w, struct fake_job *j)
{
    for (uint32_t c = 0; c < j->choice_n; c++)
        FAKE_SAY(w, MSG_DONE,
                 &(struct msg_done){ .id = j->id,
                                     .choice = c,
                                     .finish_reason = FINISH_STOP,
                                     .prompt_tokens = 3,
                                     .completion_tokens = j->sent,
                                     .final = c + 1 == j->choice_n });
    j->used = false;
}

static void fake_embed(struct fake_worker *w, struct fake_job *j)
{
    float floats[FAKE_EMBD] = { 1 };
    FAKE_SAY(w, MSG_EMBEDDING,
             &(struct msg_embedding){ .id = j->id,
                                      .index = j->index,
                                      .prompt_tokens = 3,
                                      .floats = floats,
                                      .n_floats = j->dimensions });
    j->used = false;
}

/* One call in two pieces. */
static void fake_call(struct fake_worker *w, const struct fake_job *j)
{
    FAKE_SAY(
        w, MSG_TOOL_DELTA,
        &(struct msg_tool_delta){ .id = j->id, .call_id = SLICE("call_1"), .name = SLICE("f") });
    FAKE_SAY(w, MSG_TOOL_DELTA,
             &(struct msg_tool_delta){ .id = j->id, .arguments = SLICE("{\"a\": 1}") });
}

static void fake_encode(struct fake_worker *w, struct fake_job *j)
{
    uint32_t tokens[] = { 1, 2, 3 };
    FAKE_SAY(w, MSG_TOKENS, &(struct msg_tokens){ .id = j->id, .tokens = tokens, .n_tokens = 3 });
    j->used = false;
}

static void fake_step(struct fake_worker *w, struct fake_job *j)
{
    if (j->kind == REQUEST_TOKENIZE) {
        fake_encode(w, j);
        return;
    }
    if (j->fail) {
        FAKE_SAY(w, MSG_ERROR,
                 &(struct msg_error){ .id = j->id,
                                      .code = ERR_CONTEXT_LENGTH,
                                      .param = SLICE("messages"),
                                      .text = SLICE("4097 tokens do not fit in 4096") });
        j->used = false;
        return;
    }
    if (!j->counted)
        FAKE_SAY(w, MSG_COUNTED, &(struct msg_counted){ .id = j->id, .prompt_tokens = 3 });
    j->counted = true;
    if (j->kind == REQUEST_EMBED) {
        fake_embed(w, j);
        return;
    }
    if (j->crash_after >= 0 && j->sent >= j->crash_after) {
        struct err err = { 0 };
        if (conn_flush(&w->conn, &err) < 0) abort();
        abort();
    }
    if (j->calls && j->sent == 0) fake_call(w, j);
    if (j->sent == j->n) {
        fake_finish(w, j);
        return;
    }
    static char big[1 << 16];
    memset(big, 'x', sizeof big);
    (void)snprintf(big, sizeof big, "w%u ", j->sent);
    size_t len = j->size && j->size < sizeof big ? j->size : strlen(big);
    if (len > strlen(big)) big[strlen(big)] = 'x';
    j->sent++;
    for (uint32_t c = 0; c < j->choice_n; c++)
        FAKE_SAY(w, MSG_TOKEN,
                 &(struct msg_token){
                     .id = j->id, .choice = c, .text = { big, len }, .n_tokens = j->sent });
    j->at_ms = fake_now_ms() + j->delay_ms;
}

static int fake_run_jobs(struct fake_worker *w)
{
    uint64_t now = fake_now_ms(), next = now + 1000;
    bool any = false;
    for (size_t i = 0; i < FAKE_JOBS_MAX; i++) {
        struct fake_job *j = &w->jobs[i];
        if (!j->used) continue;
        any = true;
        if (j->sent == j->hold && !fake_may_go(w)) j->at_ms = now + FAKE_LOOK_MS;
        if (!j->hang && j->at_ms <= now) fake_step(w, j);
        if (j->used && !j->hang && j->at_ms < next) next = j->at_ms;
    }
    if (!any && w->quitting) return -1;
    return next > now ? (int)(next - now) : 0;
}

static void fake_message(struct fake_worker *w, const struct message_any *any)
{
    switch (any->kind) {
    case MSG_LOAD: fake_load(w, any->body); break;
    case MSG_REQUEST: fake_request(w, any->body); break;
    case MSG_CANCEL: fake_cancel(w, ((struct msg_cancel *)any->body)->id); break;
    case MSG_POLL:
        FAKE_SAY(w, MSG_STATS, &(struct msg_stats){ .nonce = 1, .kv_blocks_free = 7 });
        break;
    case MSG_QUIT:
        fake_log(w, "quit", 0);
        w->quitting = true;
        break;
    default: abort();
    }
}

/* Serves until the other side closes `fd`; the exit status. */
static int fake_worker_main(const char *kind, int fd)
{
    static struct fake_worker w;
    struct err err = { 0 };
    struct arena arena;
    arena_init(&arena, 64 << 20);
    w.embed = strcmp(kind, "embed") == 0;
    if (conn_init(&w.conn, fd, NULL, &err) < 0) return 1;
    FAKE_SAY(&w, MSG_HELLO,
             &(struct msg_hello){ .protocol = MSG_PROTOCOL_VERSION,
                                  .kind = w.embed ? WORKER_EMBED : WORKER_TEXT,
                                  .pid = (uint32_t)getpid() });
    for (;;) {
        struct message_any any;
        int shared, timeout = fake_run_jobs(&w);
        if (timeout < 0 || conn_flush(&w.conn, &err) < 0) break;
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (conn_wants_write(&w.conn)) p.events |= POLLOUT;
        (void)poll(&p, 1, timeout);
        int end = conn_read(&w.conn, &err);
        while (conn_next(&w.conn, &any, &arena, &shared, &err) == 0) {
            fake_message(&w, &any);
            arena_reset(&arena);
        }
        if (end < 0) break;
    }
    int rc = conn_flush(&w.conn, &err) < 0 && !w.quitting; /* Else the other side may be gone. */
    conn_release(&w.conn);
    arena_release(&arena);
    return rc;
}

#endif
