/* fill - random bodies and deep comparison, driven by the field tables of any kind. */
#ifndef TIRO_TESTS_PROTO_FILL_H
#define TIRO_TESTS_PROTO_FILL_H

#include "proto/message.h"

#include <stdlib.h>

static inline uint64_t fill_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline struct slice fill_str(struct arena *a, uint64_t *state, uint64_t max)
{
    size_t len = fill_random(state) % (max < 40 ? max + 1 : 40);
    char *s = arena_alloc(a, len + 1);
    for (size_t i = 0; i < len; i++) s[i] = (char)fill_random(state);
    return (struct slice){ s, len };
}

static inline void fill_record(void *record, const struct message_record *r, struct arena *a,
                               uint64_t *state);

static inline void fill_list(void *record, const struct message_field *f, struct arena *a,
                             uint64_t *state)
{
    uint32_t n = (uint32_t)(fill_random(state) % (f->max < 4 ? f->max + 1 : 4));
    size_t size = f->type == MT_RECORDS ? f->record->size
                  : f->type == MT_STRS  ? sizeof(struct slice)
                                        : 4;
    char *items = arena_array(a, n, size);
    for (uint32_t i = 0; i < n; i++) {
        if (f->type == MT_RECORDS)
            fill_record(items + i * size, f->record, a, state);
        else if (f->type == MT_STRS)
            ((struct slice *)(void *)items)[i] = fill_str(a, state, f->item_max);
        else if (f->type == MT_F32S)
            ((float *)(void *)items)[i] = (float)fill_random(state) / 3;
        else
            ((uint32_t *)(void *)items)[i] = (uint32_t)fill_random(state);
    }
    memcpy((char *)record + f->offset, &items, sizeof items);
    memcpy((char *)record + f->offset_count, &n, sizeof n);
}

static inline void fill_field(void *record, const struct message_field *f, struct arena *a,
                              uint64_t *state)
{
    char *p = (char *)record + f->offset;
    uint64_t v = fill_random(state);
    if (f->max) v %= f->max + 1;
    struct slice s;
    switch ((enum message_type)f->type) {
    case MT_BOOL: *(bool *)(void *)p = v & 1; break;
    case MT_U32:
    case MT_I32: memcpy(p, &(uint32_t){ (uint32_t)v }, 4); break;
    case MT_U64: memcpy(p, &v, 8); break;
    case MT_F32: memcpy(p, &(float){ (float)v / 7 }, 4); break;
    case MT_F64: memcpy(p, &(double){ (double)v / 7 }, 8); break;
    case MT_STR:
        s = fill_str(a, state, f->max);
        memcpy(p, &s, sizeof s);
        break;
    case MT_RECORD: fill_record(p, f->record, a, state); break;
    default: fill_list(record, f, a, state);
    }
}

/* About a third of the fields stay zero. */
static inline void fill_record(void *record, const struct message_record *r, struct arena *a,
                               uint64_t *state)
{
    for (const struct message_field *f = r->fields; f->name; f++)
        if (fill_random(state) % 3) fill_field(record, f, a, state);
}

static inline bool same_record(const void *x, const void *y, const struct message_record *r);

static inline bool same_list(const void *x, const void *y, const struct message_field *f)
{
    uint32_t n, m;
    const char *p, *q;
    memcpy(&n, (const char *)x + f->offset_count, sizeof n);
    memcpy(&m, (const char *)y + f->offset_count, sizeof m);
    memcpy(&p, (const char *)x + f->offset, sizeof p);
    memcpy(&q, (const char *)y + f->offset, sizeof q);
    if (n != m) return false;
    for (uint32_t i = 0; i < n; i++) {
        if (f->type == MT_RECORDS) {
            if (!same_record(p + i * f->record->size, q + i * f->record->size, f->record))
                return false;
        } else if (f->type == MT_STRS) {
            if (!slice_eq(((const struct slice *)(const void *)p)[i],
                          ((const struct slice *)(const void *)q)[i]))
                return false;
        } else if (memcmp(p + 4 * (size_t)i, q + 4 * (size_t)i, 4) != 0) {
            return false;
        }
    }
    return true;
}

static inline bool same_field(const void *x, const void *y, const struct message_field *f)
{
    const char *p = (const char *)x + f->offset, *q = (const char *)y + f->offset;
    switch ((enum message_type)f->type) {
    case MT_BOOL: return *(const bool *)(const void *)p == *(const bool *)(const void *)q;
    case MT_U32:
    case MT_I32:
    case MT_F32: return memcmp(p, q, 4) == 0;
    case MT_U64:
    case MT_F64: return memcmp(p, q, 8) == 0;
    case MT_STR:
        return slice_eq(*(const struct slice *)(const void *)p,
                        *(const struct slice *)(const void *)q);
    case MT_RECORD: return same_record(p, q, f->record);
    default: return same_list(x, y, f);
    }
}

static inline bool same_record(const void *x, const void *y, const struct message_record *r)
{
    for (const struct message_field *f = r->fields; f->name; f++)
        if (!same_field(x, y, f)) return false;
    return true;
}

#endif
