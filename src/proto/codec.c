#include "proto/message.h"

#include "base/reader.h"

#include <assert.h>
#include <inttypes.h>

/* Least bytes one item of a list takes on the wire: a record's count. */
enum { RECORD_LEAST = 1, STR_LEAST = 4 };

struct encoder {
    struct buf *out;
    struct err *err;
};

struct decoder {
    struct reader reader;
    struct arena *arena;
    struct err *err;
};

const struct message *message_find(uint32_t kind)
{
    for (size_t i = 0; i < message_registry_len; i++)
        if ((uint32_t)message_registry[i]->kind == kind) return message_registry[i];
    return NULL;
}

static uint32_t count_of(const struct message_field *f, const void *record)
{
    uint32_t n;
    memcpy(&n, (const char *)record + f->offset_count, sizeof n);
    return n;
}

static const void *list_of(const struct message_field *f, const void *record)
{
    const void *p;
    memcpy(&p, (const char *)record + f->offset, sizeof p);
    return p;
}

/* ---- Encoding ---- */

static void put(struct encoder *e, uint64_t v, unsigned bytes)
{
    unsigned char le[8];
    for (unsigned i = 0; i < bytes; i++) le[i] = (unsigned char)(v >> (8 * i));
    buf_add(e->out, le, bytes);
}

static int over(const char *name, struct err *err, uint64_t value, uint64_t max)
{
    return err_set(err, ERR_PROTOCOL, "message field '%s': %" PRIu64 " is above %" PRIu64, name,
                   value, max);
}

static int put_record(struct encoder *e, const struct message_record *r, const void *record,
                      int depth) MUST_USE;

static bool all_empty(const struct message_record *r, const void *record);

static bool is_empty(const struct message_field *f, const void *record)
{
    const char *p = (const char *)record + f->offset;
    struct slice s;
    switch ((enum message_type)f->type) {
    case MT_BOOL: return !*(const bool *)(const void *)p;
    case MT_U32:
    case MT_I32:
    case MT_F32: return memcmp(p, &(uint32_t){ 0 }, 4) == 0;
    case MT_U64:
    case MT_F64: return memcmp(p, &(uint64_t){ 0 }, 8) == 0;
    case MT_STR: memcpy(&s, p, sizeof s); return s.len == 0;
    case MT_RECORD: return all_empty(f->record, p);
    default: return count_of(f, record) == 0;
    }
}

static bool all_empty(const struct message_record *r, const void *record)
{
    for (const struct message_field *f = r->fields; f->name; f++)
        if (!is_empty(f, record)) return false;
    return true;
}

static int put_str(struct encoder *e, const struct message_field *f, struct slice s, uint64_t max)
{
    if (s.len > max) return over(f->name, e->err, s.len, max);
    put(e, s.len, 4);
    buf_add_slice(e->out, s);
    return 0;
}

static int put_list(struct encoder *e, const struct message_field *f, const void *record, int depth)
{
    uint32_t n = count_of(f, record);
    const char *items = list_of(f, record);
    assert(items);
    if (n > f->max) return over(f->name, e->err, n, f->max);
    put(e, n, 4);
    for (uint32_t i = 0; i < n; i++) {
        if (f->type == MT_RECORDS) {
            TRY(put_record(e, f->record, items + i * f->record->size, depth + 1));
        } else if (f->type == MT_STRS) {
            TRY(put_str(e, f, ((const struct slice *)(const void *)items)[i], f->item_max));
        } else {
            uint32_t bits; /* u32 and f32 alike */
            memcpy(&bits, items + 4 * (size_t)i, sizeof bits);
            put(e, bits, 4);
        }
    }
    return 0;
}

static int put_value(struct encoder *e, const struct message_field *f, const void *record,
                     int depth)
{
    const char *p = (const char *)record + f->offset;
    uint32_t v32;
    uint64_t v64;
    struct slice s;
    switch ((enum message_type)f->type) {
    case MT_BOOL: put(e, 1, 1); return 0;
    case MT_U32:
    case MT_I32:
    case MT_F32:
        memcpy(&v32, p, sizeof v32);
        if (f->max && v32 > f->max) return over(f->name, e->err, v32, f->max);
        put(e, v32, 4);
        return 0;
    case MT_U64:
    case MT_F64:
        memcpy(&v64, p, sizeof v64);
        if (f->max && v64 > f->max) return over(f->name, e->err, v64, f->max);
        put(e, v64, 8);
        return 0;
    case MT_STR: memcpy(&s, p, sizeof s); return put_str(e, f, s, f->max);
    case MT_RECORD: return put_record(e, f->record, p, depth + 1);
    default: return put_list(e, f, record, depth);
    }
}

