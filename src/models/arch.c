#include "models/arch.h"

#include "base/seam.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct model_arch *arch_find(const struct checkpoint *c, struct err *err)
{
    struct slice name;
    if (c->is_adapter) {
        (void)err_set(err, ERR_UNSUPPORTED_FORMAT,
                      "%s is an adapter, which does nothing without the model that it was made for",
                      c->path);
        return NULL;
    }
    if (checkpoint_architecture(c, &name, err) < 0) return NULL;
    for (size_t i = 0; i < model_arch_registry_len; i++) {
        const struct model_arch *a = model_arch_registry[i];
        if (c->kind == CHECKPOINT_GGUF && slice_is(name, a->gguf)) return a;
        for (int j = 0; c->kind == CHECKPOINT_HF && j < ARCH_NAMES_MAX && a->hf[j]; j++)
            if (slice_is(name, a->hf[j])) return a;
    }
    (void)err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: the architecture \"%.*s\" is not known",
                  c->path, SLICE_FMT(name));
    return NULL;
}

/* The next of "a|b|c" with "%s" replaced; false at the end. */
static bool next_key(char *ret, const char **at, const char *arch)
{
    if (!*at) return false;
    const char *end = strchr(*at, '|');
    int len = end ? (int)(end - *at) : (int)strlen(*at);
    if (len >= 2 && strncmp(*at, "%s", 2) == 0)
        (void)snprintf(ret, ARCH_NAME_LEN_MAX, "%s%.*s", arch, len - 2, *at + 2);
    else
        (void)snprintf(ret, ARCH_NAME_LEN_MAX, "%.*s", len, *at);
    *at = end ? end + 1 : NULL;
    return true;
}

/* The first alternative that the file has; false when it has none of them. */
static bool find_key(char *ret, const struct checkpoint *c, const char *keys, const char *arch)
{
    while (next_key(ret, &keys, arch))
        if (checkpoint_has(c, ret)) return true;
    return false;
}

static int read_hparam(struct arch_model *m, const struct hparam *h, const struct model_arch *arch,
                       const struct checkpoint *c, struct err *err)
{
    char key[ARCH_NAME_LEN_MAX] = "";
    const char *keys = c->kind == CHECKPOINT_GGUF ? h->gguf : h->hf;
    double value = h->def;
    if (find_key(key, c, keys, arch->gguf)) {
        int64_t whole;
        if (h->type == HPARAM_F32) {
            TRY(checkpoint_get_f64(c, &value, key, err));
        } else {
            TRY(checkpoint_get_i64(c, &whole, key, err));
            value = (double)whole;
        }
    } else if (h->required && keys) {
        const char *first = keys;
        (void)next_key(key, &first, arch->gguf);
        return err_set(err, ERR_FORMAT, "%s: %s is missing", c->path, key);
    }
    if (!(value >= h->min && value <= h->max))
        return err_set(err, ERR_FORMAT, "%s: %s is %g, not in %g .. %g", c->path, key, value,
                       h->min, h->max);
    if (h->type == HPARAM_F32)
        *(float *)(void *)((char *)m + h->offset) = (float)value;
    else
        *(int32_t *)(void *)((char *)m + h->offset) = (int32_t)value;
    return 0;
}

static const struct checkpoint_tensor *find_tensor(const struct checkpoint *c,
                                                   const struct model_arch *arch, const char *name)
{
    const struct checkpoint_tensor *t = checkpoint_tensor(c, name);
    if (t || c->kind != CHECKPOINT_HF || !arch->hf_prefix) return t;
    char prefixed[2 * ARCH_NAME_LEN_MAX];
    (void)snprintf(prefixed, sizeof prefixed, "%s%s", arch->hf_prefix, name);
    return checkpoint_tensor(c, prefixed);
}

