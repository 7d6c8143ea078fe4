#include "chat/jinja/builtin.h"

#include "chat/jinja/eval.h"
#include "chat/jinja/loop.h"

#include <assert.h>

const struct builtin *builtin_in(const struct builtin *table, struct slice name)
{
    for (; table->name; table++)
        if (slice_is(name, table->name)) return table;
    return NULL;
}

static const struct builtin *in_any(const struct builtin *const *tables, struct slice name)
{
    const struct builtin *found = NULL;
    for (; *tables && !found; tables++) found = builtin_in(*tables, name);
    return found;
}

static bool in_names(const char *const *names, struct slice name)
{
    for (; *names; names++)
        if (slice_is(name, *names)) return true;
    return false;
}

const struct builtin *builtin_filter(struct slice name)
{
    static const struct builtin *const tables[] = { filters_text,   filters_list, filters_pick,
                                                    filters_number, filters_sort, NULL };
    return in_any(tables, name);
}

bool builtin_filter_is_refused(struct slice name)
{
    static const char *const names[] = { "filesizeformat", "pprint",  "random",
                                         "striptags",      "urlize",  "urlencode",
                                         "wordwrap",       "xmlattr", NULL };
    return in_names(names, name);
}

const struct builtin *builtin_test(struct slice name)
{
    return builtin_in(tests_all, name);
}

const struct builtin *builtin_function(struct slice name)
{
    return builtin_in(functions_all, name);
}

const struct builtin *builtin_method(struct value object, struct slice name)
{
    static const struct builtin *const of_str[] = { methods_str, methods_str_find,
                                                    methods_str_split, methods_str_is, NULL };
    switch (object.kind) {
    case KIND_STRING: return in_any(of_str, name);
    case KIND_DICT: return builtin_in(methods_dict, name);
    case KIND_LIST: return builtin_in(methods_list, name);
    case KIND_TUPLE:
    case KIND_RANGE: {
        const struct builtin *b = builtin_in(methods_list, name);
        return b && slice_is(name, "copy") ? NULL : b;
    }
    case KIND_LOOP: return builtin_in(methods_loop, name);
    case KIND_CYCLER: return builtin_in(methods_cycler, name);
    default: return NULL;
    }
}

bool builtin_method_is_refused(struct value object, struct slice name, bool *unsafe)
{
    static const char *const of_str[] = { "encode", "expandtabs", "maketrans", "translate", NULL };
    static const char *const of_number[] = { "as_integer_ratio", "bit_count",   "bit_length",
                                             "conjugate",        "denominator", "from_bytes",
                                             "fromhex",          "hex",         "imag",
                                             "is_integer",       "numerator",   "real",
                                             "to_bytes",         NULL };
    static const char *const of_dict[] = { "fromkeys", NULL };
    static const char *const of_range[] = { "start", "stop", "step", NULL };
    static const char *const changes_dict[] = { "clear",      "pop",    "popitem",
                                                "setdefault", "update", NULL };
    static const char *const changes_list[] = { "append", "clear",   "extend", "insert", "pop",
                                                "remove", "reverse", "sort",   NULL };
    *unsafe = object.kind != KIND_NAMESPACE && name.len > 4 && slice_starts(name, SLICE("__")) &&
              slice_ends(name, SLICE("__"));
    if (object.kind == KIND_DICT) *unsafe = *unsafe || in_names(changes_dict, name);
    if (object.kind == KIND_LIST) *unsafe = *unsafe || in_names(changes_list, name);
    if (*unsafe) return true;
    switch (object.kind) {
    case KIND_STRING: return in_names(of_str, name);
    case KIND_DICT: return in_names(of_dict, name);
    case KIND_RANGE: return in_names(of_range, name);
    case KIND_BOOL:
    case KIND_INT:
    case KIND_FLOAT: return in_names(of_number, name);
    default: return false;
    }
}

/* The parameter that takes keyword k, or CALL_ARGS_MAX. */
static size_t param_of(const struct builtin *b, const struct str *name)
{
    for (size_t i = 0; i < CALL_ARGS_MAX && b->params[i]; i++)
        if (b->params[i][0] && slice_is(str_slice(name), b->params[i])) return i;
    return CALL_ARGS_MAX;
}

