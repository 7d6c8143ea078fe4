/* safetensors: single files, folders, shards, and what is refused. */
#include "unit/test.h"

#include "base/seam.h"
#include "engine/format.h"
#include "support/checkpoint_walk.h"
#include "support/model_writer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err err;
static char folder[] = "/tmp/tiro_safetensors_XXXXXX";

/* --- one file --------------------------------------------------------------------------------- */

static int open_text(struct checkpoint **ret, struct buf *b, const char *header, size_t data_len)
{
    buf_init(b, 1 << 20);
    safetensors_file(b, header, data_len);
    return checkpoint_open_memory(ret, buf_slice(b), "x.safetensors", &err);
}

static void expect_good(const char *header, size_t data_len)
{
    struct buf b;
    struct checkpoint *c;
    assert_ok(open_text(&c, &b, header, data_len), &err);
    (void)walk_checkpoint(c);
    checkpoint_close(c);
    buf_release(&b);
}

static void expect_bad(const char *header, size_t data_len, enum err_code code, const char *part)
{
    struct buf b;
    struct checkpoint *c = NULL;
    assert_fails(open_text(&c, &b, header, data_len), (int)code, &err, part);
    assert_null(c);
    buf_release(&b);
}

static void tensors_read_back(void **state)
{
    struct buf b;
    struct checkpoint *c;
    const struct checkpoint_tensor *t;
    (void)state;
    assert_ok(open_text(&c, &b, SAFETENSORS_SMALL, SAFETENSORS_SMALL_DATA), &err);
    assert_int_equal(c->kind, CHECKPOINT_HF);
    assert_int_equal(c->n_tensors, 4);
    assert_ok(checkpoint_get_tensor(c, &t, "a.weight", &err), &err);
    assert_int_equal(t->dtype, DTYPE_F32);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(t->dims[1], 3);
    assert_int_equal(t->size, 24);
    assert_int_equal(*(const unsigned char *)t->data, 1);
    assert_ok(checkpoint_get_tensor(c, &t, "s", &err), &err);
    assert_int_equal(t->n_dims, 0);
    assert_int_equal(t->n_elements, 1);
    assert_null(checkpoint_tensor(c, "ids")); /* BERT's position_ids: listed, not used. */
    assert_null(checkpoint_tensor(c, "__metadata__"));
    checkpoint_close(c);
    buf_release(&b);
}

#define ONE(dtype, shape, from, to) \
    "{\"w\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}}"

static void types_are_read_or_refused_by_name(void **state)
{
    (void)state;
    expect_good(ONE("F32", "2", "0", "8"), 8);
    expect_good(ONE("F16", "2", "0", "4"), 4);
    expect_good(ONE("BF16", "2", "0", "4"), 4);
    expect_good(ONE("I64", "2", "0", "16"), 16);
    expect_good(ONE("BOOL", "2", "0", "2"), 2);
    expect_bad(ONE("F64", "2", "0", "16"), 16, ERR_UNSUPPORTED_FORMAT, "F64");
    expect_bad(ONE("F8_E4M3", "2", "0", "2"), 2, ERR_UNSUPPORTED_FORMAT, "F8_E4M3");
    expect_bad(ONE("Q4_0", "32", "0", "18"), 18, ERR_UNSUPPORTED_FORMAT, "Q4_0");
    expect_bad(ONE("", "2", "0", "2"), 2, ERR_UNSUPPORTED_FORMAT, "type ");
}

static void offsets_must_cover_the_data_exactly(void **state)
{
    (void)state;
    expect_bad(ONE("F32", "2", "0", "8"), 7, ERR_FORMAT, "past the end");
    expect_bad(ONE("F32", "2", "0", "8"), 9, ERR_FORMAT, "end at byte 8");
    expect_bad(ONE("F32", "2", "4", "12"), 12, ERR_FORMAT, "belong to no tensor");
    expect_bad(ONE("F32", "2", "0", "12"), 12, ERR_FORMAT, "span 12 bytes");
    expect_bad(ONE("F32", "2", "8", "0"), 8, ERR_FORMAT, "data_offsets");
    expect_bad(ONE("F32", "2", "-8", "0"), 8, ERR_FORMAT, "data_offsets");
    expect_bad(ONE("F32", "2", "0.5", "8.5"), 9, ERR_FORMAT, "data_offsets");
    expect_bad(ONE("F32", "2", "9223372036854775800", "9223372036854775807"), 8, ERR_FORMAT,
               "span 7");
    expect_bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
               12, ERR_FORMAT, "overlaps");
}

