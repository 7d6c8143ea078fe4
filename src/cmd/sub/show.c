/* tiro show - what a model file holds: metadata, tensors, types, sizes, template, licence. */
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cmd/packed_place.h"
#include "cmd/progress.h"
#include "cmd/subcommand.h"
#include "engine/format.h"
#include "models/packed.h"
#include "store/catalogue.h"
#include "store/library.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum {
    OUTPUT_MAX = 256 << 20,
    LINE_TEXT_MAX = 100, /* Of a metadata value on its line. */
    ARRAY_ITEMS_SHOWN = 6,
    NAME_WIDTH_MAX = 48,
    HF_KEY_WIDTH = 30,
    PATTERN_MAX = 160,
    TYPES_MAX = 64,
};

/* Tensors of one type. */
struct type_total {
    const char *type;
    uint64_t tensors, elements, bytes;
};

/* What the metadata say in common words, whatever the format calls it. */
struct facts {
    struct slice architecture, name, licence, tokenizer, template;
    uint64_t context, layers, width, heads, kv_heads, feed_forward, vocabulary; /* 0: not said */
    uint64_t parameters;
    struct type_total types[TYPES_MAX];
    size_t n_types;
    char packed[PATH_MAX]; /* The file with packed weights, there or not; "": none are kept. */
    uint64_t packed_bytes; /* 0: it is not there or no good: */
    struct err packed_problem;
};

/* --- gathering -------------------------------------------------------------------------------- */

static struct slice optional_text(const struct checkpoint *c, const char *key)
{
    struct slice s = { 0 };
    return checkpoint_opt_string(c, &s, key, NULL, NULL) < 0 ? (struct slice){ 0 } : s;
}

/* ARCHITECTURE.`gguf` or `hf`, whichever kind it is. */
static uint64_t optional_number(const struct checkpoint *c, struct slice architecture,
                                const char *gguf, const char *hf)
{
    char key[256];
    uint64_t n = 0;
    (void)snprintf(key, sizeof key, "%.*s.%s", SLICE_FMT(architecture), gguf); /* Cut: not found. */
    return checkpoint_opt_u64(c, &n, c->kind == CHECKPOINT_HF ? hf : key, 0, NULL) < 0 ? 0 : n;
}

static void add_type(struct facts *f, const struct checkpoint_tensor *t)
{
    size_t i = 0;
    while (i < f->n_types && strcmp(f->types[i].type, t->type_name) != 0) i++;
    if (i == TYPES_MAX) return; /* There are fewer types than that. */
    if (i == f->n_types) f->types[f->n_types++] = (struct type_total){ .type = t->type_name };
    f->types[i].tensors++;
    f->types[i].elements += t->n_elements;
    f->types[i].bytes += t->size;
    if (t->usable) f->parameters += t->n_elements;
}

static uint64_t vocabulary_of(const struct checkpoint *c, struct slice architecture)
{
    const struct slice *tokens;
    size_t n;
    if (c->kind == CHECKPOINT_GGUF &&
        checkpoint_get_strings(c, &tokens, &n, "tokenizer.ggml.tokens", NULL) == 0)
        return n;
    return optional_number(c, architecture, "vocab_size", "vocab_size");
}

static struct slice tokenizer_of(const struct checkpoint *c)
{
    if (c->kind == CHECKPOINT_GGUF) return optional_text(c, "tokenizer.ggml.model");
    const json_t *model = json_object_get(c->json[CHECKPOINT_TOKENIZER], "model");
    return slice_of(json_string_value(json_object_get(model, "type")));
}

static void gather(struct facts *f, const struct checkpoint *c, const char *what)
{
    const struct catalogue *cat;
    *f = (struct facts){ 0 };
    if (checkpoint_architecture(c, &f->architecture, NULL) < 0) f->architecture.len = 0;
    f->name = optional_text(c, c->kind == CHECKPOINT_GGUF ? "general.name" : "_name_or_path");
    f->licence = optional_text(c, c->kind == CHECKPOINT_GGUF ? "general.license" : "license");
    const struct catalogue_model *known = catalogue_get(&cat, NULL) == 0 ? catalogue_find(cat, what)
                                                                         : NULL;
    if (known && !f->licence.len) f->licence = slice_of(known->licence);
    f->tokenizer = tokenizer_of(c);
    if (!checkpoint_chat_template(c, &f->template)) f->template = (struct slice){ 0 };
    struct slice a = f->architecture;
    f->context = optional_number(c, a, "context_length", "max_position_embeddings");
    f->layers = optional_number(c, a, "block_count", "num_hidden_layers");
    f->width = optional_number(c, a, "embedding_length", "hidden_size");
    f->heads = optional_number(c, a, "attention.head_count", "num_attention_heads");
    f->kv_heads = optional_number(c, a, "attention.head_count_kv", "num_key_value_heads");
    f->feed_forward = optional_number(c, a, "feed_forward_length", "intermediate_size");
    f->vocabulary = vocabulary_of(c, a);
    for (size_t i = 0; i < c->n_tensors; i++) add_type(f, &c->tensors[i]);
}

