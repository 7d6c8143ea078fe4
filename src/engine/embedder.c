#include "engine/embedder.h"

#include "base/seam.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct embedder {
    struct embedder_options o;
    struct engine_request **queue; /* (n_queue) by arrival */
    int32_t n_queue;
    struct engine_request **taken; /* (n_taken) of this step */
    int32_t n_taken;
    int32_t *tokens, *positions;
    struct batch_seq *seqs;
    float *out; /* (n_seqs_max, n_embd) */
    struct embedder_stats stats;
};

int embedder_open(struct embedder **ret, const struct embedder_options *options, struct err *err)
{
    const struct embedder_options *o = options;
    assert(o->n_rows_max >= o->n_ctx && o->n_ctx > 0 && o->n_seqs_max > 0 && o->queue_max > 0);
    struct embedder *e = mem_calloc(1, sizeof *e);
    if (!e) return err_set(err, ERR_NO_MEMORY, "out of memory for the embedder");
    size_t rows = (size_t)o->n_rows_max, seqs = (size_t)o->n_seqs_max;
    e->o = *o;
    e->queue = mem_calloc((size_t)o->queue_max, sizeof(struct engine_request *));
    e->taken = mem_calloc(seqs, sizeof(struct engine_request *));
    e->tokens = mem_calloc(rows, sizeof *e->tokens);
    e->positions = mem_calloc(rows, sizeof *e->positions);
    e->seqs = mem_calloc(seqs, sizeof *e->seqs);
    e->out = mem_calloc(seqs, (size_t)o->net.n_embd * sizeof *e->out);
    if (!e->queue || !e->taken || !e->tokens || !e->positions || !e->seqs || !e->out) {
        embedder_close(e);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the embedder");
    }
    *ret = e;
    return 0;
}

void embedder_close(struct embedder *e)
{
    if (!e) return;
    for (int32_t i = 0; i < e->n_queue; i++) engine_request_close(e->queue[i]);
    mem_free(e->queue);
    mem_free(e->taken);
    mem_free(e->tokens);
    mem_free(e->positions);
    mem_free(e->seqs);
    mem_free(e->out);
    mem_free(e);
}

int embedder_submit(struct embedder *e, struct engine_request *r, struct err *err)
{
    assert(r->id != 0);
    if (r->n_tokens <= 0)
        return err_param(err, ERR_INVALID_VALUE, "input", "Invalid 'input': it has no tokens.");
    for (int32_t i = 0; i < r->n_tokens; i++)
        if (r->tokens[i] < 0 || r->tokens[i] >= e->o.net.n_vocab)
            return err_param(err, ERR_INVALID_VALUE, "input",
                             "Invalid token id %d in 'input': the model's ids go from 0 to %d.",
                             r->tokens[i], e->o.net.n_vocab - 1);
    TRY(engine_request_check_length(r, e->o.n_ctx, err));
    if (r->dimensions > (uint32_t)e->o.net.n_embd)
        return err_param(err, ERR_INVALID_VALUE, "dimensions",
                         "Invalid 'dimensions': this model's embeddings have %d, but %u were asked "
                         "for.",
                         e->o.net.n_embd, r->dimensions);
    if (e->n_queue == e->o.queue_max)
        return err_set(err, ERR_OVERLOADED,
                       "The model is busy: %d texts are waiting. Please try again later.",
                       e->n_queue);
    e->queue[e->n_queue++] = r;
    e->stats.n_requests++;
    return 0;
}

static struct engine_request *remove_at(struct embedder *e, int32_t i)
{
    struct engine_request *r = e->queue[i];
    e->n_queue--;
    memmove(&e->queue[i], &e->queue[i + 1],
            (size_t)(e->n_queue - i) * sizeof(struct engine_request *));
    return r;
}

bool embedder_cancel(struct embedder *e, uint64_t id)
{
    for (int32_t i = 0; i < e->n_queue; i++) {
        if (e->queue[i]->id != id) continue;
        engine_request_close(remove_at(e, i));
        e->stats.n_cancelled++;
        return true;
    }
    return false;
}

