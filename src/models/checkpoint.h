/* checkpoint - an opened model file or folder: typed metadata and tensors, whatever the format.
 *
 *     struct checkpoint *c;
 *     TRY(checkpoint_open(&c, path, err));                    declared in engine/format.h
 *     TRY(checkpoint_get_u64(c, &n_layers, "llama.block_count", err));
 *     TRY(checkpoint_opt_f64(c, &base, "llama.rope.freq_base", 10000, err));
 *     TRY(checkpoint_get_tensor(c, &t, "token_embd.weight", err));
 *     checkpoint_close(c);                                    everything above is gone now
 *
 * Two kinds. GGUF: keys are the file's metadata keys. HF (safetensors, with the JSON files that lie
 * beside it): keys are members of config.json, a dot descends ("rope_scaling.factor"). The same
 * getters serve both, so a table of hyper-parameters needs only a key per kind.
 *
 * A value of the wrong type, or missing where it is required, is ERR_FORMAT and names file, key,
 * what was expected and what was found. Outputs are untouched on failure.
 *
 * Everything a checkpoint hands out points into it (mostly into the read-only mapping of the file)
 * and lives until checkpoint_close. Filled by engine/format/ and never changed after that: any
 * thread may read. Contents are outside data that was checked for structure only: names and keys
 * are valid UTF-8 without NUL; other strings may hold any byte; numbers may have any value.
 */
#ifndef TIRO_MODELS_CHECKPOINT_H
#define TIRO_MODELS_CHECKPOINT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/map.h"
#include "base/slice.h"
#include "kernels/dtype.h"

enum {
    CHECKPOINT_DIMS_MAX = 4,
    CHECKPOINT_TENSORS_MAX = 65536,
    CHECKPOINT_VALUES_MAX = 65536,
    CHECKPOINT_MAPS_MAX = 256, /* Files of one checkpoint (shards). */
};

enum checkpoint_kind { CHECKPOINT_GGUF, CHECKPOINT_HF };

/* Types of metadata; the numbers are GGUF's own. */
enum value_type {
    VALUE_U8,
    VALUE_I8,
    VALUE_U16,
    VALUE_I16,
    VALUE_U32,
    VALUE_I32,
    VALUE_F32,
    VALUE_BOOL,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_U64,
    VALUE_I64,
    VALUE_F64,
    VALUE_TYPES,
};

/* One metadata value of a GGUF file. */
struct checkpoint_value {
    struct slice key;
    enum value_type type, item; /* item: of an array's elements */
    union {
        uint64_t u; /* U8..U64 */
        int64_t i;  /* I8..I64 */
        double f;
        bool b;
    };
    struct slice string;         /* VALUE_STRING */
    uint64_t n;                  /* Elements of an array. */
    const unsigned char *items;  /* Array of numbers: as in the file, little endian, unaligned. */
    const struct slice *strings; /* Array of strings: n of them. */
};

/* A view of an array of numbers; elements are read with checkpoint_number_*. */
struct checkpoint_numbers {
    const unsigned char *items;
    enum value_type item;
    uint64_t n;
};

struct checkpoint_tensor {
    struct slice name;
    enum dtype dtype;      /* Meaningless unless `usable`. */
    const char *type_name; /* "Q4_K", "I64"; never NULL */
    /* False: of a type no kernel reads (integer buffers such as BERT's position_ids). It is listed,
     * has no data pointer, and checkpoint_tensor() does not find it. */
    bool usable;
    int n_dims;                         /* 0 (a scalar) .. 4 */
    uint64_t dims[CHECKPOINT_DIMS_MAX]; /* Row-major: outermost first, so a weight is [out][in]. */
    uint64_t n_elements;                /* Product of dims; > 0 */
    const void *data;                   /* 4-byte aligned, always */
    uint64_t size;                      /* Bytes at data: exactly what dtype and dims ask for. */
};

/* The JSON files that may lie beside safetensors. */
enum checkpoint_json {
    CHECKPOINT_CONFIG,            /* config.json */
    CHECKPOINT_TOKENIZER,         /* tokenizer.json */
    CHECKPOINT_TOKENIZER_CONFIG,  /* tokenizer_config.json */
    CHECKPOINT_SPECIAL_TOKENS,    /* special_tokens_map.json */
    CHECKPOINT_GENERATION_CONFIG, /* generation_config.json */
    CHECKPOINT_SENTENCE_CONFIG,   /* sentence_bert_config.json: max_seq_length */
    CHECKPOINT_POOLING,           /* 1_Pooling/config.json: pooling_mode_* */
    CHECKPOINT_JSON_COUNT,
};

struct checkpoint_mapping {
    void *ptr;
    size_t size;
    bool owned;       /* To be unmapped at close. */
    int64_t mtime_ns; /* Of the file; 0: unknown. */
};

/* Read-only to everyone but engine/format/. */
struct checkpoint {
    enum checkpoint_kind kind;
    char *path;         /* As given; what errors call the checkpoint. */
    const char *format; /* "gguf", "safetensors" */
    uint32_t version;   /* GGUF's; 0 for HF */
    uint64_t file_size; /* Of all mapped files. */

    struct checkpoint_value *values; /* GGUF metadata in file order */
    size_t n_values;
    struct checkpoint_tensor *tensors; /* in file order */
    size_t n_tensors;
    json_t *json[CHECKPOINT_JSON_COUNT]; /* NULL: not there. */
    struct slice template_file;          /* chat_template.jinja; ptr NULL: not there. */

