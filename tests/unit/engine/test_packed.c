/* Packed weights in a file: the same bits as packed in memory; whatever is wrong with the file is
 * noticed, said, and costs only the packing. And the layouts that such files hold. */
#include "base/checksum.h"
#include "base/pool.h"
#include "engine/format.h"
#include "kernels/kernel.h"
#include "kernels/layout.h"
#include "models/model.h"
#include "models/packed_file.h"

#include "fault/fault.h"
#include "support/guarded.h"
#include "unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS = 5, HEAD_ARENA = 16 << 20 };

static const char source[] = TIRO_SOURCE_DIR "/tests/golden/llama/gqa.gguf";

struct fixture {
    struct checkpoint *c;
    char path[64];
    struct slice bytes; /* Of the file at path. */
};

static void rewrite(const char *path, const void *bytes, size_t len)
{
    struct err err = { 0 };
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_ok(file_write_all(fd, bytes, len, path, &err), &err);
    close(fd);
}

static int set_up(void **state)
{
    static struct fixture f;
    struct model_options o = { 0 };
    struct err err = { 0 };
    char *bytes;
    snprintf(f.path, sizeof f.path, "/tmp/tiro-packed-XXXXXX");
    int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    assert_ok(checkpoint_open(&f.c, source, &err), &err);
    assert_ok(model_pack(f.c, &o, fd, f.path, &err), &err);
    close(fd);
    assert_ok(file_read_all(&bytes, &f.bytes.len, f.path, 64 << 20, &err), &err);
    f.bytes.ptr = bytes;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    checkpoint_close(f->c);
    mem_free((char *)(uintptr_t)f->bytes.ptr);
    unlink(f->path);
    return 0;
}

static struct model *open_model(const struct fixture *f, const char *path, struct pool *pool,
                                enum model_compute compute)
{
    struct model *m;
    struct model_options o = { .n_rows_max = 16, .packed_path = path, .pool = pool };
    struct err err = { 0 };
    o.compute = compute;
    assert_ok(model_open(&m, f->c, &o, &err), &err);
    return m;
}

/* The logits of a few tokens; the model is closed. */
static float *logits_of(struct model *m, size_t *ret_size)
{
    const struct model_facts *facts = model_facts(m);
    int32_t tokens[ROWS] = { 3, 1, 4, 1, 5 }, positions[ROWS] = { 0, 1, 2, 3, 4 };
    int32_t rows[ROWS] = { 0, 1, 2, 3, 4 }, block = 0;
    struct batch_seq seq = { .n_rows = ROWS, .n_blocks = 1, .blocks = &block };
    struct batch b = { .n_rows = ROWS,
                       .n_seqs = 1,
                       .n_out = ROWS,
                       .tokens = tokens,
                       .positions = positions,
                       .seqs = &seq,
                       .out_rows = rows };
    struct kv_store kv;
    struct err err = { 0 };
    *ret_size = (size_t)ROWS * (size_t)facts->n_out_width * sizeof(float);
    float *out = malloc(*ret_size);
    assert_non_null(out);
    assert_ok(kv_store_init(&kv, &facts->kv, facts->kv_dtype, 1, &err), &err);
    assert_ok(model_forward(m, &b, &kv, out, &err), &err);
    kv_store_release(&kv);
    model_close(m);
    return out;
}

static void test_mapped_gives_the_same_bits(void **state)
{
    const struct fixture *f = *state;
    struct pool *pool;
    struct err err = { 0 };
    size_t size;
    assert_ok(pool_open(&pool, 3, &err), &err);
    struct model *m = open_model(f, NULL, NULL, MODEL_COMPUTE_AUTO);
    assert_false(model_facts(m)->packed_mapped);
    assert_int_equal(model_facts(m)->packed_problem.code, ERR_NONE);
    uint64_t bytes = model_facts(m)->weight_bytes;
    float *packed = logits_of(m, &size);
    for (int i = 0; i < 2; i++) {
        m = open_model(f, f->path, i ? pool : NULL, MODEL_COMPUTE_AUTO);
        assert_true(model_facts(m)->packed_mapped);
        assert_int_equal(model_facts(m)->weight_bytes, bytes);
        float *mapped = logits_of(m, &size);
        assert_memory_equal(packed, mapped, size);
        free(mapped);
    }
    free(packed);
    pool_close(pool);
}