static int put_record(struct encoder *e, const struct message_record *r, const void *record,
                      int depth)
{
    assert(depth <= MSG_DEPTH_MAX);
    size_t count_at = e->out->len;
    unsigned count = 0;
    put(e, 0, 1);
    for (const struct message_field *f = r->fields; f->name; f++) {
        if (is_empty(f, record)) continue;
        put(e, f->number, 1);
        put(e, f->type, 1);
        TRY(put_value(e, f, record, depth));
        count++;
    }
    if (!e->out->failed) e->out->ptr[count_at] = (char)(unsigned char)count;
    return 0;
}

int message_encode(struct buf *out, enum message_kind kind, const void *body, struct err *err)
{
    const struct message *m = message_find(kind);
    assert(m && body);
    size_t start = out->len;
    struct encoder e = { .out = out, .err = err };
    put(&e, 0, 4);
    put(&e, m->kind, 2);
    put(&e, m->version, 2);
    int r = put_record(&e, &m->record, body, 1);
    if (r == 0 && out->failed)
        r = err_set(err, ERR_NO_MEMORY, "no room for a '%s' message", m->record.name);
    size_t len = out->len - start;
    if (r == 0 && len > MSG_FRAME_BYTES_MAX)
        r = over(m->record.name, err, len, MSG_FRAME_BYTES_MAX);
    if (r < 0) {
        out->len = start;
        out->failed = false;
        return r;
    }
    len -= MSG_HEADER_BYTES;
    for (unsigned i = 0; i < 4; i++) out->ptr[start + i] = (char)(unsigned char)(len >> (8 * i));
    return 0;
}

/* ---- Decoding ---- */

static int bad(struct decoder *d, const char *name, const char *what)
{
    return err_set(d->err, ERR_PROTOCOL, "message field '%s' at byte %" PRIu64 ": %s", name,
                   d->reader.at, what);
}

static int get(struct decoder *d, uint64_t *ret, unsigned bytes, const char *name)
{
    struct slice s;
    if (reader_left(&d->reader) < bytes) return bad(d, name, "the message ends too early");
    TRY(reader_bytes(&d->reader, &s, bytes, name, d->err));
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) v |= (uint64_t)(unsigned char)s.ptr[i] << (8 * i);
    *ret = v;
    return 0;
}

static int no_memory(struct decoder *d, size_t size)
{
    if (size > d->arena->cap - d->arena->used)
        return err_set(d->err, ERR_LIMIT, "a '%s' message needs more than %zu bytes of memory",
                       d->reader.name, d->arena->cap);
    return err_set(d->err, ERR_NO_MEMORY, "out of memory for a '%s' message", d->reader.name);
}

static int get_record(struct decoder *d, void *record, const struct message_record *r,
                      int depth) MUST_USE;

static int get_str(struct decoder *d, struct slice *ret, const char *name, uint64_t max)
{
    uint64_t len;
    struct slice s;
    TRY(get(d, &len, 4, name));
    if (len > max) return over(name, d->err, len, max);
    if (len > reader_left(&d->reader)) return bad(d, name, "the message ends too early");
    TRY(reader_bytes(&d->reader, &s, len, name, d->err));
    *ret = arena_slice(d->arena, s);
    return ret->ptr ? 0 : no_memory(d, len);
}

/* NaN means a bug on the other side; infinities are logprobs of what cannot be. */
static bool is_nan(unsigned type, uint64_t bits)
{
    if (type == MT_F32) return (bits & 0x7fffffff) > 0x7f800000;
    return type == MT_F64 && (bits & INT64_MAX) > UINT64_C(0x7ff0000000000000);
}

static int get_items(struct decoder *d, char *items, uint32_t n, const struct message_field *f,
                     int depth)
{
    for (uint32_t i = 0; i < n; i++) {
        if (f->type == MT_RECORDS) {
            TRY(get_record(d, items + i * f->record->size, f->record, depth + 1));
        } else if (f->type == MT_STRS) {
            struct slice *s = (struct slice *)(void *)items;
            TRY(get_str(d, &s[i], f->name, f->item_max));
        } else {
            uint64_t bits;
            TRY(get(d, &bits, 4, f->name));
            if (f->type == MT_F32S && is_nan(MT_F32, bits)) return bad(d, f->name, "not a number");
            memcpy(items + 4 * (size_t)i, &(uint32_t){ (uint32_t)bits }, 4);
        }
    }
    return 0;
}

static int get_list(struct decoder *d, void *record, const struct message_field *f, int depth)
{
    uint64_t n;
    size_t size = 4, least = 4;
    if (f->type == MT_RECORDS) size = f->record->size, least = RECORD_LEAST;
    if (f->type == MT_STRS) size = sizeof(struct slice), least = STR_LEAST;
    TRY(get(d, &n, 4, f->name));
    if (n > f->max) return over(f->name, d->err, n, f->max);
    if (n == 0) return bad(d, f->name, "an empty list must be left out");
    if (n > reader_left(&d->reader) / least) return bad(d, f->name, "more items than bytes");
    char *items = arena_array(d->arena, n, size);
    if (!items) return no_memory(d, n * size);
    TRY(get_items(d, items, (uint32_t)n, f, depth));
    memcpy((char *)record + f->offset, &items, sizeof items);
    memcpy((char *)record + f->offset_count, &(uint32_t){ (uint32_t)n }, sizeof(uint32_t));
    return 0;
}

