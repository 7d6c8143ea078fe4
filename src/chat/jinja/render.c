#include "chat/jinja/render.h"

#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

int render_fail(struct render *r, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args); /* Cut at the size of an error's text. */
    va_end(args);
    return err_set(r->err, ERR_TEMPLATE, "chat template of %s, line %u: %s", r->name,
                   (unsigned)r->line, text);
}

int render_undefined(struct render *r, struct value v)
{
    const struct undefined *u = v.undefined;
    if (!u) return render_fail(r, "an undefined value is used");
    if (u->hint) return render_fail(r, "%s", u->hint);
    if (!u->type) return render_fail(r, "'%.*s' is undefined", SLICE_FMT(u->name));
    return render_fail(r, "'%s' has no attribute '%.*s'", u->type, SLICE_FMT(u->name));
}

static int limit(struct render *r, const char *what, uint64_t max)
{
    return err_set(r->err, ERR_LIMIT, "chat template of %s, line %u: over the limit of %llu %s",
                   r->name, (unsigned)r->line, (unsigned long long)max, what);
}

int render_step(struct render *r, uint64_t n)
{
    if (n > r->steps_left) {
        r->steps_left = 0;
        return limit(r, "steps", r->steps_max);
    }
    r->steps_left -= n;
    return 0;
}

int render_step_bytes(struct render *r, size_t len)
{
    return render_step(r, len / TEMPLATE_STEP_BYTES);
}

int render_step_chars(struct render *r, size_t len)
{
    enum { CHARS_PER_COPY = 16 }; /* Measured: a character takes as long as copying 16 bytes. */
    return render_step_bytes(r, CHARS_PER_COPY * len);
}

int render_step_search(struct render *r, size_t len, size_t needle_len)
{
    enum {
        COMPARE_BYTES = 1024,
        NEEDLE_MAX = 256
    }; /* Longer needles are searched in linear time. */
    size_t width = needle_len < NEEDLE_MAX ? needle_len : NEEDLE_MAX;
    TRY(render_step_bytes(r, len));
    return render_step(r, len / COMPARE_BYTES * width);
}

void *render_alloc(struct render *r, size_t count, size_t size)
{
    return arena_array(&r->arena, count, size);
}

int render_memory(struct render *r)
{
    if (r->arena.used + TEMPLATE_OUTPUT_MAX >= r->arena.cap)
        return limit(r, "bytes of memory", r->arena.cap);
    return err_set(r->err, ERR_NO_MEMORY, "no memory to render the chat template of %s", r->name);
}

int render_enter(struct render *r)
{
    if (r->depth >= TEMPLATE_DEPTH_MAX) return limit(r, "levels of nesting", TEMPLATE_DEPTH_MAX);
    r->depth++;
    return 0;
}

void render_leave(struct render *r)
{
    assert(r->depth > 0);
    r->depth--;
}

int render_too_long(struct render *r)
{
    return limit(r, "bytes in one text", r->output_max);
}

int render_too_deep(struct render *r)
{
    return limit(r, "values within values", TEMPLATE_VALUE_DEPTH_MAX);
}

int render_too_many(struct render *r)
{
    return limit(r, "items in one list", TEMPLATE_ITEMS_MAX);
}