static void shapes_are_checked(void **state)
{
    (void)state;
    expect_good(ONE("F32", "1,2,1,2", "0", "16"), 16);
    expect_bad(ONE("F32", "1,2,1,2,1", "0", "16"), 16, ERR_FORMAT, "at most 4");
    expect_bad(ONE("F32", "0", "0", "0"), 0, ERR_FORMAT, "is 0");
    expect_bad(ONE("F32", "-1", "0", "4"), 4, ERR_FORMAT, "shape");
    expect_bad(ONE("F32", "\"2\"", "0", "8"), 8, ERR_FORMAT, "shape");
    expect_bad(ONE("F32", "4294967296,4294967296", "0", "8"), 8, ERR_FORMAT, "multiply");
    expect_bad(ONE("F32", "4398046511105,4194304", "0", "8"), 8, ERR_FORMAT, "multiply");
}

static void headers_are_checked(void **state)
{
    (void)state;
    expect_bad("{\"w\":1}", 0, ERR_FORMAT, "must be a JSON object");
    expect_bad("{\"w\":{}}", 0, ERR_FORMAT, "dtype");
    expect_bad("{\"w\":{\"dtype\":\"F32\"}}", 0, ERR_FORMAT, "shape");
    expect_bad("{\"w\":{\"dtype\":\"F32\",\"shape\":[]}}", 4, ERR_FORMAT, "data_offsets");
    expect_bad("{\"w\":", 0, ERR_FORMAT, "JSON");
    expect_bad("{\"\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, ERR_FORMAT,
               "name");
    expect_bad("{\"a\\u0001\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
               ERR_FORMAT, "control");
    expect_bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
               4, ERR_FORMAT, "JSON"); /* Duplicate keys. */
}

static void header_lengths_are_checked(void **state)
{
    static const uint64_t lengths[] = { 3, FORMAT_HEADER_LEN_MAX,
                                        (uint64_t)FORMAT_HEADER_LEN_MAX + 1, UINT64_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf b;
        struct checkpoint *c = NULL;
        buf_init(&b, 100);
        put_le(&b, lengths[i], 8);
        buf_add_str(&b, "{}");
        int rc = checkpoint_open_memory(&c, buf_slice(&b), "x", &err);
        assert_true(rc == -ERR_FORMAT || rc == -ERR_UNSUPPORTED_FORMAT);
        assert_null(c);
        buf_release(&b);
    }
}

static void tensor_count_limit(void **state)
{
    (void)state;
    for (size_t n = CHECKPOINT_TENSORS_MAX; n <= CHECKPOINT_TENSORS_MAX + 1; n++) {
        struct buf header, file;
        struct checkpoint *c = NULL;
        buf_init(&header, 32 << 20);
        buf_init(&file, 64 << 20);
        for (size_t i = 0; i < n; i++)
            buf_printf(&header,
                       "%c\"t%zu\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[%zu,%zu]}",
                       i ? ',' : '{', i, 2 * i, 2 * i + 2);
        buf_add_char(&header, '}');
        safetensors_file(&file, buf_str(&header), 2 * n);
        int rc = checkpoint_open_memory(&c, buf_slice(&file), "many", &err);
        if (n == CHECKPOINT_TENSORS_MAX) {
            if (rc < 0) fail_msg("%s", err.text);
            assert_int_equal(c->n_tensors, n);
            checkpoint_close(c);
        } else {
            assert_int_equal(rc, -ERR_FORMAT);
            assert_non_null(strstr(err.text, "at most 65536"));
        }
        buf_release(&header);
        buf_release(&file);
    }
}

