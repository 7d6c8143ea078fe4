#include "models/adapter.h"

#include "base/seam.h"
#include "models/adapter_config.h"

#include <assert.h>
#include <stdio.h>

enum {
    MODULE_LEN_MAX = ARCH_NAME_LEN_MAX,
    NAME_LEN_MAX = 2 * ARCH_NAME_LEN_MAX + 64,
    HUGE_PAGE = 2 << 20,
};

/* Of one weight. */
struct change {
    struct weight *w;
    struct lora_term term;
    const struct checkpoint_tensor *a, *b; /* While opening. */
    int32_t n_heads;                       /* Of b's rows, to be put in GGUF's order; 0: as is */
    size_t a_bytes, b_bytes;               /* Packed. */
};

struct adapter {
    struct change *changes;
    size_t n_changes;
    unsigned char *mapping, *memory; /* All matrices, packed, in a mapping. */
    size_t mapped, bytes;
    int32_t slot; /* -1: not set. */
};

/* What opening one needs. */
struct reading {
    struct adapter *adapter;
    struct arch_model *net;
    const struct model_arch *arch;
    const struct kernels *k;
    const struct checkpoint *c;
    struct adapter_config config;
    bool *used; /* (n_tensors) */
    struct err *err;
};

static size_t align_up(size_t n)
{
    return (n + KERNEL_ALIGN - 1) & ~(size_t)(KERNEL_ALIGN - 1);
}

/* --- finding its matrices --------------------------------------------------------------------- */

static const struct checkpoint_tensor *find(struct reading *r, const char *module, const char *half)
{
    char name[NAME_LEN_MAX];
    const char *const prefixes[] = { "", r->arch->hf_prefix };
    for (size_t i = 0; i < 2; i++) {
        if (!prefixes[i]) continue;
        (void)snprintf(name, sizeof name, "base_model.model.%s%s.%s.weight", prefixes[i], module,
                       half); /* Fits: the tables' names are short. */
        const struct checkpoint_tensor *t = checkpoint_tensor(r->c, name);
        if (!t) continue;
        r->used[t - r->c->tensors] = true;
        return t;
    }
    return NULL;
}

static int check_shape(const struct reading *r, const struct checkpoint_tensor *t, int32_t rows,
                       int32_t columns)
{
    if (t->n_dims == 2 && t->dims[0] == (uint64_t)rows && t->dims[1] == (uint64_t)columns) return 0;
    return err_set(r->err, ERR_FORMAT,
                   "%s: tensor %.*s is %d-dimensional [%llu, %llu]; this model and the adapter's "
                   "rank want [%d, %d]",
                   r->c->path, SLICE_FMT(t->name), t->n_dims, (unsigned long long)t->dims[0],
                   (unsigned long long)t->dims[1], rows, columns);
}

static int read_module(struct reading *r, const struct arch_tensor *t, int layer)
{
    char module[MODULE_LEN_MAX];
    struct weight *w = arch_weight(r->net, r->arch, t, layer);
    arch_tensor_name(module, t->hf, layer);
    module[strlen(module) - strlen(".weight")] = '\0';
    const struct checkpoint_tensor *a = find(r, module, "lora_A"), *b = find(r, module, "lora_B");
    if (!a && !b) return 0;
    if (!a || !b)
        return err_set(r->err, ERR_FORMAT, "%s: %s has no lora_%s.weight", r->c->path, module,
                       a ? "B" : "A");
    struct change x = { .w = w, .a = a, .b = b };
    TRY(adapter_config_of(&r->config, &x.term.rank, &x.term.scale, module, r->c, r->err));
    TRY(check_shape(r, a, x.term.rank, w->dims[1]));
    TRY(check_shape(r, b, w->dims[0], x.term.rank));
    x.term.a_dtype = a->dtype;
    x.term.b_dtype = b->dtype;
    x.a_bytes = kernel_packed_bytes(a->dtype, x.term.rank, w->dims[1]);
    x.b_bytes = kernel_packed_bytes(b->dtype, w->dims[0], x.term.rank);
    if (t->heads && r->net->kind == CHECKPOINT_GGUF && r->arch->rope_gguf != r->arch->rope_hf)
        x.n_heads = *(const int32_t *)(const void *)((const char *)r->net + t->heads);
    r->adapter->bytes += align_up(x.a_bytes) + align_up(x.b_bytes);
    r->adapter->changes[r->adapter->n_changes++] = x;
    return 0;
}

