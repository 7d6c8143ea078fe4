/* Any bytes as a template, and behind a NUL as JSON for its variables: compiled and rendered within
 * the limits or refused, always with well-formed spans, and twice with the same result. */
#include "base/json.h"
#include "base/utf8.h"
#include "chat/template.h"

#include <assert.h>

enum { FUZZ_STEPS = 20000, FUZZ_OUTPUT = 1 << 16, FUZZ_MEMORY = 8 << 20, FUZZ_VARS = 8 };

static void check(const struct template_output *out)
{
    size_t end = 0;
    assert(utf8_valid(out->text.ptr, out->text.len));
    for (size_t i = 0; i < out->n_spans; i++) {
        assert(out->spans[i].from < out->spans[i].to && out->spans[i].to <= out->text.len);
        assert(i == 0 || out->spans[i].from > end);
        end = out->spans[i].to;
    }
}

static size_t read_vars(struct template_var *vars, json_t *json)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    vars[n++] = (struct template_var){ .name = "bos_token", .text = SLICE("<s>"), .trusted = true };
    json_object_foreach(json, key, value)
    {
        if (n < FUZZ_VARS) vars[n++] = (struct template_var){ .name = key, .json = value };
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json_limits limits = { 1 << 16, 32, 1000 };
    const struct template_options options = { .steps_max = FUZZ_STEPS,
                                              .output_max = FUZZ_OUTPUT,
                                              .memory_max = FUZZ_MEMORY,
                                              .now_ns = 1000000000 };
    struct slice source = { (const char *)data, size }, context = { 0 };
    const char *nul = size ? memchr(data, 0, size) : NULL;
    if (nul) {
        source.len = (size_t)(nul - source.ptr);
        context = (struct slice){ nul + 1, size - source.len - 1 };
    }
    struct template *t;
    struct template_var vars[FUZZ_VARS];
    struct template_output out, again;
    struct err err;
    json_t *json = NULL;
    if (template_compile(&t, source, "fuzz", &err) < 0) {
        assert(utf8_valid(err.text, strlen(err.text)));
        return 0;
    }
    if (json_read(&json, context, &limits, "context", NULL) < 0) json = NULL;
    size_t n = read_vars(vars, json);
    template_output_init(&out);
    template_output_init(&again);
    int rc = template_render(t, &out, vars, n, &options, &err);
    check(&out);
    int rc_again = template_render(t, &again, vars, n, &options, &err);
    assert(rc == rc_again && slice_eq(buf_slice(&out.text), buf_slice(&again.text)));
    assert(out.n_spans == again.n_spans);
    template_output_release(&out);
    template_output_release(&again);
    template_close(t);
    json_decref(json);
    return 0;
}