/* --- folders ---------------------------------------------------------------------------------- */

static void write_file(const char *name, const void *bytes, size_t len)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(file_replace(path, bytes, len, 0600, &err), &err);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

static void write_model(const char *name, const char *header, size_t data_len)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    safetensors_file(&b, header, data_len);
    write_file(name, b.ptr, b.len);
    buf_release(&b);
}

static void remove_file(const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const files[] = { "model.safetensors",
                                         "config.json",
                                         "a.safetensors",
                                         "b.safetensors",
                                         "model.safetensors.index.json",
                                         "tokenizer_config.json",
                                         "chat_template.jinja" };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) remove_file(files[i]);
    return rmdir(folder);
}

static void configuration_is_read(void **state)
{
    struct checkpoint *c;
    uint64_t u;
    double f;
    bool yes;
    struct slice s;
    (void)state;
    write_model("model.safetensors", SAFETENSORS_SMALL, SAFETENSORS_SMALL_DATA);
    write_text("config.json", "{\"architectures\":[\"BertModel\"],\"hidden_size\":384,"
                              "\"rope_theta\":10000,\"layer_norm_eps\":1e-12,\"tie\":true,"
                              "\"rope_scaling\":{\"factor\":2.5},\"none\":null,\"neg\":-1}");
    write_text("tokenizer_config.json", "{\"chat_template\":\"hello\"}");
    assert_ok(checkpoint_open(&c, folder, &err), &err);
    assert_ok(checkpoint_architecture(c, &s, &err), &err);
    assert_true(slice_is(s, "BertModel"));
    assert_ok(checkpoint_get_u64(c, &u, "hidden_size", &err), &err);
    assert_int_equal(u, 384);
    assert_ok(checkpoint_get_f64(c, &f, "rope_theta", &err), &err); /* An integer is a number. */
    assert_true(f == 10000);
    assert_ok(checkpoint_get_f64(c, &f, "rope_scaling.factor", &err), &err);
    assert_true(f == 2.5);
    assert_ok(checkpoint_get_bool(c, &yes, "tie", &err), &err);
    assert_true(yes);
    assert_false(checkpoint_has(c, "none")); /* null is missing. */
    assert_fails(checkpoint_get_u64(c, &u, "layer_norm_eps", &err), ERR_FORMAT, &err,
                 "must be an unsigned integer and is a number with a fraction");
    assert_fails(checkpoint_get_u64(c, &u, "neg", &err), ERR_FORMAT, &err, "negative");
    assert_fails(checkpoint_get_u64(c, &u, "absent", &err), ERR_FORMAT, &err, "config.json");
    assert_fails(checkpoint_get_u64(c, &u, "rope_scaling", &err), ERR_FORMAT, &err, "an object");
    assert_false(checkpoint_has(c, "hidden_size.deeper"));
    assert_true(checkpoint_chat_template(c, &s) && slice_is(s, "hello"));
    checkpoint_close(c);
}

static void templates_of_all_kinds(void **state)
{
    struct checkpoint *c;
    struct slice s;
    (void)state;
    write_model("model.safetensors", SAFETENSORS_SMALL, SAFETENSORS_SMALL_DATA);
    write_text("tokenizer_config.json",
               "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"no\"},"
               "{\"name\":\"default\",\"template\":\"yes\"}]}");
    assert_ok(checkpoint_open(&c, folder, &err), &err);
    assert_true(checkpoint_chat_template(c, &s) && slice_is(s, "yes"));
    checkpoint_close(c);
    write_text("chat_template.jinja", "from the file");
    assert_ok(checkpoint_open(&c, folder, &err), &err);
    assert_true(checkpoint_chat_template(c, &s) && slice_is(s, "from the file"));
    checkpoint_close(c);
    remove_file("chat_template.jinja");
    write_text("tokenizer_config.json", "{\"chat_template\":17}");
    assert_ok(checkpoint_open(&c, folder, &err), &err);
    assert_false(checkpoint_chat_template(c, &s));
    checkpoint_close(c);
}

