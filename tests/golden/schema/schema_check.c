/* JSON Schemas and texts in, what the grammar says of them out: for tests/golden/schema.
 *
 * Each line of the input is {"schema": ..., "strict": false, "texts": ["...", ...], "samples": 3,
 * "seed": 1}; each of the output {"error": null or "...", "code": "", "accepts": [true, ...],
 * "samples": ["...", ...]}. A sample is a text found by going through the automaton at random, and
 * ended where that is allowed.
 */
#include "base/json.h"
#include "grammar/grammar.h"
#include "grammar/json_schema.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SAMPLE_MAX = 2000, /* Bytes; then it is given up. */
    CALM_AFTER = 120,  /* Bytes; from there on a way to the end is looked for. */
    OUTPUT_MAX = 64 << 20,
};

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % below);
}

static bool accepts(struct grammar *g, struct slice text)
{
    int32_t state = grammar_start(g);
    for (size_t i = 0; i < text.len && state >= 0; i++)
        state = grammar_step(g, state, (uint8_t)text.ptr[i]);
    return state >= 0 && grammar_accepts(g, state);
}

/* Of the bytes that may come: any at first, later one that closes something. */
static int choose(struct grammar *g, int32_t state, bool calm)
{
    int may[256], n = 0;
    for (int byte = 0; byte < 256; byte++)
        if (grammar_step(g, state, (uint8_t)byte) >= 0) may[n++] = byte;
    if (n == 0) return -1;
    for (int i = 0; calm && i < n; i++)
        if (strchr("\"]}", may[i])) return may[i];
    /* Characters that mean something to JSON are drawn more often than their number. */
    for (int i = 0; i < n; i++)
        if (strchr("\"]},.-0", may[i]) && draw(8) == 0) return may[i];
    return may[draw((uint32_t)n)];
}

static bool sample(struct grammar *g, struct buf *out)
{
    int32_t state = grammar_start(g);
    buf_reset(out);
    while (out->len < SAMPLE_MAX) {
        bool calm = out->len > CALM_AFTER;
        if (grammar_accepts(g, state) && (calm || draw(3) == 0)) return true;
        int byte = choose(g, state, calm);
        if (byte < 0) return grammar_accepts(g, state);
        buf_add_char(out, (char)byte);
        state = grammar_step(g, state, (uint8_t)byte);
    }
    return false;
}

static int compile(struct grammar **ret, const json_t *request, struct err *err)
{
    struct grammar_builder *b;
    const struct json_schema_options options = {
        .strict = json_is_true(json_object_get(request, "strict")),
    };
    if (grammar_builder_open(&b, err) < 0) return -(int)err->code;
    int32_t node = json_schema_write(b, json_object_get(request, "schema"), &options, err);
    int rc = node < 0 ? node : grammar_compile(ret, b, node, err);
    grammar_builder_close(b);
    return rc;
}

static void answer(const json_t *request, struct json_writer *w)
{
    struct grammar *g = NULL;
    struct err err = { 0 };
    struct buf text;
    const json_t *texts = json_object_get(request, "texts");
    json_object_begin(w);
    if (compile(&g, request, &err) < 0) {
        json_key(w, "error");
        json_str(w, err.text);
        json_key(w, "code");
        json_str(w, err_name(err.code));
        json_object_end(w);
        return;
    }
    buf_init(&text, 1 << 20);
    seed = (uint64_t)json_integer_value(json_object_get(request, "seed")) * 2654435761u + 1;
    grammar_lock(g);
    json_key(w, "accepts");
    json_array_begin(w);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *t = json_array_get(texts, i);
        json_bool(w, accepts(g, (struct slice){ json_string_value(t), json_string_length(t) }));
    }
    json_array_end(w);
    json_key(w, "samples");
    json_array_begin(w);
    for (json_int_t i = json_integer_value(json_object_get(request, "samples")); i > 0; i--)
        if (sample(g, &text)) json_slice(w, buf_slice(&text));
    json_array_end(w);
    json_key(w, "states");
    json_int(w, grammar_size(g));
    grammar_unlock(g);
    json_object_end(w);
    buf_release(&text);
    grammar_unref(g);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    json_init();
    while ((len = getline(&line, &room, stdin)) > 0) {
        json_t *request;
        struct err err = { 0 };
        struct buf out;
        struct json_writer w;
        buf_init(&out, OUTPUT_MAX);
        json_writer_init(&w, &out);
        if (json_read(&request, (struct slice){ line, (size_t)len }, &json_limits_file, "the line",
                      &err) < 0) {
            json_object_begin(&w);
            json_key(&w, "unreadable");
            json_str(&w, err.text);
            json_object_end(&w);
        } else {
            answer(request, &w);
            json_decref(request);
        }
        (void)puts(buf_str(&out));
        (void)fflush(stdout);
        buf_release(&out);
    }
    free(line);
    return 0;
}