/* The model opens all the same, and says why it packed. */
static void refused(const struct fixture *f, const char *path, int code, const char *part)
{
    struct model *m = open_model(f, path, NULL, MODEL_COMPUTE_AUTO);
    const struct model_facts *facts = model_facts(m);
    assert_false(facts->packed_mapped);
    assert_fails(-(int)facts->packed_problem.code, code, &facts->packed_problem, part);
    model_close(m);
}

static void test_absent_or_not_a_file(void **state)
{
    const struct fixture *f = *state;
    refused(f, "/tmp/tiro-nowhere/it", ERR_NOT_FOUND, "there is no");
    refused(f, "/tmp", ERR_FORMAT, "no file");
    refused(f, TIRO_SOURCE_DIR "/README.md", ERR_FORMAT, "not packed weights");
}

static void test_f32_does_not_look(void **state)
{
    const struct fixture *f = *state;
    struct model *m = open_model(f, f->path, NULL, MODEL_COMPUTE_F32);
    assert_false(model_facts(m)->packed_mapped);
    assert_int_equal(model_facts(m)->packed_problem.code, ERR_NONE);
    model_close(m);
}

static void test_a_changed_model_is_noticed(void **state)
{
    const struct fixture *f = *state;
    struct checkpoint_mapping *map = &f->c->maps[0];
    map->mtime_ns++;
    refused(f, f->path, ERR_UNSUPPORTED_FORMAT, "the model has changed");
    map->mtime_ns--;
    f->c->file_size++;
    refused(f, f->path, ERR_UNSUPPORTED_FORMAT, "the model has changed");
    f->c->file_size--;
    char *copy = malloc(map->size);
    assert_non_null(copy);
    memcpy(copy, map->ptr, map->size);
    struct checkpoint_key before = checkpoint_key(f->c);
    struct checkpoint other = *f->c;
    other.maps[0].ptr = copy;
    other.n_tensors = 0; /* So all of it is header. */
    uint64_t whole = checkpoint_key(&other).header;
    copy[9] ^= 1;
    assert_int_equal(checkpoint_key(f->c).header, before.header);
    assert_int_not_equal(checkpoint_key(&other).header, whole);
    free(copy);
}

static int read_and_verify(struct slice bytes, struct err *err)
{
    struct packed_file file;
    struct arena arena;
    arena_init(&arena, HEAD_ARENA);
    int rc = packed_file_read(&file, &arena, bytes, "it", err);
    if (rc == 0) rc = packed_file_verify(&file, NULL, "it", err);
    arena_release(&arena);
    return rc;
}

/* Whichever byte is damaged, except in the padding before the data, which nobody reads. */
static void test_damage_is_noticed(void **state)
{
    const struct fixture *f = *state;
    struct packed_file whole;
    struct arena arena;
    struct err err = { 0 };
    size_t unnoticed = 0;
    arena_init(&arena, HEAD_ARENA);
    assert_ok(packed_file_read(&whole, &arena, f->bytes, "it", &err), &err);
    assert_true(whole.n_tensors > 10);
    size_t data_at = (size_t)(whole.data.ptr - f->bytes.ptr), step = 1;
    char *bytes = (char *)(uintptr_t)f->bytes.ptr;
    for (size_t i = 0; i < f->bytes.len; i += step) {
        bytes[i] ^= 0x10;
        err = (struct err){ 0 };
        int rc = read_and_verify(f->bytes, &err);
        bytes[i] ^= 0x10;
        if (rc == 0) {
            unnoticed++;
            assert_true(i < data_at && i + PACKED_ALIGN > data_at);
        } else {
            assert_true(err.text[0] != '\0');
        }
        step = i < data_at || i > data_at + whole.data.len ? 1 : 997;
    }
    assert_true(unnoticed < PACKED_ALIGN);
    arena_release(&arena);
    assert_ok(read_and_verify(f->bytes, &err), &err);
    bytes[data_at + 100] ^= 1;
    rewrite(f->path, bytes, f->bytes.len);
    refused(f, f->path, ERR_CHECKSUM, "damaged at byte 0");
    bytes[data_at + 100] ^= 1;
    rewrite(f->path, bytes, f->bytes.len);
}

