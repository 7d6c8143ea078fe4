/* tiro bench: how fast a model reads and writes here, without server or sampling. */
#include "base/json.h"
#include "base/pool.h"
#include "base/seam.h"
#include "base/slice.h"
#include "cmd/bench_profile.h"
#include "cmd/packed_place.h"
#include "cmd/progress.h"
#include "cmd/random_adapter.h"
#include "cmd/subcommand.h"
#include "engine/format.h"
#include "graph/lora.h"
#include "models/model.h"
#include "store/library.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { REPEATS_MAX = 1000, BATCH_MAX = 256, TOKENS_MAX = 1 << 20, CHUNK_ROWS = 512 };

static const struct option_row options[] = {
    { .name = "prompt",
      .value = "N",
      .help = "tokens to read (default 512; 0: skip)",
      .letter = 'p' },
    { .name = "gen",
      .value = "N",
      .help = "tokens to write (default 128; 0: skip)",
      .letter = 'n' },
    { .name = "batch",
      .value = "N",
      .help = "sequences written at once (default 1)",
      .letter = 'b' },
    { .name = "depth",
      .value = "N",
      .help = "tokens before what is written (default 0)",
      .letter = 'd' },
    { .name = "adapters",
      .value = "N",
      .help = "random LoRA adapters on q and v, used in turn; also measured without (default 0)" },
    { .name = "rank", .value = "N", .help = "of the adapters (default 16)" },
    { .name = "threads", .value = "N", .help = "threads (default: one a core)", .letter = 't' },
    { .name = "repeat", .value = "N", .help = "measured repetitions (default 5)", .letter = 'r' },
    { .name = "compute", .value = "MODE", .help = "auto or f32 (default auto)" },
    { .name = "kv-type",
      .value = "TYPE",
      .help = "keys and values: auto, f16, f32 or q8_0 (default auto)" },
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = "profile", .help = "also print where the time goes, step by step" },
    { .name = "json", .help = "print JSON" },
    { .name = NULL },
};

struct bench {
    int64_t prompt, gen, batch, depth, threads, repeat, adapters, rank;
    enum model_compute compute;
    enum model_kv kv_type;
    bool profile;
    struct checkpoint *checkpoint;
    struct pool *pool;
    struct model *model;
    struct kv_store kv;
    int32_t *blocks; /* (batch, blocks_each): the identity */
    int32_t blocks_each;
    int32_t *tokens, *positions; /* (CHUNK_ROWS) */
    float *out;
    int32_t slots[LORA_SLOTS_MAX];                                /* (adapters) */
    int32_t *row_slots;                                           /* (CHUNK_ROWS) */
    bool adapted;                                                 /* Now: rows have adapters. */
    double prefill[REPEATS_MAX], decode[REPEATS_MAX];             /* tokens per second */
    double prefill_plain[REPEATS_MAX], decode_plain[REPEATS_MAX]; /* of the same without adapters */
};

static int whole(int64_t *ret, const struct args *args, const char *name, int64_t def, int64_t min,
                 int64_t max, struct err *err)
{
    const char *text = args_get(args, name);
    *ret = def;
    if (!text) return 0;
    if (!slice_to_i64(ret, slice_of(text)) || *ret < min || *ret > max)
        return err_set(err, ERR_INVALID_VALUE,
                       "--%s is '%s'; it must be a whole number from %lld to %lld", name, text,
                       (long long)min, (long long)max);
    return 0;
}

static int take_options(struct bench *b, const struct args *args, struct err *err)
{
    TRY(whole(&b->prompt, args, "prompt", 512, 0, TOKENS_MAX, err));
    TRY(whole(&b->gen, args, "gen", 128, 0, TOKENS_MAX, err));
    TRY(whole(&b->batch, args, "batch", 1, 1, BATCH_MAX, err));
    TRY(whole(&b->depth, args, "depth", 0, 0, TOKENS_MAX, err));
    TRY(whole(&b->adapters, args, "adapters", 0, 0, LORA_SLOTS_MAX, err));
    TRY(whole(&b->rank, args, "rank", 16, 1, LORA_RANK_MAX, err));
    TRY(whole(&b->threads, args, "threads", 0, 0, POOL_THREADS_MAX, err));
    TRY(whole(&b->repeat, args, "repeat", 5, 1, REPEATS_MAX, err));
    b->profile = args_has(args, "profile");
    const char *kv_type = args_get(args, "kv-type"), *compute = args_get(args, "compute");
    b->kv_type = MODEL_KV_AUTO;
    if (kv_type && !model_kv_from_name(&b->kv_type, slice_of(kv_type)))
        return err_set(err, ERR_INVALID_VALUE,
                       "--kv-type is '%s'; it must be auto, f16, f32 or q8_0", kv_type);
    b->compute = MODEL_COMPUTE_AUTO;
    if (!compute || slice_is(slice_of(compute), "auto")) return 0;
    b->compute = MODEL_COMPUTE_F32;
    if (slice_is(slice_of(compute), "f32")) return 0;
    return err_set(err, ERR_INVALID_VALUE, "--compute is '%s'; it must be auto or f32", compute);
}

