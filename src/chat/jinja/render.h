/* render - the state of one rendering, and the builder of strings that carry provenance. */
#ifndef TIRO_CHAT_JINJA_RENDER_H
#define TIRO_CHAT_JINJA_RENDER_H

#include "base/arena.h"
#include "chat/jinja/value.h"

struct template;

struct render {
    const char *name;          /* Of the template. */
    const struct slice *names; /* The template's symbols, n_globals of them ... */
    struct value *globals;     /* ... and their values outside all scopes; KIND_MISSING: none. */
    size_t n_globals;
    struct arena arena;
    struct err *err;
    uint64_t steps_left, steps_max;
    size_t output_max;
    unsigned depth;
    uint32_t line;
    uint64_t now_ns;
};

/* -ERR_TEMPLATE with the template's name and the current line before the text. */
int render_fail(struct render *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Fails with why the value is undefined. */
int render_undefined(struct render *r, struct value v);
/* Counts n steps; -ERR_LIMIT when they are used up. */
int render_step(struct render *r, uint64_t n) MUST_USE;
/* The steps that `len` bytes of text cost. */
int render_step_bytes(struct render *r, size_t len) MUST_USE;
/* Of walking over it character by character. */
int render_step_chars(struct render *r, size_t len) MUST_USE;
/* The steps of looking for `needle_len` bytes in `len`: what the worst case may cost. */
int render_step_search(struct render *r, size_t len, size_t needle_len) MUST_USE;
/* Zeroed; NULL when over the limit, and then render_memory says so. */
void *render_alloc(struct render *r, size_t count, size_t size);
int render_memory(struct render *r);
int render_too_long(struct render *r); /* A string over output_max. */
int render_too_deep(struct render *r); /* Values over TEMPLATE_VALUE_DEPTH_MAX deep. */
int render_too_many(struct render *r); /* A list over TEMPLATE_ITEMS_MAX. */
/* One level deeper, for anything recursive; each enter that returned 0 needs its leave. */
int render_enter(struct render *r) MUST_USE;
void render_leave(struct render *r);

/* A string being built. Failures stay in `rc` and come out of text_finish. */
struct text {
    struct render *r;
    char *ptr;
    size_t len, cap;
    struct template_span *spans; /* Trusted ones. */
    size_t n_spans, cap_spans;
    int rc;
};

void text_init(struct text *t, struct render *r);
void text_add(struct text *t, const char *bytes, size_t len, bool trusted);
void text_add_slice(struct text *t, struct slice s, bool trusted);
void text_add_codepoint(struct text *t, uint32_t codepoint, bool trusted);
void text_fill(struct text *t, char c, size_t n, bool trusted);
void text_add_str(struct text *t, const struct str *s);
/* Bytes from .. to of s. */
void text_add_sub(struct text *t, const struct str *s, size_t from, size_t to);
void text_add_value(struct text *t, struct value v); /* as str() */
void text_printf(struct text *t, bool trusted, const char *fmt, ...) PRINTF_LIKE(3, 4);
int text_finish(struct text *t, const struct str **ret) MUST_USE;
int text_value(struct text *t, struct value *ret) MUST_USE;

/* Parts of a string share its bytes. */
int str_sub(struct render *r, const struct str **ret, const struct str *s, size_t from,
            size_t to) MUST_USE;
int str_sub_value(struct render *r, struct value *ret, const struct str *s, size_t from,
                  size_t to) MUST_USE;
/* Whether bytes from .. to are all trusted (an empty range of a trusted string is). */
bool str_is_trusted(const struct str *s, size_t from, size_t to);
/* The code point at *pos, which moves behind it; call only where *pos < s->len. */
uint32_t str_next(const struct str *s, size_t *pos);
size_t str_chars(const struct str *s); /* Length in code points. */
/* The byte offset of code point n, or s->len. */
size_t str_offset(const struct str *s, size_t n);

static inline struct slice str_slice(const struct str *s)
{
    return (struct slice){ s->ptr, s->len };
}

static inline struct value value_of_str(const struct str *s)
{
    return (struct value){ .kind = KIND_STRING, .str = s };
}

/* Where the needle is, at or behind `from`, or before `end`: the offset in bytes, or SIZE_MAX. */
size_t str_find(struct slice s, struct slice needle, size_t from);
size_t str_rfind(struct slice s, struct slice needle, size_t end);
/* What str_rfind may cost: it compares the whole needle everywhere. */
int str_rfind_steps(struct render *r, size_t len, size_t needle_len) MUST_USE;

#endif
