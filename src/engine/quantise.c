#include "engine/quantise.h"

#include "base/pool.h"
#include "base/seam.h"
#include "engine/format_gguf_write.h"
#include "kernels/encode.h"
#include "kernels/kernel.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

enum {
    QUANTIZATION_VERSION = 2,  /* ggml's number for these block layouts. */
    ROW_MULTIPLE = 32,         /* A block of either type. */
    TILE = 4096,               /* Values between two types at a time: 16 KB of f32. */
    CHUNK_VALUES = 256 * TILE, /* Converted by all threads, then written. */
    COPY_BYTES = 1 << 22,
};

/* The last part of names of matrices that no linear layer multiplies by. */
static const char *const kept_endings[] = {
    "_norm.weight",
    "position_embd.weight",
    "token_types.weight",
    "ffn_gate_inp.weight",
    "ssm_conv1d.weight",
    "rope_freqs.weight",
    ".bias",
};

/* general.file_type as ggml numbers "mostly this type". */
static const struct {
    enum dtype type;
    uint32_t file_type;
} types[] = { { DTYPE_Q4_0, 2 }, { DTYPE_Q8_0, 7 } };

struct job {
    const struct checkpoint *c;
    const struct quantise_options *o;
    struct kernels kernels;
    struct arena arena; /* the two tables below */
    struct checkpoint_value *values;
    struct checkpoint_tensor *tensors;
    struct gguf_contents contents;
    struct gguf_writer *writer;
    uint8_t *out; /* (CHUNK_VALUES) in the widest type written */
    uint64_t done;
    double error, square; /* sums over all converted values */
    struct quantise_result result;
};

/* One chunk of one tensor, for the threads. */
struct chunk {
    const struct job *job;
    const struct checkpoint_tensor *from;
    enum dtype to;
    uint64_t first; /* value */
    size_t n;
    uint8_t *out;
    bool failed[POOL_THREADS_MAX];
    double error[POOL_THREADS_MAX], square[POOL_THREADS_MAX];
};

bool quantise_type_ok(enum dtype type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) return true;
    return false;
}

static uint32_t file_type_of(enum dtype type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) return types[i].file_type;
    assert(!"quantise_type_ok");
    return 0;
}

/* --- which tensor becomes what ---------------------------------------------------------------- */

static bool is_head(const struct checkpoint *c, struct slice name)
{
    return slice_is(name,
                    checkpoint_tensor(c, "output.weight") ? "output.weight" : "token_embd.weight");
}

static bool is_matrix(const struct checkpoint_tensor *t)
{
    if (t->n_dims < 2 || t->dims[t->n_dims - 1] % ROW_MULTIPLE != 0) return false;
    if (!slice_ends(t->name, SLICE(".weight"))) return false;
    for (size_t i = 0; i < sizeof kept_endings / sizeof *kept_endings; i++)
        if (slice_ends(t->name, slice_of(kept_endings[i]))) return false;
    return true;
}

static enum dtype type_for(const struct job *job, const struct checkpoint_tensor *t)
{
    const struct quantise_options *o = job->o;
    if (!is_matrix(t)) return t->dtype;
    if (!is_head(job->c, t->name)) return o->type;
    switch (o->head) {
    case QUANTISE_HEAD_KEEP: return t->dtype;
    case QUANTISE_HEAD_TYPE: return o->head_type;
    default: return DTYPE_Q8_0;
    }
}

static int plan_tensors(struct job *job, struct err *err)
{
    const struct checkpoint *c = job->c;
    struct quantise_result *r = &job->result;
    r->head_type = DTYPE_I32;
    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct checkpoint_tensor *t = &c->tensors[i];
        if (!t->usable)
            return err_set(err, ERR_UNSUPPORTED_FORMAT,
                           "%s: tensor %.*s is of type %s, which cannot be carried over", c->path,
                           SLICE_FMT(t->name), t->type_name);
        job->tensors[i] = *t;
        job->tensors[i].dtype = type_for(job, t);
        if (is_head(c, t->name)) r->head_type = job->tensors[i].dtype;
        if (!is_matrix(t)) {
            r->n_kept++;
        } else if (t->dtype == job->tensors[i].dtype) {
            r->n_copied++;
        } else {
            r->n_converted++;
            r->n_weights += t->n_elements;
            if (dtype_info(t->dtype)->quantised && !r->was_quantised) r->was_type = t->dtype;
            r->was_quantised = r->was_quantised || dtype_info(t->dtype)->quantised;
        }
    }
    if (r->n_converted + r->n_copied > 0) return 0;
    return err_set(
        err, ERR_UNSUPPORTED_FORMAT,
        "%s holds no matrix of weights whose rows are a multiple of %d: there is nothing "
        "to quantise",
        c->path, ROW_MULTIPLE);
}

static void set_u32(struct job *job, const char *key, uint32_t value)
{
    size_t i = 0;
    while (i < job->contents.n_values && !slice_is(job->values[i].key, key)) i++;
    if (i == job->contents.n_values) job->contents.n_values++;
    job->values[i] = (struct checkpoint_value){ .key = slice_of(key),
                                                .type = VALUE_U32,
                                                .u = value };
}

