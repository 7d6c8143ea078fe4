/* Ids against those of Hugging Face tokenizers: tests/golden/tokenizer/tiny.json, made with a tiny
 * vocabulary of our own by tools/golden_tokenizer.py.
 *
 * The same tool compares megabytes on real models through this program:
 *
 *     engine_test_tokenizer_golden --ids MODEL all|none < texts > ids
 *
 * where texts are (u32 length, bytes)* and ids (u32 count, i32*, u32 length, decoded bytes)*, all
 * little endian. */
#include "engine/format.h"
#include "engine/tokenizer.h"

#include "base/seam.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int complain(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

static void write_counted(const void *items, size_t n, size_t size)
{
    uint32_t count = (uint32_t)n;
    fwrite(&count, sizeof count, 1, stdout);
    if (n) fwrite(items, size, n, stdout);
}

static int print_ids(const char *path, enum tokenizer_trust trust)
{
    struct err err;
    struct checkpoint *c;
    struct tokenizer *t;
    if (checkpoint_open(&c, path, &err) < 0) return complain(&err);
    uint64_t start = now_ns();
    if (tokenizer_open(&t, c, &err) < 0) return complain(&err);
    uint64_t opened = now_ns(), spent = 0;
    struct tokens ids;
    tokens_init(&ids, SIZE_MAX / 8);
    struct buf decoded;
    buf_init(&decoded, SIZE_MAX / 8);
    uint32_t len;
    size_t bytes = 0;
    while (fread(&len, sizeof len, 1, stdin) == 1) {
        char *text = mem_alloc(len);
        if (!text || fread(text, 1, len, stdin) != len) return 1;
        uint64_t before = now_ns();
        ids.len = 0;
        struct tokenizer_options options = { .trust = trust };
        int rc = tokenizer_encode(t, &ids, (struct slice){ text, len }, &options, &err);
        if (rc < 0) return complain(&err);
        spent += now_ns() - before;
        buf_reset(&decoded);
        tokenizer_decode(t, &decoded, ids.ids, ids.len, true);
        write_counted(ids.ids, ids.len, sizeof *ids.ids);
        write_counted(decoded.ptr, decoded.len, 1);
        bytes += len;
        mem_free(text);
    }
    fprintf(stderr, "open %.1f ms, %.1f MB/s\n", (double)(opened - start) / 1e6,
            (double)bytes * 1e3 / (double)spent);
    tokens_release(&ids);
    buf_release(&decoded);
    tokenizer_close(t);
    checkpoint_close(c);
    return 0;
}

/* --- the small golden file -------------------------------------------------------------------- */

static void from_hex(struct buf *out, const json_t *hex)
{
    const char *s = json_string_value(hex);
    assert_non_null(s);
    for (; s[0]; s += 2) {
        unsigned byte;
        assert_int_equal(sscanf(s, "%2x", &byte), 1);
        buf_add_char(out, (char)byte);
    }
}

static void check_ids(const struct tokenizer *t, const char *family, struct slice text,
                      enum tokenizer_trust trust, const json_t *want, struct tokens *ids)
{
    struct tokenizer_options options = { .trust = trust };
    struct err err;
    size_t count;
    ids->len = 0;
    assert_int_equal(tokenizer_encode(t, ids, text, &options, &err), 0);
    assert_int_equal(tokenizer_count(t, &count, text, &options, &err), 0);
    assert_int_equal(count, ids->len);
    bool same = ids->len == json_array_size(want);
    for (size_t i = 0; same && i < ids->len; i++)
        same = ids->ids[i] == json_integer_value(json_array_get(want, i));
    if (same) return;
    print_error("%s, trust %d: \"%.*s\"\n", family, (int)trust, SLICE_FMT(text));
    fail_msg("other ids than Hugging Face's");
}

/* Decoded whole, and as a stream: the same text, whole characters at each step. */
static void check_text(const struct tokenizer *t, const struct tokens *ids, struct slice want)
{
    struct buf whole, stream;
    buf_init(&whole, 1 << 20);
    buf_init(&stream, 1 << 20);
    struct detokenizer d;
    detokenizer_init(&d, t, true);
    for (size_t i = 0; i < ids->len; i++) {
        detokenizer_add(&d, &stream, ids->ids[i]);
        assert_true(utf8_valid(stream.ptr, stream.len));
    }
    detokenizer_finish(&d, &stream);
    tokenizer_decode(t, &whole, ids->ids, ids->len, true);
    assert_int_equal(whole.len, want.len);
    assert_int_equal(stream.len, want.len);
    if (want.len) assert_memory_equal(whole.ptr, want.ptr, want.len);
    if (want.len) assert_memory_equal(stream.ptr, want.ptr, want.len);
    buf_release(&whole);
    buf_release(&stream);
}

static void check_case(const struct tokenizer *t, const char *family, const json_t *row)
{
    struct buf text, decoded;
    struct tokens ids;
    tokens_init(&ids, 1 << 20);
    buf_init(&text, 1 << 20);
    buf_init(&decoded, 1 << 20);
    from_hex(&text, json_object_get(row, "text"));
    const json_t *all = json_object_get(row, "all"), *none = json_object_get(row, "none");
    const json_t *back = json_object_get(row, "decoded");
    if (back) from_hex(&decoded, back);
    check_ids(t, family, buf_slice(&text), TRUST_NONE, none ? none : all, &ids);
    check_ids(t, family, buf_slice(&text), TRUST_ALL, all, &ids);
    check_text(t, &ids, back ? buf_slice(&decoded) : buf_slice(&text));
    tokens_release(&ids);
    buf_release(&text);
    buf_release(&decoded);
}

static void test_tiny(void **state)
{
    (void)state;
    const char *path = TIRO_SOURCE_DIR "/tests/golden/tokenizer/tiny.json";
    struct err err;
    char *file;
    size_t len, i, k;
    json_t *root, *entry, *row;
    assert_int_equal(file_read_all(&file, &len, path, 1 << 20, &err), 0);
    assert_int_equal(json_read(&root, (struct slice){ file, len }, &json_limits_file, path, &err),
                     0);
    assert_int_equal(json_array_size(root), 6);
    json_array_foreach(root, i, entry)
    {
        struct tokenizer *t;
        const char *family = json_string_value(json_object_get(entry, "family"));
        char *text = json_dumps(json_object_get(entry, "tokenizer"), JSON_COMPACT);
        int rc = tokenizer_open_json(&t, slice_of(text), slice_of(""), &err);
        if (rc < 0) fail_msg("%s", err.text);
        assert_string_equal(tokenizer_family_name(t), family);
        assert_true(json_array_size(json_object_get(entry, "cases")) > 60);
        json_array_foreach(json_object_get(entry, "cases"), k, row) check_case(t, family, row);
        tokenizer_close(t);
        free(text);
    }
    json_decref(root);
    mem_free(file);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--ids") == 0)
        return print_ids(argv[2], strcmp(argv[3], "all") == 0 ? TRUST_ALL : TRUST_NONE);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_tiny) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