    struct map value_index, tensor_index;
    struct arena arena; /* Copies: paths, unescaped names, string tables, misaligned tensors. */
    struct checkpoint_mapping maps[CHECKPOINT_MAPS_MAX];
    size_t n_maps;
};

void checkpoint_close(struct checkpoint *c); /* NULL is fine. */

/* Which file this is, as far as one can tell without reading all of it. */
struct checkpoint_key {
    uint64_t size;     /* Of all mapped files, */
    uint64_t mtime_ns; /* the newest of their times, */
    uint64_t header;   /* and a checksum over what lies before the tensors, file by file. */
};
struct checkpoint_key checkpoint_key(const struct checkpoint *c);
/* Gives back the memory behind a tensor's data; whoever reads it later has it read from the file
 * again. Only for data in a mapping of our own; anything else stays. */
void checkpoint_let_go(const struct checkpoint *c, const void *data, size_t size);

/* --- metadata ---------------------------------------------------------------------------------
 * get: required. opt: `def` when the key is missing (a wrong type still fails).
 * u64 takes any integer type whose value is not negative; i64 any integer type that fits; f64 takes
 * F32 and F64 (in JSON any number). A JSON null counts as missing. */
bool checkpoint_has(const struct checkpoint *c, const char *key);
int checkpoint_get_u64(const struct checkpoint *c, uint64_t *ret, const char *key,
                       struct err *err) MUST_USE;
int checkpoint_get_i64(const struct checkpoint *c, int64_t *ret, const char *key,
                       struct err *err) MUST_USE;
int checkpoint_get_f64(const struct checkpoint *c, double *ret, const char *key,
                       struct err *err) MUST_USE;
int checkpoint_get_bool(const struct checkpoint *c, bool *ret, const char *key,
                        struct err *err) MUST_USE;
int checkpoint_get_string(const struct checkpoint *c, struct slice *ret, const char *key,
                          struct err *err) MUST_USE;
int checkpoint_opt_u64(const struct checkpoint *c, uint64_t *ret, const char *key, uint64_t def,
                       struct err *err) MUST_USE;
int checkpoint_opt_i64(const struct checkpoint *c, int64_t *ret, const char *key, int64_t def,
                       struct err *err) MUST_USE;
int checkpoint_opt_f64(const struct checkpoint *c, double *ret, const char *key, double def,
                       struct err *err) MUST_USE;
int checkpoint_opt_bool(const struct checkpoint *c, bool *ret, const char *key, bool def,
                        struct err *err) MUST_USE;
/* `def` NULL gives an empty slice with ptr NULL. */
int checkpoint_opt_string(const struct checkpoint *c, struct slice *ret, const char *key,
                          const char *def, struct err *err) MUST_USE;
/* GGUF only (a HF checkpoint's arrays are in its JSON): an array of strings; of any integer type;
 * of F32 or F64. checkpoint_has tells whether to ask. */
int checkpoint_get_strings(const struct checkpoint *c, const struct slice **ret, size_t *ret_n,
                           const char *key, struct err *err) MUST_USE;
int checkpoint_get_ints(const struct checkpoint *c, struct checkpoint_numbers *ret, const char *key,
                        struct err *err) MUST_USE;
int checkpoint_get_floats(const struct checkpoint *c, struct checkpoint_numbers *ret,
                          const char *key, struct err *err) MUST_USE;
/* i < n is the caller's duty. A U64 above INT64_MAX reads as INT64_MAX. */
int64_t checkpoint_number_i64(const struct checkpoint_numbers *numbers, uint64_t i);
double checkpoint_number_f64(const struct checkpoint_numbers *numbers, uint64_t i);
/* The raw GGUF value, for whoever prints it all; NULL when missing or HF. */
const struct checkpoint_value *checkpoint_value(const struct checkpoint *c, const char *key);
const char *value_type_name(enum value_type type); /* "u32", "string" */
/* Bytes of one number of this type in the file; 0 for strings and arrays. */
unsigned value_type_size(enum value_type type);

/* The architecture: general.architecture of GGUF ("llama"), architectures[0] of config.json
 * ("LlamaForCausalLM"). */
int checkpoint_architecture(const struct checkpoint *c, struct slice *ret,
                            struct err *err) MUST_USE;
/* The chat template's source, wherever it is kept (tokenizer.chat_template, tokenizer_config.json,
 * its list form's "default", chat_template.jinja); false when the model has none. */
bool checkpoint_chat_template(const struct checkpoint *c, struct slice *ret);
const char *checkpoint_json_file(enum checkpoint_json which); /* "tokenizer.json" */

/* --- tensors ---------------------------------------------------------------------------------- */
/* NULL when there is none of that name (or it is not usable). */
const struct checkpoint_tensor *checkpoint_tensor(const struct checkpoint *c, const char *name);
/* As above, but a missing one is ERR_FORMAT by name. */
int checkpoint_get_tensor(const struct checkpoint *c, const struct checkpoint_tensor **ret,
                          const char *name, struct err *err) MUST_USE;

/* --- for engine/format/ and tests that build a checkpoint by hand ------------------------------
 * An empty checkpoint whose arena may take arena_max bytes. */
int checkpoint_new(struct checkpoint **ret, enum checkpoint_kind kind, const char *path,
                   size_t arena_max, struct err *err) MUST_USE;
/* The mapping becomes the checkpoint's (if `owned`), also on failure. */
int checkpoint_add_mapping(struct checkpoint *c, void *ptr, size_t size, bool owned,
                           struct err *err) MUST_USE;
/* Indexes values and tensors by name; duplicates are refused. Once, when both arrays are final. */
int checkpoint_index(struct checkpoint *c, struct err *err) MUST_USE;

#endif
