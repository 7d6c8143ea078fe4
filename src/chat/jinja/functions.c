/* Functions that every template has. */
#include "chat/jinja/builtin.h"

#include "base/seam.h"

#include <time.h>

/* The number of items, or more than TEMPLATE_RANGE_MAX if there are too many. */
static uint64_t range_len(const struct range *range)
{
    if (range->step > 0 ? range->start >= range->stop : range->start <= range->stop) return 0;
    uint64_t distance = range->step > 0 ? (uint64_t)range->stop - (uint64_t)range->start
                                        : (uint64_t)range->start - (uint64_t)range->stop;
    uint64_t step = range->step > 0 ? (uint64_t)range->step : 0 - (uint64_t)range->step;
    return (distance - 1) / step + 1;
}

static int function_range(struct render *r, struct value *ret, struct call *c)
{
    struct range *range = render_alloc(r, 1, sizeof *range);
    if (!range) return render_memory(r);
    bool two = c->arg[1].kind != KIND_MISSING;
    int64_t *into[3] = { &range->start, &range->stop, &range->step };
    struct value from[3] = { c->arg[0], c->arg[1], c->arg[2] };
    range->step = 1;
    if (!two) into[0] = &range->stop;
    for (int i = 0; i < 3; i++) {
        if (from[i].kind == KIND_MISSING) continue;
        if (from[i].kind == KIND_NONE) return render_fail(r, "range() takes whole numbers");
        TRY(arg_int(r, into[i], from[i], 0));
    }
    if (range->step == 0) return render_fail(r, "range() arg 3 must not be zero");
    uint64_t n = range_len(range);
    if (n > TEMPLATE_RANGE_MAX)
        return err_set(r->err, ERR_LIMIT,
                       "chat template of %s, line %u: over the limit of %d items in one range()",
                       r->name, (unsigned)r->line, TEMPLATE_RANGE_MAX);
    range->n = (size_t)n;
    *ret = (struct value){ .kind = KIND_RANGE, .range = range };
    return 0;
}

/* dict(mapping or pairs, name=value ...) */
static int function_dict(struct render *r, struct value *ret, struct call *c)
{
    const struct args *args = &c->rest;
    const struct list *pairs, *pair;
    TRY(value_dict(r, ret, args->n_kw));
    if (args->n_pos > 1) return render_fail(r, "dict expected at most 1 argument");
    if (args->n_pos == 1 && args->pos[0].kind == KIND_DICT) {
        const struct dict *from = args->pos[0].dict;
        for (size_t i = 0; i < from->n; i++)
            TRY(dict_put(r, ret->dict, from->pairs[i].key, from->pairs[i].value));
    } else if (args->n_pos == 1) {
        TRY(value_items(r, &pairs, args->pos[0]));
        for (size_t i = 0; i < pairs->n; i++) {
            TRY(value_items(r, &pair, pairs->items[i]));
            if (pair->n != 2) return render_fail(r, "dict() takes pairs of key and value");
            TRY(dict_put(r, ret->dict, pair->items[0], pair->items[1]));
        }
    }
    for (size_t i = 0; i < args->n_kw; i++)
        TRY(dict_put(r, ret->dict, args->kw[i].name, args->kw[i].value));
    return 0;
}

static int function_namespace(struct render *r, struct value *ret, struct call *c)
{
    TRY(function_dict(r, ret, c));
    for (size_t i = 0; i < ret->dict->n; i++) {
        struct value key = ret->dict->pairs[i].key;
        if (key.kind == KIND_STRING && slice_starts(str_slice(key.str), SLICE("_")))
            return render_fail(r,
                               "a namespace cannot have attributes that start with an underscore");
    }
    ret->kind = KIND_NAMESPACE;
    return 0;
}

static int function_cycler(struct render *r, struct value *ret, struct call *c)
{
    if (c->rest.n_pos == 0 || c->rest.n_kw)
        return render_fail(r, "at least one item has to be provided");
    struct cycler *cycler = render_alloc(r, 1, sizeof *cycler);
    if (!cycler) return render_memory(r);
    cycler->items.items = (struct value *)(uintptr_t)c->rest.pos; /* Only read from here on. */
    cycler->items.n = c->rest.n_pos;
    *ret = (struct value){ .kind = KIND_CYCLER, .cycler = cycler };
    return 0;
}

static int cycler_next(struct render *r, struct value *ret, struct call *c)
{
    struct cycler *cycler = c->self.cycler;
    (void)r;
    *ret = cycler->items.items[cycler->pos];
    cycler->pos = (cycler->pos + 1) % cycler->items.n;
    return 0;
}

static int cycler_reset(struct render *r, struct value *ret, struct call *c)
{
    (void)r;
    c->self.cycler->pos = 0;
    *ret = value_none();
    return 0;
}

static int function_joiner(struct render *r, struct value *ret, struct call *c)
{
    struct joiner *joiner = render_alloc(r, 1, sizeof *joiner);
    if (!joiner) return render_memory(r);
    joiner->separator = c->arg[0];
    if (c->arg[0].kind == KIND_MISSING) TRY(value_string(r, &joiner->separator, SLICE(", "), true));
    *ret = (struct value){ .kind = KIND_JOINER, .joiner = joiner };
    return 0;
}

static int function_raise(struct render *r, struct value *ret, struct call *c)
{
    const struct str *message;
    (void)ret;
    TRY(value_str(r, &message, c->arg[0]));
    return render_fail(r, "%.*s", SLICE_FMT(str_slice(message)));
}

static int function_strftime(struct render *r, struct value *ret, struct call *c)
{
    const struct str *format;
    char zoned[256], out[1024];
    TRY(arg_str(r, &format, c->arg[0], "the format of strftime_now"));
    if (format->len + 2 > sizeof zoned || memchr(format->ptr, 0, format->len))
        return render_fail(r, "the format of strftime_now is too long");
    memcpy(zoned, format->ptr, format->len);
    zoned[format->len] = '.'; /* So that an empty result is no error. */
    zoned[format->len + 1] = '\0';
    time_t now = (time_t)(r->now_ns / 1000000000u);
    struct tm tm;
    if (!gmtime_r(&now, &tm)) return render_fail(r, "the clock is out of range");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size_t len = strftime(out, sizeof out, zoned, &tm);
#pragma GCC diagnostic pop
    if (len == 0) return render_fail(r, "the result of strftime_now is too long");
    struct text t;
    text_init(&t, r);
    text_add(&t, out, len - 1, format->trusted);
    return text_value(&t, ret);
}

static int function_refused(struct render *r, struct value *ret, struct call *c)
{
    (void)ret;
    return render_fail(r, "the function '%s' is not supported", c->builtin->name);
}

const struct builtin functions_all[] = {
    { "range", function_range, { "", "", "" }, 1 },
    { "dict", function_dict, .variadic = true },
    { "namespace", function_namespace, .variadic = true },
    { "cycler", function_cycler, .variadic = true },
    { "joiner", function_joiner, { "sep" } },
    { "raise_exception", function_raise, { "message" }, 1 },
    { "strftime_now", function_strftime, { "format" }, 1 },
    { "lipsum", function_refused, .variadic = true },
    { 0 },
};

const struct builtin methods_cycler[] = {
    { "next", cycler_next },
    { "reset", cycler_reset },
    { 0 },
};
