/* safetensors - Hugging Face's tensor file, and the folder of configuration around it.
 *
 *     header length u64 | JSON header | data
 *     header: { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [from, to] }, ...,
 *               "__metadata__": { "any": "text" } }          offsets count from the header's end
 *
 * The data are covered exactly: no overlap, no gap, nothing behind. A folder holds
 * model.safetensors, or model.safetensors.index.json and the shards that it names; the JSON files
 * of enum checkpoint_json lie beside. PEFT's adapters are folders, too: adapter_model.safetensors
 * and adapter_config.json. Specification: huggingface.co/docs/safetensors.
 */
#include "base/reader.h"
#include "engine/format.h"
#include "engine/format_folder.h"
#include "engine/format_place.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#define MODEL_FILE     "model.safetensors"
#define INDEX_FILE     "model.safetensors.index.json"
#define ADAPTER_FILE   "adapter_model.safetensors"
#define ADAPTER_CONFIG "adapter_config.json"

enum { LENGTH_BYTES = 8, HEADER_DEPTH_MAX = 8, HEADER_NODES_MAX = 20 * CHECKPOINT_TENSORS_MAX };

static const struct json_limits header_limits = { .size_max = FORMAT_HEADER_LEN_MAX,
                                                  .depth_max = HEADER_DEPTH_MAX,
                                                  .nodes_max = HEADER_NODES_MAX };

/* Integers are listed and not usable; every other type is refused by name. */
static const struct {
    const char *name;
    unsigned value_bytes;
} integer_types[] = {
    { "BOOL", 1 }, { "U8", 1 },  { "I8", 1 },  { "U16", 2 }, { "I16", 2 },
    { "U32", 4 },  { "I32", 4 }, { "U64", 8 }, { "I64", 8 },
};

/* One file's header and data. */
struct shard {
    json_t *header;
    struct slice data;
};

static bool probe(struct slice head)
{
    if (head.len <= LENGTH_BYTES || head.ptr[LENGTH_BYTES] != '{') return false;
    struct reader r;
    uint64_t len;
    reader_init(&r, head.ptr, head.len, "head");
    return reader_u64(&r, &len, "the header's length", NULL) == 0 && len <= FORMAT_HEADER_LEN_MAX;
}

static int read_header(const struct checkpoint *c, struct shard *ret, struct slice bytes,
                       const char *name, struct err *err)
{
    struct reader r;
    struct slice text;
    uint64_t len;
    json_t *header;
    reader_init(&r, bytes.ptr, bytes.len, name);
    TRY(reader_count(&r, &len, 1, "the header's length", err));
    if (len > FORMAT_HEADER_LEN_MAX)
        return reader_bad(&r, "the header's length", err, "%" PRIu64 " bytes; at most %d are read",
                          len, FORMAT_HEADER_LEN_MAX);
    TRY(reader_bytes(&r, &text, len, "the header", err));
    int rc = json_read(&header, text, &header_limits, "its header", err);
    if (rc < 0) return format_json_failed(rc, name, err);
    if (!json_is_object(header)) {
        json_decref(header);
        return err_set(err, ERR_FORMAT, "%s: the header must be a JSON object", c->path);
    }
    *ret = (struct shard){ header, { bytes.ptr + r.at, (size_t)reader_left(&r) } };
    return 0;
}

static bool is_metadata(const char *key)
{
    return strcmp(key, "__metadata__") == 0;
}

static int bad_tensor(const struct checkpoint *c, const struct checkpoint_tensor *t,
                      const char *what, struct err *err)
{
    return err_set(err, ERR_FORMAT, "%s: tensor %.*s: %s", c->path, SLICE_FMT(t->name), what);
}

static int read_dtype(const struct checkpoint *c, struct checkpoint_tensor *t, const json_t *entry,
                      unsigned *ret_value_bytes, struct err *err)
{
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    if (!name) return bad_tensor(c, t, "\"dtype\" must be a string", err);
    *ret_value_bytes = 0;
    for (size_t i = 0; i < sizeof integer_types / sizeof *integer_types; i++) {
        if (strcmp(integer_types[i].name, name) != 0) continue;
        t->type_name = integer_types[i].name;
        *ret_value_bytes = integer_types[i].value_bytes;
        return 0;
    }
    if (!dtype_from_name(&t->dtype, name) || dtype_info(t->dtype)->quantised)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: tensor %.*s is of type %s, which Tiro does not read", c->path,
                       SLICE_FMT(t->name), name);
    t->usable = true;
    t->type_name = dtype_info(t->dtype)->name;
    return 0;
}

/* A JSON integer that is not negative. */
static bool as_count(uint64_t *ret, const json_t *json)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0) return false;
    *ret = (uint64_t)json_integer_value(json);
    return true;
}