bool embedder_has_work(const struct embedder *e)
{
    return e->n_queue > 0;
}

static void expire(struct embedder *e, uint64_t now)
{
    for (int32_t i = 0; i < e->n_queue;) {
        if (e->queue[i]->deadline_ns == 0 || e->queue[i]->deadline_ns > now) {
            i++;
            continue;
        }
        struct err err;
        struct engine_request *r = remove_at(e, i);
        (void)err_set(&err, ERR_DEADLINE, "The request waited until its deadline.");
        e->stats.n_failed++;
        e->o.events.failed(e->o.events.ctx, r, &err);
        engine_request_close(r);
    }
}

static int32_t next_index(const struct embedder *e)
{
    int32_t best = 0;
    for (int32_t i = 1; i < e->n_queue; i++)
        if (e->queue[i]->priority > e->queue[best]->priority) best = i;
    return best;
}

static void compose(struct embedder *e, struct batch *b)
{
    *b = (struct batch){ .tokens = e->tokens, .positions = e->positions, .seqs = e->seqs };
    e->n_taken = 0;
    while (e->n_queue > 0 && e->n_taken < e->o.n_seqs_max) {
        int32_t i = next_index(e);
        if (b->n_rows + e->queue[i]->n_tokens > e->o.n_rows_max) break;
        struct engine_request *r = remove_at(e, i);
        e->seqs[b->n_seqs++] = (struct batch_seq){ .row = b->n_rows, .n_rows = r->n_tokens };
        for (int32_t k = 0; k < r->n_tokens; k++) {
            e->tokens[b->n_rows + k] = r->tokens[k];
            e->positions[b->n_rows + k] = k;
        }
        b->n_rows += r->n_tokens;
        e->taken[e->n_taken++] = r;
    }
}

/* As the scheduler does (engine/scheduler.h). */
static void charge(struct embedder *e, int32_t n_rows, uint64_t from)
{
    uint64_t threads = e->o.n_threads ? (uint64_t)e->o.n_threads : 1, taken = 0, rows = 0;
    uint64_t ns = (now_ns() - from) * threads;
    for (int32_t i = 0; i < e->n_taken; i++) {
        rows += (uint64_t)e->taken[i]->n_tokens;
        uint64_t upto = ns * rows / (uint64_t)n_rows;
        e->taken[i]->core_ns += upto - taken;
        taken = upto;
    }
}

void embedder_step(struct embedder *e)
{
    uint64_t start = now_ns();
    struct batch b;
    struct err err = { 0 };
    expire(e, start);
    if (e->n_queue == 0) return;
    compose(e, &b);
    assert(e->n_taken > 0);
    int rc = e->o.net.forward(e->o.net.ctx, &b, e->out, &err);
    charge(e, b.n_rows, start);
    for (int32_t i = 0; i < e->n_taken; i++) {
        float *floats = e->out + (size_t)i * (size_t)e->o.net.n_embd;
        if (rc < 0) {
            e->stats.n_failed++;
            e->o.events.failed(e->o.events.ctx, e->taken[i], &err);
        } else {
            e->stats.n_done++;
            e->stats.n_tokens += (uint64_t)e->taken[i]->n_tokens;
            e->o.events.embedding(e->o.events.ctx, e->taken[i], floats, e->o.net.n_embd);
        }
        engine_request_close(e->taken[i]);
    }
    e->stats.n_steps++;
    e->stats.step_ns += now_ns() - start;
}

struct embedder_stats embedder_stats(const struct embedder *e)
{
    struct embedder_stats stats = e->stats;
    stats.n_waiting = e->n_queue;
    return stats;
}

int32_t embedder_cut(float *floats, int32_t n, uint32_t dimensions)
{
    if (dimensions == 0 || dimensions >= (uint32_t)n) return n;
    double sum = 0;
    for (uint32_t i = 0; i < dimensions; i++) sum += (double)floats[i] * (double)floats[i];
    double length = sqrt(sum);
    for (uint32_t i = 0; i < dimensions && length > 0; i++)
        floats[i] = (float)((double)floats[i] / length);
    return (int32_t)dimensions;
}
