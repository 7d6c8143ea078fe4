#include "models/model.h"

#include "base/pool.h"
#include "base/seam.h"
#include "graph/plan.h"
#include "graph/profile.h"
#include "graph/run.h"
#include "models/arch.h"
#include "models/packed.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    ROWS_MAX_DEFAULT = 512,
    SEQS_MAX_DEFAULT = 256,
    PLANS_MAX = 64,
};

struct cached_plan {
    enum plan_mode mode;
    int32_t rows;
    struct plan *plan;
    struct profile profile; /* While options.profile. */
};

struct model {
    const struct model_arch *arch;
    struct arch_model *net; /* arch->size bytes */
    struct model_facts facts;
    struct model_options options;
    char *name;
    struct kernels kernels;
    struct graph graph;
    struct run run;
    struct packed packed;
    uint64_t elements_of[DTYPE_COUNT]; /* Of all weights, by type. */
    struct cached_plan plans[PLANS_MAX];
    int n_plans;
};

const struct model_facts *model_facts(const struct model *m)
{
    return &m->facts;
}

/* --- weights --- */

static int count_weight(void *ctx, struct weight *w)
{
    struct model *m = ctx;
    uint64_t n = (uint64_t)weight_elements(w);
    m->elements_of[w->dtype] += n;
    m->facts.n_params += n;
    return 0;
}

static int count_weights(struct model *m)
{
    TRY(arch_each_weight(m->net, m->arch, count_weight, m));
    enum dtype most = DTYPE_F32;
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (m->elements_of[i] > m->elements_of[most]) most = (enum dtype)i;
    m->facts.weight_dtype = most;
    return 0;
}

/* What is packed is read from its file when that is there and fits. */
static int get_packed(struct model *m, const struct checkpoint *c, const struct weight_options *how,
                      struct err *err)
{
    const struct model_options *o = &m->options;
    struct packed_progress progress = { o->progress, o->progress_ctx };
    struct model_facts *f = &m->facts;
    TRY(packed_init(&m->packed, m->net, m->arch, how->f32, err));
    f->weight_bytes = m->packed.size;
    if (o->packed_path && !how->f32 &&
        packed_map(&m->packed, o->packed_path, c, o->pool, &f->packed_problem) == 0) {
        f->packed_mapped = true;
        return 0;
    }
    return packed_make(&m->packed, c, how, &progress, err);
}

struct prepare_job {
    const struct weight_options *how;
    struct err *err;
};

static int prepare_weight(void *ctx, struct weight *w)
{
    struct prepare_job *j = ctx;
    return weight_prepare(w, j->how, j->err);
}

static int prepare_weights(struct model *m, const struct checkpoint *c, struct err *err)
{
    struct weight_options how = { .kernels = &m->kernels,
                                  .pool = m->options.pool,
                                  .f32 = m->options.compute == MODEL_COMPUTE_F32 };
    struct prepare_job job = { &how, err };
    TRY(get_packed(m, c, &how, err));
    return arch_each_weight(m->net, m->arch, prepare_weight, &job);
}

static int release_weight(void *ctx, struct weight *w)
{
    (void)ctx;
    weight_release(w);
    return 0;
}

/* --- plans --- */

/* The largest batch that shares a plan with one of n rows: 1, 4, 16, 64, 256, 512, 1024 ... */
static int32_t bucket_of(const struct model *m, int32_t n)
{
    static const int32_t small[] = { 1, 4, 16, 64, 256, 512 };
    int32_t bucket = 0;
    for (size_t i = 0; i < sizeof small / sizeof *small && bucket < n; i++) bucket = small[i];
    while (bucket < n) bucket *= 2;
    return bucket < m->options.n_rows_max ? bucket : m->options.n_rows_max;
}

