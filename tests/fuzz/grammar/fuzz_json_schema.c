/* Any JSON as a schema, and behind a NUL a value: the schema compiles within the limits or is
 * refused with a text. What a walk finds is JSON; and of the value, the grammar says what the
 * schema's own look at values (schema_value.c) says, in both directions. */
#include "base/json.h"
#include "base/utf8.h"
#include "grammar/grammar.h"
#include "grammar/json_number.h"
#include "grammar/json_schema.h"
#include "grammar/json_text.h"

#include <assert.h>

enum { WALK_MAX = 200, STEPS_MAX = 1 << 16 };

static const struct json_limits limits = { 1 << 14, 64, 4000 };
static const struct json_limits walked = { 1 << 14, 1 << 10, 1 << 14 };

static int32_t step_all(struct grammar *g, struct slice text)
{
    int32_t state = grammar_start(g);
    for (size_t i = 0; i < text.len && state >= 0; i++)
        state = grammar_step(g, state, (uint8_t)text.ptr[i]);
    return state;
}

static bool matches(struct grammar *g, struct slice text)
{
    int32_t state = step_all(g, text);
    return state >= 0 && grammar_accepts(g, state);
}

static int compile(struct grammar **ret, const json_t *schema, bool strict, struct err *err)
{
    struct grammar_builder *b;
    const struct json_schema_options options = { .strict = strict };
    if (grammar_builder_open(&b, err) < 0) return -(int)err->code;
    int32_t node = json_schema_write(b, schema, &options, err);
    int rc = node < 0 ? node : grammar_compile(ret, b, node, err);
    grammar_builder_close(b);
    return rc;
}

static bool has_references(const json_t *schema)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    json_text_value(&text, schema);
    bool found = text.failed || slice_find(buf_slice(&text), SLICE("$")) < text.len;
    buf_release(&text);
    return found;
}

/* Whether the grammar has only the canonical writing for it: names have one order, and numbers are
 * integers of 18 digits. */
static bool has_one_writing(const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_real(value) || json_object_size(value) > 1) return false;
    if (json_is_integer(value))
        return json_integer_value(value) <= JSON_INTEGER_LAST &&
               json_integer_value(value) >= -JSON_INTEGER_LAST;
    json_array_foreach(value, i, item)
    {
        if (!has_one_writing(item)) return false;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (!has_one_writing(item)) return false;
    }
    return true;
}

/* A schema with the value as its only one is met if the value is valid, as schema_value.c sees
 * it. The grammar must see it so, too. A reference would lead elsewhere there, since the root is
 * another one. */
static void check_value(struct grammar *g, json_t *schema, json_t *value)
{
    struct grammar *only = NULL;
    struct err err;
    struct buf text;
    if (has_references(schema)) return;
    json_t *both = json_pack("{s:[O,{s:[O]}]}", "allOf", schema, "enum", value);
    buf_init(&text, 1 << 16);
    json_text_value(&text, value);
    assert(both && !text.failed);
    if (compile(&only, both, false, &err) == 0)
        assert(!has_one_writing(value) || matches(g, buf_slice(&text)));
    else if (strstr(err.text, "none of the values"))
        assert(!matches(g, buf_slice(&text)));
    grammar_unref(only);
    buf_release(&text);
    json_decref(both);
}

/* Goes where the bytes say, and asks that what may end there is JSON. */
static void walk(struct grammar *g, struct slice choices)
{
    struct buf text;
    int32_t state = grammar_start(g);
    buf_init(&text, WALK_MAX + 1);
    for (size_t i = 0, steps = 0; i < choices.len && text.len < WALK_MAX; i++) {
        int byte = (uint8_t)choices.ptr[i], next = -1;
        for (int k = 0; k < 256 && next < 0 && steps < STEPS_MAX; k++, steps++) {
            next = grammar_step(g, state, (uint8_t)(byte + k));
            if (next >= 0) buf_add_char(&text, (char)(byte + k));
        }
        if (next < 0) break;
        state = next;
        if (!grammar_accepts(g, state)) continue;
        json_t *json = NULL;
        struct err err;
        /* A free name may come twice, which a grammar cannot know; a pattern may name U+0000. */
        if (json_read(&json, buf_slice(&text), &walked, "text", &err) < 0)
            assert(strstr(err.text, "twice") || strstr(err.text, "NUL"));
        json_decref(json);
    }
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size }, rest = { 0 };
    const char *nul = size ? memchr(data, 0, size) : NULL;
    json_t *schema = NULL, *value = NULL;
    struct grammar *g = NULL, *strict = NULL;
    struct err err = { 0 };
    if (nul) {
        text.len = (size_t)(nul - text.ptr);
        rest = (struct slice){ nul + 1, size - text.len - 1 };
    }
    if (json_read(&schema, text, &limits, "the schema", NULL) < 0) return 0;
    if (compile(&strict, schema, true, &err) < 0)
        assert(err.text[0] && utf8_valid(err.text, strlen(err.text)));
    if (compile(&g, schema, false, &err) < 0) {
        assert(err.text[0] && utf8_valid(err.text, strlen(err.text)));
        assert(err.code == ERR_INVALID_VALUE || err.code == ERR_LIMIT);
    } else {
        grammar_lock(g);
        if (json_read(&value, rest, &limits, "the value", NULL) == 0) check_value(g, schema, value);
        walk(g, rest);
        grammar_unlock(g);
    }
    grammar_unref(g);
    grammar_unref(strict);
    json_decref(value);
    json_decref(schema);
    return 0;
}