int builtin_call(struct render *r, struct value *ret, const struct builtin *b, struct value self,
                 const struct args *args)
{
    struct call c = { .builtin = b, .self = self, .rest = *args };
    TRY(render_step(r, 1));
    if (b->variadic) return b->fn(r, ret, &c);
    size_t n_params = 0;
    while (n_params < CALL_ARGS_MAX && b->params[n_params]) n_params++;
    if (args->n_pos > n_params)
        return render_fail(r, "%s takes at most %zu arguments", b->name, n_params);
    for (size_t i = 0; i < args->n_pos; i++) c.arg[i] = args->pos[i];
    for (size_t k = 0; k < args->n_kw; k++) {
        size_t i = param_of(b, args->kw[k].name.str);
        if (i == CALL_ARGS_MAX)
            return render_fail(r, "%s has no argument '%.*s'", b->name,
                               SLICE_FMT(str_slice(args->kw[k].name.str)));
        if (c.arg[i].kind != KIND_MISSING)
            return render_fail(r, "%s got multiple values for '%s'", b->name, b->params[i]);
        c.arg[i] = args->kw[k].value;
    }
    for (size_t i = 0; i < b->required; i++)
        if (c.arg[i].kind == KIND_MISSING)
            return render_fail(r, "%s misses its argument %zu", b->name, i + 1);
    return b->fn(r, ret, &c);
}

static int join_call(struct render *r, struct value *ret, struct joiner *joiner)
{
    if (joiner->used) {
        *ret = joiner->separator;
        return 0;
    }
    joiner->used = true;
    return value_string(r, ret, SLICE(""), true);
}

int value_call(struct render *r, struct value *ret, struct value callee, const struct args *args)
{
    switch (callee.kind) {
    case KIND_FUNCTION:
        return builtin_call(r, ret, callee.function->builtin, callee.function->self, args);
    case KIND_MACRO: return macro_call(r, ret, callee.macro, args);
    case KIND_JOINER:
        if (args->n_pos || args->n_kw) return render_fail(r, "a joiner takes no arguments");
        return join_call(r, ret, callee.joiner);
    case KIND_LOOP:
        if (args->n_pos != 1 || args->n_kw) return render_fail(r, "loop takes one argument");
        return loop_recurse(r, ret, callee.loop, args->pos[0]);
    case KIND_UNDEFINED: return render_undefined(r, callee);
    default: return render_fail(r, "'%s' object is not callable", value_type(callee));
    }
}

int value_path(struct render *r, struct value *ret, struct value item, struct value path)
{
    *ret = item;
    if (!arg_given(path)) return 0;
    if (path.kind != KIND_STRING) return value_item(r, ret, item, path);
    struct slice rest = str_slice(path.str);
    for (;;) {
        size_t dot = slice_find(rest, SLICE("."));
        struct slice part = { rest.ptr, dot };
        struct value index;
        int64_t n;
        bool digits = part.len > 0;
        for (size_t i = 0; i < part.len; i++) digits &= part.ptr[i] >= '0' && part.ptr[i] <= '9';
        if (digits && slice_to_i64(&n, part))
            index = value_int(n);
        else
            TRY(value_string(r, &index, part, false));
        TRY(value_item(r, ret, *ret, index));
        if (dot == rest.len) return 0;
        rest = (struct slice){ rest.ptr + dot + 1, rest.len - dot - 1 };
    }
}

bool arg_given(struct value v)
{
    return v.kind != KIND_MISSING && v.kind != KIND_NONE;
}

int arg_str(struct render *r, const struct str **ret, struct value v, const char *what)
{
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    if (v.kind != KIND_STRING) return render_fail(r, "%s must be str, not %s", what, value_type(v));
    *ret = v.str;
    return 0;
}

int arg_int(struct render *r, int64_t *ret, struct value v, int64_t absent)
{
    *ret = absent;
    if (!arg_given(v) || value_to_int(v, ret)) return 0;
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    return render_fail(r, "'%s' object cannot be interpreted as an integer", value_type(v));
}

bool arg_bool(struct value v, bool absent)
{
    return v.kind == KIND_MISSING ? absent : value_truth(v);
}