/* A file that ends early, as after a full disk, each time at an unreadable page. */
static void test_every_prefix_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct guarded g;
    guarded_init(&g, f->bytes.len);
    for (size_t len = 0; len < f->bytes.len; len += len < 4096 ? 1 : 4093) {
        struct err err = { 0 };
        struct slice cut = { f->bytes.ptr, len };
        assert_true(read_and_verify(guarded_copy(&g, cut), &err) < 0);
    }
    guarded_release(&g);
}

static void test_another_version(void **state)
{
    const struct fixture *f = *state;
    char *bytes = (char *)(uintptr_t)f->bytes.ptr;
    struct err err = { 0 };
    for (size_t at = 8; at <= 12; at += 4) { /* version, layout */
        bytes[at]++;
        assert_fails(read_and_verify(f->bytes, &err), ERR_UNSUPPORTED_FORMAT, &err,
                     "another version of Tiro");
        bytes[at]--;
    }
}

/* What the writer makes of a table: its checksums are right, the table need not be. */
static int read_table(const struct packed_tensor *t, size_t n, struct err *err)
{
    static char data[256];
    struct packed_file f = { .tensors = (struct packed_tensor *)(uintptr_t)t, .n_tensors = n };
    struct packed_writer w;
    char path[] = "/tmp/tiro-table-XXXXXX", *bytes;
    struct err ok = { 0 };
    size_t len;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_ok(packed_writer_begin(&w, fd, path, &f, sizeof data, &ok), &ok);
    assert_ok(packed_writer_add(&w, data, sizeof data, &ok), &ok);
    assert_ok(packed_writer_finish(&w, &ok), &ok);
    packed_writer_release(&w);
    close(fd);
    assert_ok(file_read_all(&bytes, &len, path, 1 << 24, &ok), &ok);
    unlink(path);
    int rc = read_and_verify((struct slice){ bytes, len }, err);
    mem_free(bytes);
    return rc;
}

static void test_tables_that_lie(void **state)
{
    (void)state;
    static char name[PACKED_NAME_MAX + 1];
    struct err err = { 0 };
    memset(name, 'n', sizeof name);
    struct packed_tensor t[2] = { { { name, PACKED_NAME_MAX }, DTYPE_Q8_0, 16, 32, 0, 128 },
                                  { SLICE("b"), DTYPE_F32, 16, 1, 128, 128 } };
    assert_ok(read_table(t, 2, &err), &err);
    assert_ok(read_table(t, 0, &err), &err);
    t[0].name.len++;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "1025 bytes");
    t[0].name.len = 0;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "0 bytes");
    t[0].name.len = 1;
    t[1].size = 129;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "past the data");
    t[1].size = UINT64_MAX;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "past the data");
    t[1].size = 128;
    t[1].offset = 64;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "inside the matrix before");
    t[1].offset = 129;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "unaligned");
    t[1].offset = UINT64_MAX - 63;
    assert_fails(read_table(t, 2, &err), ERR_FORMAT, &err, "past the data");
}

static void test_a_disk_that_fails(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        enum fault_kind kind;
        int error, code, least;
    } faults[] = { { FAULT_WRITE, ENOSPC, ERR_NO_SPACE, 2 },
                   { FAULT_FSYNC, EIO, ERR_IO, 1 },
                   { FAULT_ALLOC, ENOMEM, 0, 10 } };
    struct model_options o = { 0 };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        int n = 1;
        for (;; n++) {
            struct err err = { 0 };
            int fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
            if (fd < 0) fd = memfd_create("packed", 0);
            assert_true(fd >= 0);
            fault_start(faults[i].kind, n, faults[i].error);
            int rc = model_pack(f->c, &o, fd, "it", &err);
            bool hit = fault_stop();
            close(fd);
            if (!hit) break;
            assert_true(rc < 0 && err.text[0] != '\0'); /* Buffers call want of memory a limit. */
            if (faults[i].code) assert_int_equal(rc, -faults[i].code);
        }
        assert_true(n > faults[i].least);
    }
}

