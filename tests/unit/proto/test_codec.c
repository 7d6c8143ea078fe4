/* Every kind, from its table: round trips, every truncation, every bit flip, every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/seam.h"
#include "unit/proto/fill.h"

enum { ARENA_CAP = 1 << 20, ROUNDS = 50 };

static struct slice encode(struct buf *b, enum message_kind kind, const void *body)
{
    struct err err = { 0 };
    buf_reset(b);
    if (message_encode(b, kind, body, &err) < 0) fail_msg("%s", err.text);
    return buf_slice(b);
}

static void round_trip(const struct message *m, uint64_t seed)
{
    struct arena a, a2;
    struct buf b, b2;
    struct err err = { 0 };
    struct message_any any;
    arena_init(&a, ARENA_CAP);
    arena_init(&a2, ARENA_CAP);
    buf_init(&b, ARENA_CAP);
    buf_init(&b2, ARENA_CAP);
    void *body = arena_alloc(&a, m->record.size);
    fill_record(body, &m->record, &a, &seed);
    struct slice frame = encode(&b, m->kind, body);
    if (message_decode(&any, &a2, frame, &err) < 0) fail_msg("%s: %s", m->record.name, err.text);
    assert_int_equal(any.kind, m->kind);
    assert_true(same_record(body, any.body, &m->record));
    assert_true(slice_eq(frame, encode(&b2, any.kind, any.body)));
    buf_release(&b);
    buf_release(&b2);
    arena_release(&a);
    arena_release(&a2);
}

static void test_round_trips(void **state)
{
    (void)state;
    assert_int_equal(message_registry_len, MSG_FOUND);
    for (size_t i = 0; i < message_registry_len; i++)
        for (uint64_t seed = 0; seed < ROUNDS; seed++) round_trip(message_registry[i], seed);
}

/* What decodes must be canonical: it encodes to the same bytes again. */
static void decode_or_refuse(struct slice frame, bool must_fail)
{
    struct arena a;
    struct buf b;
    struct err err = { 0 };
    struct message_any any;
    arena_init(&a, ARENA_CAP);
    buf_init(&b, ARENA_CAP);
    /* A copy of exactly its size, so that the sanitizer sees a read behind the end. */
    char *copy = mem_alloc(frame.len);
    assert_non_null(copy);
    if (frame.len) memcpy(copy, frame.ptr, frame.len);
    int r = message_decode(&any, &a, (struct slice){ copy, frame.len }, &err);
    if (r == 0) {
        assert_false(must_fail);
        assert_true(slice_eq(frame, encode(&b, any.kind, any.body)));
    } else {
        assert_true(err.text[0] != '\0');
        assert_true(r == -ERR_PROTOCOL || r == -ERR_LIMIT);
    }
    mem_free(copy);
    buf_release(&b);
    arena_release(&a);
}

static void damage(const struct message *m, uint64_t seed)
{
    struct arena a;
    struct buf b;
    arena_init(&a, ARENA_CAP);
    buf_init(&b, ARENA_CAP);
    void *body = arena_alloc(&a, m->record.size);
    fill_record(body, &m->record, &a, &seed);
    struct slice frame = encode(&b, m->kind, body);
    for (size_t len = 0; len < frame.len; len++)
        decode_or_refuse((struct slice){ frame.ptr, len }, true);
    for (size_t len = MSG_HEADER_BYTES; len < frame.len; len++) { /* With a matching header. */
        uint32_t left = (uint32_t)(len - MSG_HEADER_BYTES);
        memcpy(b.ptr, &left, sizeof left);
        decode_or_refuse((struct slice){ b.ptr, len }, true);
    }
    uint32_t whole = (uint32_t)(frame.len - MSG_HEADER_BYTES);
    memcpy(b.ptr, &whole, sizeof whole);
    for (size_t bit = 0; bit < 8 * frame.len; bit++) {
        b.ptr[bit / 8] = (char)(b.ptr[bit / 8] ^ (1 << bit % 8));
        decode_or_refuse(frame, false);
        b.ptr[bit / 8] = (char)(b.ptr[bit / 8] ^ (1 << bit % 8));
    }
    buf_release(&b);
    arena_release(&a);
}

static void test_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < message_registry_len; i++)
        for (uint64_t seed = 100; seed < 103; seed++) damage(message_registry[i], seed);
}

static void check_record(const struct message_record *r, int depth)
{
    int last = 0;
    assert_true(depth <= MSG_DEPTH_MAX);
    for (const struct message_field *f = r->fields; f->name; f++) {
        assert_true(f->number > last);
        assert_true(f->type > 0 && f->type < MESSAGE_TYPES);
        bool list = f->type >= MT_U32S && f->type != MT_RECORD;
        if (f->type == MT_STR || list) assert_true(f->max > 0);
        if (list) assert_true(f->offset_count > 0);
        if (f->type == MT_STRS) assert_true(f->item_max > 0);
        if (f->type == MT_RECORD || f->type == MT_RECORDS) {
            assert_non_null(f->record);
            check_record(f->record, depth + 1);
        }
        last = f->number;
    }
}

static void test_tables_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < message_registry_len; i++) {
        check_record(&message_registry[i]->record, 1);
        assert_ptr_equal(message_find(message_registry[i]->kind), message_registry[i]);
    }
    assert_null(message_find(0));
    assert_null(message_find(MSG_FOUND + 1));
}

