/* template - the chat template language of model files: Jinja as transformers runs it.
 *
 *     struct template *t;
 *     TRY(template_compile(&t, source, "qwen2", err));          once per model
 *     struct template_output out;
 *     template_output_init(&out);
 *     struct template_var vars[] = {
 *         { .name = "messages", .json = messages },              untrusted: what a user wrote
 *         { .name = "bos_token", .text = SLICE("<s>"), .trusted = true },
 *     };
 *     TRY(template_render(t, &out, vars, 2, NULL, err));         many times, from any thread
 *     ... out.text, out.spans[0 .. out.n_spans) ...
 *     template_output_release(&out);
 *     template_close(t);
 *
 * Output is byte-identical to jinja2's ImmutableSandboxedEnvironment under transformers' settings
 * (trim_blocks, lstrip_blocks, loopcontrols, generation, raise_exception, strftime_now, tojson).
 * What is not supported is refused by name and line when compiling; docs/how-to/chat-templates.md
 * has the list. Whole numbers are 64-bit: overflow is an error, never a wrong number.
 *
 * Provenance: every byte of the output knows whether it came from the template itself (its text,
 * its literals, variables marked trusted) or from any other variable. All operations on strings
 * carry it along; where one cannot say, the byte is untrusted. Only trusted spans may become
 * control tokens (tokenizer_encode): a user's <|im_end|> is ten ordinary characters.
 *
 * Templates are untrusted: each limit below is an error (-ERR_LIMIT), never a hang or a crash.
 * Everything wrong in the template or said by it (raise_exception) is -ERR_TEMPLATE with its line.
 */
#ifndef TIRO_CHAT_TEMPLATE_H
#define TIRO_CHAT_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct template;
struct render;
struct value;

enum {
    TEMPLATE_SOURCE_MAX = 1 << 20,    /* Bytes; the largest published one is below 64 KiB. */
    TEMPLATE_NESTING_MAX = 100,       /* Of blocks, parentheses and postfixes in the source. */
    TEMPLATE_COMPILED_MAX = 64 << 20, /* Bytes of the syntax tree. */
    TEMPLATE_STEPS_MAX = 1000000,     /* Nodes evaluated, and one per STEP_BYTES of text made. */
    TEMPLATE_STEP_BYTES = 64,
    TEMPLATE_DEPTH_MAX = 600,       /* Of evaluation, macros within macros included. */
    TEMPLATE_OUTPUT_MAX = 4 << 20,  /* Bytes of the result and of any one string. */
    TEMPLATE_MEMORY_MAX = 96 << 20, /* Bytes for all values of one rendering. */
    TEMPLATE_RANGE_MAX = 100000,    /* Items of one range(), as jinja2's sandbox has it. */
    TEMPLATE_ITEMS_MAX = 1000000,   /* Items of one list. */
    TEMPLATE_VALUE_DEPTH_MAX = 100, /* Of lists in lists, when printed or compared. */
};

/* Half open, in bytes of the output. */
struct template_span {
    size_t from, to;
};

struct template_output {
    struct buf text;
    struct template_span *spans; /* The trusted ones: ascending, disjoint, never touching. */
    size_t n_spans, cap_spans;
};

void template_output_init(struct template_output *out);
void template_output_release(struct template_output *out);

/* One variable of the context: `json`, or `text` where json is NULL, or none where text.ptr is NULL
 * too. */
struct template_var {
    const char *name;
    const json_t *json;
    struct slice text;
    bool trusted; /* The server's own words: bos_token and the like. */
    /* Or made in place, without JSON (chat/prompt.c): `make` builds the value from `data`. */
    int (*make)(struct render *r, struct value *ret, const void *data);
    const void *data;
};

/* Zero members mean the limits above and the clock. */
struct template_options {
    uint64_t steps_max;
    size_t output_max;
    size_t memory_max;
    uint64_t now_ns; /* Since 1970, for strftime_now; read as UTC. */
};

/* `name` appears in errors and is copied. */
int template_compile(struct template **ret, struct slice source, const char *name,
                     struct err *err) MUST_USE;
void template_close(struct template *t);

/* Replaces *out; on failure *out is empty. `options` may be NULL. */
int template_render(const struct template *t, struct template_output *out,
                    const struct template_var *vars, size_t n_vars,
                    const struct template_options *options, struct err *err) MUST_USE;

#endif
