/* From a path to a model that serves: walls, file, weights, tokenizer, template, cache. */
#include "base/log.h"
#include "base/pool.h"
#include "base/seam.h"
#include "base/utf8.h"
#include "engine/format.h"
#include "worker/worker_state.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

enum { KV_SHARE_OF_MEMORY = 4, PROGRESS_EVERY_MS = 100, QUEUE_EMBED = 8192 };
#define KV_BYTES_MAX (UINT64_C(4) << 30) /* Chosen by default; a setting may be higher. */

struct loading {
    struct worker *w;
    uint64_t last_ns;
};

/* Tells the gateway how far it is; stops when the gateway is gone. */
static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct loading *l = ctx;
    uint64_t now = now_ns();
    if (now - l->last_ns < (uint64_t)PROGRESS_EVERY_MS * 1000000) return !l->w->gone;
    l->last_ns = now;
    struct msg_progress m = { .what = SLICE("packing weights"), .done = done, .total = total };
    struct err err;
    struct pollfd p = { .fd = l->w->conn.fd, .events = POLLIN };
    worker_send(l->w, MSG_PROGRESS, &m);
    if (conn_flush(&l->w->conn, &err) < 0) l->w->gone = true;
    if (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR))) l->w->gone = true;
    return !l->w->gone;
}

static int choose(int *ret, struct slice word, const char *const *words, const char *what,
                  struct err *err)
{
    *ret = 0;
    if (word.len == 0) return 0;
    for (; words[*ret]; ++*ret)
        if (slice_is(word, words[*ret])) return 0;
    return err_set(err, ERR_INVALID_VALUE, "unknown %s '%.*s'", what, SLICE_FMT(word));
}

static bool drafts_by_model(const struct msg_load *load)
{
    return load->draft.len && !slice_is(load->speculation, "off") &&
           !slice_is(load->speculation, "lookup");
}

/* Why weights were packed although there is a file for them: the gateway has it made anew. */
static void tell_packed(const struct model_facts *f)
{
    const struct err *why = &f->packed_problem;
    if (f->packed_mapped || why->code == ERR_NONE || why->code == ERR_NOT_FOUND) return;
    log_warn("the packed weights on disk are not used", LOG_STR("why", why->text));
}

static int open_model(struct worker *w, const struct msg_load *load, const char *packed,
                      struct err *err)
{
    static const char *const computes[] = { "auto", "f32", NULL };
    enum model_kv kv = MODEL_KV_AUTO;
    int compute, seqs = (int)load->n_sequences_max, chunk = (int)load->prefill_chunk;
    TRY(choose(&compute, load->compute, computes, "compute", err));
    if (load->kv_type.len > 0 && !model_kv_from_name(&kv, load->kv_type))
        return err_set(err, ERR_INVALID_VALUE, "unknown KV type '%.*s'", SLICE_FMT(load->kv_type));
    struct loading loading = { .w = w };
    struct model_options options = {
        .compute = compute == 1 ? MODEL_COMPUTE_F32 : MODEL_COMPUTE_AUTO,
        .kv = kv,
        .pool = w->pool,
        .n_rows_max = scheduler_rows_max(seqs, chunk),
        .n_seqs_max = seqs ? seqs : SCHEDULER_SEQS_MAX,
        .n_out_max = scheduler_out_max(seqs),
        .plan_ahead = true,
        .packed_path = packed,
        .progress = on_progress,
        .progress_ctx = &loading,
    };
    TRY(model_open(&w->model, w->checkpoint, &options, err));
    tell_packed(model_facts(w->model));
    options.packed_path = NULL; /* The draft's own is not asked for. */
    return drafts_by_model(load) ? worker_draft_open(w, load, &options, err) : 0;
}

/* ---- The context and its memory ---- */

