/* fake_net - a model whose logits are a hash of every token before, read through the block tables:
 * a wrong block, slot, position or copy changes everything after it. And an oracle for it. */
#ifndef TIRO_TESTS_ENGINE_FAKE_NET_H
#define TIRO_TESTS_ENGINE_FAKE_NET_H

#include "base/seam.h"
#include "engine/logprobs.h"
#include "engine/random.h"
#include "engine/scheduler.h"
#include "unit/engine/tiny_tokenizer.h"

enum { FAKE_BLOCKS_MAX = 512 };

struct fake_net {
    int32_t slots[FAKE_BLOCKS_MAX][KV_BLOCK_LEN]; /* the token that each slot holds */
    int n_forwards, n_rows_most, fail_at;         /* fail_at: 0 never, else the n-th forward */
    int32_t n_rows_max, n_out_max, n_seqs_max;
};

static inline uint64_t fake_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 31);
}

/* Letters are likely, the end is not; differences large enough for greedy to be clear. */
static inline void fake_logits(float *out, uint64_t hash)
{
    for (int32_t v = 0; v < TINY_VOCAB; v++) {
        double u = random_unit(hash, 0, (uint32_t)v);
        bool letter = (v >= 'a' && v <= 'z') || v == ' ' || v == TINY_HELL || v == 0xc3 ||
                      v == 0xa9;
        out[v] = (float)(letter ? 4 * u : v == TINY_END ? 3.2 * u : -6 + u);
    }
}

static inline int fake_forward(void *ctx, const struct batch *b, float *out, struct err *err)
{
    struct fake_net *net = ctx;
    int32_t at = 0;
    net->n_forwards++;
    if (net->fail_at && net->n_forwards == net->fail_at)
        return err_set(err, ERR_NO_MEMORY, "the fake model fails");
    assert(b->n_rows > 0 && b->n_rows <= net->n_rows_max && b->n_seqs <= net->n_seqs_max);
    assert(b->n_out <= net->n_out_max);
    if (b->n_rows > net->n_rows_most) net->n_rows_most = b->n_rows;
    for (int32_t s = 0; s < b->n_seqs; s++) {
        const struct batch_seq *q = &b->seqs[s];
        assert(q->n_rows > 0 && q->n_blocks * KV_BLOCK_LEN >= q->kv_len + q->n_rows);
        uint64_t h = 1;
        for (int32_t i = 0; i < q->kv_len + q->n_rows; i++) {
            int32_t *slot = &net->slots[q->blocks[i / KV_BLOCK_LEN]][i % KV_BLOCK_LEN];
            int32_t row = q->row + i - q->kv_len;
            if (i >= q->kv_len) {
                assert(b->positions[row] == i);
                *slot = b->tokens[row];
            }
            h = fake_mix(h, (uint64_t)*slot + 1);
            if (i >= q->kv_len && at < b->n_out)
                for (int32_t o = 0; o < b->n_out; o++)
                    if (b->out_rows[o] == row) fake_logits(out + (size_t)o * TINY_VOCAB, h);
        }
    }
    if (!b->head) return 0;
    struct kernels k;
    kernels_select(&k, 0); /* By the reference: what samples may have faster ones. */
    for (int32_t c = 0; c < head_chunks(TINY_VOCAB); c++)
        head_gather(b->head, &k, out, b->n_out, TINY_VOCAB, c);
    return 0;
}

static inline void fake_copy(void *ctx, int32_t to, int32_t from)
{
    struct fake_net *net = ctx;
    memcpy(net->slots[to], net->slots[from], sizeof net->slots[to]);
}

/* The oracle's logprob: it knows no head. */
static inline float fake_logprob(const float *logits, int32_t token)
{
    struct kernels k;
    struct logits l;
    kernels_select(&k, 0);
    int r = logits_init(&l, TINY_VOCAB, &k);
    assert(r == 0);
    float logprob = logprobs_of(&l, &(struct logits_row){ .logits = logits }, token, NULL, 0);
    logits_release(&l);
    return logprob;
}

/* Logits after tokens[0..n). */
static inline void fake_logits_after(float *out, const int32_t *tokens, int32_t n)
{
    uint64_t h = 1;
    for (int32_t i = 0; i < n; i++) h = fake_mix(h, (uint64_t)tokens[i] + 1);
    fake_logits(out, h);
}

#endif
