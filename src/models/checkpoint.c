#include "models/checkpoint.h"

#include "base/checksum.h"
#include "base/seam.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <sys/mman.h>

static const struct {
    const char *name;
    unsigned char size; /* 0: not a number */
} types[VALUE_TYPES] = {
    [VALUE_U8] = { "u8", 1 },       [VALUE_I8] = { "i8", 1 },     [VALUE_U16] = { "u16", 2 },
    [VALUE_I16] = { "i16", 2 },     [VALUE_U32] = { "u32", 4 },   [VALUE_I32] = { "i32", 4 },
    [VALUE_F32] = { "f32", 4 },     [VALUE_BOOL] = { "bool", 1 }, [VALUE_STRING] = { "string", 0 },
    [VALUE_ARRAY] = { "array", 0 }, [VALUE_U64] = { "u64", 8 },   [VALUE_I64] = { "i64", 8 },
    [VALUE_F64] = { "f64", 8 },
};

static const char *const json_files[CHECKPOINT_JSON_COUNT] = {
    [CHECKPOINT_CONFIG] = "config.json",
    [CHECKPOINT_TOKENIZER] = "tokenizer.json",
    [CHECKPOINT_TOKENIZER_CONFIG] = "tokenizer_config.json",
    [CHECKPOINT_SPECIAL_TOKENS] = "special_tokens_map.json",
    [CHECKPOINT_GENERATION_CONFIG] = "generation_config.json",
    [CHECKPOINT_SENTENCE_CONFIG] = "sentence_bert_config.json",
    [CHECKPOINT_POOLING] = "1_Pooling/config.json",
};

const char *value_type_name(enum value_type type)
{
    assert((unsigned)type < VALUE_TYPES);
    return types[type].name;
}

unsigned value_type_size(enum value_type type)
{
    assert((unsigned)type < VALUE_TYPES);
    return types[type].size;
}

const char *checkpoint_json_file(enum checkpoint_json which)
{
    assert((unsigned)which < CHECKPOINT_JSON_COUNT);
    return json_files[which];
}

/* --- making ----------------------------------------------------------------------------------- */

int checkpoint_new(struct checkpoint **ret, enum checkpoint_kind kind, const char *path,
                   size_t arena_max, struct err *err)
{
    struct checkpoint *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "%s: no memory to open it", path);
    c->kind = kind;
    arena_init(&c->arena, arena_max);
    map_init(&c->value_index);
    map_init(&c->tensor_index);
    c->path = arena_strdup(&c->arena, path);
    if (!c->path) {
        int rc = arena_check(&c->arena, path, err);
        checkpoint_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}

void checkpoint_close(struct checkpoint *c)
{
    if (!c) return;
    for (int i = 0; i < CHECKPOINT_JSON_COUNT; i++) json_decref(c->json[i]);
    map_release(&c->value_index);
    map_release(&c->tensor_index);
    arena_release(&c->arena);
    for (size_t i = 0; i < c->n_maps; i++)
        if (c->maps[i].owned) (void)seams.unmap(c->maps[i].ptr, c->maps[i].size); /* Ours: valid. */
    mem_free(c);
}

int checkpoint_add_mapping(struct checkpoint *c, void *ptr, size_t size, bool owned,
                           struct err *err)
{
    if (c->n_maps == CHECKPOINT_MAPS_MAX) {
        if (owned) (void)seams.unmap(ptr, size); /* Ours: valid. */
        return err_set(err, ERR_LIMIT, "%s: more than %d files", c->path, CHECKPOINT_MAPS_MAX);
    }
    c->maps[c->n_maps++] = (struct checkpoint_mapping){ ptr, size, owned, 0 };
    c->file_size += size;
    return 0;
}

/* ---- which file, and its pages ---- */

static bool lies_in(const struct checkpoint_mapping *m, const void *data)
{
    uintptr_t at = (uintptr_t)data, from = (uintptr_t)m->ptr;
    return at >= from && at - from < m->size;
}