static int size_cache(struct worker *w, const struct msg_load *load, int32_t *ret_blocks,
                      struct err *err)
{
    const struct model_facts *f = model_facts(w->model);
    uint64_t block = kv_block_bytes(&f->kv, f->kv_dtype);
    if (w->draft.model) { /* It keeps the same tokens. */
        const struct model_facts *d = model_facts(w->draft.model);
        block += kv_block_bytes(&d->kv, d->kv_dtype);
    }
    int32_t n_seqs = load->n_sequences_max ? (int32_t)load->n_sequences_max : SCHEDULER_SEQS_MAX;
    uint64_t bytes = load->kv_bytes;
    if (bytes == 0) bytes = w->memory_free / KV_SHARE_OF_MEMORY;
    if (load->kv_bytes == 0 && bytes > KV_BYTES_MAX) bytes = KV_BYTES_MAX;
    if (load->n_ctx > (uint32_t)f->n_ctx_train)
        return err_set(err, ERR_INVALID_VALUE,
                       "a context of %u tokens was asked for, but %s was trained for %d",
                       load->n_ctx, f->arch, f->n_ctx_train);
    uint64_t n_ctx = load->n_ctx ? load->n_ctx : (uint64_t)f->n_ctx_train;
    uint64_t per_seq = (n_ctx + KV_BLOCK_LEN - 1) / KV_BLOCK_LEN, n_blocks = bytes / block;
    if (load->n_ctx && n_blocks < per_seq)
        return err_set(err, ERR_LIMIT,
                       "a context of %u tokens needs %" PRIu64 " MiB for keys and values; %" PRIu64
                       " MiB are set aside",
                       load->n_ctx, (per_seq * block >> 20) + 1, bytes >> 20);
    if (n_blocks > per_seq * (uint64_t)n_seqs) n_blocks = per_seq * (uint64_t)n_seqs;
    if (n_blocks < 16)
        return err_set(err, ERR_LIMIT,
                       "%" PRIu64 " bytes for keys and values hold only %" PRIu64 " tokens", bytes,
                       n_blocks * KV_BLOCK_LEN);
    if (n_ctx > n_blocks * KV_BLOCK_LEN) n_ctx = n_blocks * KV_BLOCK_LEN;
    if (n_ctx < (uint64_t)f->n_ctx_train && load->n_ctx == 0)
        log_warn("the context is shorter than the model allows: memory", LOG_INT("n_ctx", n_ctx),
                 LOG_INT("n_ctx_train", f->n_ctx_train));
    w->n_ctx = (int32_t)n_ctx;
    *ret_blocks = (int32_t)n_blocks;
    return 0;
}

static int forward(void *ctx, const struct batch *b, float *out, struct err *err)
{
    struct worker *w = ctx;
    return model_forward(w->model, b, w->has_kv ? &w->kv : NULL, out, err);
}

static void copy_block(void *ctx, int32_t to, int32_t from)
{
    struct worker *w = ctx;
    kv_store_copy(&w->kv, to, from);
}

static int open_scheduler(struct worker *w, const struct msg_load *load, struct err *err)
{
    const struct model_facts *f = model_facts(w->model);
    int32_t n_blocks;
    char salt[128];
    static const char *const speculations[] = { "auto", "off", "lookup", NULL };
    int speculation;
    TRY(choose(&speculation, load->speculation, speculations, "speculation", err));
    TRY(size_cache(w, load, &n_blocks, err));
    TRY(kv_store_init(&w->kv, &f->kv, f->kv_dtype, n_blocks, err));
    w->has_kv = true;
    struct scheduler_net draft = worker_draft_net(w);
    if (w->draft.model) TRY(worker_draft_reserve(w, n_blocks, err));
    /* One model a process; the key of the hash is drawn at start, so this only has to differ. */
    int len = snprintf(salt, sizeof salt, "%s %d %d %d", f->arch, f->n_layers, (int)f->kv_dtype,
                       w->n_ctx);
    struct scheduler_options options = {
        .net = { .ctx = w, .n_vocab = f->n_vocab, .forward = forward, .copy_block = copy_block },
        .events = worker_scheduler_events(w),
        .tokenizer = w->tokenizer,
        .pool = w->pool,
        .salt = { salt, (size_t)len },
        .n_ctx = w->n_ctx,
        .n_blocks = n_blocks,
        .n_seqs_max = (int32_t)load->n_sequences_max,
        .prefill_chunk = (int32_t)load->prefill_chunk,
        .queue_max = (int32_t)load->queue_max,
        .latency_ns = load->latency_ms * UINT64_C(1000000),
        .speculation = speculation == 1 ? SPECULATION_OFF : SPECULATION_AUTO,
        .drafter = w->draft.model ? &draft : NULL,
        .n_drafter_blocks = n_blocks,
        .n_pinned_max = (int32_t)((int64_t)n_blocks * load->pinned_percent / 100),
    };
    return scheduler_open(&w->scheduler, &options, err);
}

