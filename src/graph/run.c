#include "graph/run.h"

#include "base/pool.h"
#include "base/seam.h"
#include "graph/profile.h"

#include <assert.h>
#include <string.h>

enum { TAKES_OF_SHARE = 8 }; /* A thread's share is taken in so many pieces. */

int run_init(struct run *ret, struct pool *pool, const struct kernels *kernels, struct err *err)
{
    (void)err; /* For symmetry: run_reserve takes the memory. */
    *ret = (struct run){ .pool = pool, .kernels = kernels };
    ret->n_threads = pool ? pool_size(pool) : 1;
    ret->sizes.of[DIM_CONST] = 1;
    return 0;
}

void run_release(struct run *r)
{
    if (r->memory) (void)seams.unmap(r->memory, r->memory_bytes); /* A mapping of our own. */
    mem_free(r->tiles);
    mem_free(r->row_seq);
    mem_free(r->adapted);
    mem_free(r->counters);
    mem_free(r->spans_done);
    *r = (struct run){ 0 };
}

static int reserve_tables(struct run *r, const struct plan *plan)
{
    int64_t rows = plan->options.sizes.of[DIM_TOKENS];
    assert(rows >= 0 && rows <= BATCH_ROWS_MAX);
    if (rows > r->tiles_cap) {
        struct run_tile *tiles = mem_realloc(r->tiles, (size_t)rows * sizeof *tiles);
        if (tiles) r->tiles = tiles;
        int32_t *row_seq = mem_realloc(r->row_seq, (size_t)rows * sizeof *row_seq);
        if (row_seq) r->row_seq = row_seq;
        struct run_adapted *adapted = mem_realloc(r->adapted, (size_t)rows * sizeof *adapted);
        if (adapted) r->adapted = adapted;
        if (!tiles || !row_seq || !adapted) return -ERR_NO_MEMORY;
        r->tiles_cap = (int32_t)rows;
    }
    if (plan->n_steps > r->counters_cap) {
        size_t size = (size_t)plan->n_steps * (size_t)r->n_threads * sizeof *r->counters;
        _Atomic int64_t *counters = mem_realloc(r->counters, size);
        if (!counters) return -ERR_NO_MEMORY;
        r->counters = counters;
        r->counters_cap = plan->n_steps;
    }
    size_t pairs = (size_t)RUN_PAIRS_ENOUGH * (size_t)r->n_threads;
    if (!r->spans_done) r->spans_done = mem_calloc(pairs, sizeof *r->spans_done);
    return r->spans_done ? 0 : -ERR_NO_MEMORY;
}

int run_reserve(struct run *r, const struct plan *plan, struct err *err)
{
    size_t scratch_bytes = plan->scratch_bytes, block_bytes = plan->block_bytes;
    if (scratch_bytes < r->scratch_bytes) scratch_bytes = r->scratch_bytes;
    if (block_bytes < r->block_bytes) block_bytes = r->block_bytes;
    if (reserve_tables(r, plan) < 0)
        return err_set(err, ERR_NO_MEMORY, "no memory for a batch of %lld rows",
                       (long long)plan->options.sizes.of[DIM_TOKENS]);
    if (r->memory && scratch_bytes == r->scratch_bytes && block_bytes == r->block_bytes) return 0;
    size_t partial_bytes = RUN_PARTIAL_FLOATS *
                           sizeof *r->partial; /* Untouched it costs nothing. */
    size_t bytes = partial_bytes + block_bytes + (size_t)r->n_threads * scratch_bytes + PLAN_ALIGN;
    unsigned char *memory = seams.map(bytes); /* Whole pages, and huge ones where there are. */
    if (!memory)
        return err_set(err, ERR_NO_MEMORY, "no memory for %zu bytes of activations", bytes);
    if (r->memory) (void)seams.unmap(r->memory, r->memory_bytes);
    r->memory = memory;
    r->memory_bytes = bytes;
    r->block_bytes = block_bytes;
    r->scratch = memory;
    r->scratch_bytes = scratch_bytes;
    r->base = r->scratch + (size_t)r->n_threads * scratch_bytes;
    r->partial = (float *)(void *)(memory + bytes - partial_bytes);
    return 0;
}

static void take_adapters(struct run *r)
{
    const struct batch *b = r->batch;
    struct run_adapted *last = NULL;
    r->n_adapted = 0;
    for (int32_t i = 0; b->adapters && r->plan->options.adapters && i < b->n_rows; i++) {
        int32_t slot = b->adapters[i];
        if (slot < 0) continue;
        bool more = last && last->slot == slot && last->first + last->n_rows == i &&
                    last->n_rows < RUN_ADAPTED_ROWS;
        if (!more) last = &r->adapted[r->n_adapted++];
        *last = more ? (struct run_adapted){ slot, last->first, last->n_rows + 1 }
                     : (struct run_adapted){ slot, i, 1 };
    }
}