static int32_t min_i32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int get_plan(struct model *m, enum plan_mode mode, int32_t n_rows, struct cached_plan **ret,
                    struct err *err)
{
    int32_t rows = bucket_of(m, n_rows);
    for (int i = 0; i < m->n_plans; i++) {
        if (m->plans[i].mode != mode || m->plans[i].rows != rows) continue;
        *ret = &m->plans[i];
        return 0;
    }
    assert(m->n_plans < PLANS_MAX);
    struct plan_options o = { .mode = mode,
                              .kernels = &m->kernels,
                              .n_threads = m->options.pool ? pool_size(m->options.pool) : 1 };
    o.sizes.of[DIM_TOKENS] = rows;
    o.sizes.of[DIM_SEQS] = min_i32(rows, m->options.n_seqs_max);
    o.sizes.of[DIM_OUTS] = min_i32(rows, m->options.n_out_max);
    struct plan *plan;
    TRY(plan_make(&plan, &m->graph, &o, err));
    struct cached_plan *made = &m->plans[m->n_plans];
    *made = (struct cached_plan){ .mode = mode, .rows = rows, .plan = plan };
    int result = run_reserve(&m->run, plan, err);
    if (result == 0 && m->options.profile)
        result = profile_init(&made->profile, plan, o.n_threads, err);
    if (result < 0) {
        plan_close(plan);
        return result;
    }
    m->n_plans++;
    *ret = made;
    return 0;
}

static int plan_ahead(struct model *m, struct err *err)
{
    struct cached_plan *plan;
    /* The largest first, so that the activation block is taken once. */
    for (int32_t rows = m->options.n_rows_max;;) {
        if (m->facts.kind == MODEL_CAUSAL) {
            TRY(get_plan(m, PLAN_PREFILL, rows, &plan, err));
            TRY(get_plan(m, PLAN_DECODE, rows, &plan, err));
        } else {
            TRY(get_plan(m, PLAN_ENCODE, rows, &plan, err));
        }
        if (rows <= 1) return 0;
        int32_t less = 1;
        while (bucket_of(m, less + 1) < rows && less + 1 < rows) less = bucket_of(m, less + 1);
        rows = less;
    }
}

/* --- opening --- */

static void set_facts(struct model *m)
{
    const struct arch_model *n = m->net;
    bool causal = m->arch->kind == MODEL_CAUSAL;
    m->facts = (struct model_facts){
        .arch = m->arch->name,
        .name = m->name,
        .kind = m->arch->kind,
        .n_vocab = n->n_vocab,
        .n_embd = n->n_embd,
        .n_layers = n->n_layers,
        .n_ctx_train = n->n_ctx,
        .n_heads = n->n_heads,
        .n_out_width = causal ? n->n_vocab : n->n_embd,
        .pooling = n->pooling,
        .normalize = !causal,
    };
    if (causal) m->facts.kv = (struct kv_geometry){ n->n_layers, n->n_kv_heads, n->head_len };
    bool f32 = m->options.kv == MODEL_KV_F32 ||
               (m->options.kv == MODEL_KV_AUTO && m->options.compute == MODEL_COMPUTE_F32);
    m->facts.kv_dtype = f32 ? DTYPE_F32 : DTYPE_F16;
}

static int read_name(struct model *m, const struct checkpoint *c, struct err *err)
{
    struct slice name;
    const char *key = c->kind == CHECKPOINT_GGUF ? "general.name" : "_name_or_path";
    TRY(checkpoint_opt_string(c, &name, key, "", err));
    m->name = mem_strndup(name.ptr ? name.ptr : "", name.len);
    return m->name ? 0 : err_set(err, ERR_NO_MEMORY, "no memory for a name");
}

/* From the checkpoint to a network whose weights are found and whose uses of them are known. */
static int describe(struct model *m, const struct checkpoint *c, struct err *err)
{
    TRY(read_name(m, c, err));
    m->net = mem_calloc(1, m->arch->size);
    if (!m->net) return err_set(err, ERR_NO_MEMORY, "no memory for the model's tables");
    TRY(arch_read_hparams(m->net, m->arch, c, err));
    TRY(arch_read_tensors(m->net, m->arch, c, &m->graph.arena, err));
    set_facts(m);
    const struct model_options *o = &m->options;
    kernels_select(&m->kernels, o->isa_mask ? o->isa_mask : kernel_isa_detect());
    m->arch->build(&m->graph, m->net);
    TRY(graph_check(&m->graph, err));
    return count_weights(m);
}