static void a_file_finds_what_lies_beside(void **state)
{
    char path[PATH_MAX];
    struct checkpoint *c;
    uint64_t u;
    (void)state;
    write_text("config.json", "{\"hidden_size\":7}");
    write_model("model.safetensors", SAFETENSORS_SMALL, SAFETENSORS_SMALL_DATA);
    (void)snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_ok(checkpoint_open(&c, path, &err), &err);
    assert_ok(checkpoint_get_u64(c, &u, "hidden_size", &err), &err);
    assert_int_equal(u, 7);
    checkpoint_close(c);
}

static void broken_configuration_is_named(void **state)
{
    static const char *const bad[] = { "", "{", "[]", "{\"a\":1,\"a\":2}", "{\"a\":\"\xFF\"}" };
    struct checkpoint *c = NULL;
    (void)state;
    write_model("model.safetensors", SAFETENSORS_SMALL, SAFETENSORS_SMALL_DATA);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text("config.json", bad[i]);
        assert_fails(checkpoint_open(&c, folder, &err), ERR_FORMAT, &err, "config.json");
        assert_null(c);
    }
    write_text("config.json", "{}");
}

static void shards_are_joined(void **state)
{
    struct checkpoint *c;
    (void)state;
    remove_file("model.safetensors");
    write_model("a.safetensors", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                8);
    write_model("b.safetensors",
                "{\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                "\"z\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                8);
    write_text("model.safetensors.index.json",
               "{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\","
               "\"z\":\"b.safetensors\"}}");
    assert_ok(checkpoint_open(&c, folder, &err), &err);
    assert_int_equal(c->n_tensors, 3);
    assert_int_equal(c->n_maps, 2);
    assert_non_null(checkpoint_tensor(c, "z"));
    (void)walk_checkpoint(c);
    checkpoint_close(c);
}

static void bad_shards_are_refused(void **state)
{
    static const struct {
        const char *index;
        enum err_code code;
        const char *says;
    } rows[] = {
        { "{}", ERR_FORMAT, "weight_map" },
        { "{\"weight_map\":{\"x\":3}}", ERR_FORMAT, "same folder" },
        { "{\"weight_map\":{\"x\":\"../a.safetensors\"}}", ERR_FORMAT, "same folder" },
        { "{\"weight_map\":{\"x\":\"/etc/passwd\"}}", ERR_FORMAT, "same folder" },
        { "{\"weight_map\":{\"x\":\"sub/a.safetensors\"}}", ERR_FORMAT, "same folder" },
        { "{\"weight_map\":{\"x\":\".safetensors\"}}", ERR_FORMAT, "same folder" },
        { "{\"weight_map\":{\"x\":\"gone.safetensors\"}}", ERR_NOT_FOUND, "gone.safetensors" },
        { "{\"weight_map\":{\"q\":\"a.safetensors\"}}", ERR_FORMAT, "q of" },
    };
    struct checkpoint *c = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_text("model.safetensors.index.json", rows[i].index);
        assert_fails(checkpoint_open(&c, folder, &err), (int)rows[i].code, &err, rows[i].says);
    }
    write_model("b.safetensors", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                8);
    write_text("model.safetensors.index.json",
               "{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\"}}");
    assert_fails(checkpoint_open(&c, folder, &err), ERR_FORMAT, &err, "x appears twice");
    remove_file("model.safetensors.index.json");
    assert_fails(checkpoint_open(&c, folder, &err), ERR_UNSUPPORTED_FORMAT, &err,
                 "folder without a model");
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_read_back),
        cmocka_unit_test(types_are_read_or_refused_by_name),
        cmocka_unit_test(offsets_must_cover_the_data_exactly),
        cmocka_unit_test(shapes_are_checked),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(header_lengths_are_checked),
        cmocka_unit_test(tensor_count_limit),
        cmocka_unit_test(configuration_is_read),
        cmocka_unit_test(templates_of_all_kinds),
        cmocka_unit_test(a_file_finds_what_lies_beside),
        cmocka_unit_test(broken_configuration_is_named),
        cmocka_unit_test(shards_are_joined),
        cmocka_unit_test(bad_shards_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