struct checkpoint_key checkpoint_key(const struct checkpoint *c)
{
    struct checkpoint_key key = { .size = c->file_size };
    for (size_t i = 0; i < c->n_maps; i++) {
        const struct checkpoint_mapping *m = &c->maps[i];
        size_t header = m->size;
        for (size_t t = 0; t < c->n_tensors; t++) {
            const struct checkpoint_tensor *tensor = &c->tensors[t];
            if (!tensor->usable || !lies_in(m, tensor->data)) continue;
            size_t at = (uintptr_t)tensor->data - (uintptr_t)m->ptr;
            if (at < header) header = at;
        }
        if ((uint64_t)m->mtime_ns > key.mtime_ns) key.mtime_ns = (uint64_t)m->mtime_ns;
        key.header = checksum64(key.header ^ m->size, m->ptr, header);
    }
    return key;
}

void checkpoint_let_go(const struct checkpoint *c, const void *data, size_t size)
{
    const uintptr_t page = 4096;
    for (size_t i = 0; i < c->n_maps; i++) {
        if (!c->maps[i].owned || !lies_in(&c->maps[i], data)) continue;
        /* Whole pages only: the ends are shared with the neighbours. */
        size_t skip = (page - (uintptr_t)data % page) % page;
        if (size < skip + page) return;
        char *from = (char *)(uintptr_t)data + skip;
        (void)seams.advise(from, (size - skip) / page * page, MADV_DONTNEED); /* Advice. */
        return;
    }
}

static int index_put(struct checkpoint *c, struct map *m, struct slice name, size_t i,
                     const char *what, struct err *err)
{
    uint32_t before;
    if (map_get(m, name, &before))
        return err_set(err, ERR_FORMAT, "%s: the %s %.*s appears twice", c->path, what,
                       SLICE_FMT(name));
    if (map_put(m, name, (uint32_t)i) < 0)
        return err_set(err, ERR_NO_MEMORY, "%s: no memory for the index of its contents", c->path);
    return 0;
}

int checkpoint_index(struct checkpoint *c, struct err *err)
{
    assert(c->n_values <= CHECKPOINT_VALUES_MAX && c->n_tensors <= CHECKPOINT_TENSORS_MAX);
    if (map_reserve(&c->value_index, c->n_values) < 0 ||
        map_reserve(&c->tensor_index, c->n_tensors) < 0)
        return err_set(err, ERR_NO_MEMORY, "%s: no memory for the index of its contents", c->path);
    for (size_t i = 0; i < c->n_values; i++)
        TRY(index_put(c, &c->value_index, c->values[i].key, i, "metadata key", err));
    for (size_t i = 0; i < c->n_tensors; i++)
        TRY(index_put(c, &c->tensor_index, c->tensors[i].name, i, "tensor", err));
    return 0;
}

/* --- looking up ------------------------------------------------------------------------------- */

/* A key's value in either kind of checkpoint; both NULL: missing. */
struct found {
    const struct checkpoint_value *value;
    const json_t *json;
};

static const json_t *json_at(const json_t *root, struct slice path)
{
    while (root) {
        size_t dot = slice_find(path, SLICE("."));
        root = json_object_getn(root, path.ptr, dot); /* NULL when root is no object */
        if (dot == path.len) break;
        path = (struct slice){ path.ptr + dot + 1, path.len - dot - 1 };
    }
    return json_is_null(root) ? NULL : root;
}

static bool find(const struct checkpoint *c, struct found *ret, const char *key)
{
    *ret = (struct found){ 0 };
    uint32_t i;
    if (c->kind == CHECKPOINT_HF)
        ret->json = json_at(c->json[CHECKPOINT_CONFIG], slice_of(key));
    else if (map_get(&c->value_index, slice_of(key), &i))
        ret->value = &c->values[i];
    return ret->value || ret->json;
}

static const char *json_type_name(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    default: return "null";
    }
}

/* Where keys are to be found, for messages. */
static const char *place(const struct checkpoint *c)
{
    if (c->kind == CHECKPOINT_GGUF) return "its metadata";
    return c->json[CHECKPOINT_CONFIG] ? "config.json" : "config.json, which is not there";
}

static int missing(const struct checkpoint *c, const char *key, const char *expected,
                   struct err *err)
{
    return err_set(err, ERR_FORMAT, "%s: the key %s (%s) is missing from %s", c->path, key,
                   expected, place(c));
}

