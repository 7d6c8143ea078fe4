/* slice - a view of bytes that someone else owns; not NUL-terminated, may hold any byte. */
#ifndef TIRO_BASE_SLICE_H
#define TIRO_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr; /* May be NULL when len is 0. */
    size_t len;
};

/* For string literals. */
#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
/* For printf: printf("%.*s", SLICE_FMT(s)). */
#define SLICE_FMT(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct slice slice_of(const char *s)
{
    return (struct slice){ s, s ? strlen(s) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
    return slice_eq(a, slice_of(s));
}

static inline bool slice_starts(struct slice a, struct slice prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool slice_ends(struct slice a, struct slice suffix)
{
    return a.len >= suffix.len &&
           (suffix.len == 0 || memcmp(a.ptr + a.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* ASCII only, as header names and host names need. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* libsodium's base64 takes some bytes above 0x7F for letters of its own: ask before. */
bool slice_is_ascii(struct slice s);
static inline bool slice_starts_nocase(struct slice a, struct slice prefix)
{
    return a.len >= prefix.len && slice_eq_nocase((struct slice){ a.ptr, prefix.len }, prefix);
}
struct slice slice_trim(struct slice s); /* Without spaces, tabs, CR, LF at both ends. */
/* Where `needle` first begins in `s`, or s.len. An empty needle is found at 0. */
size_t slice_find(struct slice s, struct slice needle);
/* Base-10, all of it, no sign but '-', no spaces; false when not a number or out of range. */
bool slice_to_i64(int64_t *ret, struct slice s);
bool slice_to_u64(uint64_t *ret, struct slice s);
/* A key for hash tables over outside bytes: SipHash-2-4 with a key drawn at start. */
uint64_t slice_hash(struct slice s);

#endif