/* Without memory for the table of the file, the weights are packed. */
static void test_mapping_without_memory(void **state)
{
    const struct fixture *f = *state;
    struct model_options o = { .n_rows_max = 16, .packed_path = f->path };
    int n = 1, packed = 0;
    for (;; n++) {
        struct model *m = NULL;
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = model_open(&m, f->c, &o, &err);
        bool hit = fault_stop();
        if (rc == 0) packed += !model_facts(m)->packed_mapped;
        model_close(m);
        if (!hit) break;
        if (rc < 0) assert_int_equal(rc, -ERR_NO_MEMORY);
    }
    assert_true(n > 20);
    assert_int_equal(packed, 1);
}

/* When this fails, packing gives other bytes than it did: raise KERNEL_LAYOUT (kernels/layout.h),
 * so that files made before are made anew, and put the new values here. */
static void test_layouts(void **state)
{
    static const struct {
        enum dtype dtype;
        uint64_t sum;
    } layouts[] = {
        { DTYPE_F32, UINT64_C(0xd482507b1e236a47) },  { DTYPE_F16, UINT64_C(0x8ebf293d7467d9e5) },
        { DTYPE_BF16, UINT64_C(0x8ebf293d7467d9e5) }, { DTYPE_Q4_0, UINT64_C(0xfd7249ec2db7da65) },
        { DTYPE_Q4_1, UINT64_C(0xa44097b15fb3dd59) }, { DTYPE_Q5_0, UINT64_C(0xac9c1c5a8e793eae) },
        { DTYPE_Q5_1, UINT64_C(0xca7e9233a9fb77e6) }, { DTYPE_Q8_0, UINT64_C(0xa884e92eabf6908b) },
        { DTYPE_Q4_K, UINT64_C(0xc668bfcbb799bb12) }, { DTYPE_Q5_K, UINT64_C(0xbd205fdbe6646987) },
        { DTYPE_Q6_K, UINT64_C(0x35b6f061ae217bc8) },
    };
    (void)state;
    enum { M = 19, K = 512 };
    static uint8_t rows[M * K * 4], panels[32 * K * 4];
    struct kernels k;
    uint32_t dice = 1;
    int changed = 0;
    assert_int_equal(KERNEL_LAYOUT, 1);
    for (size_t i = 0; i < sizeof rows; i++)
        rows[i] = (uint8_t)((dice = dice * 1664525 + 1013904223) >> 24);
    kernels_select(&k, 0);
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        size_t row;
        assert_true(dtype_row_bytes(&row, layouts[i].dtype, K));
        k.pack[layouts[i].dtype](&(struct kernel_pack){ .dst = panels,
                                                        .src = rows,
                                                        .src_stride = row,
                                                        .m = M,
                                                        .k = K,
                                                        .panel_to = kernel_panels(M),
                                                        .src_dtype = layouts[i].dtype });
        uint64_t sum = checksum64(0, panels, kernel_packed_bytes(layouts[i].dtype, M, K));
        changed += sum != layouts[i].sum;
        if (sum != layouts[i].sum)
            print_error("the layout of %s has changed: 0x%016llx\n",
                        dtype_info(layouts[i].dtype)->name, (unsigned long long)sum);
    }
    assert_int_equal(changed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapped_gives_the_same_bits),
        cmocka_unit_test(test_absent_or_not_a_file),
        cmocka_unit_test(test_f32_does_not_look),
        cmocka_unit_test(test_a_changed_model_is_noticed),
        cmocka_unit_test(test_damage_is_noticed),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_another_version),
        cmocka_unit_test(test_tables_that_lie),
        cmocka_unit_test(test_a_disk_that_fails),
        cmocka_unit_test(test_mapping_without_memory),
        cmocka_unit_test(test_layouts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
