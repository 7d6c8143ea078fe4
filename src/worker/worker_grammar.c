/* What an answer is held to: from the message to a grammar, from there to a constraint. All on the
 * encoder's thread. */
#include "base/json.h"
#include "base/seam.h"
#include "chat/reply_grammar.h"
#include "grammar/cache.h"
#include "grammar/constrain.h"
#include "grammar/ebnf.h"
#include "grammar/json_schema.h"
#include "grammar/regex.h"
#include "worker/worker_state.h"

#include <stdio.h>

enum { WORKER_KEY_MAX = 32 << 20 }; /* Bytes of all that a grammar is made from. */

int worker_grammars_open(struct worker_grammars **ret, struct err *err)
{
    struct worker_grammars *g = mem_calloc(1, sizeof *g);
    if (!g) return err_set(err, ERR_NO_MEMORY, "out of memory for grammars");
    int rc = grammar_cache_open(&g->cache, 0, err);
    if (rc < 0) {
        mem_free(g);
        return rc;
    }
    *ret = g;
    return 0;
}

void worker_grammars_close(struct worker_grammars *g)
{
    if (!g) return;
    grammar_cache_close(g->cache);
    vocabulary_close(g->vocabulary);
    mem_free(g);
}

/* ---- What the text is held to ---- */

static int32_t write_schema(struct grammar_builder *b, const struct msg_request *m, struct err *err)
{
    const struct json_schema_options options = { .strict = m->grammar_strict };
    json_t *schema = NULL;
    TRY(json_read(&schema, m->grammar, &json_limits_request, "the schema", err));
    int32_t node = json_schema_write(b, schema, &options, err);
    json_decref(schema);
    if (node < 0 && !grammar_builder_failed(b) && err->code != ERR_NO_MEMORY)
        (void)err_context(err, "Invalid schema for %.*s", SLICE_FMT(m->grammar_param));
    return node;
}

static int32_t write_choice(struct grammar_builder *b, const struct msg_request *m, struct err *err)
{
    json_t *choices = NULL;
    TRY(json_read(&choices, m->grammar, &json_limits_request, "the choices", err));
    size_t n = json_array_size(choices);
    bool good = n > 0;
    for (size_t i = 0; good && i < n; i++) good = json_is_string(json_array_get(choices, i));
    int32_t *nodes = good ? mem_calloc(n, sizeof *nodes) : NULL;
    int32_t node;
    if (nodes) {
        for (size_t i = 0; i < n; i++) {
            const json_t *text = json_array_get(choices, i);
            nodes[i] = grammar_text(
                b, (struct slice){ json_string_value(text), json_string_length(text) });
        }
        node = grammar_alt(b, n, nodes);
    } else if (good) {
        node = err_set(err, ERR_NO_MEMORY, "out of memory for the choices");
    } else {
        node = err_set(err, ERR_INVALID_VALUE,
                       "the choices must be an array of one string or more");
    }
    mem_free(nodes);
    json_decref(choices);
    return node;
}

static int32_t write_text(struct grammar_builder *b, const struct msg_request *m, struct err *err)
{
    const struct regex_options whole = { .whole = true };
    switch (m->grammar_kind) {
    case GRAMMAR_JSON_OBJECT: return json_object_write(b);
    case GRAMMAR_JSON_SCHEMA: return write_schema(b, m, err);
    case GRAMMAR_REGEX: return regex_write(b, m->grammar, &whole, err);
    case GRAMMAR_EBNF: return ebnf_write(b, m->grammar, err);
    case GRAMMAR_CHOICE: return write_choice(b, m, err);
    default: return REPLY_FREE;
    }
}

/* The field at fault, if nobody has said it: grammar_param without the name behind it. */
static void blame(const struct msg_request *m, struct err *err)
{
    struct slice p = m->grammar_param;
    p.len = slice_find(p, SLICE(" "));
    if (err->param[0] == '\0')
        (void)snprintf(err->param, sizeof err->param, "%.*s", SLICE_FMT(p)); /* Cut is fine. */
}

