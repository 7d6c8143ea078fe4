#include "graph/weight.h"

#include "base/pool.h"
#include "base/seam.h"

#include <assert.h>

int64_t weight_elements(const struct weight *w)
{
    int64_t n = 1;
    for (int i = 0; i < w->n_dims; i++) n *= w->dims[i];
    return n;
}

/* All of it row by row: block types never cross a row. */
static int make_f32(struct weight *w, const struct kernels *k, struct err *err)
{
    size_t n = (size_t)weight_elements(w), width = (size_t)w->dims[w->n_dims - 1], row_bytes;
    if (!dtype_row_bytes(&row_bytes, w->dtype, width) || n / width * row_bytes != w->size)
        return err_set(err, ERR_FORMAT, "%s: its size does not fit its shape", w->name);
    w->f32 = mem_alloc(n * sizeof *w->f32);
    if (!w->f32) return err_set(err, ERR_NO_MEMORY, "%s: no memory for %zu floats", w->name, n);
    for (size_t i = 0; i < n / width; i++)
        k->dequant[w->dtype](w->f32 + i * width, (const char *)w->data + i * row_bytes, width);
    for (size_t i = 0; w->plus != 0 && i < n; i++) w->f32[i] += w->plus;
    return 0;
}

struct pack_job {
    const struct kernel_pack *pack;
    kernel_pack_fn *fn;
};

/* A share of the panels; the threads also touch the pages first, which takes as long. */
static void pack_share(void *ctx, int thread, int n_threads)
{
    const struct pack_job *j = ctx;
    struct kernel_pack pack = *j->pack;
    size_t from, to;
    pool_share(&from, &to, (size_t)j->pack->panel_to, 1, thread, n_threads);
    if (from == to) return;
    pack.panel_from = (int)from;
    pack.panel_to = (int)to;
    j->fn(&pack);
}

int weight_measure(struct weight *w, bool f32, struct err *err)
{
    assert(w->n_dims == 2);
    size_t row_bytes;
    if (!dtype_row_bytes(&row_bytes, w->dtype, (uint64_t)w->dims[1]) ||
        row_bytes * (size_t)w->dims[0] != w->size)
        return err_set(err, ERR_FORMAT, "%s: its size does not fit its shape", w->name);
    w->packed_dtype = f32 ? DTYPE_F32 : w->dtype;
    w->packed_size = kernel_packed_bytes(w->packed_dtype, w->dims[0], w->dims[1]);
    return 0;
}

/* The rows from panel_from on are a matrix of their own: that is how kernel_pack sees them. */
void weight_pack(const struct weight *w, const struct weight_options *o, void *dst, int panel_from,
                 int panel_to)
{
    assert(0 <= panel_from && panel_from < panel_to && panel_to <= kernel_panels(w->dims[0]));
    const struct kernels *k = o->kernels;
    size_t row_bytes = w->size / (size_t)w->dims[0];
    int row = panel_from * PANEL_ROWS, rows = (panel_to - panel_from) * PANEL_ROWS;
    struct kernel_pack pack = {
        .dst = dst,
        .src = (const char *)w->data + (size_t)row * row_bytes,
        .src_stride = row_bytes,
        .m = rows < w->dims[0] - row ? rows : w->dims[0] - row,
        .k = w->dims[1],
        .panel_to = panel_to - panel_from,
        .dequant = w->packed_dtype != w->dtype ? k->dequant[w->dtype] : NULL,
        .src_dtype = w->dtype,
    };
    struct pack_job job = { &pack, k->pack[w->packed_dtype] };
    if (o->pool)
        pool_run(o->pool, pack_share, &job);
    else
        pack_share(&job, 0, 1);
}

static int make_panels(struct weight *w, const struct weight_options *o, struct err *err)
{
    TRY(weight_measure(w, o->f32, err));
    void *panels = seams.map(w->packed_size);
    if (!panels)
        return err_set(err, ERR_NO_MEMORY, "%s: no memory for %zu bytes", w->name, w->packed_size);
    w->packed = panels;
    w->owns_packed = true;
    weight_pack(w, o, panels, 0, kernel_panels(w->dims[0]));
    return 0;
}

int weight_prepare(struct weight *w, const struct weight_options *o, struct err *err)
{
    assert(w->data && w->n_dims > 0 && !w->f32);
    if (w->uses & WEIGHT_VECTOR) TRY(make_f32(w, o->kernels, err));
    if ((w->uses & WEIGHT_MATRIX) && !w->packed) TRY(make_panels(w, o, err));
    return 0;
}

void weight_release(struct weight *w)
{
    mem_free(w->f32);
    if (w->owns_packed) (void)seams.unmap((void *)(uintptr_t)w->packed, w->packed_size);
    w->f32 = NULL;
    w->packed = NULL;
    w->owns_packed = false;
}