/* --- text ------------------------------------------------------------------------------------- */

/* Outside text for a terminal: ill-formed bytes as U+FFFD, control characters as \xNN (so that a
 * file cannot steer the terminal), at most `max` bytes. Line ends stay when `lines`. */
static void add_safe(struct buf *b, struct slice s, size_t max, bool lines)
{
    size_t i = 0;
    for (; i < s.len && i < max;) {
        uint32_t c;
        char enc[UTF8_BYTES_MAX];
        size_t n = utf8_decode(&c, s.ptr + i, s.len - i);
        i += n ? n : utf8_bad_len(s.ptr + i, s.len - i);
        if (n == 0) c = UTF8_REPLACEMENT;
        if (lines && (c == '\n' || c == '\t'))
            buf_add_char(b, (char)c);
        else if (c == '\n')
            buf_add_str(b, "\\n");
        else if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
                 (c >= 0x2066 && c <= 0x2069))
            buf_printf(b, "\\x%02" PRIX32, c);
        else
            buf_add(b, enc, utf8_encode(enc, c));
    }
    if (i < s.len) buf_add_str(b, "...");
}

static void add_fact(struct buf *b, const char *label, struct slice text)
{
    if (text.len == 0) return;
    buf_printf(b, "  %-14s", label);
    add_safe(b, text, LINE_TEXT_MAX, false);
    buf_add_char(b, '\n');
}

static void add_shape_line(struct buf *b, const struct facts *f)
{
    if (!f->layers) return;
    buf_printf(b, "  %-14s%" PRIu64 " layers", "shape", f->layers);
    if (f->width) buf_printf(b, ", %" PRIu64 " wide", f->width);
    if (f->heads) buf_printf(b, ", %" PRIu64 " heads", f->heads);
    if (f->kv_heads && f->kv_heads != f->heads)
        buf_printf(b, " (%" PRIu64 " for keys and values)", f->kv_heads);
    if (f->feed_forward) buf_printf(b, ", feed-forward %" PRIu64, f->feed_forward);
    buf_add_char(b, '\n');
}

static void add_count(struct buf *b, uint64_t n)
{
    if (n >= 1000000000)
        buf_printf(b, "%.2f billion", (double)n / 1e9);
    else if (n >= 1000000)
        buf_printf(b, "%.1f million", (double)n / 1e6);
    else
        buf_printf(b, "%" PRIu64, n);
}

static void add_packed(struct buf *b, const struct facts *f)
{
    char size[24];
    buf_printf(b, "  %-14s", "packed weights");
    if (f->packed_bytes)
        buf_printf(b, "%s in %s\n", bytes_text(size, f->packed_bytes), f->packed);
    else if (f->packed_problem.code == ERR_NOT_FOUND)
        buf_add_str(b, "none yet; a server keeps them when the model is idle\n");
    else if (f->packed_problem.code == ERR_NONE)
        buf_add_str(b, "not kept (cache_megabytes is 0)\n");
    else
        buf_printf(b, "to be made anew: %s\n", f->packed_problem.text);
}

