#include "chat/template.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "chat/jinja/eval.h"
#include "chat/jinja/parser.h"

#include <assert.h>

enum { TEMPLATE_NAME_MAX = 128 }; /* Bytes of the name shown in errors. */

int template_compile(struct template **ret, struct slice source, const char *name, struct err *err)
{
    struct lex_tokens tokens;
    if (source.len > TEMPLATE_SOURCE_MAX)
        return err_set(err, ERR_LIMIT, "the chat template of %s is longer than %d bytes", name,
                       TEMPLATE_SOURCE_MAX);
    if (!utf8_valid(source.ptr, source.len))
        return err_set(err, ERR_TEMPLATE, "the chat template of %s is not valid UTF-8", name);
    struct template *t = mem_calloc(1, sizeof *t);
    if (!t) return err_set(err, ERR_NO_MEMORY, "no memory for the chat template of %s", name);
    arena_init(&t->arena, TEMPLATE_COMPILED_MAX);
    size_t len = strlen(name);
    t->name = arena_alloc(&t->arena, TEMPLATE_NAME_MAX + 1);
    int rc = arena_check(&t->arena, "a compiled chat template", err);
    if (rc == 0) {
        (void)utf8_sanitize(t->name, TEMPLATE_NAME_MAX + 1, name, len); /* Its length is known. */
        rc = lex_template(&tokens, &t->arena, source, t->name, err);
    }
    if (rc == 0) rc = parse_template(t, &tokens, err);
    if (rc < 0) {
        template_close(t);
        return rc;
    }
    *ret = t;
    return 0;
}

void template_close(struct template *t)
{
    if (!t) return;
    arena_release(&t->arena);
    mem_free(t);
}

void template_output_init(struct template_output *out)
{
    *out = (struct template_output){ 0 };
    buf_init(&out->text, TEMPLATE_OUTPUT_MAX);
}

void template_output_release(struct template_output *out)
{
    buf_release(&out->text);
    mem_free(out->spans);
    *out = (struct template_output){ 0 };
}

static int variable(struct render *r, struct value *ret, const struct template_var *var)
{
    if (var->make) return var->make(r, ret, var->data);
    if (var->json) return value_from_json(r, ret, var->json, var->trusted);
    if (!var->text.ptr) {
        *ret = value_none();
        ret->trusted = var->trusted;
        return 0;
    }
    if (!utf8_valid(var->text.ptr, var->text.len))
        return render_fail(r, "the variable %s is not valid UTF-8", var->name);
    return value_string(r, ret, var->text, var->trusted);
}

/* What names mean outside all scopes: variables given, else functions. */
static int bind_globals(struct render *r, const struct template *t, const struct template_var *vars,
                        size_t n_vars)
{
    r->globals = render_alloc(r, t->n_symbols, sizeof *r->globals);
    struct function *functions = render_alloc(r, t->n_symbols, sizeof *functions);
    if (!r->globals || !functions) return render_memory(r);
    for (size_t i = 0; i < t->n_symbols; i++) {
        const struct template_var *var = NULL;
        for (size_t k = 0; k < n_vars; k++)
            if (slice_is(t->symbols[i], vars[k].name)) var = &vars[k];
        if (var) {
            TRY(variable(r, &r->globals[i], var));
            continue;
        }
        functions[i].builtin = builtin_function(t->symbols[i]);
        if (functions[i].builtin)
            r->globals[i] = (struct value){ .kind = KIND_FUNCTION, .function = &functions[i] };
    }
    return 0;
}

static int copy_out(struct template_output *out, const struct str *s, struct err *err)
{
    struct template_span all = { 0, s->len };
    bool whole = s->trusted && s->len;
    const struct template_span *spans = whole ? &all : s->spans;
    size_t n = whole ? 1 : s->n_spans;
    if (n > out->cap_spans) {
        struct template_span *grown = mem_realloc(out->spans, n * sizeof *grown);
        if (!grown) return err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
        out->spans = grown;
        out->cap_spans = n;
    }
    buf_add(&out->text, s->ptr, s->len);
    if (out->text.failed) /* Not for its length: a text is no longer than this buffer may be. */
        return err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
    if (n) memcpy(out->spans, spans, n * sizeof *spans);
    out->n_spans = n;
    return 0;
}

static int run(struct render *r, const struct template *t, struct template_output *out,
               const struct template_var *vars, size_t n_vars)
{
    struct scope *scope;
    struct text text;
    const struct str *result;
    TRY(bind_globals(r, t, vars, n_vars));
    TRY(scope_new(r, &scope, NULL));
    text_init(&text, r);
    TRY(exec_body(r, scope, &text, &t->body));
    assert(r->depth == 0);
    TRY(text_finish(&text, &result));
    return copy_out(out, result, r->err);
}

int template_render(const struct template *t, struct template_output *out,
                    const struct template_var *vars, size_t n_vars,
                    const struct template_options *options, struct err *err)
{
    static const struct template_options none = { 0 };
    if (!options) options = &none;
    struct render r = {
        .name = t->name,
        .names = t->symbols,
        .n_globals = t->n_symbols,
        .err = err,
        .steps_max = options->steps_max ? options->steps_max : TEMPLATE_STEPS_MAX,
        .output_max = options->output_max ? options->output_max : TEMPLATE_OUTPUT_MAX,
        .now_ns = options->now_ns ? options->now_ns : wall_ns(),
        .line = 1,
    };
    r.steps_left = r.steps_max;
    assert(r.output_max <= TEMPLATE_OUTPUT_MAX);
    buf_reset(&out->text);
    out->n_spans = 0;
    arena_init(&r.arena, options->memory_max ? options->memory_max : TEMPLATE_MEMORY_MAX);
    int rc = run(&r, t, out, vars, n_vars);
    if (rc < 0) {
        buf_reset(&out->text);
        out->n_spans = 0;
    }
    arena_release(&r.arena);
    return rc;
}