static int get_number(struct decoder *d, void *record, const struct message_field *f,
                      unsigned bytes)
{
    uint64_t v;
    TRY(get(d, &v, bytes, f->name));
    if (f->max && v > f->max) return over(f->name, d->err, v, f->max);
    if (v == 0) return bad(d, f->name, "a zero must be left out");
    if (is_nan(f->type, v)) return bad(d, f->name, "not a number");
    char *p = (char *)record + f->offset;
    if (bytes == 8)
        memcpy(p, &v, 8);
    else
        memcpy(p, &(uint32_t){ (uint32_t)v }, 4);
    return 0;
}

static int get_bool(struct decoder *d, void *record, const struct message_field *f)
{
    uint64_t v;
    TRY(get(d, &v, 1, f->name));
    if (v != 1) return bad(d, f->name, "a bool must be 1 or left out");
    *(bool *)(void *)((char *)record + f->offset) = true;
    return 0;
}

static int get_value(struct decoder *d, void *record, const struct message_field *f, int depth)
{
    char *p = (char *)record + f->offset;
    struct slice s;
    switch ((enum message_type)f->type) {
    case MT_BOOL: return get_bool(d, record, f);
    case MT_U32:
    case MT_I32:
    case MT_F32: return get_number(d, record, f, 4);
    case MT_U64:
    case MT_F64: return get_number(d, record, f, 8);
    case MT_STR:
        TRY(get_str(d, &s, f->name, f->max));
        if (s.len == 0) return bad(d, f->name, "an empty text must be left out");
        memcpy(p, &s, sizeof s);
        return 0;
    case MT_RECORD:
        TRY(get_record(d, p, f->record, depth + 1));
        if (all_empty(f->record, p)) return bad(d, f->name, "an empty record must be left out");
        return 0;
    default: return get_list(d, record, f, depth);
    }
}

static int get_record(struct decoder *d, void *record, const struct message_record *r, int depth)
{
    assert(depth <= MSG_DEPTH_MAX);
    uint64_t count, number, type;
    const struct message_field *f = r->fields;
    TRY(get(d, &count, 1, r->name));
    for (uint64_t i = 0; i < count; i++) {
        TRY(get(d, &number, 1, r->name));
        TRY(get(d, &type, 1, r->name));
        while (f->name && f->number < number) f++;
        if (!f->name || f->number != number) return bad(d, r->name, "unknown or repeated field");
        if (f->type != type) return bad(d, f->name, "wrong type");
        TRY(get_value(d, record, f, depth));
        f++;
    }
    return 0;
}

int message_frame_len(size_t *ret, struct slice head, struct err *err)
{
    assert(head.len >= MSG_HEADER_BYTES);
    const unsigned char *p = (const unsigned char *)head.ptr;
    size_t len = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
    uint32_t kind = p[4] | (uint32_t)p[5] << 8, version = p[6] | (uint32_t)p[7] << 8;
    const struct message *m = message_find(kind);
    if (!m) return err_set(err, ERR_PROTOCOL, "unknown message kind %u", kind);
    if (version != m->version)
        return err_set(err, ERR_PROTOCOL, "'%s' message of version %u; this program speaks %u",
                       m->record.name, version, m->version);
    if (len > MSG_FRAME_BYTES_MAX - MSG_HEADER_BYTES)
        return err_set(err, ERR_PROTOCOL, "'%s' message of %zu bytes; %d are allowed",
                       m->record.name, len, MSG_FRAME_BYTES_MAX);
    *ret = MSG_HEADER_BYTES + len;
    return 0;
}

int message_decode(struct message_any *ret, struct arena *a, struct slice frame, struct err *err)
{
    size_t len;
    if (frame.len < MSG_HEADER_BYTES)
        return err_set(err, ERR_PROTOCOL, "a message of %zu bytes has no header", frame.len);
    TRY(message_frame_len(&len, frame, err));
    if (len != frame.len)
        return err_set(err, ERR_PROTOCOL, "a frame of %zu bytes says that it has %zu", frame.len,
                       len);
    const unsigned char *p = (const unsigned char *)frame.ptr;
    const struct message *m = message_find(p[4] | (uint32_t)p[5] << 8);
    struct decoder d = { .arena = a, .err = err };
    reader_init(&d.reader, frame.ptr + MSG_HEADER_BYTES, frame.len - MSG_HEADER_BYTES,
                m->record.name);
    void *body = arena_alloc(a, m->record.size);
    if (!body) return no_memory(&d, m->record.size);
    TRY(get_record(&d, body, &m->record, 1));
    if (reader_left(&d.reader) != 0) return bad(&d, m->record.name, "bytes behind the end");
    *ret = (struct message_any){ .kind = m->kind, .body = body };
    return 0;
}
