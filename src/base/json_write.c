/* The writing half of json.h. */
#include "base/json.h"
#include "base/utf8.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void json_writer_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){ .out = out };
}

/* Before every value: the comma of the list or object it stands in. */
static void separate(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0) return;
    if (w->need_comma[w->depth - 1]) buf_add_char(w->out, ',');
    w->need_comma[w->depth - 1] = true;
}

static void begin(struct json_writer *w, char c)
{
    separate(w);
    assert(w->depth < JSON_WRITER_DEPTH_MAX);
    w->need_comma[w->depth++] = false;
    buf_add_char(w->out, c);
}

static void end(struct json_writer *w, char c)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    buf_add_char(w->out, c);
}

void json_object_begin(struct json_writer *w)
{
    begin(w, '{');
}

void json_object_end(struct json_writer *w)
{
    end(w, '}');
}

void json_array_begin(struct json_writer *w)
{
    begin(w, '[');
}

void json_array_end(struct json_writer *w)
{
    end(w, ']');
}

size_t json_escape(char ret[JSON_ESCAPE_MAX], unsigned char c)
{
    static const char letters[] = { ['"'] = '"',  ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r',
                                    ['\t'] = 't', ['\b'] = 'b',  ['\f'] = 'f' };
    char letter = c < sizeof letters ? letters[c] : '\0';
    if (!letter) return (size_t)snprintf(ret, JSON_ESCAPE_MAX, "\\u%04x", c);
    ret[0] = '\\';
    ret[1] = letter;
    ret[2] = '\0';
    return 2;
}

static void escaped_char(struct buf *out, unsigned char c)
{
    char text[JSON_ESCAPE_MAX];
    buf_add(out, text, json_escape(text, c));
}

static void quoted(struct buf *out, struct slice s)
{
    buf_add_char(out, '"');
    size_t from = 0, i = 0;
    while (i < s.len) {
        unsigned char c = (unsigned char)s.ptr[i];
        uint32_t codepoint;
        size_t n = c < 0x80 ? 1 : utf8_decode(&codepoint, s.ptr + i, s.len - i);
        if (n > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            i += n;
            continue;
        }
        buf_add(out, s.ptr + from, i - from);
        if (n > 0) {
            escaped_char(out, c);
        } else {
            buf_add_str(out, "\xEF\xBF\xBD");
            n = utf8_bad_len(s.ptr + i, s.len - i);
        }
        i += n;
        from = i;
    }
    if (i > from) buf_add(out, s.ptr + from, i - from);
    buf_add_char(out, '"');
}

void json_key_slice(struct json_writer *w, struct slice key)
{
    assert(!w->after_key && w->depth > 0);
    separate(w);
    quoted(w->out, key);
    buf_add_char(w->out, ':');
    w->after_key = true;
}

void json_key(struct json_writer *w, const char *key)
{
    json_key_slice(w, slice_of(key));
}

void json_slice(struct json_writer *w, struct slice s)
{
    separate(w);
    quoted(w->out, s);
}

void json_str(struct json_writer *w, const char *s)
{
    if (s) {
        json_slice(w, slice_of(s));
    } else {
        json_null_value(w);
    }
}

void json_int(struct json_writer *w, int64_t value)
{
    separate(w);
    buf_printf(w->out, "%lld", (long long)value);
}

void json_uint(struct json_writer *w, uint64_t value)
{
    separate(w);
    buf_printf(w->out, "%llu", (unsigned long long)value);
}

void json_double(struct json_writer *w, double value)
{
    if (!isfinite(value)) {
        json_null_value(w);
        return;
    }
    char text[40];
    /* A decimal of up to 15 digits survives the way through a double, and %g drops zeros at the
     * end: when 15 digits read back, they are the shortest. Subnormal numbers hold fewer. */
    for (int precision = fabs(value) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        (void)snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value) break;
    }
    separate(w);
    buf_add_str(w->out, text);
}

void json_float(struct json_writer *w, float value)
{
    if (!isfinite(value)) {
        json_null_value(w);
        return;
    }
    char text[40];
    /* 6 as 15 above. */
    for (int precision = fabsf(value) < FLT_MIN ? 1 : 6; precision <= 9; precision++) {
        (void)snprintf(text, sizeof text, "%.*g", precision, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    separate(w);
    buf_add_str(w->out, text);
}

void json_bool(struct json_writer *w, bool value)
{
    separate(w);
    buf_add_str(w->out, value ? "true" : "false");
}

void json_null_value(struct json_writer *w)
{
    separate(w);
    buf_add_str(w->out, "null");
}

void json_raw(struct json_writer *w, struct slice json)
{
    separate(w);
    buf_add_slice(w->out, json);
}

void json_value(struct json_writer *w, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        json_object_begin(w);
        json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators take no const */
        for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
            const char *key = json_object_iter_key(it);
            json_key_slice(w, slice_of(key));
            json_value(w, json_object_iter_value(it));
        }
        json_object_end(w);
        break;
    }
    case JSON_ARRAY:
        json_array_begin(w);
        for (size_t i = 0; i < json_array_size(value); i++) json_value(w, json_array_get(value, i));
        json_array_end(w);
        break;
    case JSON_STRING:
        json_slice(w, (struct slice){ json_string_value(value), json_string_length(value) });
        break;
    case JSON_INTEGER: json_int(w, json_integer_value(value)); break;
    case JSON_REAL: json_double(w, json_real_value(value)); break;
    case JSON_TRUE: json_bool(w, true); break;
    case JSON_FALSE: json_bool(w, false); break;
    case JSON_NULL: json_null_value(w); break;
    }
}

void json_member_str(struct json_writer *w, const char *key, const char *value)
{
    json_key(w, key);
    json_str(w, value);
}

void json_member_slice(struct json_writer *w, const char *key, struct slice value)
{
    json_key(w, key);
    json_slice(w, value);
}

void json_member_int(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_int(w, value);
}

void json_member_uint(struct json_writer *w, const char *key, uint64_t value)
{
    json_key(w, key);
    json_uint(w, value);
}

void json_member_double(struct json_writer *w, const char *key, double value)
{
    json_key(w, key);
    json_double(w, value);
}

void json_member_bool(struct json_writer *w, const char *key, bool value)
{
    json_key(w, key);
    json_bool(w, value);
}