static void take_batch(struct run *r)
{
    const struct batch *b = r->batch;
    r->n_tiles = 0;
    if (!b) return;
    take_adapters(r);
    r->sizes.of[DIM_TOKENS] = b->n_rows;
    r->sizes.of[DIM_SEQS] = b->n_seqs;
    r->sizes.of[DIM_OUTS] = b->n_out;
    for (int32_t s = 0; s < b->n_seqs; s++) {
        const struct batch_seq *seq = &b->seqs[s];
        for (int32_t i = 0; i < seq->n_rows; i++) r->row_seq[seq->row + i] = s;
        for (int32_t i = 0; i < seq->n_rows; i += RUN_TILE_ROWS) {
            int32_t n = seq->n_rows - i < RUN_TILE_ROWS ? seq->n_rows - i : RUN_TILE_ROWS;
            assert(r->n_tiles < r->tiles_cap);
            r->tiles[r->n_tiles++] = (struct run_tile){ s, i, n };
        }
    }
}

/* What is left of the share of `owner`. A thread begins with its own share, one unit behind the
 * other, so that memory is read as one stream; then it helps others: a core lost to a neighbour
 * costs its share of the time, not all of it. Who computes a unit never changes its result. */
static void run_share(const struct step *s, struct run *r, int thread, int owner, int64_t n_units)
{
    int64_t first = n_units * owner / r->n_threads, end = n_units * (owner + 1) / r->n_threads;
    int64_t take = (end - first) / TAKES_OF_SHARE;
    if (take < 1) take = 1;
    _Atomic int64_t *next = &r->counters[owner * r->counters_cap + (s - r->plan->steps)];
    for (;;) {
        int64_t from = first + atomic_fetch_add_explicit(next, take, memory_order_relaxed);
        if (from >= end) return;
        s->run(s, r, thread, from, from + take < end ? from + take : end);
    }
}

static void run_step(const struct step *s, struct run *r, int thread, int64_t n_units)
{
    if (s->prologue) s->prologue(s, r, thread);
    if (r->n_threads == 1) {
        s->run(s, r, 0, 0, n_units);
        return;
    }
    for (int i = 0; i < r->n_threads; i++)
        run_share(s, r, thread, (thread + i) % r->n_threads, n_units);
}

static void run_ahead(const struct run *r, int32_t step, int thread)
{
    if (step == r->plan->n_steps) return;
    const struct step *s = &r->plan->steps[step];
    if (s->ahead) s->ahead(s, r, thread);
}

/* As in work, with a look at the clock around each part. */
static void work_profiled(struct run *r, int thread)
{
    struct step_time *times = r->profile->times + (size_t)thread * (size_t)r->plan->n_steps;
    uint64_t start = now_ns();
    for (int32_t i = 0; i < r->plan->n_steps; i++) {
        const struct step *s = &r->plan->steps[i];
        int64_t n_units = s->units(s, r);
        if (n_units == 0) continue;
        run_step(s, r, thread, n_units);
        run_ahead(r, i + 1, thread);
        uint64_t done = now_ns();
        if (r->pool && i + 1 < r->plan->n_steps) pool_barrier(r->pool, thread);
        uint64_t met = now_ns();
        times[i].work_ns += done - start;
        times[i].wait_ns += met - done;
        start = met;
    }
}

static void work(void *ctx, int thread, int n_threads)
{
    struct run *r = ctx;
    (void)n_threads;
    if (r->profile) {
        work_profiled(r, thread);
        return;
    }
    for (int32_t i = 0; i < r->plan->n_steps; i++) {
        const struct step *s = &r->plan->steps[i];
        int64_t n_units = s->units(s, r);
        if (n_units == 0) continue; /* All threads see that: no barrier. */
        run_step(s, r, thread, n_units);
        run_ahead(r, i + 1, thread);
        if (r->pool && i + 1 < r->plan->n_steps) pool_barrier(r->pool, thread);
    }
}

void run_forward(struct run *r, const struct plan *plan)
{
    r->plan = plan;
    take_batch(r);
    for (int i = 0; i < DIM_SYMBOLS; i++)
        assert(r->sizes.of[i] <= plan->options.sizes.of[i] || i == DIM_CONST);
    for (int32_t i = 0; i < r->counters_cap * r->n_threads; i++)
        atomic_store_explicit(&r->counters[i], 0, memory_order_relaxed);
    if (r->pool)
        pool_run(r->pool, work, r);
    else
        work(r, 0, 1);
    if (r->profile) {
        r->profile->n_runs++;
        r->profile->n_rows += (uint64_t)r->sizes.of[DIM_TOKENS];
    }
    r->plan = NULL;
}

int64_t run_units_rows(const struct step *s, const struct run *r)
{
    const struct rows_step *a = s->args;
    return shape_rows(a->shape, &r->sizes);
}