static int open_into(struct model *m, const struct checkpoint *c, struct err *err)
{
    TRY(describe(m, c, err));
    struct model_options *o = &m->options;
    if (o->n_rows_max == 0) o->n_rows_max = ROWS_MAX_DEFAULT;
    if (m->facts.kind == MODEL_EMBEDDER && o->n_rows_max < m->facts.n_ctx_train)
        o->n_rows_max = m->facts.n_ctx_train;
    if (o->n_seqs_max == 0) o->n_seqs_max = SEQS_MAX_DEFAULT;
    if (o->n_out_max == 0) o->n_out_max = o->n_seqs_max;
    TRY(prepare_weights(m, c, err));
    TRY(run_init(&m->run, o->pool, &m->kernels, err));
    return o->plan_ahead ? plan_ahead(m, err) : 0;
}

static int new_model(struct model **ret, const struct checkpoint *checkpoint,
                     const struct model_options *options, struct err *err)
{
    const struct model_arch *arch = arch_find(checkpoint, err);
    if (!arch) return err ? -(int)err->code : -ERR_UNSUPPORTED_FORMAT;
    struct model *m = mem_calloc(1, sizeof *m);
    if (!m) return err_set(err, ERR_NO_MEMORY, "no memory for a model");
    m->arch = arch;
    m->options = *options;
    graph_init(&m->graph);
    *ret = m;
    return 0;
}

int model_open(struct model **ret, const struct checkpoint *checkpoint,
               const struct model_options *options, struct err *err)
{
    assert(options->n_rows_max >= 0 && options->n_rows_max <= BATCH_ROWS_MAX);
    assert(options->n_seqs_max >= 0 && options->n_out_max >= 0);
    struct model *m;
    TRY(new_model(&m, checkpoint, options, err));
    int result = open_into(m, checkpoint, err);
    if (result < 0) {
        model_close(m);
        return result;
    }
    *ret = m;
    return 0;
}

int model_pack(const struct checkpoint *checkpoint, const struct model_options *options, int fd,
               const char *name, struct err *err)
{
    struct packed_progress progress = { options->progress, options->progress_ctx };
    struct model *m;
    assert(options->compute == MODEL_COMPUTE_AUTO);
    TRY(new_model(&m, checkpoint, options, err));
    struct weight_options how = { .kernels = &m->kernels, .pool = options->pool };
    int result = describe(m, checkpoint, err);
    if (result == 0) result = packed_init(&m->packed, m->net, m->arch, false, err);
    if (result == 0) result = packed_write(&m->packed, checkpoint, &how, &progress, fd, name, err);
    model_close(m);
    return result;
}

void model_close(struct model *m)
{
    if (!m) return;
    for (int i = 0; i < m->n_plans; i++) {
        plan_close(m->plans[i].plan);
        profile_release(&m->plans[i].profile);
    }
    run_release(&m->run);
    graph_release(&m->graph);
    if (m->net) {
        int result = arch_each_weight(m->net, m->arch, release_weight, NULL);
        assert(result == 0);
        mem_free(m->net->layers);
    }
    packed_release(&m->packed);
    mem_free(m->net);
    mem_free(m->name);
    mem_free(m);
}

/* --- forward --- */

static int check_limits(const struct model *m, const struct batch *b, struct err *err)
{
    const struct model_options *o = &m->options;
    assert(b->n_rows > 0 && b->n_seqs > 0 && b->n_out >= 0 && !b->adapters);
    if (b->n_rows > o->n_rows_max)
        return err_set(err, ERR_LIMIT, "a batch of %d rows; at most %d", b->n_rows, o->n_rows_max);
    if (b->n_seqs > o->n_seqs_max)
        return err_set(err, ERR_LIMIT, "a batch of %d sequences; at most %d", b->n_seqs,
                       o->n_seqs_max);
    if (b->n_out > o->n_out_max)
        return err_set(err, ERR_LIMIT, "a batch with %d outputs; at most %d", b->n_out,
                       o->n_out_max);
    return 0;
}

