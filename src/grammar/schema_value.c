/* Is this one value valid? Asked of the values of enum and const, and of names. Recurses with the
 * depth of the value, which lies in the schema. */
#include "grammar/schema.h"

#include <math.h>

static bool same_number(const json_t *a, const json_t *c)
{
    if (json_is_integer(a) && json_is_integer(c))
        return json_integer_value(a) == json_integer_value(c);
    if (json_is_real(a) && json_is_real(c)) return json_real_value(a) == json_real_value(c);
    double real = json_is_real(a) ? json_real_value(a) : json_real_value(c);
    int64_t integer = json_is_integer(a) ? json_integer_value(a) : json_integer_value(c);
    return real == floor(real) && fabs(real) < 0x1p63 && (int64_t)real == integer;
}

static bool same_objects(const json_t *a, const json_t *c)
{
    if (json_object_size(a) != json_object_size(c)) return false;
    json_t *object = (json_t *)(uintptr_t)a; /* jansson's iterators take no const */
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        const json_t *other = json_object_getn(c, json_object_iter_key(it),
                                               json_object_iter_key_len(it));
        if (!other || !json_same(json_object_iter_value(it), other)) return false;
    }
    return true;
}

bool json_same(const json_t *a, const json_t *c)
{
    if (json_is_number(a) && json_is_number(c)) return same_number(a, c);
    if (json_typeof(a) != json_typeof(c)) return false;
    switch (json_typeof(a)) {
    case JSON_STRING: return slice_eq(json_text_slice(a), json_text_slice(c));
    case JSON_OBJECT: return same_objects(a, c);
    case JSON_ARRAY:
        if (json_array_size(a) != json_array_size(c)) return false;
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!json_same(json_array_get(a, i), json_array_get(c, i))) return false;
        return true;
    default: return true;
    }
}

unsigned schema_type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: return TYPE_NULL;
    case JSON_TRUE: return TYPE_TRUE;
    case JSON_FALSE: return TYPE_FALSE;
    case JSON_INTEGER: return TYPE_INTEGER;
    case JSON_REAL:
        return json_real_value(value) == floor(json_real_value(value)) ? TYPE_INTEGER
                                                                       : TYPE_FRACTION;
    case JSON_STRING: return TYPE_STRING;
    case JSON_ARRAY: return TYPE_ARRAY;
    case JSON_OBJECT: return TYPE_OBJECT;
    }
    return 0;
}

static bool number_fits(const struct shape *shape, const json_t *value)
{
    const struct json_numbers *r = &shape->numbers;
    double number = json_number_value(value);
    if (json_is_integer(value)) {
        int64_t integer = json_integer_value(value);
        return integer >= shape->integers.min && integer <= shape->integers.max &&
               integer % shape->integers.multiple == 0;
    }
    return (r->min_excluded ? number > r->min : number >= r->min) &&
           (r->max_excluded ? number < r->max : number <= r->max) &&
           (shape->integers.multiple == 1 || fmod(number, (double)shape->integers.multiple) == 0);
}

static int64_t count_characters(struct slice s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static int string_fits(struct schema *s, const struct shape *shape, struct slice text)
{
    int64_t n = count_characters(text);
    if (n < shape->length_min || n > shape->length_max) return 0;
    for (const struct text_rule *rule = shape->texts; rule; rule = rule->next) {
        int rc = schema_matches(s, rule, text);
        if (rc <= 0) return rc;
    }
    return 1;
}

static bool is_listed(const struct shape *shape, const json_t *value)
{
    for (size_t i = 0; i < shape->n_values; i++)
        if (json_same(shape->values[i], value)) return true;
    return false;
}

int schema_shape_has(struct schema *s, const struct shape *shape, const json_t *value, bool wide)
{
    TRY(schema_spend(s, (int64_t)shape->n_values));
    if (shape->finite && !is_listed(shape, value)) return 0;
    return schema_rest_has(s, shape, value, wide);
}

int schema_rest_has(struct schema *s, const struct shape *shape, const json_t *value, bool wide)
{
    unsigned type = schema_type_of(value);
    TRY(schema_spend(s, 1));
    if (!(shape->types & type)) return 0;
    for (const struct value_list *x = shape->excluded; x; x = x->next)
        if (json_same(x->value, value)) return 0;
    switch (type) {
    case TYPE_INTEGER:
    case TYPE_FRACTION: return number_fits(shape, value);
    case TYPE_STRING: return string_fits(s, shape, json_text_slice(value));
    case TYPE_ARRAY: return schema_array_has(s, shape, value, wide);
    case TYPE_OBJECT: return schema_object_has(s, shape, value, wide);
    default: return 1;
    }
}

int schema_set_has(struct schema *s, int32_t set, const json_t *value, bool wide)
{
    struct set *of = s->sets.at[set];
    TRY(schema_shapes(s, of));
    for (size_t i = 0; i < of->n_shapes; i++) {
        int rc = schema_shape_has(s, of->shapes[i], value, wide);
        if (rc != 0) return rc;
    }
    return 0;
}