static int open_embedder(struct worker *w, const struct msg_load *load, struct err *err)
{
    const struct model_facts *f = model_facts(w->model);
    w->n_ctx = f->n_ctx_train;
    if (load->n_ctx && load->n_ctx < (uint32_t)w->n_ctx) w->n_ctx = (int32_t)load->n_ctx;
    int32_t rows = scheduler_rows_max((int)load->n_sequences_max, (int)load->prefill_chunk);
    struct embedder_options options = {
        .net = { .ctx = w, .n_vocab = f->n_vocab, .n_embd = f->n_embd, .forward = forward },
        .events = worker_embedder_events(w),
        .n_ctx = w->n_ctx,
        .n_rows_max = rows > w->n_ctx ? rows : w->n_ctx,
        .n_seqs_max = load->n_sequences_max ? (int32_t)load->n_sequences_max : WORKER_EMBED_SEQS,
        .queue_max = load->queue_max ? (int32_t)load->queue_max : QUEUE_EMBED,
        .n_threads = pool_size(w->pool),
    };
    return embedder_open(&w->embedder, &options, err);
}

/* ---- Ready ---- */

static uint32_t capabilities(const struct worker *w)
{
    if (w->embedder) return CAP_EMBEDDINGS;
    uint32_t caps = CAP_COMPLETION | CAP_LOGPROBS | CAP_ADAPTERS;
    if (w->chat) caps |= CAP_CHAT | CAP_TOOLS; /* If need be written by us. */
    if (w->chat && chat_caps(w->chat)->thinking) caps |= CAP_THINKING;
    if (tokenizer_has_fim(w->tokenizer)) caps |= CAP_FIM;
    return caps;
}

/* What a file says about itself may be of any length. */
static struct slice cut(struct slice s)
{
    if (s.len > MSG_SHORT_TEXT_MAX) s.len = utf8_complete_len(s.ptr, MSG_SHORT_TEXT_MAX);
    return s;
}

static struct slice licence_of(const struct worker *w)
{
    struct slice s = { 0 };
    bool gguf = w->checkpoint->kind == CHECKPOINT_GGUF;
    struct err err;
    if (checkpoint_opt_string(w->checkpoint, &s, gguf ? "general.license" : "license", "", &err) <
        0)
        return (struct slice){ 0 }; /* Of another type: nothing that people could read. */
    return cut(s);
}

/* "<|fim_prefix|> <|fim_suffix|> <|fim_middle|>" */
static struct slice fim_of(struct worker *w)
{
    const struct tokenizer_special *s = tokenizer_special(w->tokenizer);
    if (!tokenizer_has_fim(w->tokenizer)) return (struct slice){ 0 };
    struct slice p = tokenizer_bytes(w->tokenizer, s->fim_prefix);
    struct slice x = tokenizer_bytes(w->tokenizer, s->fim_suffix);
    struct slice m = tokenizer_bytes(w->tokenizer, s->fim_middle);
    char *text = arena_printf(&w->out, "%.*s %.*s %.*s", SLICE_FMT(p), SLICE_FMT(x), SLICE_FMT(m));
    return cut(slice_of(text));
}

static uint64_t kv_bytes(const struct worker *w)
{
    uint64_t n = w->has_kv ? (uint64_t)w->kv.n_blocks * w->kv.block_bytes : 0;
    return n + (w->draft.has_kv ? (uint64_t)w->draft.kv.n_blocks * w->draft.kv.block_bytes : 0);
}