static int plan(struct job *job, struct err *err)
{
    const struct checkpoint *c = job->c;
    if (c->kind != CHECKPOINT_GGUF)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s is %s; only GGUF files are quantised so far: convert it to GGUF first",
                       c->path, c->format);
    job->values = ARENA_NEWS(&job->arena, c->n_values + 2, struct checkpoint_value);
    job->tensors = ARENA_NEWS(&job->arena, c->n_tensors, struct checkpoint_tensor);
    size_t widest;
    bool fits = dtype_row_bytes(&widest, DTYPE_F16, CHUNK_VALUES);
    assert(fits); /* 2 bytes each; Q8_0 takes 1.06. */
    job->out = arena_alloc(&job->arena, widest);
    TRY(arena_check(&job->arena, c->path, err));
    if (c->n_values > 0) memcpy(job->values, c->values, c->n_values * sizeof *c->values);
    job->contents = (struct gguf_contents){ .values = job->values,
                                            .n_values = c->n_values,
                                            .tensors = job->tensors,
                                            .n_tensors = c->n_tensors };
    set_u32(job, "general.file_type", file_type_of(job->o->type));
    set_u32(job, "general.quantization_version", QUANTIZATION_VERSION);
    return plan_tensors(job, err);
}

/* --- the work --------------------------------------------------------------------------------- */

static int tell(struct job *job, struct err *err)
{
    uint64_t total = gguf_writer_file_size(job->writer);
    if (!job->o->progress || job->o->progress(job->o->ctx, job->done, total)) return 0;
    return err_set(err, ERR_CANCELLED, "stopped; nothing was written");
}

static int put(struct job *job, const void *bytes, size_t len, struct err *err)
{
    TRY(gguf_writer_add(job->writer, bytes, len, err));
    job->done += len;
    return tell(job, err);
}

static size_t bytes_of(enum dtype dtype, uint64_t n)
{
    size_t bytes = 0;
    bool ok = dtype_row_bytes(&bytes, dtype, n);
    assert(ok); /* Whole blocks of a tensor whose size was checked. */
    return bytes;
}

/* Adds what was lost between x and its code. */
static void add_error(struct chunk *k, int thread, const uint8_t *code, const float *x, size_t n)
{
    float back[TILE];
    double error = 0, square = 0;
    k->job->kernels.dequant[k->to](back, code, n);
    for (size_t i = 0; i < n; i++) {
        double difference = (double)back[i] - (double)x[i];
        error += difference * difference;
        square += (double)x[i] * (double)x[i];
    }
    k->error[thread] += error;
    k->square[thread] += square;
}

static void convert(void *ctx, int thread, int n_threads)
{
    struct chunk *k = ctx;
    float x[TILE];
    size_t from, to;
    encode_fn *encode = encode_of(k->to);
    pool_share(&from, &to, k->n, TILE, thread, n_threads);
    for (size_t at = from; at < to; at += TILE) {
        size_t n = to - at < TILE ? to - at : TILE;
        const char *source = (const char *)k->from->data + bytes_of(k->from->dtype, k->first + at);
        uint8_t *code = k->out + bytes_of(k->to, at);
        k->job->kernels.dequant[k->from->dtype](x, source, n);
        if (!encode(code, x, n)) {
            k->failed[thread] = true;
            return;
        }
        add_error(k, thread, code, x, n);
    }
}

static int convert_tensor(struct job *job, const struct checkpoint_tensor *from, enum dtype to,
                          struct err *err)
{
    assert(encode_of(to) && job->kernels.dequant[from->dtype]);
    for (uint64_t first = 0; first < from->n_elements; first += CHUNK_VALUES) {
        uint64_t left = from->n_elements - first;
        struct chunk k = { .job = job, .from = from, .to = to, .first = first, .out = job->out };
        k.n = left < CHUNK_VALUES ? (size_t)left : CHUNK_VALUES;
        pool_run(job->o->pool, convert, &k);
        for (int t = 0; t < pool_size(job->o->pool); t++) {
            job->error += k.error[t];
            job->square += k.square[t];
            if (k.failed[t])
                return err_set(err, ERR_FORMAT,
                               "%s: tensor %.*s holds a value that is infinite, no number, or too "
                               "large for %s",
                               job->c->path, SLICE_FMT(from->name), dtype_info(to)->name);
        }
        TRY(put(job, job->out, bytes_of(to, k.n), err));
    }
    return 0;
}

static int copy_tensor(struct job *job, const struct checkpoint_tensor *t, struct err *err)
{
    for (uint64_t at = 0; at < t->size; at += COPY_BYTES) {
        uint64_t left = t->size - at;
        TRY(put(job, (const char *)t->data + at, left < COPY_BYTES ? (size_t)left : COPY_BYTES,
                err));
    }
    return 0;
}

static int write_file(struct job *job, const char *path, struct err *err)
{
    TRY(gguf_writer_open(&job->writer, path, &job->contents, err));
    for (size_t i = 0; i < job->c->n_tensors; i++) {
        const struct checkpoint_tensor *from = &job->c->tensors[i];
        enum dtype to = job->tensors[i].dtype;
        if (from->dtype == to)
            TRY(copy_tensor(job, from, err));
        else
            TRY(convert_tensor(job, from, to, err));
    }
    TRY(gguf_writer_commit(job->writer, err));
    return 0;
}

int quantise_model(struct quantise_result *ret, const struct checkpoint *c, const char *path,
                   const struct quantise_options *o, struct err *err)
{
    assert(quantise_type_ok(o->type) && o->pool);
    assert(o->head != QUANTISE_HEAD_TYPE || encode_of(o->head_type));
    struct job job = { .c = c, .o = o };
    kernels_select(&job.kernels, kernel_isa_detect());
    /* Tables of tensors and values, bounded by the format's limits, and a chunk. */
    arena_init(&job.arena, (size_t)64 << 20);
    int rc = plan(&job, err);
    if (rc == 0) rc = write_file(&job, path, err);
    if (rc == 0) {
        job.result.bytes_in = c->file_size;
        job.result.bytes_out = gguf_writer_file_size(job.writer);
        job.result.error = job.square > 0 ? sqrt(job.error / job.square) : 0;
        *ret = job.result;
    }
    gguf_writer_close(job.writer);
    arena_release(&job.arena);
    return rc;
}