static int read_shape(const struct checkpoint *c, struct checkpoint_tensor *t, const json_t *entry,
                      struct err *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    size_t n = json_array_size(shape);
    if (!json_is_array(shape)) return bad_tensor(c, t, "\"shape\" must be an array", err);
    if (n > CHECKPOINT_DIMS_MAX)
        return err_set(err, ERR_FORMAT, "%s: tensor %.*s has %zu dimensions; at most %d are read",
                       c->path, SLICE_FMT(t->name), n, CHECKPOINT_DIMS_MAX);
    for (size_t i = 0; i < n; i++)
        if (!as_count(&t->dims[i], json_array_get(shape, i)))
            return bad_tensor(c, t, "\"shape\" must hold whole numbers", err);
    t->n_dims = (int)n;
    return 0;
}

static int read_entry(struct checkpoint *c, struct checkpoint_tensor *t, const json_t *entry,
                      uint64_t *ret_offset, struct err *err)
{
    unsigned value_bytes = 0;
    uint64_t from, to;
    if (!json_is_object(entry)) return bad_tensor(c, t, "must be a JSON object", err);
    TRY(read_dtype(c, t, entry, &value_bytes, err));
    TRY(read_shape(c, t, entry, err));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (json_array_size(offsets) != 2 || !as_count(&from, json_array_get(offsets, 0)) ||
        !as_count(&to, json_array_get(offsets, 1)) || from > to)
        return bad_tensor(c, t, "\"data_offsets\" must be two rising whole numbers", err);
    TRY(format_size(c, t, value_bytes, err));
    if (to - from != t->size)
        return err_set(err, ERR_FORMAT,
                       "%s: tensor %.*s: \"data_offsets\" span %" PRIu64
                       " bytes and its type and shape take %" PRIu64,
                       c->path, SLICE_FMT(t->name), to - from, t->size);
    *ret_offset = from;
    return 0;
}

static size_t n_tensors_of(const struct shard *shard)
{
    return json_object_size(shard->header) -
           (json_object_get(shard->header, "__metadata__") ? 1 : 0);
}

/* Appends the shard's tensors to c->tensors, which has room. */
static int add_tensors(struct checkpoint *c, const struct shard *shard, struct err *err)
{
    size_t n = n_tensors_of(shard), i = 0;
    struct format_extent *extents = ARENA_NEWS(&c->arena, n, struct format_extent);
    const char *key;
    size_t key_len;
    json_t *entry;
    json_object_keylen_foreach(shard->header, key, key_len, entry)
    {
        if (is_metadata(key)) continue;
        struct checkpoint_tensor *t = &c->tensors[c->n_tensors];
        t->name = arena_slice(&c->arena, (struct slice){ key, key_len });
        TRY(arena_check(&c->arena, c->path, err));
        if (key_len > FORMAT_TENSOR_NAME_LEN_MAX || !format_name_ok(t->name))
            return err_set(err, ERR_FORMAT,
                           "%s: a tensor's name must have 1 to %d bytes and no control characters",
                           c->path, FORMAT_TENSOR_NAME_LEN_MAX);
        extents[i].tensor = (uint32_t)c->n_tensors;
        TRY(read_entry(c, t, entry, &extents[i].offset, err));
        c->n_tensors++;
        i++;
    }
    TRY(arena_check(&c->arena, c->path, err));
    return format_place(c, shard->data, extents, n, true, err);
}

static int add_shards(struct checkpoint *c, const struct shard *shards, size_t n, struct err *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += n_tensors_of(&shards[i]); /* Each <= HEADER_NODES_MAX. */
    if (total > CHECKPOINT_TENSORS_MAX)
        return err_set(err, ERR_FORMAT, "%s: %zu tensors; at most %d are read", c->path, total,
                       CHECKPOINT_TENSORS_MAX);
    c->tensors = ARENA_NEWS(&c->arena, total, struct checkpoint_tensor);
    TRY(arena_check(&c->arena, c->path, err));
    for (size_t i = 0; i < n; i++) TRY(add_tensors(c, &shards[i], err));
    return checkpoint_index(c, err);
}

static int open_bytes(struct checkpoint *c, struct slice bytes, struct err *err)
{
    struct shard shard;
    TRY(read_header(c, &shard, bytes, c->path, err));
    int rc = add_shards(c, &shard, 1, err);
    json_decref(shard.header);
    return rc;
}

/* --- folders ---------------------------------------------------------------------------------- */

static bool probe_folder(const char *path)
{
    return format_exists(path, MODEL_FILE) || format_exists(path, INDEX_FILE) ||
           format_exists(path, ADAPTER_FILE);
}

