#include "graph/run.h"

#include "base/pool.h"
#include "base/seam.h"

#include <assert.h>
#include <string.h>

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
    mem_free(r->memory);
    mem_free(r->tiles);
    mem_free(r->row_seq);
    mem_free(r->counters);
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
        if (!tiles || !row_seq) return -ERR_NO_MEMORY;
        r->tiles_cap = (int32_t)rows;
    }
    if (plan->n_steps > r->counters_cap) {
        size_t size = (size_t)plan->n_steps * sizeof *r->counters;
        _Atomic int64_t *counters = mem_realloc(r->counters, size);
        if (!counters) return -ERR_NO_MEMORY;
        r->counters = counters;
        r->counters_cap = plan->n_steps;
    }
    return 0;
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
    size_t bytes = block_bytes + (size_t)r->n_threads * scratch_bytes + PLAN_ALIGN;
    unsigned char *memory = mem_alloc(bytes);
    if (!memory)
        return err_set(err, ERR_NO_MEMORY, "no memory for %zu bytes of activations", bytes);
    mem_free(r->memory);
    r->memory = memory;
    r->block_bytes = block_bytes;
    r->scratch = memory + (PLAN_ALIGN - (uintptr_t)memory % PLAN_ALIGN) % PLAN_ALIGN;
    r->scratch_bytes = scratch_bytes;
    r->base = r->scratch + (size_t)r->n_threads * scratch_bytes;
    return 0;
}

static void take_batch(struct run *r)
{
    const struct batch *b = r->batch;
    r->n_tiles = 0;
    if (!b) return;
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

static void run_step(const struct step *s, struct run *r, int thread)
{
    int64_t n_units = s->units(s, r);
    if (n_units == 0) return;
    if (s->prologue) s->prologue(s, r, thread);
    if (r->n_threads == 1) {
        s->run(s, r, 0, 0, n_units);
        return;
    }
    /* Units are taken as threads come to them: a core lost to a neighbour costs its share, not
     * twice the time. Who computes a unit never changes its result. */
    int64_t take = n_units / (4 * r->n_threads);
    if (take < 1) take = 1;
    _Atomic int64_t *next = &r->counters[s - r->plan->steps];
    for (;;) {
        int64_t from = atomic_fetch_add_explicit(next, take, memory_order_relaxed);
        if (from >= n_units) return;
        int64_t to = from + take < n_units ? from + take : n_units;
        s->run(s, r, thread, from, to);
    }
}

static void work(void *ctx, int thread, int n_threads)
{
    struct run *r = ctx;
    (void)n_threads;
    for (int32_t i = 0; i < r->plan->n_steps; i++) {
        run_step(&r->plan->steps[i], r, thread);
        if (r->pool && i + 1 < r->plan->n_steps) pool_barrier(r->pool, thread);
    }
}

void run_forward(struct run *r, const struct plan *plan)
{
    r->plan = plan;
    take_batch(r);
    for (int i = 0; i < DIM_SYMBOLS; i++)
        assert(r->sizes.of[i] <= plan->options.sizes.of[i] || i == DIM_CONST);
    for (int32_t i = 0; i < plan->n_steps; i++)
        atomic_store_explicit(&r->counters[i], 0, memory_order_relaxed);
    if (r->pool)
        pool_run(r->pool, work, r);
    else
        work(r, 0, 1);
    r->plan = NULL;
}

int64_t run_units_rows(const struct step *s, const struct run *r)
{
    const struct rows_step *a = s->args;
    return shape_rows(a->shape, &r->sizes);
}
