/* Keywords with numbers: bounds of numbers, and of lengths. */
#include "grammar/schema_keyword.h"

#include <math.h>

/* --- numbers ---------------------------------------------------------------------------------- */

static void raise_min(struct json_numbers *r, double min, bool excluded)
{
    if (min < r->min) return;
    r->min_excluded = excluded || (min == r->min && r->min_excluded);
    r->min = min;
}

static void lower_max(struct json_numbers *r, double max, bool excluded)
{
    if (max > r->max) return;
    r->max_excluded = excluded || (max == r->max && r->max_excluded);
    r->max = max;
}

/* -1, 0, 1 as d is below, at or above v. */
static int compare(double d, int64_t v)
{
    if (d >= 0x1p63) return 1;
    int64_t whole = (int64_t)d; /* A double made of an integer is one. */
    return (whole > v) - (whole < v);
}

static void at_least_integer(struct shape *shape, int64_t v, bool excluded)
{
    double d = (double)v;
    int side = compare(d, v);
    if (side < 0) d = nextafter(d, INFINITY);
    raise_min(&shape->numbers, d, excluded && side == 0);
    if (excluded && v == INT64_MAX) shape->integers.max = INT64_MIN; /* None is left. */
    if (excluded && v < INT64_MAX) v++;
    if (v > shape->integers.min) shape->integers.min = v;
}

static void at_most_integer(struct shape *shape, int64_t v, bool excluded)
{
    double d = (double)v;
    int side = compare(d, v);
    if (side > 0) d = nextafter(d, -INFINITY);
    lower_max(&shape->numbers, d, excluded && side == 0);
    if (excluded && v == INT64_MIN) shape->integers.min = INT64_MAX; /* None is left. */
    if (excluded && v > INT64_MIN) v--;
    if (v < shape->integers.max) shape->integers.max = v;
}

static void at_least_real(struct shape *shape, double r, bool excluded)
{
    double whole = ceil(r);
    raise_min(&shape->numbers, r, excluded);
    if (excluded && whole == r) whole += 1;
    if (whole >= 0x1p63) shape->integers.max = INT64_MIN; /* None is left. */
    if (whole < 0x1p63 && whole > (double)shape->integers.min) shape->integers.min = (int64_t)whole;
}

static void at_most_real(struct shape *shape, double r, bool excluded)
{
    double whole = floor(r);
    lower_max(&shape->numbers, r, excluded);
    if (excluded && whole == r) whole -= 1;
    if (whole < -0x1p63) shape->integers.min = INT64_MAX; /* None is left. */
    if (whole >= -0x1p63 && whole < (double)shape->integers.max)
        shape->integers.max = (int64_t)whole;
}

static int read_bound(struct schema *s, struct shape *shape, const struct place *at, bool low,
                      bool excluded)
{
    if (json_is_integer(at->json)) {
        (low ? at_least_integer : at_most_integer)(shape, json_integer_value(at->json), excluded);
    } else if (json_is_real(at->json)) {
        (low ? at_least_real : at_most_real)(shape, json_real_value(at->json), excluded);
    } else {
        return schema_refuse(s, at, "this is a number");
    }
    return 0;
}

int keyword_minimum(struct schema *s, struct shape *shape, const struct place *at)
{
    return read_bound(s, shape, at, true, false);
}

int keyword_maximum(struct schema *s, struct shape *shape, const struct place *at)
{
    return read_bound(s, shape, at, false, false);
}

int keyword_exclusive_minimum(struct schema *s, struct shape *shape, const struct place *at)
{
    return read_bound(s, shape, at, true, true);
}

int keyword_exclusive_maximum(struct schema *s, struct shape *shape, const struct place *at)
{
    return read_bound(s, shape, at, false, true);
}

static int64_t common_divisor(int64_t a, int64_t c)
{
    while (c) {
        int64_t rest = a % c;
        a = c;
        c = rest;
    }
    return a;
}

int keyword_multiple_of(struct schema *s, struct shape *shape, const struct place *at)
{
    double value = json_number_value(at->json);
    if (!json_is_number(at->json) || value <= 0)
        return schema_refuse(s, at, "this is a number above 0");
    if (value != floor(value))
        return keyword_refuse(s, shape, at, TYPE_NUMBER,
                              "multipleOf is supported for whole numbers only: whether 0.3 is a "
                              "multiple of 0.1 depends on who calculates");
    int64_t one = value <= JSON_MULTIPLE_MAX ? (int64_t)value : JSON_MULTIPLE_MAX + 1;
    int64_t all = shape->integers.multiple / common_divisor(shape->integers.multiple, one) * one;
    if (one > JSON_MULTIPLE_MAX || !json_multiple_fits(all))
        return keyword_refuse(s, shape, at, TYPE_NUMBER,
                              "multipleOf is supported for small numbers, and for round ones up to "
                              "10000");
    shape->integers.multiple = all;
    shape->types &= ~(unsigned)TYPE_FRACTION;
    return 0;
}

/* --- counts ----------------------------------------------------------------------------------- */

static int count_of(struct schema *s, const struct place *at, int64_t *ret)
{
    double value = json_number_value(at->json);
    if (!json_is_number(at->json) || value < 0 || value != floor(value))
        return schema_refuse(s, at, "this is a whole number, 0 or more");
    /* Far beyond what is ever counted. */
    *ret = value > INT32_MAX ? INT64_C(1) << 40 : (int64_t)value;
    return 0;
}

static int raise(struct schema *s, const struct place *at, int64_t *min)
{
    int64_t count;
    TRY(count_of(s, at, &count));
    if (count > *min) *min = count;
    return 0;
}

static int lower(struct schema *s, const struct place *at, int64_t *max)
{
    int64_t count;
    TRY(count_of(s, at, &count));
    if (count < *max) *max = count;
    return 0;
}

int keyword_min_length(struct schema *s, struct shape *shape, const struct place *at)
{
    return raise(s, at, &shape->length_min);
}

int keyword_max_length(struct schema *s, struct shape *shape, const struct place *at)
{
    return lower(s, at, &shape->length_max);
}

int keyword_min_items(struct schema *s, struct shape *shape, const struct place *at)
{
    return raise(s, at, &shape->items_min);
}

int keyword_max_items(struct schema *s, struct shape *shape, const struct place *at)
{
    return lower(s, at, &shape->items_max);
}

int keyword_min_properties(struct schema *s, struct shape *shape, const struct place *at)
{
    return raise(s, at, &shape->properties_min);
}

int keyword_max_properties(struct schema *s, struct shape *shape, const struct place *at)
{
    return lower(s, at, &shape->properties_max);
}