static void add_summary(struct buf *b, const struct checkpoint *c, const struct facts *f)
{
    char size[24];
    add_safe(b, slice_of(c->path), PATH_MAX, false);
    buf_printf(b, "\n  %-14s%s", "format", c->format);
    if (c->version) buf_printf(b, " version %" PRIu32, c->version);
    buf_printf(b, ", %s\n", bytes_text(size, c->file_size));
    add_fact(b, "architecture", f->architecture);
    add_fact(b, "name", f->name);
    add_fact(b, "licence", f->licence.len ? f->licence : SLICE("not stated"));
    buf_printf(b, "  %-14s", "parameters");
    add_count(b, f->parameters);
    buf_add_char(b, '\n');
    add_shape_line(b, f);
    if (f->context) buf_printf(b, "  %-14s%" PRIu64 " tokens\n", "context", f->context);
    if (f->tokenizer.len) {
        buf_printf(b, "  %-14s", "tokenizer");
        add_safe(b, f->tokenizer, LINE_TEXT_MAX, false);
        if (f->vocabulary) buf_printf(b, ", %" PRIu64 " tokens", f->vocabulary);
        buf_add_char(b, '\n');
    }
    buf_printf(b, "  %-14s", "chat template");
    if (f->template.len)
        buf_printf(b, "%zu bytes\n", f->template.len);
    else
        buf_add_str(b, "none\n");
    add_packed(b, f);
}

static void add_types(struct buf *b, const struct facts *f)
{
    char size[24];
    buf_printf(b, "\nTypes\n  %-8s %8s %12s %10s  bits each\n", "TYPE", "TENSORS", "VALUES",
               "SIZE");
    for (size_t i = 0; i < f->n_types; i++) {
        const struct type_total *t = &f->types[i];
        buf_printf(b, "  %-8s %8" PRIu64 " %12" PRIu64 " %10s  %.2f\n", t->type, t->tensors,
                   t->elements, bytes_text(size, t->bytes),
                   8.0 * (double)t->bytes / (double)t->elements);
    }
}

/* --- metadata --------------------------------------------------------------------------------- */

/* The shortest text that reads back as the same number. */
static void add_float(struct buf *b, double value, bool single)
{
    struct json_writer w;
    json_writer_init(&w, b);
    if (!isfinite(value))
        buf_printf(b, "%f", value);
    else if (single)
        json_float(&w, (float)value);
    else
        json_double(&w, value);
}

static void add_number(struct buf *b, const struct checkpoint_value *v)
{
    switch (v->type) {
    case VALUE_F32: add_float(b, v->f, true); break;
    case VALUE_F64: add_float(b, v->f, false); break;
    case VALUE_BOOL: buf_add_str(b, v->b ? "true" : "false"); break;
    case VALUE_I8:
    case VALUE_I16:
    case VALUE_I32:
    case VALUE_I64: buf_printf(b, "%" PRId64, v->i); break;
    default: buf_printf(b, "%" PRIu64, v->u);
    }
}

static void add_array(struct buf *b, const struct checkpoint_value *v)
{
    struct checkpoint_numbers numbers = { v->items, v->item, v->n };
    buf_printf(b, "%" PRIu64 " x %s: ", v->n, value_type_name(v->item));
    for (uint64_t i = 0; i < v->n && i < ARRAY_ITEMS_SHOWN; i++) {
        if (i > 0) buf_add_str(b, ", ");
        if (v->item == VALUE_STRING)
            add_safe(b, v->strings[i], LINE_TEXT_MAX / ARRAY_ITEMS_SHOWN, false);
        else if (v->item == VALUE_F32 || v->item == VALUE_F64)
            add_float(b, checkpoint_number_f64(&numbers, i), v->item == VALUE_F32);
        else if (v->item == VALUE_BOOL)
            buf_add_str(b, v->items[i] ? "true" : "false");
        else
            buf_printf(b, "%" PRId64, checkpoint_number_i64(&numbers, i));
    }
    if (v->n > ARRAY_ITEMS_SHOWN) buf_add_str(b, ", ...");
}

static void add_padded(struct buf *b, struct slice key, size_t width)
{
    buf_add_str(b, "  ");
    add_safe(b, key, 2 * NAME_WIDTH_MAX, false);
    for (size_t n = key.len; n < width + 2; n++) buf_add_char(b, ' ');
    if (key.len >= width + 2) buf_add_char(b, ' ');
}

static void add_gguf_metadata(struct buf *b, const struct checkpoint *c)
{
    size_t width = 0;
    for (size_t i = 0; i < c->n_values; i++)
        if (c->values[i].key.len > width) width = c->values[i].key.len;
    if (width > NAME_WIDTH_MAX) width = NAME_WIDTH_MAX;
    buf_printf(b, "\nMetadata (%zu)\n", c->n_values);
    for (size_t i = 0; i < c->n_values; i++) {
        const struct checkpoint_value *v = &c->values[i];
        add_padded(b, v->key, width);
        if (v->type == VALUE_STRING)
            add_safe(b, v->string, LINE_TEXT_MAX, false);
        else if (v->type == VALUE_ARRAY)
            add_array(b, v);
        else
            add_number(b, v);
        buf_add_char(b, '\n');
    }
}

