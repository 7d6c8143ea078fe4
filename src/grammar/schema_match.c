/* Does a text of the schema match a pattern of the schema? Asked by a grammar of the pattern
 * alone, so that both mean the same by it. */
#include "grammar/schema.h"

#include "grammar/grammar.h"
#include "grammar/regex.h"

enum { MATCHER_WORK = 1 << 12, MATCH_TEXT_MAX = 4 << 20 };

/* *ret stays NULL if no text matches at all. */
static int compile(struct grammar **ret, const struct text_rule *rule, struct err *err)
{
    struct grammar_builder *b;
    const struct regex_options options = { .whole = rule->whole, .json = true };
    err->code = ERR_NONE;
    TRY(grammar_builder_open(&b, err));
    int32_t node = regex_write(b, rule->pattern, &options, err);
    int rc = node < 0 ? node : grammar_compile(ret, b, node, err);
    if (node >= 0 && rc == -ERR_INVALID_VALUE) rc = 0;
    grammar_builder_close(b);
    return rc;
}

static int find(struct schema *s, const struct text_rule *rule, struct grammar **ret)
{
    struct matcher m = { .pattern = rule->pattern, .whole = rule->whole };
    struct err inner;
    for (size_t i = 0; i < s->matchers.n; i++) {
        const struct matcher *known = &s->matchers.at[i];
        if (known->whole != m.whole || !slice_eq(known->pattern, m.pattern)) continue;
        *ret = known->grammar;
        return 0;
    }
    TRY(schema_spend(s, MATCHER_WORK));
    if (compile(&m.grammar, rule, &inner) < 0) return schema_at(s, rule->place, &inner);
    if (!ARRAY_ADD(s->matchers, m)) {
        grammar_unref(m.grammar);
        return schema_no_memory(s);
    }
    *ret = m.grammar;
    return 0;
}

static int walk(struct grammar *g, struct slice text)
{
    int32_t state = grammar_start(g);
    for (size_t i = 0; i < text.len && state >= 0; i++)
        state = grammar_step(g, state, (uint8_t)text.ptr[i]);
    if (state == GRAMMAR_FULL) return -ERR_LIMIT;
    return state >= 0 && grammar_accepts(g, state);
}

int schema_matches(struct schema *s, const struct text_rule *rule, struct slice text)
{
    struct grammar *g = NULL;
    struct buf content;
    TRY(find(s, rule, &g));
    if (!g) return 0;
    TRY(schema_spend(s, (int64_t)text.len + 1));
    buf_init(&content, MATCH_TEXT_MAX);
    json_text_content(&content, text);
    int rc = content.failed ? schema_no_memory(s) : 0;
    if (rc == 0) {
        grammar_lock(g);
        rc = walk(g, buf_slice(&content));
        grammar_unlock(g);
        if (rc == -ERR_LIMIT)
            rc = err_set(s->err, ERR_LIMIT, "a pattern of the schema has too many readings");
    }
    buf_release(&content);
    return rc;
}

void schema_matchers_release(struct schema *s)
{
    for (size_t i = 0; i < s->matchers.n; i++) grammar_unref(s->matchers.at[i].grammar);
    mem_free(s->matchers.at);
}