static bool is_linear(const struct arch_tensor *t)
{
    return t->hf && arch_is_per_layer(t) && t->shape[1] &&
           slice_ends(slice_of(t->hf), SLICE(".weight"));
}

static size_t give_tables(struct lora_term *tables, struct arch_model *net,
                          const struct model_arch *arch)
{
    size_t n = 0;
    for (const struct arch_tensor *t = arch->tensors; t->gguf || t->hf; t++)
        for (int l = 0; is_linear(t) && l < net->n_layers; l++, n++)
            if (tables) arch_weight(net, arch, t, l)->terms = tables + n * LORA_SLOTS_MAX;
    return n;
}

int adapter_make_tables(struct lora_term **ret, struct arch_model *net,
                        const struct model_arch *arch, struct err *err)
{
    size_t n = give_tables(NULL, net, arch);
    struct lora_term *tables = mem_calloc(n * LORA_SLOTS_MAX + 1, sizeof *tables);
    if (!tables) return err_set(err, ERR_NO_MEMORY, "no memory for the tables of adapters");
    (void)give_tables(tables, net, arch);
    *ret = tables;
    return 0;
}

static int read_modules(struct reading *r)
{
    const struct checkpoint *c = r->c;
    for (const struct arch_tensor *t = r->arch->tensors; t->gguf || t->hf; t++)
        for (int l = 0; is_linear(t) && l < r->net->n_layers; l++)
            if (arch_weight(r->net, r->arch, t, l)->data) TRY(read_module(r, t, l));
    for (size_t i = 0; i < c->n_tensors; i++)
        if (!r->used[i])
            return err_set(r->err, ERR_UNSUPPORTED_FORMAT,
                           "%s: tensor %.*s changes nothing that an adapter of this %s model may "
                           "change (the matrices of its %d layers)",
                           c->path, SLICE_FMT(c->tensors[i].name), r->arch->name, r->net->n_layers);
    if (r->adapter->n_changes == 0)
        return err_set(r->err, ERR_FORMAT, "%s: the adapter has no tensors", c->path);
    return 0;
}

/* --- packing ---------------------------------------------------------------------------------- */

/* Rows of heads from halves (i, i + len / 2), as Hugging Face has them, to pairs (2i, 2i + 1). */
static void pair_rows(char *to, const char *from, size_t row_bytes, int32_t rows, int32_t n_heads)
{
    int32_t len = rows / n_heads, half = len / 2;
    for (int32_t i = 0; i < rows; i++) {
        int32_t head = i / len, at = i % len;
        int32_t source = head * len + at % 2 * half + at / 2;
        memcpy(to + (size_t)i * row_bytes, from + (size_t)source * row_bytes, row_bytes);
    }
}

static void pack(const struct reading *r, void *to, enum dtype dtype, const void *from, int m,
                 int k)
{
    size_t row_bytes = kernel_panel_bytes(dtype, k) / PANEL_ROWS;
    r->k->pack[dtype](&(struct kernel_pack){ .dst = to,
                                             .src = from,
                                             .src_stride = row_bytes,
                                             .m = m,
                                             .k = k,
                                             .panel_to = kernel_panels(m),
                                             .src_dtype = dtype });
}

static int pack_change(const struct reading *r, struct change *x, unsigned char *to)
{
    int m = x->w->dims[0], k = x->w->dims[1], rank = x->term.rank;
    const void *b = x->b->data;
    char *paired = NULL;
    if (x->n_heads) {
        paired = mem_alloc((size_t)x->b->size);
        if (!paired) return err_set(r->err, ERR_NO_MEMORY, "%s: no memory", r->c->path);
        pair_rows(paired, b, (size_t)x->b->size / (size_t)m, m, x->n_heads);
        b = paired;
    }
    pack(r, to, x->term.a_dtype, x->a->data, rank, k);
    x->term.a = to;
    to += align_up(x->a_bytes);
    pack(r, to, x->term.b_dtype, b, m, rank);
    x->term.b = to;
    mem_free(paired);
    return 0;
}