static int wrong_type(const struct checkpoint *c, const struct found *f, const char *key,
                      const char *expected, struct err *err)
{
    const char *key_text = key;
    if (f->json)
        return err_set(err, ERR_FORMAT, "%s: the key %s must be %s and is %s", c->path, key_text,
                       expected, json_type_name(f->json));
    if (f->value->type == VALUE_ARRAY)
        return err_set(err, ERR_FORMAT, "%s: the key %s must be %s and is an array of %s", c->path,
                       key_text, expected, value_type_name(f->value->item));
    return err_set(err, ERR_FORMAT, "%s: the key %s must be %s and is of type %s", c->path,
                   key_text, expected, value_type_name(f->value->type));
}

static bool is_unsigned(enum value_type t)
{
    return t == VALUE_U8 || t == VALUE_U16 || t == VALUE_U32 || t == VALUE_U64;
}

static bool is_signed(enum value_type t)
{
    return t == VALUE_I8 || t == VALUE_I16 || t == VALUE_I32 || t == VALUE_I64;
}

static bool is_float(enum value_type t)
{
    return t == VALUE_F32 || t == VALUE_F64;
}

/* The conversions: 1 converted, 0 another type, -1 the value does not fit. */
static int as_u64(uint64_t *ret, const struct found *f)
{
    int64_t i;
    if (f->json) {
        if (!json_is_integer(f->json)) return 0;
        i = json_integer_value(f->json);
    } else if (is_unsigned(f->value->type)) {
        *ret = f->value->u;
        return 1;
    } else if (is_signed(f->value->type)) {
        i = f->value->i;
    } else {
        return 0;
    }
    if (i < 0) return -1;
    *ret = (uint64_t)i;
    return 1;
}

static int as_i64(int64_t *ret, const struct found *f)
{
    if (f->json) {
        if (!json_is_integer(f->json)) return 0;
        *ret = json_integer_value(f->json);
    } else if (is_signed(f->value->type)) {
        *ret = f->value->i;
    } else if (is_unsigned(f->value->type)) {
        if (f->value->u > INT64_MAX) return -1;
        *ret = (int64_t)f->value->u;
    } else {
        return 0;
    }
    return 1;
}

bool checkpoint_has(const struct checkpoint *c, const char *key)
{
    struct found f;
    return find(c, &f, key);
}

const struct checkpoint_value *checkpoint_value(const struct checkpoint *c, const char *key)
{
    struct found f;
    return find(c, &f, key) ? f.value : NULL;
}

static int get_u64(const struct checkpoint *c, uint64_t *ret, const struct found *f,
                   const char *key, struct err *err)
{
    int got = as_u64(ret, f);
    if (got == 0) return wrong_type(c, f, key, "an unsigned integer", err);
    if (got < 0)
        return err_set(err, ERR_FORMAT, "%s: the key %s must not be negative", c->path, key);
    return 0;
}

int checkpoint_get_u64(const struct checkpoint *c, uint64_t *ret, const char *key, struct err *err)
{
    struct found f;
    if (!find(c, &f, key)) return missing(c, key, "an unsigned integer", err);
    return get_u64(c, ret, &f, key, err);
}

int checkpoint_opt_u64(const struct checkpoint *c, uint64_t *ret, const char *key, uint64_t def,
                       struct err *err)
{
    struct found f;
    if (find(c, &f, key)) return get_u64(c, ret, &f, key, err);
    *ret = def;
    return 0;
}

static int get_i64(const struct checkpoint *c, int64_t *ret, const struct found *f, const char *key,
                   struct err *err)
{
    int got = as_i64(ret, f);
    if (got == 0) return wrong_type(c, f, key, "an integer", err);
    if (got < 0)
        return err_set(err, ERR_FORMAT, "%s: the key %s is above %" PRId64, c->path, key,
                       INT64_MAX);
    return 0;
}

int checkpoint_get_i64(const struct checkpoint *c, int64_t *ret, const char *key, struct err *err)
{
    struct found f;
    if (!find(c, &f, key)) return missing(c, key, "an integer", err);
    return get_i64(c, ret, &f, key, err);
}

int checkpoint_opt_i64(const struct checkpoint *c, int64_t *ret, const char *key, int64_t def,
                       struct err *err)
{
    struct found f;
    if (find(c, &f, key)) return get_i64(c, ret, &f, key, err);
    *ret = def;
    return 0;
}