static int add_adapters(struct bench *b, struct err *err)
{
    for (int64_t i = 0; i < b->adapters; i++) {
        struct checkpoint *c;
        TRY(random_adapter_open(&c, model_facts(b->model), (int)b->rank, err));
        int rc = model_add_adapter(b->model, &b->slots[i], c, err);
        checkpoint_close(c);
        if (rc < 0) return rc;
    }
    return 0;
}

static int prepare(struct bench *b, const char *path, const char *packed, struct err *err)
{
    TRY(checkpoint_open(&b->checkpoint, path, err));
    TRY(pool_open(&b->pool, (int)b->threads, err));
    struct model_options how = { .compute = b->compute,
                                 .kv = b->kv_type,
                                 .pool = b->pool,
                                 .n_rows_max = CHUNK_ROWS,
                                 .n_seqs_max = (int32_t)b->batch,
                                 .profile = b->profile,
                                 .packed_path = *packed ? packed : NULL,
                                 .plan_ahead = true };
    TRY(model_open(&b->model, b->checkpoint, &how, err));
    const struct model_facts *facts = model_facts(b->model);
    if (facts->kind != MODEL_CAUSAL)
        return err_set(err, ERR_UNSUPPORTED_VALUE,
                       "%s writes no text; bench measures models that do", path);
    int64_t longest = b->depth + (b->prompt > b->gen ? b->prompt : b->gen);
    if (longest > facts->n_ctx_train)
        return err_set(err, ERR_INVALID_VALUE, "the model's context is %d tokens, not %lld",
                       facts->n_ctx_train, (long long)longest);
    b->blocks_each = (int32_t)((longest + KV_BLOCK_LEN - 1) / KV_BLOCK_LEN) + 1;
    TRY(kv_store_init(&b->kv, &facts->kv, facts->kv_dtype, b->blocks_each * (int32_t)b->batch,
                      err));
    b->blocks = mem_calloc((size_t)b->blocks_each * (size_t)b->batch, sizeof *b->blocks);
    b->tokens = mem_calloc(CHUNK_ROWS, sizeof *b->tokens);
    b->positions = mem_calloc(CHUNK_ROWS, sizeof *b->positions);
    b->row_slots = mem_calloc(CHUNK_ROWS, sizeof *b->row_slots);
    b->out = mem_calloc((size_t)facts->n_out_width * (size_t)b->batch, sizeof *b->out);
    if (!b->blocks || !b->tokens || !b->positions || !b->row_slots || !b->out)
        return err_set(err, ERR_NO_MEMORY, "no memory for the measurement");
    for (int32_t i = 0; i < b->blocks_each * (int32_t)b->batch; i++) b->blocks[i] = i;
    return add_adapters(b, err);
}

static void release(struct bench *b)
{
    mem_free(b->blocks);
    mem_free(b->tokens);
    mem_free(b->positions);
    mem_free(b->row_slots);
    mem_free(b->out);
    kv_store_release(&b->kv);
    model_close(b->model);
    checkpoint_close(b->checkpoint);
    pool_close(b->pool);
}

/* Tokens that repeat nothing in a pattern; which ones does not matter to the speed. */
static int32_t any_token(const struct bench *b, int64_t i)
{
    return (int32_t)(((uint64_t)i * 2654435761u >> 7) % (uint64_t)model_facts(b->model)->n_vocab);
}

static int32_t slot_of(const struct bench *b, int64_t s)
{
    return b->adapted ? b->slots[s % b->adapters] : -1;
}

/* Reads n tokens into sequence `s` behind the first `from`. */
static int prefill(struct bench *b, int64_t s, int64_t from, int64_t n, struct err *err)
{
    for (int64_t done = 0; done < n;) {
        int32_t rows = (int32_t)(n - done < CHUNK_ROWS ? n - done : CHUNK_ROWS);
        for (int32_t i = 0; i < rows; i++) {
            b->tokens[i] = any_token(b, from + done + i);
            b->positions[i] = (int32_t)(from + done) + i;
            b->row_slots[i] = slot_of(b, s);
        }
        struct batch_seq seq = { .n_rows = rows,
                                 .kv_len = (int32_t)(from + done),
                                 .n_blocks = b->blocks_each,
                                 .blocks = b->blocks + s * b->blocks_each };
        int32_t last = rows - 1;
        struct batch batch = { .n_rows = rows,
                               .n_seqs = 1,
                               .n_out = 1,
                               .tokens = b->tokens,
                               .positions = b->positions,
                               .adapters = b->row_slots,
                               .seqs = &seq,
                               .out_rows = &last };
        TRY(model_forward(b->model, &batch, &b->kv, b->out, err));
        done += rows;
    }
    return 0;
}

