#include "grammar/json_text.h"

#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EXPONENT_FROM = 16,  /* Python writes 1e+16, but 1000000000000000.0 ... */
    EXPONENT_BELOW = -4, /* ... and 1e-05, but 0.0001. */
    NUMBER_TEXT_MAX = 64,
};

struct slice json_text_slice(const json_t *string)
{
    return (struct slice){ json_string_value(string), json_string_length(string) };
}

bool json_text_depth_fits(const json_t *value, int max)
{
    if (!json_is_object(value) && !json_is_array(value)) return true;
    if (max == 0) return false;
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        if (!json_text_depth_fits(item, max - 1)) return false;
    }
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators take no const */
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it))
        if (!json_text_depth_fits(json_object_iter_value(it), max - 1)) return false;
    return true;
}

void json_text_content(struct buf *out, struct slice s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        if (i > from) buf_add(out, s.ptr + from, i - from);
        char text[JSON_ESCAPE_MAX];
        buf_add(out, text, json_escape(text, c));
        from = i + 1;
    }
    if (s.len > from) buf_add(out, s.ptr + from, s.len - from);
}

void json_text_string(struct buf *out, struct slice s)
{
    buf_add_char(out, '"');
    json_text_content(out, s);
    buf_add_char(out, '"');
}

void json_decimal_of(struct json_decimal *ret, double value)
{
    char text[NUMBER_TEXT_MAX];
    assert(isfinite(value));
    for (int precision = 0; precision < JSON_DOUBLE_DIGITS_MAX; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value) break;
    }
    const char *e = strchr(text, 'e');
    *ret = (struct json_decimal){ .exponent = (int)strtol(e + 1, NULL, 10) };
    for (const char *c = text; c < e; c++)
        if (*c >= '0' && *c <= '9') ret->digits[ret->n++] = *c;
    while (ret->n > 1 && ret->digits[ret->n - 1] == '0') ret->n--;
}

void json_text_double(struct buf *out, double value)
{
    struct json_decimal d;
    json_decimal_of(&d, value);
    if (signbit(value)) buf_add_char(out, '-');
    if (d.exponent >= EXPONENT_FROM || d.exponent < EXPONENT_BELOW) {
        buf_add(out, d.digits, 1);
        if (d.n > 1) buf_add_char(out, '.');
        buf_add(out, d.digits + 1, (size_t)d.n - 1);
        buf_printf(out, "e%c%02d", d.exponent < 0 ? '-' : '+', abs(d.exponent));
        return;
    }
    if (d.exponent < 0) buf_add_str(out, "0.");
    for (int i = -1; i > d.exponent; i--) buf_add_char(out, '0');
    for (int i = 0; i < d.n || i <= d.exponent; i++) {
        if (i > 0 && i == d.exponent + 1) buf_add_char(out, '.');
        buf_add_char(out, i < d.n ? d.digits[i] : '0');
    }
    if (d.exponent >= 0 && d.n <= d.exponent + 1) buf_add_str(out, ".0");
}

static void add_object(struct buf *out, const json_t *value)
{
    const char *comma = "";
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators take no const */
    buf_add_char(out, '{');
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        const char *key = json_object_iter_key(it);
        buf_add_str(out, comma);
        json_text_string(out, (struct slice){ key, json_object_iter_key_len(it) });
        buf_add_str(out, ": ");
        json_text_value(out, json_object_iter_value(it));
        comma = ", ";
    }
    buf_add_char(out, '}');
}

void json_text_value(struct buf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: add_object(out, value); break;
    case JSON_ARRAY:
        buf_add_char(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0) buf_add_str(out, ", ");
            json_text_value(out, json_array_get(value, i));
        }
        buf_add_char(out, ']');
        break;
    case JSON_STRING: json_text_string(out, json_text_slice(value)); break;
    case JSON_INTEGER: buf_printf(out, "%lld", (long long)json_integer_value(value)); break;
    case JSON_REAL: json_text_double(out, json_real_value(value)); break;
    case JSON_TRUE: buf_add_str(out, "true"); break;
    case JSON_FALSE: buf_add_str(out, "false"); break;
    case JSON_NULL: buf_add_str(out, "null"); break;
    }
}