/* The token table's height: files do not always say it elsewhere. */
static int read_vocab(struct arch_model *m, const struct model_arch *arch,
                      const struct checkpoint *c, struct err *err)
{
    const char *name = c->kind == CHECKPOINT_GGUF ? arch->tensors[0].gguf : arch->tensors[0].hf;
    const struct checkpoint_tensor *t = find_tensor(c, arch, name);
    if (!t) return checkpoint_get_tensor(c, &t, name, err);
    if (t->n_dims != 2 || t->dims[0] > INT32_MAX / 2)
        return err_set(err, ERR_FORMAT, "%s: %s is no table of tokens", c->path, name);
    m->n_vocab = (int32_t)t->dims[0];
    return 0;
}

int arch_read_hparams(struct arch_model *m, const struct model_arch *arch,
                      const struct checkpoint *c, struct err *err)
{
    m->kind = c->kind;
    TRY(read_vocab(m, arch, c, err));
    for (const struct hparam *h = arch->hparams; h->gguf || h->hf; h++)
        TRY(read_hparam(m, h, arch, c, err));
    if (arch->settle) TRY(arch->settle(m, c, err));
    return 0;
}

/* --- tensors --- */

bool arch_is_per_layer(const struct arch_tensor *t)
{
    return strstr(t->gguf ? t->gguf : t->hf, "%d");
}

void arch_tensor_name(char *ret, const char *pattern, int layer)
{
    const char *at = strstr(pattern, "%d");
    if (!at)
        (void)snprintf(ret, ARCH_NAME_LEN_MAX, "%s", pattern);
    else
        (void)snprintf(ret, ARCH_NAME_LEN_MAX, "%.*s%d%s", (int)(at - pattern), pattern, layer,
                       at + 2);
}

struct weight *arch_weight(struct arch_model *m, const struct model_arch *arch,
                           const struct arch_tensor *t, int layer)
{
    char *base = arch_is_per_layer(t) ? (char *)m->layers + (size_t)layer * arch->layer_size
                                      : (char *)m;
    return (struct weight *)(void *)(base + t->offset);
}

static int check_shape(const struct arch_model *m, const struct arch_tensor *t,
                       const struct checkpoint_tensor *found, const struct checkpoint *c,
                       struct err *err)
{
    uint64_t want[2] = { 0, 0 };
    int n_dims = 0;
    for (; n_dims < 2 && t->shape[n_dims]; n_dims++)
        want[n_dims] = (uint64_t) *
                       (const int32_t *)(const void *)((const char *)m + t->shape[n_dims]);
    bool same = found->n_dims == n_dims;
    for (int i = 0; same && i < n_dims; i++) same = found->dims[i] == want[i];
    if (same) return 0;
    return err_set(err, ERR_FORMAT,
                   "%s: tensor %.*s is %d-dimensional [%llu, %llu], expected [%llu, %llu]", c->path,
                   SLICE_FMT(found->name), found->n_dims, (unsigned long long)found->dims[0],
                   (unsigned long long)found->dims[1], (unsigned long long)want[0],
                   (unsigned long long)want[1]);
}

static int read_tensor(struct arch_model *m, const struct model_arch *arch,
                       const struct arch_tensor *t, int layer, const struct checkpoint *c,
                       struct arena *names, bool *used, struct err *err)
{
    const char *pattern = c->kind == CHECKPOINT_GGUF ? t->gguf : t->hf;
    if (!pattern) return 0;
    char name[ARCH_NAME_LEN_MAX];
    arch_tensor_name(name, pattern, layer);
    const struct checkpoint_tensor *found = find_tensor(c, arch, name);
    if (!found && t->optional) return 0;
    if (!found) return checkpoint_get_tensor(c, &found, name, err);
    TRY(check_shape(m, t, found, c, err));
    used[found - c->tensors] = true;
    struct weight *w = arch_weight(m, arch, t, layer);
    *w = (struct weight){ .name = arena_strndup(names, found->name.ptr, found->name.len),
                          .dtype = found->dtype,
                          .n_dims = found->n_dims,
                          .data = found->data,
                          .size = (size_t)found->size };
    for (int i = 0; i < found->n_dims; i++) w->dims[i] = (int32_t)found->dims[i];
    bool is_end = arch_is_per_layer(t) && (layer == 0 || layer == m->n_layers - 1);
    w->wide = t->wide || (arch->wide_ends && is_end);
    return 0;
}