static void say_ready(struct worker *w, uint64_t started_ns)
{
    const struct model_facts *f = model_facts(w->model);
    char kind[32];
    (void)snprintf(kind, sizeof kind, "%s", dtype_info(f->weight_dtype)->name); /* Short. */
    struct msg_ready m = {
        .arch = slice_of(f->arch),
        .name = cut(slice_of(f->name)),
        .quantisation = slice_of(kind),
        .licence = licence_of(w),
        .fim_tokens = fim_of(w),
        .n_vocab = (uint32_t)f->n_vocab,
        .n_ctx = (uint32_t)w->n_ctx,
        .n_ctx_train = (uint32_t)f->n_ctx_train,
        .n_embd = (uint32_t)f->n_embd,
        .n_layers = (uint32_t)f->n_layers,
        .capabilities = capabilities(w),
        .n_parameters = f->n_params,
        .weight_bytes = f->weight_bytes +
                        (w->draft.model ? model_facts(w->draft.model)->weight_bytes : 0),
        .kv_bytes = kv_bytes(w),
        .kv_blocks = w->has_kv ? (uint32_t)w->kv.n_blocks : 0,
        .kv_block_len = KV_BLOCK_LEN,
        .n_threads = (uint32_t)pool_size(w->pool),
        .load_ms = (uint32_t)((now_ns() - started_ns) / 1000000),
        .walls = slice_of(w->sandbox.walls),
        .walls_missing = slice_of(w->sandbox.missing),
        .weights_mapped = f->packed_mapped,
    };
    worker_send(w, MSG_READY, &m);
    arena_reset(&w->out);
    log_debug("ready", LOG_STR("arch", f->arch), LOG_INT("n_ctx", w->n_ctx),
              LOG_INT("load_ms", m.load_ms), LOG_STR("walls", w->sandbox.walls),
              LOG_STR("missing", w->sandbox.missing));
}

static int open_chat(struct worker *w, const struct msg_load *load, struct err *err)
{
    int r = chat_open(&w->chat, w->checkpoint, w->tokenizer, err);
    bool other = r == 0 && load->tool_format.len && !slice_is(load->tool_format, "auto");
    if (other) return chat_set_tool_format(w->chat, load->tool_format, err);
    if (r == 0 || r == -ERR_NOT_FOUND) return 0;
    /* A broken template costs chat, not completions. */
    log_warn("the chat template cannot be used", LOG_STR("why", err->text));
    return 0;
}

int worker_path(char *ret, struct slice path, const char *what, struct err *err)
{
    if (path.len == 0 || path.len > MSG_PATH_MAX || memchr(path.ptr, '\0', path.len))
        return err_set(err, ERR_INVALID_VALUE, "no path of %s was given", what);
    memcpy(ret, path.ptr, path.len);
    ret[path.len] = '\0';
    return 0;
}

int worker_load(struct worker *w, const struct msg_load *load, struct err *err)
{
    uint64_t start = now_ns();
    char path[MSG_PATH_MAX + 1], draft[MSG_PATH_MAX + 1], packed[MSG_PATH_MAX + 1];
    bool drafts = drafts_by_model(load), has_packed = load->packed.len > 0;
    TRY(worker_path(path, load->path, "a model", err));
    if (drafts) TRY(worker_path(draft, load->draft, "a model that drafts", err));
    if (has_packed) TRY(worker_path(packed, load->packed, "packed weights", err));
    sandbox_enter(&w->sandbox, &(struct sandbox_needs){ .models = { path, drafts ? draft : NULL },
                                                        .file = has_packed ? packed : NULL });
    TRY(pool_open(&w->pool, (int)load->n_threads, err));
    TRY(checkpoint_open(&w->checkpoint, path, err));
    TRY(tokenizer_open(&w->tokenizer, w->checkpoint, err));
    TRY(open_model(w, load, has_packed ? packed : NULL, err));
    const struct model_facts *f = model_facts(w->model);
    if (tokenizer_vocab_len(w->tokenizer) > (size_t)f->n_vocab)
        return err_set(err, ERR_FORMAT, "%s: %zu tokens in the vocabulary, but logits for %d", path,
                       tokenizer_vocab_len(w->tokenizer), f->n_vocab);
    if (f->kind == MODEL_EMBEDDER) {
        TRY(open_embedder(w, load, err));
    } else {
        TRY(open_scheduler(w, load, err));
        TRY(open_chat(w, load, err));
        TRY(worker_grammars_open(&w->grammars, err));
    }
    TRY(encoder_open(&w->encoder, w, err));
    say_ready(w, start);
    return 0;
}

void worker_unload(struct worker *w)
{
    encoder_close(w->encoder);
    scheduler_close(w->scheduler);
    embedder_close(w->embedder);
    if (w->has_kv) kv_store_release(&w->kv);
    worker_draft_close(w);
    worker_grammars_close(w->grammars);
    chat_close(w->chat);
    model_close(w->model);
    tokenizer_close(w->tokenizer);
    if (w->checkpoint) checkpoint_close(w->checkpoint);
    pool_close(w->pool);
}