/* A shard lies in the folder itself: its name is a plain one. */
static bool shard_name_ok(const char *name)
{
    struct slice s = slice_of(name);
    return slice_ends(s, SLICE(".safetensors")) && !strchr(name, '/') && name[0] != '.' &&
           format_name_ok(s);
}

static int open_shard(struct checkpoint *c, struct shard *ret, const char *folder, const char *name,
                      struct err *err)
{
    char path[PATH_MAX];
    struct slice bytes;
    TRY(format_join(path, sizeof path, folder, name, err));
    TRY(format_map(c, &bytes, path, err));
    return read_header(c, ret, bytes, path, err);
}

/* Opens each file of the weight map once. */
static int open_map(struct checkpoint *c, struct shard *shards, size_t *n, const char *folder,
                    json_t *weight_map, struct map *seen, struct err *err)
{
    const char *tensor;
    json_t *value;
    json_object_foreach(weight_map, tensor, value)
    {
        const char *name = json_string_value(value);
        uint32_t before;
        if (!name || !shard_name_ok(name))
            return err_set(err, ERR_FORMAT,
                           "%s: " INDEX_FILE ": tensor %s must name a .safetensors file of the "
                           "same folder",
                           c->path, tensor);
        if (map_get(seen, slice_of(name), &before)) continue;
        if (*n == CHECKPOINT_MAPS_MAX)
            return err_set(err, ERR_LIMIT, "%s: more than %d shards", c->path, CHECKPOINT_MAPS_MAX);
        if (map_put(seen, slice_of(name), 0) < 0)
            return err_set(err, ERR_NO_MEMORY, "%s: no memory for its shards", c->path);
        TRY(open_shard(c, &shards[*n], folder, name, err));
        ++*n;
    }
    return 0;
}

static int check_complete(const struct checkpoint *c, json_t *weight_map, struct err *err)
{
    const char *tensor;
    json_t *value;
    uint32_t i;
    json_object_foreach(weight_map, tensor, value)
    {
        (void)value;
        if (!map_get(&c->tensor_index, slice_of(tensor), &i))
            return err_set(err, ERR_FORMAT, "%s: tensor %s of " INDEX_FILE " is in no shard",
                           c->path, tensor);
    }
    return 0;
}

static int open_index(struct checkpoint *c, const char *folder, json_t *index, struct err *err)
{
    struct shard shards[CHECKPOINT_MAPS_MAX] = { 0 };
    struct map seen;
    size_t n = 0;
    json_t *weight_map = json_object_get(index, "weight_map");
    if (!json_is_object(weight_map))
        return err_set(err, ERR_FORMAT, "%s: " INDEX_FILE " has no object \"weight_map\"", c->path);
    map_init(&seen);
    int rc = open_map(c, shards, &n, folder, weight_map, &seen, err);
    if (rc == 0) rc = add_shards(c, shards, n, err);
    if (rc == 0) rc = check_complete(c, weight_map, err);
    for (size_t i = 0; i < n; i++) json_decref(shards[i].header);
    map_release(&seen);
    return rc;
}

static int open_one(struct checkpoint *c, const char *path, const char *file, struct err *err)
{
    struct shard shard;
    TRY(open_shard(c, &shard, path, file, err));
    int rc = add_shards(c, &shard, 1, err);
    json_decref(shard.header);
    return rc;
}

static int open_adapter(struct checkpoint *c, const char *path, struct err *err)
{
    c->is_adapter = true;
    TRY(format_read_json(&c->json[CHECKPOINT_CONFIG], path, ADAPTER_CONFIG, err));
    if (!c->json[CHECKPOINT_CONFIG])
        return err_set(err, ERR_NOT_FOUND, "%s: an adapter without " ADAPTER_CONFIG, path);
    return open_one(c, path, ADAPTER_FILE, err);
}

static int open_folder(struct checkpoint *c, const char *path, struct err *err)
{
    int rc;
    bool whole = format_exists(path, MODEL_FILE);
    if (!whole && !format_exists(path, INDEX_FILE)) return open_adapter(c, path, err);
    TRY(format_read_beside(c, path, err));
    if (whole) return open_one(c, path, MODEL_FILE, err);
    json_t *index;
    TRY(format_read_json(&index, path, INDEX_FILE, err));
    if (!index) return err_set(err, ERR_NOT_FOUND, "%s/" INDEX_FILE " is gone", path);
    rc = open_index(c, path, index, err);
    json_decref(index);
    return rc;
}

const struct format format_safetensors = {
    .name = "safetensors",
    .kind = CHECKPOINT_HF,
    .probe = probe,
    .open = open_bytes,
    .probe_folder = probe_folder,
    .open_folder = open_folder,
    .read_beside = format_read_beside,
};
