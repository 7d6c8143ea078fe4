#include "chat/jinja/loop.h"

#include "chat/jinja/eval.h"

/* The next item that passes the test. */
static int pull(struct render *r, struct loop *loop, struct value *ret)
{
    struct scope *s = NULL;
    while (loop->next < loop->items->n) {
        *ret = loop->items->items[loop->next++];
        TRY(render_step(r, 1));
        if (!loop->node->test || loop->tested) return 0;
        struct value passes;
        if (!s) TRY(scope_new(r, &s, loop->outer));
        TRY(exec_assign(r, s, loop->node->target, *ret));
        TRY(eval(r, s, &passes, loop->node->test));
        if (value_truth(passes)) return 0;
    }
    *ret = (struct value){ 0 };
    return 0;
}

int loop_peek(struct render *r, struct loop *loop, struct value *ret)
{
    if (loop->after.kind == KIND_MISSING) TRY(pull(r, loop, &loop->after));
    *ret = loop->after;
    return 0;
}

int loop_next(struct render *r, struct loop *loop, struct value *ret)
{
    TRY(loop_peek(r, loop, ret));
    loop->after = (struct value){ 0 };
    if (ret->kind == KIND_MISSING) return 0;
    loop->index0++;
    loop->before = loop->current;
    loop->current = *ret;
    return 0;
}

int loop_length(struct render *r, struct loop *loop, int64_t *ret)
{
    if (loop->node->test && !loop->tested) {
        struct value rest;
        size_t n = 0, left = loop->items->n - loop->next;
        struct value item;
        TRY(value_list(r, &rest, KIND_LIST, left));
        for (;; n++) {
            TRY(pull(r, loop, &item));
            if (item.kind == KIND_MISSING) break;
            rest.list->items[n] = item;
        }
        rest.list->n = n;
        loop->items = rest.list;
        loop->next = 0;
        loop->tested = true;
        loop->length = (int64_t)n + loop->index0 + 1 + (loop->after.kind != KIND_MISSING);
    }
    *ret = loop->tested ? loop->length : (int64_t)loop->items->n;
    return 0;
}

static int counter(struct render *r, struct loop *loop, int64_t *ret, struct slice name)
{
    int64_t length;
    if (slice_is(name, "index"))
        *ret = loop->index0 + 1;
    else if (slice_is(name, "index0"))
        *ret = loop->index0;
    else if (slice_is(name, "depth"))
        *ret = loop->depth0 + 1;
    else if (slice_is(name, "depth0"))
        *ret = loop->depth0;
    else if (slice_is(name, "length") || slice_is(name, "revindex") ||
             slice_is(name, "revindex0")) {
        TRY(loop_length(r, loop, &length));
        *ret = slice_is(name, "length")     ? length
               : slice_is(name, "revindex") ? length - loop->index0
                                            : length - loop->index0 - 1;
    } else
        return 1;
    return 0;
}

int loop_attr(struct render *r, struct value *ret, struct value self, struct slice name)
{
    struct loop *loop = self.loop;
    int64_t n;
    int rc = counter(r, loop, &n, name);
    if (rc < 0) return rc;
    if (rc == 0) {
        *ret = value_int(n);
        ret->trusted = true;
    } else if (slice_is(name, "first")) {
        *ret = value_bool(loop->index0 == 0);
    } else if (slice_is(name, "last")) {
        TRY(loop_peek(r, loop, ret));
        *ret = value_bool(ret->kind == KIND_MISSING);
    } else if (slice_is(name, "previtem")) {
        *ret = loop->before;
        if (loop->index0 == 0) return value_undefined_hint(r, ret, "there is no previous item");
    } else if (slice_is(name, "nextitem")) {
        TRY(loop_peek(r, loop, ret));
        if (ret->kind == KIND_MISSING) return value_undefined_hint(r, ret, "there is no next item");
    }
    return 0;
}

static int cycle(struct render *r, struct value *ret, struct call *c)
{
    if (c->rest.n_pos == 0) return render_fail(r, "no items for cycling given");
    *ret = c->rest.pos[(size_t)c->self.loop->index0 % c->rest.n_pos];
    return 0;
}

static int changed(struct render *r, struct value *ret, struct call *c)
{
    struct loop *loop = c->self.loop;
    bool same = loop->was_asked && loop->changed.n == c->rest.n_pos;
    for (size_t i = 0; same && i < c->rest.n_pos; i++)
        TRY(value_eq(r, &same, loop->changed.items[i], c->rest.pos[i]));
    loop->was_asked = true;
    loop->changed.n = c->rest.n_pos;
    loop->changed.items = (struct value *)(uintptr_t)c->rest.pos; /* Only read from here on. */
    *ret = value_bool(!same);
    return 0;
}

const struct builtin methods_loop[] = {
    { "cycle", cycle, .variadic = true },
    { "changed", changed, .variadic = true },
    { 0 },
};