/* In whole huge pages: a step reads a little of everything, which in small pages costs a walk
 * through the tables for each. */
static int map_memory(struct reading *r)
{
    struct adapter *a = r->adapter;
    bool large = a->bytes >= HUGE_PAGE / 2;
    a->mapped = large ? (a->bytes / HUGE_PAGE + 2) * HUGE_PAGE : a->bytes;
    a->mapping = seams.map(a->mapped);
    if (!a->mapping)
        return err_set(r->err, ERR_NO_MEMORY, "%s: no memory for %zu bytes", r->c->path, a->bytes);
    size_t over = (uintptr_t)a->mapping % HUGE_PAGE;
    a->memory = a->mapping + (large && over ? HUGE_PAGE - over : 0);
    return 0;
}

static int pack_all(struct reading *r)
{
    struct adapter *a = r->adapter;
    TRY(map_memory(r));
    unsigned char *to = a->memory;
    for (size_t i = 0; i < a->n_changes; i++) {
        struct change *x = &a->changes[i];
        TRY(pack_change(r, x, to));
        to += align_up(x->a_bytes) + align_up(x->b_bytes);
    }
    return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int open_into(struct reading *r)
{
    const struct checkpoint *c = r->c;
    if (!c->is_adapter)
        return err_set(r->err, ERR_UNSUPPORTED_FORMAT, "%s is a model, not an adapter", c->path);
    if (r->arch->kind != MODEL_CAUSAL)
        return err_set(r->err, ERR_UNSUPPORTED_FORMAT, "%s: %s models take no adapters", c->path,
                       r->arch->name);
    TRY(adapter_config_read(&r->config, c, r->err));
    /* At most a pair of tensors each. */
    r->adapter->changes = mem_calloc(c->n_tensors / 2 + 1, sizeof *r->adapter->changes);
    r->used = mem_calloc(c->n_tensors + 1, sizeof *r->used);
    if (!r->adapter->changes || !r->used)
        return err_set(r->err, ERR_NO_MEMORY, "%s: no memory", c->path);
    TRY(read_modules(r));
    return pack_all(r);
}

int adapter_open(struct adapter **ret, struct arch_model *net, const struct model_arch *arch,
                 const struct kernels *k, const struct checkpoint *c, struct err *err)
{
    struct reading r = { .net = net, .arch = arch, .k = k, .c = c, .err = err };
    r.adapter = mem_calloc(1, sizeof *r.adapter);
    if (!r.adapter) return err_set(err, ERR_NO_MEMORY, "%s: no memory", c->path);
    r.adapter->slot = -1;
    int rc = open_into(&r);
    mem_free(r.used);
    if (rc < 0) {
        adapter_close(r.adapter);
        return rc;
    }
    *ret = r.adapter;
    return 0;
}

void adapter_close(struct adapter *a)
{
    if (!a) return;
    for (size_t i = 0; a->slot >= 0 && i < a->n_changes; i++)
        a->changes[i].w->terms[a->slot] = (struct lora_term){ .rank = 0 };
    if (a->mapping) (void)seams.unmap(a->mapping, a->mapped); /* Ours: valid. */
    mem_free(a->changes);
    mem_free(a);
}

void adapter_set(struct adapter *a, int32_t slot)
{
    assert(a->slot < 0 && slot >= 0 && slot < LORA_SLOTS_MAX);
    a->slot = slot;
    for (size_t i = 0; i < a->n_changes; i++) {
        assert(a->changes[i].w->terms[slot].rank == 0);
        a->changes[i].w->terms[slot] = a->changes[i].term;
    }
}

uint64_t adapter_bytes(const struct adapter *a)
{
    return a->bytes;
}