static int get_f64(const struct checkpoint *c, double *ret, const struct found *f, const char *key,
                   struct err *err)
{
    if (f->json ? !json_is_number(f->json) : !is_float(f->value->type))
        return wrong_type(c, f, key, "a floating-point number", err);
    *ret = f->json ? json_number_value(f->json) : f->value->f;
    return 0;
}

int checkpoint_get_f64(const struct checkpoint *c, double *ret, const char *key, struct err *err)
{
    struct found f;
    if (!find(c, &f, key)) return missing(c, key, "a floating-point number", err);
    return get_f64(c, ret, &f, key, err);
}

int checkpoint_opt_f64(const struct checkpoint *c, double *ret, const char *key, double def,
                       struct err *err)
{
    struct found f;
    if (find(c, &f, key)) return get_f64(c, ret, &f, key, err);
    *ret = def;
    return 0;
}

static int get_bool(const struct checkpoint *c, bool *ret, const struct found *f, const char *key,
                    struct err *err)
{
    if (f->json ? !json_is_boolean(f->json) : f->value->type != VALUE_BOOL)
        return wrong_type(c, f, key, "a boolean", err);
    *ret = f->json ? json_is_true(f->json) : f->value->b;
    return 0;
}

int checkpoint_get_bool(const struct checkpoint *c, bool *ret, const char *key, struct err *err)
{
    struct found f;
    if (!find(c, &f, key)) return missing(c, key, "a boolean", err);
    return get_bool(c, ret, &f, key, err);
}

int checkpoint_opt_bool(const struct checkpoint *c, bool *ret, const char *key, bool def,
                        struct err *err)
{
    struct found f;
    if (find(c, &f, key)) return get_bool(c, ret, &f, key, err);
    *ret = def;
    return 0;
}

static struct slice json_text(const json_t *json)
{
    return (struct slice){ json_string_value(json), json_string_length(json) };
}

static int get_string(const struct checkpoint *c, struct slice *ret, const struct found *f,
                      const char *key, struct err *err)
{
    if (f->json ? !json_is_string(f->json) : f->value->type != VALUE_STRING)
        return wrong_type(c, f, key, "a string", err);
    *ret = f->json ? json_text(f->json) : f->value->string;
    return 0;
}

int checkpoint_get_string(const struct checkpoint *c, struct slice *ret, const char *key,
                          struct err *err)
{
    struct found f;
    if (!find(c, &f, key)) return missing(c, key, "a string", err);
    return get_string(c, ret, &f, key, err);
}

int checkpoint_opt_string(const struct checkpoint *c, struct slice *ret, const char *key,
                          const char *def, struct err *err)
{
    struct found f;
    if (find(c, &f, key)) return get_string(c, ret, &f, key, err);
    *ret = slice_of(def);
    return 0;
}

/* --- arrays ----------------------------------------------------------------------------------- */

static int get_array(const struct checkpoint *c, const struct checkpoint_value **ret,
                     const char *key, bool (*wanted)(enum value_type), const char *expected,
                     struct err *err)
{
    struct found f;
    if (!find(c, &f, key)) return missing(c, key, expected, err);
    if (f.json || f.value->type != VALUE_ARRAY || !wanted(f.value->item))
        return wrong_type(c, &f, key, expected, err);
    *ret = f.value;
    return 0;
}

static bool is_string(enum value_type t)
{
    return t == VALUE_STRING;
}

static bool is_integer(enum value_type t)
{
    return is_unsigned(t) || is_signed(t);
}

int checkpoint_get_strings(const struct checkpoint *c, const struct slice **ret, size_t *ret_n,
                           const char *key, struct err *err)
{
    const struct checkpoint_value *v = NULL;
    TRY(get_array(c, &v, key, is_string, "an array of strings", err));
    *ret = v->strings;
    *ret_n = (size_t)v->n;
    return 0;
}

int checkpoint_get_ints(const struct checkpoint *c, struct checkpoint_numbers *ret, const char *key,
                        struct err *err)
{
    const struct checkpoint_value *v = NULL;
    TRY(get_array(c, &v, key, is_integer, "an array of integers", err));
    *ret = (struct checkpoint_numbers){ v->items, v->item, v->n };
    return 0;
}

