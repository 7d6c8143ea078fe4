#include "index/filter.h"

#include <assert.h>

static bool is_join(const struct filter_step *s)
{
    return s->op == FILTER_AND || s->op == FILTER_OR;
}

static bool has_values(const struct filter_step *s)
{
    bool many = s->op == FILTER_IN || s->op == FILTER_NIN;
    return many ? s->n_values <= FILTER_VALUES_MAX : s->n_values == 1;
}

int filter_check(const struct filter_step *steps, size_t n, struct err *err)
{
    size_t depth = 0;
    if (n > FILTER_STEPS_MAX)
        return err_set(err, ERR_LIMIT, "a filter has at most %d steps", FILTER_STEPS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct filter_step *s = &steps[i];
        bool good = s->op < FILTER_OPS;
        if (good && is_join(s)) good = s->n_below > 0 && s->n_below <= depth;
        if (good && !is_join(s)) good = has_values(s);
        if (!good) return err_set(err, ERR_INVALID_VALUE, "step %zu of the filter is none", i);
        depth = is_join(s) ? depth - s->n_below + 1 : depth + 1;
    }
    if (n && depth != 1)
        return err_set(err, ERR_INVALID_VALUE, "the filter leaves %zu answers", depth);
    return 0;
}

/* -1, 0, 1; only of two values of the same kind. */
static int order(const struct index_value *a, const struct index_value *b)
{
    if (a->kind != INDEX_TEXT) return (a->number > b->number) - (a->number < b->number);
    size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    int c = len ? memcmp(a->text.ptr, b->text.ptr, len) : 0;
    if (c == 0) c = (a->text.len > b->text.len) - (a->text.len < b->text.len);
    return (c > 0) - (c < 0);
}

static bool is_equal(const struct index_value *a, const struct index_value *b)
{
    return a->kind == b->kind && order(a, b) == 0;
}

static bool is_one_of(const struct filter_step *s, const struct index_value *value)
{
    for (uint32_t i = 0; value && i < s->n_values; i++)
        if (is_equal(value, &s->values[i])) return true;
    return false;
}

static bool compare(const struct filter_step *s, const struct index_value *value)
{
    switch (s->op) {
    case FILTER_EQ:
    case FILTER_IN: return is_one_of(s, value);
    case FILTER_NE:
    case FILTER_NIN: return !is_one_of(s, value);
    default: break;
    }
    const struct index_value *to = s->values;
    if (!value || value->kind != to->kind || value->kind == INDEX_TRUTH) return false;
    int c = order(value, to);
    switch (s->op) {
    case FILTER_GT: return c > 0;
    case FILTER_GTE: return c >= 0;
    case FILTER_LT: return c < 0;
    default: return c <= 0;
    }
}

static const struct index_value *value_of(const struct index_attribute *attributes, size_t n,
                                          struct slice key)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(attributes[i].key, key)) return &attributes[i].value;
    return NULL;
}

static bool join(const struct filter_step *s, const bool *answers)
{
    bool all = true, any = false;
    for (uint32_t i = 0; i < s->n_below; i++) {
        all = all && answers[i];
        any = any || answers[i];
    }
    return s->op == FILTER_AND ? all : any;
}

bool filter_passes(const struct filter_step *steps, size_t n,
                   const struct index_attribute *attributes, size_t n_attributes)
{
    bool stack[FILTER_STEPS_MAX];
    size_t depth = 0;
    assert(n <= FILTER_STEPS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct filter_step *s = &steps[i];
        bool answer;
        if (is_join(s)) {
            depth -= s->n_below;
            answer = join(s, stack + depth);
        } else {
            answer = compare(s, value_of(attributes, n_attributes, s->key));
        }
        stack[depth++] = answer;
    }
    return depth == 0 || stack[0];
}