/* ---- The whole answer ---- */

static int32_t write_answer(const struct worker *w, struct grammar_builder *b,
                            const struct errand *e, struct err *err)
{
    const struct msg_request *m = e->m;
    int32_t text = write_text(b, m, err);
    if (text < 0 && text != REPLY_FREE) {
        blame(m, err);
        return text;
    }
    if (!m->n_messages) return text;
    const struct reply_rules rules = {
        .style = chat_style(w->chat),
        .thinking = chat_thinking(w->chat),
        .thinks = e->thinks,
        .tools = e->tools,
        .required = m->tool_choice == TOOL_CHOICE_REQUIRED,
        .one = m->one_tool_call,
        .text = text,
    };
    return reply_grammar(b, &rules, err);
}

static int compile(struct grammar **ret, const struct worker *w, struct errand *e, struct err *err)
{
    struct grammar_builder *b;
    TRY(grammar_builder_open(&b, err));
    int32_t node = write_answer(w, b, e, err);
    int rc = grammar_builder_check(b, err);
    bool said = rc == 0 && node < 0; /* By the front end that refused it. */
    if (rc == 0) rc = said ? node : grammar_compile(ret, b, node, err);
    grammar_builder_close(b);
    if (rc < 0 && !said && e->m->grammar_kind != GRAMMAR_NONE) blame(e->m, err);
    if (rc < 0 && !said && e->m->grammar_kind == GRAMMAR_NONE && err->param[0] == '\0')
        (void)snprintf(err->param, sizeof err->param, "tools");
    return rc;
}

/* Everything that the grammar is made from, as one text and one number. */
static int32_t make_key(struct buf *key, const struct errand *e)
{
    const struct msg_request *m = e->m;
    bool chat = m->n_messages;
    uint32_t bits = m->grammar_kind;
    bits = bits << 1 | m->grammar_strict;
    bits = bits << 1 | chat;
    bits = bits << 1 | e->thinks;
    bits = bits << 1 | (e->tools != NULL);
    bits = bits << 1 | m->one_tool_call;
    bits = bits << 2 | (e->tools ? m->tool_choice : 0);
    buf_add_slice(key, m->grammar);
    if (e->tools) {
        buf_printf(key, "%c%zu%c", 0, m->grammar.len, 0);
        buf_add_slice(key, m->tools);
        for (uint32_t i = 0; i < m->n_tool_names; i++) {
            buf_add_char(key, '\0');
            buf_add_slice(key, m->tool_names[i]);
        }
    }
    return (int32_t)bits;
}

static int find_grammar(struct grammar **ret, const struct worker *w, struct errand *e)
{
    struct buf key;
    buf_init(&key, WORKER_KEY_MAX);
    int32_t kind = make_key(&key, e);
    int rc = buf_check(&key, "a grammar", &e->err);
    struct grammar *g = rc == 0 ? grammar_cache_get(w->grammars->cache, kind, buf_slice(&key))
                                : NULL;
    if (rc == 0 && !g) {
        rc = compile(&g, w, e, &e->err);
        if (rc == 0) grammar_cache_put(w->grammars->cache, kind, buf_slice(&key), g);
    }
    buf_release(&key);
    if (rc == 0) *ret = g;
    return rc;
}

int worker_hold(const struct worker *w, struct errand *e)
{
    const struct msg_request *m = e->m;
    bool generates = m->kind == REQUEST_CHAT || m->kind == REQUEST_PROMPT;
    struct grammar *g = NULL;
    if (!generates || m->prefill_only) return 0;
    if (m->grammar_kind == GRAMMAR_NONE && !e->tools) return 0;
    if (!w->grammars->vocabulary)
        TRY(vocabulary_open(&w->grammars->vocabulary, w->tokenizer, &e->err));
    TRY(find_grammar(&g, w, e));
    const struct grammar_constrain_options options = { .vocabulary = w->grammars->vocabulary };
    int rc = grammar_constrain(&e->request->constraint, g, &options, &e->err);
    grammar_unref(g); /* The constraint has its own. */
    return rc;
}