static void refuse_encode(enum message_kind kind, const void *body, const char *field)
{
    struct buf b;
    struct err err = { 0 };
    buf_init(&b, ARENA_CAP);
    buf_add_str(&b, "before");
    assert_int_equal(message_encode(&b, kind, body, &err), -ERR_PROTOCOL);
    assert_non_null(strstr(err.text, field));
    assert_int_equal(b.len, strlen("before"));
    buf_release(&b);
}

static void test_sender_limits(void **state)
{
    (void)state;
    static char text[MSG_NAME_MAX + 1];
    memset(text, 'x', sizeof text);
    struct buf b;
    buf_init(&b, ARENA_CAP);
    struct msg_progress p = { .what = { text, MSG_NAME_MAX } };
    encode(&b, MSG_PROGRESS, &p);
    p.what.len++;
    refuse_encode(MSG_PROGRESS, &p, "what");
    struct slice stop[MSG_STOP_MAX + 1];
    for (size_t i = 0; i <= MSG_STOP_MAX; i++) stop[i] = (struct slice){ text, MSG_STOP_BYTES_MAX };
    struct msg_request q = { .id = 1, .stop = stop, .n_stop = MSG_STOP_MAX };
    encode(&b, MSG_REQUEST, &q);
    q.n_stop++;
    refuse_encode(MSG_REQUEST, &q, "stop");
    q.n_stop = 1;
    stop[0].len++;
    refuse_encode(MSG_REQUEST, &q, "stop");
    q = (struct msg_request){ .n = MSG_CHOICES_MAX + 1 };
    refuse_encode(MSG_REQUEST, &q, "'n'");
    buf_release(&b);
}

static void test_receiver_limits(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } cases[] = {
        { "\1\0\0\0\xff\0\1\0\0", 9, "unknown message kind 255" },
        { "\1\0\0\0\x8\0\2\0\0", 9, "version 2" },
        { "\xff\xff\xff\x7f\x8\0\1\0\0", 9, "bytes" },
        { "\1\0\0\0\x8\0\1\0\1", 9, "too early" },
        { "\2\0\0\0\x8\0\1\0\0x", 10, "behind the end" },
        { "\x3\0\0\0\x8\0\1\0\1\x9\x4", 11, "unknown" },
        { "\x3\0\0\0\x8\0\1\0\1\x1\x2", 11, "wrong type" },
        { "\xb\0\0\0\x8\0\1\0\1\x1\x4\0\0\0\0\0\0\0\0", 19, "zero" },
        { "\x7\0\0\0\x3\0\1\0\1\x1\x7\xff\xff\xff\xff", 15, "above 256" },
        { "\x7\0\0\0\x3\0\1\0\1\x1\x7\x1\0\0\0", 15, "too early" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a;
        struct err err = { 0 };
        struct message_any any;
        arena_init(&a, ARENA_CAP);
        struct slice frame = { cases[i].bytes, cases[i].len };
        assert_int_equal(message_decode(&any, &a, frame, &err), -ERR_PROTOCOL);
        if (!strstr(err.text, cases[i].says)) fail_msg("case %zu: %s", i, err.text);
        arena_release(&a);
    }
}

/* 64 MiB of frame must not become gigabytes: the arena's cap decides. */
static void test_arena_cap(void **state)
{
    (void)state;
    struct buf b;
    struct arena a;
    struct err err = { 0 };
    struct message_any any;
    static uint32_t ids[50000];
    for (size_t i = 0; i < 50000; i++) ids[i] = 7;
    buf_init(&b, ARENA_CAP);
    struct msg_tokens t = { .id = 1, .tokens = ids, .n_tokens = 50000 };
    struct slice frame = encode(&b, MSG_TOKENS, &t);
    arena_init(&a, 100000);
    assert_int_equal(message_decode(&any, &a, frame, &err), -ERR_LIMIT);
    arena_release(&a);
    buf_release(&b);
}

static size_t allocs_left;

static void *failing_alloc(size_t size)
{
    return allocs_left-- == 0 ? NULL : seams_real.alloc(size);
}

static void test_memory_failure(void **state)
{
    (void)state;
    struct buf b;
    struct err err;
    struct message_any any;
    uint32_t ids[2000] = { 1 };
    struct slice stop[] = { SLICE("a"), SLICE("b") };
    struct msg_request q = { .id = 9, .tokens = ids, .n_tokens = 2000, .stop = stop, .n_stop = 2 };
    buf_init(&b, ARENA_CAP);
    struct slice frame = encode(&b, MSG_REQUEST, &q);
    int failures = 0;
    for (size_t k = 0;; k++) {
        struct arena a;
        arena_init(&a, ARENA_CAP);
        allocs_left = k;
        seams.alloc = failing_alloc;
        int r = message_decode(&any, &a, frame, &err);
        seams.alloc = seams_real.alloc;
        arena_release(&a);
        if (r == 0) break;
        assert_int_equal(r, -ERR_NO_MEMORY);
        failures++;
    }
    assert_true(failures > 0);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_tables_are_bounded), cmocka_unit_test(test_sender_limits),
        cmocka_unit_test(test_receiver_limits),    cmocka_unit_test(test_arena_cap),
        cmocka_unit_test(test_memory_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