static void add_hf_metadata(struct buf *b, const struct checkpoint *c)
{
    const char *key;
    json_t *value;
    buf_printf(b, "\n%s (%zu)\n", checkpoint_json_file(CHECKPOINT_CONFIG),
               json_object_size(c->json[CHECKPOINT_CONFIG]));
    json_object_foreach(c->json[CHECKPOINT_CONFIG], key, value)
    {
        struct buf text;
        struct json_writer w;
        buf_init(&text, OUTPUT_MAX);
        json_writer_init(&w, &text);
        json_value(&w, value);
        add_padded(b, slice_of(key), HF_KEY_WIDTH);
        add_safe(b, buf_slice(&text), LINE_TEXT_MAX, false);
        buf_add_char(b, '\n');
        buf_release(&text);
    }
    buf_add_str(b, "\nFiles beside it:");
    for (int i = 0; i < CHECKPOINT_JSON_COUNT; i++)
        if (c->json[i]) buf_printf(b, " %s", checkpoint_json_file((enum checkpoint_json)i));
    buf_add_char(b, '\n');
}

/* --- tensors ---------------------------------------------------------------------------------- */

static void shape_text(char *out, size_t size, const struct checkpoint_tensor *t)
{
    size_t at = 0;
    (void)snprintf(out, size, "scalar");
    for (int i = 0; i < t->n_dims; i++) {
        int n = snprintf(out + at, size - at, "%s%" PRIu64, i ? " x " : "", t->dims[i]);
        if (n < 0 || (size_t)n >= size - at) return; /* Four numbers fit. */
        at += (size_t)n;
    }
}

/* The name with each run of digits as one star, so that layers fall together. */
static void pattern_of(char out[PATTERN_MAX], struct slice name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.len && n + 1 < PATTERN_MAX; i++) {
        if (!isdigit((unsigned char)name.ptr[i]))
            out[n++] = name.ptr[i];
        else if (n == 0 || out[n - 1] != '*')
            out[n++] = '*';
    }
    out[n] = '\0';
}

static bool alike(const struct checkpoint_tensor *a, const struct checkpoint_tensor *b,
                  const char *pattern)
{
    char other[PATTERN_MAX];
    if (a->type_name != b->type_name || a->n_dims != b->n_dims ||
        memcmp(a->dims, b->dims, sizeof a->dims) != 0)
        return false;
    pattern_of(other, b->name);
    return strcmp(pattern, other) == 0;
}

static void add_tensor(struct buf *b, struct slice name, const struct checkpoint_tensor *t,
                       uint64_t count)
{
    char shape[120], size[24];
    struct buf safe;
    shape_text(shape, sizeof shape, t);
    buf_init(&safe, OUTPUT_MAX);
    add_safe(&safe, name, PATTERN_MAX, false);
    buf_printf(b, "  %-50s  %-5s %10s", buf_str(&safe), t->type_name,
               bytes_text(size, t->size * count));
    if (count > 1)
        buf_printf(b, "  %" PRIu64 " of %s", count, shape);
    else
        buf_printf(b, "  %s", shape);
    buf_add_str(b, t->usable ? "\n" : "  (not used)\n");
    buf_release(&safe);
}

/* Layers repeat, so a model has few groups: quadratic in groups, linear in tensors. */
enum { GROUPS_MAX = 256 };

static void add_groups(struct buf *b, const struct checkpoint *c)
{
    struct {
        const struct checkpoint_tensor *first;
        char pattern[PATTERN_MAX];
        uint64_t count;
    } groups[GROUPS_MAX];
    size_t n = 0, left_out = 0;
    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct checkpoint_tensor *t = &c->tensors[i];
        size_t k = 0;
        while (k < n && !alike(groups[k].first, t, groups[k].pattern)) k++;
        if (k == GROUPS_MAX) {
            left_out++;
            continue;
        }
        if (k == n) {
            groups[k].first = t;
            groups[k].count = 0;
            pattern_of(groups[k].pattern, t->name);
            n++;
        }
        groups[k].count++;
    }
    for (size_t k = 0; k < n; k++) {
        const struct checkpoint_tensor *t = groups[k].first;
        add_tensor(b, groups[k].count > 1 ? slice_of(groups[k].pattern) : t->name, t,
                   groups[k].count);
    }
    if (left_out) buf_printf(b, "  and %zu more (--tensors lists each)\n", left_out);
}

