/* Every prefix and every flipped bit of small files, each ending at an unreadable page: a clean
 * error or a checkpoint whose every byte can be read. And every allocation that can fail, fails. */
#include "unit/test.h"

#include "base/seam.h"
#include "engine/format.h"
#include "fault/fault.h"
#include "support/checkpoint_walk.h"
#include "support/guarded.h"
#include "support/model_writer.h"

static uint64_t opened, refused;

static void try_bytes(struct guarded *g, struct slice s)
{
    struct checkpoint *c = NULL;
    struct err err = { 0 };
    int rc = checkpoint_open_memory(&c, guarded_copy(g, s), "small", &err);
    if (rc < 0) {
        assert_null(c);
        assert_true(err.text[0] != '\0'); /* It says why. */
        assert_int_equal(rc, -(int)err.code);
        refused++;
        return;
    }
    (void)walk_checkpoint(c);
    checkpoint_close(c);
    opened++;
}

static void try_prefixes(struct buf *b)
{
    struct guarded g;
    guarded_init(&g, b->len);
    opened = refused = 0;
    for (size_t len = 0; len < b->len; len++) try_bytes(&g, (struct slice){ b->ptr, len });
    assert_int_equal(opened, 0); /* Every byte of these files is needed. */
    try_bytes(&g, buf_slice(b));
    assert_int_equal(opened, 1);
    guarded_release(&g);
}

static void try_flips(struct buf *b, size_t header_len)
{
    struct guarded g;
    guarded_init(&g, b->len);
    opened = refused = 0;
    for (size_t bit = 0; bit < 8 * header_len; bit++) {
        b->ptr[bit / 8] = (char)(b->ptr[bit / 8] ^ (1 << bit % 8));
        try_bytes(&g, buf_slice(b));
        b->ptr[bit / 8] = (char)(b->ptr[bit / 8] ^ (1 << bit % 8));
    }
    assert_true(opened > 0 && refused > 0); /* A name may change; a length may not. */
    guarded_release(&g);
}

static void make_gguf(struct buf *b)
{
    buf_init(b, 1 << 20);
    gguf_small(b);
    b->len -= 16; /* The integer tensor is last; end at the last byte that is used. */
    gguf_fill(b, 16);
}

static void make_safetensors(struct buf *b)
{
    buf_init(b, 1 << 20);
    safetensors_file(b, SAFETENSORS_SMALL, SAFETENSORS_SMALL_DATA);
}

static void gguf_every_prefix(void **state)
{
    struct buf b;
    (void)state;
    make_gguf(&b);
    try_prefixes(&b);
    buf_release(&b);
}

static void gguf_every_bit(void **state)
{
    struct buf b;
    (void)state;
    make_gguf(&b);
    try_flips(&b, b.len - 112); /* All but the data. */
    buf_release(&b);
}

static void safetensors_every_prefix(void **state)
{
    struct buf b;
    (void)state;
    make_safetensors(&b);
    try_prefixes(&b);
    buf_release(&b);
}

static void safetensors_every_bit(void **state)
{
    struct buf b;
    (void)state;
    make_safetensors(&b);
    try_flips(&b, b.len - SAFETENSORS_SMALL_DATA);
    buf_release(&b);
}

/* Two bytes at once reach what one bit cannot: lengths that agree with each other. */
static void gguf_every_byte_to_extremes(void **state)
{
    static const unsigned char extremes[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF };
    struct buf b;
    struct guarded g;
    (void)state;
    make_gguf(&b);
    guarded_init(&g, b.len);
    for (size_t i = 0; i + 1 < b.len - 112; i++)
        for (size_t e = 0; e < sizeof extremes; e++) {
            char a = b.ptr[i], z = b.ptr[i + 1];
            b.ptr[i] = b.ptr[i + 1] = (char)extremes[e];
            try_bytes(&g, buf_slice(&b));
            b.ptr[i] = a;
            b.ptr[i + 1] = z;
        }
    guarded_release(&g);
    buf_release(&b);
}

/* jansson calls some of its own failed allocations syntax errors: `json` allows that. */
static void fail_each_allocation(struct buf *b, bool json)
{
    struct err err;
    for (int n = 1;; n++) {
        struct checkpoint *c = NULL;
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = checkpoint_open_memory(&c, buf_slice(b), "small", &err);
        bool hit = fault_stop();
        if (!hit) {
            assert_int_equal(rc, 0);
            assert_true(n > 3);
            checkpoint_close(c);
            break;
        }
        if (rc != -ERR_NO_MEMORY && !(json && rc == -ERR_FORMAT))
            fail_msg("allocation %d: %d, %s", n, rc, err.text);
        assert_null(c);
    }
    buf_release(b);
}

static void every_allocation_fails(void **state)
{
    struct buf b;
    (void)state;
    json_init();
    make_gguf(&b);
    fail_each_allocation(&b, false);
    make_safetensors(&b);
    fail_each_allocation(&b, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf_every_prefix),           cmocka_unit_test(gguf_every_bit),
        cmocka_unit_test(safetensors_every_prefix),    cmocka_unit_test(safetensors_every_bit),
        cmocka_unit_test(gguf_every_byte_to_extremes), cmocka_unit_test(every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