/* Writes one token to each sequence, `at` tokens into it. */
static int decode_step(struct bench *b, int64_t at, struct err *err)
{
    struct batch_seq seqs[BATCH_MAX];
    int32_t out_rows[BATCH_MAX];
    for (int32_t s = 0; s < (int32_t)b->batch; s++) {
        b->tokens[s] = any_token(b, at + s);
        b->positions[s] = (int32_t)at;
        b->row_slots[s] = slot_of(b, s);
        seqs[s] = (struct batch_seq){ .row = s,
                                      .n_rows = 1,
                                      .kv_len = (int32_t)at,
                                      .n_blocks = b->blocks_each,
                                      .blocks = b->blocks + s * b->blocks_each };
        out_rows[s] = s;
    }
    struct batch batch = { .n_rows = (int32_t)b->batch,
                           .n_seqs = (int32_t)b->batch,
                           .n_out = (int32_t)b->batch,
                           .tokens = b->tokens,
                           .positions = b->positions,
                           .adapters = b->row_slots,
                           .seqs = seqs,
                           .out_rows = out_rows };
    return model_forward(b->model, &batch, &b->kv, b->out, err);
}

static double rate(int64_t n, uint64_t since)
{
    return (double)n * 1e9 / (double)(now_ns() - since + 1);
}

static int once(struct bench *b, int64_t r, double *prefills, double *decodes, struct err *err)
{
    if (b->prompt > 0) {
        TRY(prefill(b, 0, 0, b->depth, err));
        uint64_t start = now_ns();
        TRY(prefill(b, 0, b->depth, b->prompt, err));
        if (r >= 0) prefills[r] = rate(b->prompt, start);
    }
    if (b->gen > 0) {
        int64_t n = r < 0 && b->gen > 8 ? 8 : b->gen;
        for (int64_t s = 0; s < b->batch; s++) TRY(prefill(b, s, 0, b->depth, err));
        uint64_t start = now_ns();
        for (int64_t i = 0; i < n; i++) TRY(decode_step(b, b->depth + i, err));
        if (r >= 0) decodes[r] = rate(n * b->batch, start);
    }
    return 0;
}

/* Repetition -1 warms up: its figures are not kept. With adapters a pair, now the one and now the
 * other first, so that a drift of the machine favours neither. */