static void add_tensors(struct buf *b, const struct checkpoint *c, bool each)
{
    buf_printf(b, "\nTensors (%zu)\n", c->n_tensors);
    if (!each) {
        add_groups(b, c);
        return;
    }
    for (size_t i = 0; i < c->n_tensors; i++) add_tensor(b, c->tensors[i].name, &c->tensors[i], 1);
}

static void add_all(struct buf *b, const struct checkpoint *c, const struct facts *f, bool each)
{
    add_summary(b, c, f);
    add_types(b, f);
    if (c->kind == CHECKPOINT_GGUF)
        add_gguf_metadata(b, c);
    else if (c->json[CHECKPOINT_CONFIG])
        add_hf_metadata(b, c);
    add_tensors(b, c, each);
    if (f->template.len == 0) return;
    buf_printf(b, "\nChat template (%zu bytes)\n", f->template.len);
    add_safe(b, f->template, OUTPUT_MAX, true);
    buf_add_char(b, '\n');
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void json_fact(struct json_writer *w, const char *key, struct slice text)
{
    json_key(w, key);
    if (text.len)
        json_slice(w, text);
    else
        json_null_value(w);
}

static void json_scalar(struct json_writer *w, const struct checkpoint_value *v)
{
    switch (v->type) {
    case VALUE_STRING: json_slice(w, v->string); break;
    case VALUE_F32: json_float(w, (float)v->f); break;
    case VALUE_F64: json_double(w, v->f); break;
    case VALUE_BOOL: json_bool(w, v->b); break;
    case VALUE_I8:
    case VALUE_I16:
    case VALUE_I32:
    case VALUE_I64: json_int(w, v->i); break;
    default: json_uint(w, v->u);
    }
}

/* Vocabularies are long: an array is its type and count, its file has the rest. */
static void json_metadata(struct json_writer *w, const struct checkpoint *c)
{
    json_key(w, "metadata");
    if (c->kind == CHECKPOINT_HF) {
        if (c->json[CHECKPOINT_CONFIG])
            json_value(w, c->json[CHECKPOINT_CONFIG]);
        else
            json_null_value(w);
        return;
    }
    json_object_begin(w);
    for (size_t i = 0; i < c->n_values; i++) {
        const struct checkpoint_value *v = &c->values[i];
        json_key_slice(w, v->key);
        if (v->type != VALUE_ARRAY) {
            json_scalar(w, v);
            continue;
        }
        json_object_begin(w);
        json_key(w, "array_of"), json_str(w, value_type_name(v->item));
        json_key(w, "count"), json_uint(w, v->n);
        json_object_end(w);
    }
    json_object_end(w);
}

static void json_tensors(struct json_writer *w, const struct checkpoint *c)
{
    json_key(w, "tensors"), json_array_begin(w);
    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct checkpoint_tensor *t = &c->tensors[i];
        json_object_begin(w);
        json_key(w, "name"), json_slice(w, t->name);
        json_key(w, "type"), json_str(w, t->type_name);
        json_key(w, "shape"), json_array_begin(w);
        for (int d = 0; d < t->n_dims; d++) json_uint(w, t->dims[d]);
        json_array_end(w);
        json_key(w, "bytes"), json_uint(w, t->size);
        json_key(w, "used"), json_bool(w, t->usable);
        json_object_end(w);
    }
    json_array_end(w);
}

static void json_types(struct json_writer *w, const struct facts *f)
{
    json_key(w, "types"), json_object_begin(w);
    for (size_t i = 0; i < f->n_types; i++) {
        json_key(w, f->types[i].type), json_object_begin(w);
        json_key(w, "tensors"), json_uint(w, f->types[i].tensors);
        json_key(w, "values"), json_uint(w, f->types[i].elements);
        json_key(w, "bytes"), json_uint(w, f->types[i].bytes);
        json_object_end(w);
    }
    json_object_end(w);
}