int checkpoint_get_floats(const struct checkpoint *c, struct checkpoint_numbers *ret,
                          const char *key, struct err *err)
{
    const struct checkpoint_value *v = NULL;
    TRY(get_array(c, &v, key, is_float, "an array of floating-point numbers", err));
    *ret = (struct checkpoint_numbers){ v->items, v->item, v->n };
    return 0;
}

/* Element i as the low bytes of a u64. */
static uint64_t number_bits(const struct checkpoint_numbers *numbers, uint64_t i)
{
    assert(i < numbers->n);
    unsigned size = value_type_size(numbers->item);
    const unsigned char *p = numbers->items + i * size;
    uint64_t bits = 0;
    for (unsigned b = 0; b < size; b++) bits |= (uint64_t)p[b] << (8 * b);
    return bits;
}

int64_t checkpoint_number_i64(const struct checkpoint_numbers *numbers, uint64_t i)
{
    uint64_t bits = number_bits(numbers, i);
    switch (numbers->item) {
    case VALUE_I8: return (int8_t)bits;
    case VALUE_I16: return (int16_t)bits;
    case VALUE_I32: return (int32_t)bits;
    case VALUE_I64: return (int64_t)bits;
    case VALUE_U8:
    case VALUE_U16:
    case VALUE_U32:
    case VALUE_U64: return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
    default: assert(!"an array of integers"); return 0;
    }
}

double checkpoint_number_f64(const struct checkpoint_numbers *numbers, uint64_t i)
{
    uint64_t bits = number_bits(numbers, i);
    if (numbers->item == VALUE_F32) {
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        return (double)f;
    }
    assert(numbers->item == VALUE_F64);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* --- what every model has --------------------------------------------------------------------- */

int checkpoint_architecture(const struct checkpoint *c, struct slice *ret, struct err *err)
{
    if (c->kind == CHECKPOINT_GGUF)
        return checkpoint_get_string(c, ret, "general.architecture", err);
    const json_t *list = json_at(c->json[CHECKPOINT_CONFIG], SLICE("architectures"));
    const json_t *first = json_array_get(list, 0);
    if (!json_is_string(first))
        return missing(c, "architectures", "an array of at least one string", err);
    *ret = json_text(first);
    return 0;
}

/* tokenizer_config.json holds one template, or a list of {name, template}. */
static const json_t *config_template(const json_t *config)
{
    const json_t *found = json_object_get(config, "chat_template");
    if (!json_is_array(found)) return found;
    size_t i;
    const json_t *row;
    json_array_foreach(found, i, row)
    {
        const json_t *name = json_object_get(row, "name");
        if (json_is_string(name) && slice_is(json_text(name), "default"))
            return json_object_get(row, "template");
    }
    return NULL;
}

bool checkpoint_chat_template(const struct checkpoint *c, struct slice *ret)
{
    struct found f;
    if (c->kind == CHECKPOINT_GGUF) {
        if (!find(c, &f, "tokenizer.chat_template") || f.value->type != VALUE_STRING) return false;
        *ret = f.value->string;
        return true;
    }
    if (c->template_file.ptr) {
        *ret = c->template_file;
        return true;
    }
    const json_t *text = config_template(c->json[CHECKPOINT_TOKENIZER_CONFIG]);
    if (!json_is_string(text)) return false;
    *ret = json_text(text);
    return true;
}

/* --- tensors ---------------------------------------------------------------------------------- */

const struct checkpoint_tensor *checkpoint_tensor(const struct checkpoint *c, const char *name)
{
    uint32_t i;
    if (!map_get(&c->tensor_index, slice_of(name), &i)) return NULL;
    return c->tensors[i].usable ? &c->tensors[i] : NULL;
}

int checkpoint_get_tensor(const struct checkpoint *c, const struct checkpoint_tensor **ret,
                          const char *name, struct err *err)
{
    const struct checkpoint_tensor *t = checkpoint_tensor(c, name);
    if (!t) return err_set(err, ERR_FORMAT, "%s: the tensor %s is missing", c->path, name);
    *ret = t;
    return 0;
}
