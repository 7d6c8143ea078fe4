#include "models/adapter_config.h"

#include "graph/lora.h"

#include <math.h>

/* Keys that say how it was trained or what it was made from, and those read below. */
static const char *const known[] = {
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "lora_alpha",
    "lora_dropout",
    "megatron_config",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_rslora",
};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], key) == 0) return true;
    return false;
}

/* null, false, "", [] and {}: the feature is not used. */
static bool is_off(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
    case JSON_FALSE: return true;
    case JSON_STRING: return json_string_length(value) == 0;
    case JSON_ARRAY: return json_array_size(value) == 0;
    case JSON_OBJECT: return json_object_size(value) == 0;
    default: return false;
    }
}

/* A key of a PEFT newer than this table is refused unless it is off: it may change the sum. */
static int check_keys(const struct checkpoint *c, struct err *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(c->json[CHECKPOINT_CONFIG], key, value)
    {
        if (is_known(key) || is_off(value)) continue;
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: adapter_config.json: %.100s is not supported", c->path, key);
    }
    return 0;
}

static int require(const struct checkpoint *c, const char *key, const char *value, struct err *err)
{
    struct slice found;
    TRY(checkpoint_opt_string(c, &found, key, value, err));
    if (slice_is(found, value)) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s: adapter_config.json: %s is \"%.*s\"; only \"%s\" is supported", c->path,
                   key, (int)(found.len < 100 ? found.len : 100), found.ptr, value);
}

/* Some begin by taking what the adapter starts from out of the model's own weights. */
static int check_beginning(const struct checkpoint *c, struct err *err)
{
    static const char *const harmless[] = { "gaussian", "eva", "orthogonal" };
    const json_t *value = json_object_get(c->json[CHECKPOINT_CONFIG], "init_lora_weights");
    if (!value || !json_is_string(value)) return 0;
    const char *word = json_string_value(value);
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(harmless[i], word) == 0) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s: adapter_config.json: init_lora_weights is \"%.100s\", which changes the "
                   "model's own weights; save the adapter converted to plain LoRA",
                   c->path, word);
}

static int read_pattern(const json_t **ret, const struct checkpoint *c, const char *key,
                        struct err *err)
{
    const json_t *value = json_object_get(c->json[CHECKPOINT_CONFIG], key);
    const char *name;
    json_t *of;
    *ret = NULL;
    if (!value || is_off(value)) return 0;
    if (!json_is_object(value))
        return err_set(err, ERR_FORMAT, "%s: adapter_config.json: %s must be an object", c->path,
                       key);
    json_object_foreach((json_t *)(uintptr_t)value, name, of)
    {
        const char *plain = name + (name[0] == '^');
        if (!json_is_number(of))
            return err_set(err, ERR_FORMAT,
                           "%s: adapter_config.json: %s of %.100s must be a number", c->path, key,
                           name);
        if (*plain && strspn(plain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_.") == strlen(plain))
            continue;
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: adapter_config.json: %s: regular expressions such as %.100s are not "
                       "supported; name each module",
                       c->path, key, name);
    }
    *ret = value;
    return 0;
}

static int check_rank(const struct checkpoint *c, int64_t rank, const char *of, struct err *err)
{
    if (rank >= 1 && rank <= LORA_RANK_MAX) return 0;
    return err_set(err, ERR_LIMIT, "%s: the rank of %.100s is %lld; it must be 1 to %d", c->path,
                   of, (long long)rank, LORA_RANK_MAX);
}

int adapter_config_read(struct adapter_config *ret, const struct checkpoint *c, struct err *err)
{
    struct adapter_config config = { 0 };
    int64_t rank;
    TRY(require(c, "peft_type", "LORA", err));
    TRY(require(c, "bias", "none", err));
    TRY(check_keys(c, err));
    TRY(check_beginning(c, err));
    TRY(checkpoint_get_i64(c, &rank, "r", err));
    TRY(check_rank(c, rank, "the adapter", err));
    config.rank = (int32_t)rank;
    TRY(checkpoint_get_f64(c, &config.alpha, "lora_alpha", err));
    TRY(checkpoint_opt_bool(c, &config.by_root, "use_rslora", false, err));
    TRY(read_pattern(&config.ranks, c, "rank_pattern", err));
    TRY(read_pattern(&config.alphas, c, "alpha_pattern", err));
    *ret = config;
    return 0;
}

/* As PEFT finds it: the very name, else the first that the name ends in behind a dot. */
static const json_t *find(const json_t *pattern, const char *module)
{
    const char *key;
    json_t *value, *exact = json_object_get(pattern, module);
    size_t len = strlen(module);
    if (exact) return exact;
    json_object_foreach((json_t *)(uintptr_t)pattern, key, value)
    {
        size_t n = strlen(key);
        if (key[0] == '^' && strcmp(key + 1, module) == 0) return value;
        if (n < len && module[len - n - 1] == '.' && strcmp(module + len - n, key) == 0)
            return value;
    }
    return NULL;
}

int adapter_config_of(const struct adapter_config *config, int32_t *ret_rank, float *ret_scale,
                      const char *module, const struct checkpoint *c, struct err *err)
{
    const json_t *rank = find(config->ranks, module), *alpha = find(config->alphas, module);
    int64_t r = config->rank;
    double a = alpha ? json_number_value(alpha) : config->alpha;
    if (rank) r = json_is_integer(rank) ? json_integer_value(rank) : 0;
    TRY(check_rank(c, r, module, err));
    *ret_rank = (int32_t)r;
    *ret_scale = (float)(a / (config->by_root ? sqrt((double)r) : (double)r));
    return 0;
}