static bool is_ignored(const struct model_arch *arch, struct slice name)
{
    for (const char *const *p = arch->ignored; p && *p; p++) {
        size_t len = strlen(*p);
        if ((*p)[0] == '*' && slice_ends(name, slice_of(*p + 1))) return true;
        if ((*p)[len - 1] == '*' && slice_starts(name, (struct slice){ *p, len - 1 })) return true;
        if (slice_is(name, *p)) return true;
    }
    return false;
}

/* A tensor left over means that the network is not the one we would compute. */
static int check_used(const struct model_arch *arch, const struct checkpoint *c, const bool *used,
                      struct err *err)
{
    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct checkpoint_tensor *t = &c->tensors[i];
        if (used[i] || !t->usable || is_ignored(arch, t->name)) continue;
        return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s models have no tensor \"%.*s\"",
                       c->path, arch->name, SLICE_FMT(t->name));
    }
    return 0;
}

int arch_read_tensors(struct arch_model *m, const struct model_arch *arch,
                      const struct checkpoint *c, struct arena *names, struct err *err)
{
    assert(m->n_layers > 0 && m->n_layers <= ARCH_LAYERS_MAX && !m->layers);
    bool *used = mem_calloc(c->n_tensors + 1, sizeof *used);
    m->layers = mem_calloc((size_t)m->n_layers, arch->layer_size);
    int result = used && m->layers ? 0 : err_set(err, ERR_NO_MEMORY, "no memory for tensor tables");
    for (const struct arch_tensor *t = arch->tensors; result == 0 && (t->gguf || t->hf); t++) {
        int n = arch_is_per_layer(t) ? m->n_layers : 1;
        for (int l = 0; result == 0 && l < n; l++)
            result = read_tensor(m, arch, t, l, c, names, used, err);
    }
    if (result == 0) result = arena_check(names, "the names of tensors", err);
    if (result == 0) result = check_used(arch, c, used, err);
    mem_free(used);
    return result;
}

int arch_each_weight(struct arch_model *m, const struct model_arch *arch,
                     int (*fn)(void *ctx, struct weight *w), void *ctx)
{
    if (!m->layers) return 0;
    for (int l = 0; l < m->n_layers; l++) {
        for (const struct arch_tensor *t = arch->tensors; t->gguf || t->hf; t++) {
            if (!arch_is_per_layer(t) && l > 0) continue;
            struct weight *w = arch_weight(m, arch, t, l);
            if (w->data) TRY(fn(ctx, w));
        }
    }
    return 0;
}

/* --- what arch files share --- */

int arch_settle_heads(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    if (m->n_kv_heads == 0) m->n_kv_heads = m->n_heads;
    if (m->head_len == 0) m->head_len = m->n_embd / m->n_heads;
    if (m->n_rot == 0) m->n_rot = m->head_len;
    m->n_q = m->n_heads * m->head_len;
    m->n_kv = m->n_kv_heads * m->head_len;
    if (m->n_heads % m->n_kv_heads != 0)
        return err_set(err, ERR_FORMAT, "%s: %d heads do not divide into %d KV heads", c->path,
                       m->n_heads, m->n_kv_heads);
    if (m->head_len < 1 || m->head_len > ATTENTION_DIM_MAX)
        return err_set(err, ERR_FORMAT, "%s: heads of %d values; at most %d are supported", c->path,
                       m->head_len, ATTENTION_DIM_MAX);
    if (m->n_rot > m->head_len || m->n_rot % 2 != 0)
        return err_set(err, ERR_FORMAT, "%s: rope over %d of %d values", c->path, m->n_rot,
                       m->head_len);
    return 0;
}

int arch_require_string(const struct checkpoint *c, const char *gguf, const char *hf,
                        const char *value, struct err *err)
{
    const char *key = c->kind == CHECKPOINT_GGUF ? gguf : hf;
    struct slice found;
    if (!key || !checkpoint_has(c, key)) return 0;
    TRY(checkpoint_get_string(c, &found, key, err));
    if (slice_is(found, value)) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s is \"%.*s\"; only \"%s\" is supported",
                   c->path, key, SLICE_FMT(found), value);
}

