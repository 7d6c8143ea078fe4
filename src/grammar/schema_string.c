/* Strings and numbers of a shape. */
#include "grammar/schema.h"

#include "grammar/json_texts.h"
#include "grammar/regex.h"

#include <math.h>
#include <stdio.h>

enum { NUMBER_TEXT_MAX = 320 }; /* The digits of any double. */

static const struct place *first_of(struct schema *s, const struct shape *shape)
{
    return shape->n_members ? shape->members[0].place : s->root;
}

static bool excludes_type(const struct shape *shape, unsigned type)
{
    for (const struct value_list *x = shape->excluded; x; x = x->next)
        if (schema_type_of(x->value) == type) return true;
    return false;
}

/* `node` without the canonical texts of the excluded values of that type. */
static int32_t without_excluded(struct schema *s, const struct shape *shape, unsigned type,
                                int32_t node)
{
    struct json_texts texts;
    char whole[NUMBER_TEXT_MAX];
    if (!excludes_type(shape, type)) return node;
    json_texts_init(&texts, s->b);
    for (const struct value_list *x = shape->excluded; x; x = x->next) {
        if (schema_type_of(x->value) != type) continue;
        if (type == TYPE_STRING) {
            json_texts_content(&texts, json_text_slice(x->value));
        } else if (json_is_integer(x->value)) {
            json_texts_value(&texts, x->value);
        } else { /* 5.0 as 5 */
            (void)snprintf(whole, sizeof whole, "%.0f", json_real_value(x->value));
            json_texts_content(&texts, slice_of(whole));
        }
    }
    int32_t excluded = json_texts_write(&texts);
    json_texts_release(&texts);
    return grammar_except(s->b, node, excluded);
}

/* --- strings ---------------------------------------------------------------------------------- */

static int32_t characters(struct schema *s, const struct shape *shape, int32_t character)
{
    int64_t max = shape->length_max;
    if (shape->length_min > INT32_MAX - 1)
        return schema_refuse(s, first_of(s, shape), "minLength is supported up to %d",
                             INT32_MAX - 1);
    if (max < INT64_MAX && max > INT32_MAX - 1) max = INT32_MAX - 1;
    return grammar_repeat(s->b, character, (int32_t)shape->length_min,
                          max == INT64_MAX ? GRAMMAR_UNBOUNDED : (int32_t)max);
}

static int32_t text_rules(struct schema *s, const struct shape *shape)
{
    int32_t all = GRAMMAR_FAILED;
    for (const struct text_rule *rule = shape->texts; rule; rule = rule->next) {
        const struct regex_options options = { .whole = rule->whole, .json = true };
        struct err inner = { .code = ERR_NO_MEMORY };
        int32_t node = regex_write(s->b, rule->pattern, &options, &inner);
        if (node < 0) return schema_at(s, rule->place, &inner);
        all = rule == shape->texts ? node : grammar_and(s->b, all, node);
    }
    return all;
}

static bool has_lengths(const struct shape *shape)
{
    return shape->length_min > 0 || shape->length_max < INT64_MAX;
}

int32_t schema_string_content(struct schema *s, const struct shape *shape)
{
    int64_t longest = shape->length_max == INT64_MAX ? shape->length_min : shape->length_max;
    int32_t node;
    if (!shape->texts) {
        node = characters(s, shape, s->free.canonical);
    } else {
        if (has_lengths(shape) && longest > JSON_SCHEMA_PATTERN_LENGTH_MAX)
            return schema_refuse(s, shape->texts->place,
                                 "beside a pattern or format, minLength and maxLength are "
                                 "supported up to %d",
                                 JSON_SCHEMA_PATTERN_LENGTH_MAX);
        node = text_rules(s, shape);
        if (node >= 0 && has_lengths(shape))
            node = grammar_and(s->b, node, characters(s, shape, s->free.canonical));
    }
    return node < 0 ? node : without_excluded(s, shape, TYPE_STRING, node);
}

int32_t schema_string(struct schema *s, const struct shape *shape)
{
    bool is_free = !shape->texts && !excludes_type(shape, TYPE_STRING);
    if (is_free && !has_lengths(shape)) return s->free.string;
    int32_t quote = grammar_text(s->b, SLICE("\""));
    int32_t content = is_free ? characters(s, shape, s->free.character)
                              : schema_string_content(s, shape);
    if (content < 0) return content;
    return grammar_seq(s->b, 3, (int32_t[]){ quote, content, quote });
}

/* --- numbers ---------------------------------------------------------------------------------- */

static struct json_integers integers_of(const struct shape *shape)
{
    struct json_integers r = shape->integers;
    if (isinf(shape->numbers.min)) r.min = r.max < -JSON_INTEGER_LAST ? r.max : -JSON_INTEGER_LAST;
    if (isinf(shape->numbers.max)) r.max = r.min > JSON_INTEGER_LAST ? r.min : JSON_INTEGER_LAST;
    return r;
}

int32_t schema_number(struct schema *s, const struct shape *shape)
{
    bool any = isinf(shape->numbers.min) && isinf(shape->numbers.max);
    bool excludes = excludes_type(shape, TYPE_INTEGER) || excludes_type(shape, TYPE_FRACTION);
    if (!(shape->types & TYPE_INTEGER))
        return schema_refuse(s, first_of(s, shape),
                             "numbers without the whole ones among them "
                             "are not supported");
    if (shape->types & TYPE_FRACTION) {
        if (excludes)
            return schema_refuse(s, first_of(s, shape),
                                 "'not' is supported for integers, but not "
                                 "for numbers, which have many writings");
        return any ? s->free.number : json_number_write(s->b, &shape->numbers);
    }
    struct json_integers range = integers_of(shape);
    if (any && range.multiple == 1 && !excludes) return s->free.integer;
    int32_t node = json_integer_write(s->b, &range);
    if (excludes && range.multiple > 1)
        return schema_refuse(s, first_of(s, shape), "'not' beside multipleOf is not supported");
    return node < 0 ? node : without_excluded(s, shape, TYPE_INTEGER, node);
}