static int repetition(struct bench *b, int64_t r, struct err *err)
{
    for (int i = 0; i < 2; i++) {
        b->adapted = b->adapters > 0 && (i == 0) == (r % 2 == 0);
        if (b->adapters == 0 && i > 0) break;
        bool plain = b->adapters > 0 && !b->adapted;
        TRY(once(b, r, plain ? b->prefill_plain : b->prefill, plain ? b->decode_plain : b->decode,
                 err));
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread {
    double median, min, max;
};

static struct spread spread_of(const double *samples, int64_t n)
{
    double sorted[REPEATS_MAX];
    assert(n > 0 && n <= REPEATS_MAX);
    memcpy(sorted, samples, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    double median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    return (struct spread){ median, sorted[0], sorted[n - 1] };
}

static void write_spread(struct json_writer *w, const char *key, const double *samples, int64_t n)
{
    struct spread s = spread_of(samples, n);
    json_key(w, key);
    json_object_begin(w);
    json_key(w, "median");
    json_double(w, s.median);
    json_key(w, "min");
    json_double(w, s.min);
    json_key(w, "max");
    json_double(w, s.max);
    json_key(w, "samples");
    json_array_begin(w);
    for (int64_t i = 0; i < n; i++) json_double(w, samples[i]);
    json_array_end(w);
    json_object_end(w);
}

static void print_json(const struct bench *b, const char *path)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "model");
    json_str(&w, path);
    json_key(&w, "arch");
    json_str(&w, model_facts(b->model)->arch);
    json_member_int(&w, "n_params", (int64_t)model_facts(b->model)->n_params);
    json_member_int(&w, "threads", pool_size(b->pool));
    json_member_int(&w, "n_prompt", b->prompt);
    json_member_int(&w, "n_gen", b->gen);
    json_member_int(&w, "n_batch", b->batch);
    json_member_int(&w, "n_depth", b->depth);
    json_member_int(&w, "n_adapters", b->adapters);
    if (b->adapters > 0) json_member_int(&w, "adapter_rank", b->rank);
    if (b->prompt > 0) write_spread(&w, "prefill_tokens_per_s", b->prefill, b->repeat);
    if (b->gen > 0) write_spread(&w, "decode_tokens_per_s", b->decode, b->repeat);
    if (b->adapters > 0 && b->prompt > 0)
        write_spread(&w, "prefill_tokens_per_s_without_adapters", b->prefill_plain, b->repeat);
    if (b->adapters > 0 && b->gen > 0)
        write_spread(&w, "decode_tokens_per_s_without_adapters", b->decode_plain, b->repeat);
    json_object_end(&w);
    puts(buf_str(&out));
    buf_release(&out);
}

static void print_line(const char *what, int64_t n, const double *samples, int64_t repeat)
{
    struct spread s = spread_of(samples, repeat);
    printf("%-8s %6lld tokens  %9.1f tokens/s  (%.1f to %.1f in %lld runs)\n", what, (long long)n,
           s.median, s.min, s.max, (long long)repeat);
}

/* The share by which adapters lengthen the time of a pair: its median. */
static void print_share(const char *what, const double *with, const double *without, int64_t n)
{
    double shares[REPEATS_MAX];
    for (int64_t i = 0; i < n; i++) shares[i] = 100 * (without[i] / with[i] - 1);
    struct spread s = spread_of(shares, n);
    printf("adapters lengthen %s by %.1f %%  (%.1f to %.1f in %lld pairs)\n", what, s.median, s.min,
           s.max, (long long)n);
}

static void print_adapters(const struct bench *b)
{
    if (b->adapters == 0) return;
    printf("\nwithout its %lld adapters of rank %lld\n", (long long)b->adapters,
           (long long)b->rank);
    if (b->prompt > 0) print_line("prefill", b->prompt, b->prefill_plain, b->repeat);
    if (b->gen > 0) print_line("decode", b->gen * b->batch, b->decode_plain, b->repeat);
    if (b->prompt > 0) print_share("prefill", b->prefill, b->prefill_plain, b->repeat);
    if (b->gen > 0) print_share("decode", b->decode, b->decode_plain, b->repeat);
}

static int measure(struct bench *b, const char *path, const char *packed, bool json,
                   struct err *err)
{
    TRY(prepare(b, path, packed, err));
    bool terminal = isatty(STDERR_FILENO);
    for (int64_t r = -1; r < b->repeat; r++) {
        if (terminal)
            fprintf(stderr, "\r\x1b[K%s %lld of %lld", r < 0 ? "warming up," : "run",
                    (long long)(r + 1), (long long)b->repeat);
        TRY(repetition(b, r, err));
        if (r < 0) model_profile_reset(b->model);
    }
    if (terminal) fputs("\r\x1b[K", stderr);
    if (json) {
        print_json(b, path);
        return 0;
    }
    printf("%s, %d threads, batch %lld\n", path, pool_size(b->pool), (long long)b->batch);
    if (b->prompt > 0) print_line("prefill", b->prompt, b->prefill, b->repeat);
    if (b->gen > 0) print_line("decode", b->gen * b->batch, b->decode, b->repeat);
    print_adapters(b);
    if (b->profile) bench_profile_print(b->model);
    return 0;
}

static int run(const struct args *args)
{
    struct err err;
    struct store_paths paths;
    char path[PATH_MAX], packed[PATH_MAX];
    struct bench *b = mem_calloc(1, sizeof *b);
    if (!b) return 1;
    if (args->n_words != 1) {
        fprintf(stderr, "usage: tiro bench MODEL|FILE; 'tiro bench --help' explains\n");
        mem_free(b);
        return EXIT_USAGE;
    }
    int rc = take_options(b, args, &err);
    if (rc == 0) rc = store_paths_init(&paths, args_get(args, "data"), &err);
    if (rc == 0) rc = library_resolve(path, sizeof path, &paths, args->words[0], &err);
    if (rc == 0) rc = packed_place_file(packed, sizeof packed, &paths, path, &err);
    if (rc == 0) {
        rc = measure(b, path, packed, args_has(args, "json"), &err);
        release(b);
    }
    mem_free(b);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_bench = {
    .name = "bench",
    .summary = "measure how fast a model reads and writes here",
    .usage =
        "bench MODEL|FILE [--prompt N] [--gen N] [--batch N] [--threads N] [--repeat N] [--json]",
    .help =
        "Times forward passes alone: no server, no sampling, no tokenizer. prefill is the rate at\n"
        "which a prompt is read, decode the rate at which BATCH sequences together are written.\n"
        "Medians of --repeat runs after a warm-up, with the slowest and the fastest. Other work\n"
        "on the machine makes every figure worthless.\n\n"
        "  tiro bench smollm2-135m --prompt 512 --gen 128\n"
        "  tiro bench FILE --prompt 0 --gen 64 --batch 16 --json\n"
        "  tiro bench FILE --prompt 0 --batch 8 --adapters 8 --rank 16",
    .options = options,
    .takes_words = true,
    .run = run,
};
