/* sampling - what finding a token costs beside the forward pass, on rows of a real model.
 *
 *     build/sampling MODEL.gguf [ROUNDS]
 *
 * The rows are those of the last words of a text, with what the head gathers for each kind of
 * request. Prints microseconds a row, the median of ROUNDS (default 15) and the extremes. */
#include "base/seam.h"
#include "engine/format.h"
#include "engine/logprobs.h"
#include "engine/sampler.h"
#include "engine/tokenizer.h"
#include "graph/kv.h"
#include "models/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 16, TOKENS_MAX = 512, ROUNDS_MAX = 1001, TOP = 5 };

static const char text[] =
    "The old harbour town woke slowly. Fishermen carried nets to their boats while gulls circled "
    "above the market, where bread, oranges and salted cod were sold.\n\ndef count_words(path):\n"
    "    with open(path) as f:\n        return len(f.read().split())\n\nIn 1923 the first railway "
    "reached the coast, and with it came";

static const struct request {
    const char *name;
    struct sampling params;
    bool logprobs;
} requests[] = {
#define USUAL .top_p = 1, .typical_p = 1, .repetition_penalty = 1
    { "greedy", { USUAL } },
    { "temperature 1", { USUAL, .temperature = 1 } },
    { "temperature 0.4, min_p 0.05", { USUAL, .temperature = 0.4, .min_p = 0.05 } },
    { "top_k 40, top_p 0.95",
      { .temperature = 1, .top_k = 40, .top_p = 0.95, .typical_p = 1, .repetition_penalty = 1 } },
    { "top_p 0.95", { .temperature = 1, .top_p = 0.95, .typical_p = 1, .repetition_penalty = 1 } },
    { "three penalties, min_p 0.05",
      { .temperature = 0.7,
        .min_p = 0.05,
        .top_p = 1,
        .typical_p = 1,
        .repetition_penalty = 1.1,
        .frequency_penalty = 0.5,
        .presence_penalty = 0.1 } },
    { "typical_p 0.9",
      { .temperature = 1, .top_p = 1, .typical_p = 0.9, .repetition_penalty = 1 } },
    { "greedy, 5 logprobs", { USUAL }, true },
};

struct rows {
    struct model *model;
    struct tokens ids;
    struct kv_store kv;
    float *logits;
    float scales[ROWS];
    struct head head;
};

static void check(int result, const struct err *err)
{
    if (result >= 0) return;
    fprintf(stderr, "sampling: %s\n", err->text);
    exit(1);
}

static void open_rows(struct rows *r, const char *path, struct err *err)
{
    struct checkpoint *checkpoint;
    struct tokenizer *tokenizer;
    struct model_options options = { .n_rows_max = TOKENS_MAX, .n_out_max = ROWS };
    check(checkpoint_open(&checkpoint, path, err), err);
    check(model_open(&r->model, checkpoint, &options, err), err);
    check(tokenizer_open(&tokenizer, checkpoint, err), err);
    tokens_init(&r->ids, TOKENS_MAX);
    check(tokenizer_encode(tokenizer, &r->ids, slice_of(text), NULL, err), err);
    const struct model_facts *f = model_facts(r->model);
    size_t chunks = (size_t)head_chunks(f->n_vocab);
    check(kv_store_init(&r->kv, &f->kv, f->kv_dtype, TOKENS_MAX / KV_BLOCK_LEN, err), err);
    r->logits = mem_calloc(ROWS * (size_t)f->n_vocab, sizeof *r->logits);
    r->head = (struct head){ .scales = r->scales,
                             .max = mem_calloc(ROWS * chunks, sizeof(float)),
                             .sum = mem_calloc(ROWS * chunks, sizeof(float)) };
    assert(r->logits && r->head.max && r->head.sum);
}

/* The last ROWS rows of the text, with what this request wants to know of them. */
static void forward(struct rows *r, const struct request *q, struct err *err)
{
    int32_t n = (int32_t)r->ids.len, positions[TOKENS_MAX], out[ROWS];
    int32_t blocks[TOKENS_MAX / KV_BLOCK_LEN];
    for (int32_t i = 0; i < n; i++) positions[i] = i;
    for (int32_t i = 0; i < TOKENS_MAX / KV_BLOCK_LEN; i++) blocks[i] = i;
    for (int32_t i = 0; i < ROWS; i++) {
        out[i] = n - ROWS + i;
        r->scales[i] = q->logprobs ? 1 : sampling_head_scale(&q->params);
    }
    struct batch_seq seq = { .n_rows = n, .n_blocks = TOKENS_MAX / KV_BLOCK_LEN, .blocks = blocks };
    struct batch b = { .n_rows = n,
                       .n_seqs = 1,
                       .n_out = ROWS,
                       .tokens = r->ids.ids,
                       .positions = positions,
                       .seqs = &seq,
                       .out_rows = out,
                       .head = &r->head };
    check(model_forward(r->model, &b, &r->kv, r->logits, err), err);
}

static double microseconds(struct rows *r, const struct request *q, struct sampler_scratch *scratch,
                           uint32_t round)
{
    size_t n_vocab = (size_t)model_facts(r->model)->n_vocab;
    size_t chunks = (size_t)head_chunks((int32_t)n_vocab);
    uint64_t start = now_ns();
    for (size_t i = 0; i < ROWS; i++) {
        struct top_logprob top[TOP];
        int32_t token;
        struct sampler_input in = { .params = &q->params,
                                    .row = { .logits = r->logits + i * n_vocab,
                                             .max = r->head.max + i * chunks,
                                             .sum = r->head.sum + i * chunks,
                                             .scale = r->scales[i] },
                                    .tokens = r->ids.ids,
                                    .n_tokens = (int32_t)r->ids.len,
                                    .n_prompt = (int32_t)r->ids.len / 2,
                                    .choice = round };
        int result = sampler_pick(scratch, &token, &in);
        assert(result == 0);
        if (q->logprobs)
            (void)logprobs_of(sampler_scratch_logits(scratch), &in.row, token, top, TOP);
    }
    return (double)(now_ns() - start) / 1000 / ROWS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    struct rows r = { 0 };
    struct kernels kernels;
    struct sampler_scratch *scratch;
    int rounds = argc > 2 ? atoi(argv[2]) : 15;
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: sampling MODEL.gguf [ROUNDS, at most %d]\n", ROUNDS_MAX);
        return 2;
    }
    open_rows(&r, argv[1], &err);
    kernels_select(&kernels, kernel_isa_detect());
    check(sampler_scratch_open(&scratch, model_facts(r.model)->n_vocab, &kernels, &err), &err);
    for (size_t q = 0; q < sizeof requests / sizeof *requests; q++) {
        double us[ROUNDS_MAX];
        forward(&r, &requests[q], &err);
        for (int i = 0; i < rounds; i++)
            us[i] = microseconds(&r, &requests[q], scratch, (uint32_t)i);
        qsort(us, (size_t)rounds, sizeof *us, by_value);
        printf("%-30s %8.2f us  (%.2f to %.2f)\n", requests[q].name, us[rounds / 2], us[0],
               us[rounds - 1]);
    }
    return 0;
}