int arch_require_false(const struct checkpoint *c, const char *hf, struct err *err)
{
    bool found = false;
    if (c->kind != CHECKPOINT_HF) return 0;
    TRY(checkpoint_opt_bool(c, &found, hf, false, err));
    if (!found) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s is not supported", c->path, hf);
}

int arch_require_zero(const struct checkpoint *c, const char *gguf_arch, const char *name,
                      struct err *err)
{
    char key[ARCH_NAME_LEN_MAX];
    uint64_t value;
    if (c->kind != CHECKPOINT_GGUF) return 0;
    (void)snprintf(key, sizeof key, "%s.%s", gguf_arch, name);
    TRY(checkpoint_opt_u64(c, &value, key, 0, err));
    if (value == 0) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s is %llu; only 0 is supported", c->path, key,
                   (unsigned long long)value);
}

int arch_require_dense(const struct checkpoint *c, const char *gguf_arch, struct err *err)
{
    char key[ARCH_NAME_LEN_MAX];
    uint64_t n_experts = 0;
    (void)snprintf(key, sizeof key, "%s.expert_count", gguf_arch);
    TRY(checkpoint_opt_u64(c, &n_experts, c->kind == CHECKPOINT_GGUF ? key : "num_experts", 0,
                           err));
    if (n_experts == 0) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: a mixture of %llu experts is not supported",
                   c->path, (unsigned long long)n_experts);
}

static int hf_pooling(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    static const struct {
        const char *key;
        enum model_pooling pooling;
    } modes[] = {
        { "pooling_mode_mean_tokens", MODEL_POOL_MEAN },
        { "pooling_mode_cls_token", MODEL_POOL_CLS },
        { "pooling_mode_max_tokens", MODEL_POOL_MAX },
        { "pooling_mode_mean_sqrt_len_tokens", MODEL_POOL_NONE },
        { "pooling_mode_weightedmean_tokens", MODEL_POOL_NONE },
        { "pooling_mode_lasttoken", MODEL_POOL_NONE },
    };
    static const struct {
        const char *name;
        enum model_pooling pooling;
    } names[] = { { "mean", MODEL_POOL_MEAN },
                  { "cls", MODEL_POOL_CLS },
                  { "max", MODEL_POOL_MAX } };
    const json_t *config = c->json[CHECKPOINT_POOLING];
    if (!config) return 0;
    /* Newer files name the mode, older ones set one flag of many. */
    const char *mode = json_string_value(json_object_get(config, "pooling_mode"));
    for (size_t i = 0; mode && i < sizeof names / sizeof *names; i++) {
        if (!slice_is(slice_of(mode), names[i].name)) continue;
        m->pooling = names[i].pooling;
        return 0;
    }
    int n = mode ? 2 : 0;
    for (size_t i = 0; !mode && i < sizeof modes / sizeof *modes; i++) {
        if (!json_is_true(json_object_get(config, modes[i].key))) continue;
        m->pooling = modes[i].pooling;
        n++;
    }
    if (n == 1 && m->pooling != MODEL_POOL_NONE) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s: this pooling is not supported; mean, cls and max are", c->path);
}

int arch_settle_pooling(struct arch_model *m, const char *gguf, const struct checkpoint *c,
                        struct err *err)
{
    m->pooling = MODEL_POOL_MEAN;
    if (c->kind == CHECKPOINT_HF) return hf_pooling(m, c, err);
    uint64_t type;
    TRY(checkpoint_opt_u64(c, &type, gguf, 1, err));
    if (type != 1 && type != 2)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: %s is %llu; only 1 (mean) and 2 (cls) are supported", c->path, gguf,
                       (unsigned long long)type);
    m->pooling = type == 1 ? MODEL_POOL_MEAN : MODEL_POOL_CLS;
    return 0;
}

enum pool_kind arch_pool_kind(const struct arch_model *m)
{
    return m->pooling == MODEL_POOL_CLS ? POOL_FIRST
                                        : (m->pooling == MODEL_POOL_MAX ? POOL_MAX : POOL_MEAN);
}