static void json_all(struct buf *b, const struct checkpoint *c, const struct facts *f)
{
    struct json_writer w;
    json_writer_init(&w, b);
    json_object_begin(&w);
    json_key(&w, "path"), json_str(&w, c->path);
    json_key(&w, "format"), json_str(&w, c->format);
    json_key(&w, "version"), json_uint(&w, c->version);
    json_key(&w, "bytes"), json_uint(&w, c->file_size);
    json_fact(&w, "architecture", f->architecture);
    json_fact(&w, "name", f->name);
    json_fact(&w, "licence", f->licence);
    json_key(&w, "parameters"), json_uint(&w, f->parameters);
    json_key(&w, "context"), json_uint(&w, f->context);
    json_key(&w, "layers"), json_uint(&w, f->layers);
    json_key(&w, "vocabulary"), json_uint(&w, f->vocabulary);
    json_fact(&w, "tokenizer", f->tokenizer);
    json_fact(&w, "chat_template", f->template);
    json_fact(&w, "packed_weights", f->packed_bytes ? slice_of(f->packed) : (struct slice){ 0 });
    json_types(&w, f);
    json_metadata(&w, c);
    json_tensors(&w, c);
    json_object_end(&w);
    buf_add_char(b, '\n');
}

/* --- the command ------------------------------------------------------------------------------ */

/* Where its packed weights are, if a server has made them. */
static void gather_packed(struct facts *f, const struct checkpoint *c,
                          const struct store_paths *paths)
{
    struct err *err = &f->packed_problem;
    if (packed_place_file(f->packed, sizeof f->packed, paths, c->path, err) < 0 || !f->packed[0])
        return;
    if (packed_probe(&f->packed_bytes, f->packed, c, err) < 0) f->packed_bytes = 0; /* Shown. */
}

static int print(const struct args *args, const struct checkpoint *c,
                 const struct store_paths *paths, struct err *err)
{
    struct facts f;
    struct buf b;
    gather(&f, c, args->words[0]);
    gather_packed(&f, c, paths);
    buf_init(&b, OUTPUT_MAX);
    int rc = 0;
    if (args_has(args, "template") && f.template.len == 0)
        rc = err_set(err, ERR_NOT_FOUND, "%s has no chat template", c->path);
    else if (args_has(args, "template"))
        buf_add_slice(&b, f.template); /* As it is, to be piped elsewhere. */
    else if (args_has(args, "json"))
        json_all(&b, c, &f);
    else
        add_all(&b, c, &f, args_has(args, "tensors"));
    if (rc == 0) rc = buf_check(&b, "the output", err);
    if (rc == 0 && fwrite(buf_str(&b), 1, b.len, stdout) != b.len)
        rc = err_set(err, ERR_IO, "the output cannot be written");
    buf_release(&b);
    return rc;
}

static int run(const struct args *args)
{
    struct store_paths paths;
    struct err err = { 0 };
    struct checkpoint *c;
    char path[PATH_MAX];
    if (args->n_words != 1) {
        (void)err_set(&err, ERR_MISSING_PARAMETER,
                      "name one model or file; tiro list shows what is here");
        (void)fail(&err);
        return EXIT_USAGE;
    }
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0 ||
        library_resolve(path, sizeof path, &paths, args->words[0], &err) < 0 ||
        checkpoint_open(&c, path, &err) < 0)
        return fail(&err);
    int rc = print(args, c, &paths, &err);
    checkpoint_close(c);
    return rc < 0 ? fail(&err) : 0;
}

static const struct option_row options[] = {
    { "tensors", NULL, "list each tensor (default: layers fall together)", 't' },
    { "template", NULL, "print only the chat template, as it is", 0 },
    { "data", "DIR", "the data folder (default: $TIRO_DATA, else ~/.local/share/tiro)", 0 },
    { "json", NULL, "as JSON, with each tensor", 0 },
    { 0 },
};

const struct subcommand subcommand_show = {
    .name = "show",
    .summary = "what a model file holds",
    .usage = "show NAME | FILE [--tensors] [--template] [--json] [--data DIR]",
    .help = "Prints the metadata, tensors, types, sizes, chat template and licence of a GGUF or\n"
            "safetensors model: a name of the library, a file or a folder. Nothing is loaded into\n"
            "memory or run.",
    .options = options,
    .takes_words = true,
    .run = run,
};
