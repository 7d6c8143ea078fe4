/* Rope frequencies: base^(-2i / n_rot), then the file's scaling. */
#include "models/arch.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

static const double PI = 3.14159265358979323846;

struct llama3_scaling {
    double factor, low, high, n_ctx;
};

/* Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between blended. */
static float llama3_frequency(const struct llama3_scaling *s, double freq)
{
    double wavelength = 2 * PI / freq;
    if (wavelength < s->n_ctx / s->high) return (float)freq;
    if (wavelength > s->n_ctx / s->low) return (float)(freq / s->factor);
    double smooth = (s->n_ctx / wavelength - s->low) / (s->high - s->low);
    return (float)((1 - smooth) * freq / s->factor + smooth * freq);
}

static int scale_llama3(struct arch_model *m, const struct checkpoint *c, const char *key,
                        struct err *err)
{
    struct llama3_scaling s;
    char name[ARCH_NAME_LEN_MAX];
    const char *const fields[] = { "factor", "low_freq_factor", "high_freq_factor",
                                   "original_max_position_embeddings" };
    double *const values[] = { &s.factor, &s.low, &s.high, &s.n_ctx };
    for (int i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof name, "%s.%s", key, fields[i]);
        TRY(checkpoint_get_f64(c, values[i], name, err));
        if (!(*values[i] > 0))
            return err_set(err, ERR_FORMAT, "%s: %s is %g, not positive", c->path, name,
                           *values[i]);
    }
    if (!(s.high > s.low))
        return err_set(err, ERR_FORMAT, "%s: %s: high_freq_factor is not above low_freq_factor",
                       c->path, key);
    for (int i = 0; i < m->n_rot / 2; i++)
        m->inv_freq[i] = llama3_frequency(&s, (double)m->inv_freq[i]);
    return 0;
}

static int scale_linear(struct arch_model *m, const struct checkpoint *c, const char *key,
                        struct err *err)
{
    double factor;
    char name[ARCH_NAME_LEN_MAX];
    (void)snprintf(name, sizeof name, "%s.factor", key);
    TRY(checkpoint_get_f64(c, &factor, name, err));
    if (!(factor > 0))
        return err_set(err, ERR_FORMAT, "%s: %s is %g, not positive", c->path, name, factor);
    for (int i = 0; i < m->n_rot / 2; i++) m->inv_freq[i] = (float)(m->inv_freq[i] / factor);
    return 0;
}

/* GGUF keeps Llama 3.1's scaling as a tensor of divisors. */
static int divide(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    const struct checkpoint_tensor *t = checkpoint_tensor(c, "rope_freqs.weight");
    if (!t) return 0;
    if (t->dtype != DTYPE_F32 || t->n_elements != (uint64_t)m->n_rot / 2)
        return err_set(err, ERR_FORMAT, "%s: rope_freqs.weight is not %d F32 values", c->path,
                       m->n_rot / 2);
    const float *divisors = t->data;
    for (int i = 0; i < m->n_rot / 2; i++) {
        if (!(divisors[i] > 0))
            return err_set(err, ERR_FORMAT, "%s: rope_freqs.weight[%d] is not positive", c->path,
                           i);
        m->inv_freq[i] /= divisors[i];
    }
    return 0;
}

static int scale_hf(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    /* Newer files keep all of rope in rope_parameters, older ones only the scaling. */
    static const char *const places[] = { "rope_scaling", "rope_parameters",
                                          "rope_parameters.full_attention" };
    for (int i = 0; i < 3; i++) {
        char key[ARCH_NAME_LEN_MAX];
        struct slice type = { NULL, 0 };
        (void)snprintf(key, sizeof key, "%s.rope_type", places[i]);
        if (!checkpoint_has(c, key)) (void)snprintf(key, sizeof key, "%s.type", places[i]);
        if (!checkpoint_has(c, key)) continue;
        TRY(checkpoint_get_string(c, &type, key, err));
        if (slice_is(type, "default")) continue;
        if (slice_is(type, "llama3")) return scale_llama3(m, c, places[i], err);
        if (slice_is(type, "linear")) return scale_linear(m, c, places[i], err);
        return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s \"%.*s\" is not supported", c->path,
                       key, SLICE_FMT(type));
    }
    return 0;
}

int arch_settle_rope(struct arch_model *m, const char *gguf_arch, const struct checkpoint *c,
                     struct err *err)
{
    assert(m->n_rot > 0 && m->n_rot <= ARCH_ROT_MAX);
    for (int i = 0; i < m->n_rot / 2; i++)
        m->inv_freq[i] = (float)pow((double)m->rope_base, -2.0 * i / m->n_rot);
    if (c->kind == CHECKPOINT_HF) return scale_hf(m, c, err);
    char key[ARCH_NAME_LEN_MAX];
    struct slice type = { NULL, 0 };
    (void)snprintf(key, sizeof key, "%s.rope.scaling.type", gguf_arch);
    TRY(checkpoint_opt_string(c, &type, key, "none", err));
    if (slice_is(type, "linear")) {
        (void)snprintf(key, sizeof key, "%s.rope.scaling", gguf_arch);
        TRY(scale_linear(m, c, key, err));
    } else if (!slice_is(type, "none")) {
        return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s \"%.*s\" is not supported", c->path,
                       key, SLICE_FMT(type));
    }
    return divide(m, c, err);
}