static int check_rows(const struct model *m, const struct batch *b, struct err *err)
{
    bool learned = m->facts.kind == MODEL_EMBEDDER; /* Positions are rows of a table. */
    for (int32_t i = 0; i < b->n_rows; i++) {
        if (b->tokens[i] < 0 || b->tokens[i] >= m->facts.n_vocab)
            return err_set(err, ERR_INVALID_VALUE, "token %d is not in 0 .. %d", b->tokens[i],
                           m->facts.n_vocab - 1);
        if (b->positions[i] < 0 || (learned && b->positions[i] >= m->facts.n_ctx_train))
            return err_set(err, ERR_INVALID_VALUE, "position %d is not in 0 .. %d", b->positions[i],
                           m->facts.n_ctx_train - 1);
        if (b->types && (b->types[i] < 0 || b->types[i] >= m->net->n_types))
            return err_set(err, ERR_INVALID_VALUE, "token type %d is not in 0 .. %d", b->types[i],
                           m->net->n_types - 1);
    }
    for (int32_t i = 0; i < b->n_out; i++)
        assert(b->out_rows[i] >= 0 && b->out_rows[i] < b->n_rows);
    return 0;
}

static int check_seqs(const struct model *m, const struct batch *b, const struct kv_store *kv,
                      struct err *err)
{
    int64_t rows = 0;
    for (int32_t s = 0; s < b->n_seqs; s++) {
        const struct batch_seq *seq = &b->seqs[s];
        assert(seq->n_rows > 0 && seq->row >= 0 && seq->row + seq->n_rows <= b->n_rows);
        rows += seq->n_rows;
        if (m->facts.kind != MODEL_CAUSAL) continue;
        assert(kv && kv->dtype == m->facts.kv_dtype && seq->kv_len >= 0);
        int64_t slots = (int64_t)seq->kv_len + seq->n_rows;
        assert((int64_t)seq->n_blocks * KV_BLOCK_LEN >= slots);
        for (int32_t i = 0; i < seq->n_blocks; i++)
            if (seq->blocks[i] < 0 || seq->blocks[i] >= kv->n_blocks)
                return err_set(err, ERR_INVALID_VALUE, "KV block %d is not in 0 .. %d",
                               seq->blocks[i], kv->n_blocks - 1);
    }
    assert(rows == b->n_rows);
    return 0;
}

static enum plan_mode mode_of(const struct model *m, const struct batch *b)
{
    if (m->facts.kind == MODEL_EMBEDDER) return PLAN_ENCODE;
    return b->n_rows == b->n_seqs ? PLAN_DECODE : PLAN_PREFILL;
}

int model_forward(struct model *m, const struct batch *batch, struct kv_store *kv, float *out,
                  struct err *err)
{
    struct cached_plan *plan;
    TRY(check_limits(m, batch, err));
    TRY(check_rows(m, batch, err));
    TRY(check_seqs(m, batch, kv, err));
    TRY(get_plan(m, mode_of(m, batch), batch->n_rows, &plan, err));
    m->run.batch = batch;
    m->run.kv = kv;
    m->run.out = out;
    m->run.profile = m->options.profile ? &plan->profile : NULL;
    run_forward(&m->run, plan->plan);
    return 0;
}

/* --- profile --- */

void model_profile_reset(struct model *m)
{
    for (int i = 0; i < m->n_plans && m->options.profile; i++) {
        struct profile *p = &m->plans[i].profile;
        size_t n = (size_t)p->n_threads * (size_t)m->plans[i].plan->n_steps;
        memset(p->times, 0, n * sizeof *p->times);
        p->n_runs = p->n_rows = 0;
    }
}

void model_profile_each(const struct model *m, void (*each)(void *ctx, const struct model_step *s),
                        void *ctx)
{
    for (int i = 0; i < m->n_plans && m->options.profile; i++) {
        const struct profile *p = &m->plans[i].profile;
        const struct plan *plan = m->plans[i].plan;
        for (int32_t k = 0; k < plan->n_steps && p->n_runs > 0; k++) {
            const struct step *step = &plan->steps[k];
            struct model_step s = { .name = step->name,
                                    .detail = step->detail,
                                    .rows = m->plans[i].rows,
                                    .n_runs = p->n_runs,
                                    .n_rows = p->n_rows,
                                    .weight_bytes = step->weight_bytes,
                                    .row_macs = step->row_macs };
            for (int t = 0; t < p->n_threads; t++) {
                const struct step_time *at = &p->times[t * plan->n_steps + k];
                s.work_ns += at->work_ns / (uint64_t)p->n_threads;
                s.wait_ns += at->wait_ns / (uint64_t)p->n_threads;
            }
            each(ctx, &s);
        }
    }
}
