/* Rules, groups, alternatives and counts of the grammar language; nothing here recurses. */
#include "grammar/ebnf_reader.h"

#include "base/utf8.h"

#include <stdio.h>

enum { REASON_MAX = 600, NAME_SHOWN_MAX = 60 };

/* --- places and errors ------------------------------------------------------------------------ */

void ebnf_place(const struct ebnf *e, size_t at, unsigned *ret_line, unsigned *ret_column)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < e->text.len; i++) {
        if (e->text.ptr[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)e->text.ptr[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

int ebnf_bad_(struct ebnf *e, size_t at, const char *fmt, ...)
{
    char reason[REASON_MAX];
    unsigned line, column;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* A cut text is still a text. */
    va_end(args);
    ebnf_place(e, at, &line, &column);
    return err_set(e->err, ERR_INVALID_VALUE, "grammar, line %u, column %u: %s", line, column,
                   reason);
}

int ebnf_no_memory(struct ebnf *e)
{
    return err_set(e->err, ERR_NO_MEMORY, "no memory for a grammar");
}

const char *ebnf_found(const struct ebnf *e, char out[EBNF_FOUND_MAX])
{
    uint32_t c;
    size_t n = 0;
    if (e->at < e->text.len) n = utf8_decode(&c, e->text.ptr + e->at, e->text.len - e->at);
    if (n == 0)
        (void)snprintf(out, EBNF_FOUND_MAX, "the end of the grammar");
    else if (c == '\n')
        (void)snprintf(out, EBNF_FOUND_MAX, "the end of the line");
    else if (c < 0x20 || c == 0x7F)
        (void)snprintf(out, EBNF_FOUND_MAX, "U+%04X", (unsigned)c);
    else
        (void)snprintf(out, EBNF_FOUND_MAX, "'%.*s'", (int)n, e->text.ptr + e->at);
    return out;
}

/* A name as an error shows it. */
#define SHOWN(name) (int)((name).len < NAME_SHOWN_MAX ? (name).len : NAME_SHOWN_MAX), (name).ptr

/* --- characters ------------------------------------------------------------------------------- */

char ebnf_char_at(const struct ebnf *e, size_t at)
{
    return at < e->text.len ? e->text.ptr[at] : 0;
}

bool ebnf_starts(const struct ebnf *e, const char *text)
{
    struct slice rest = { e->text.ptr + e->at, e->text.len - e->at };
    return slice_starts(rest, slice_of(text));
}

void ebnf_skip_blanks(struct ebnf *e)
{
    for (;;) {
        char c = ebnf_char_at(e, e->at);
        if (c == ' ' || c == '\t' || c == '\r') {
            e->at++;
        } else if (c == '#' || (c == '/' && ebnf_char_at(e, e->at + 1) == '/')) {
            while (e->at < e->text.len && e->text.ptr[e->at] != '\n') e->at++;
        } else {
            return;
        }
    }
}

static void skip_lines(struct ebnf *e)
{
    for (ebnf_skip_blanks(e); ebnf_starts(e, "\n"); ebnf_skip_blanks(e)) e->at++;
}

struct slice ebnf_name(struct ebnf *e)
{
    size_t from = e->at;
    for (;; e->at++) {
        char c = ebnf_char_at(e, e->at);
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
        bool dash = c == '-' && ebnf_char_at(e, e->at + 1) != '>'; /* "a->b" renames. */
        if (!letter && !digit && !dash && c != '_') break;
    }
    return (struct slice){ e->text.ptr + from, e->at - from };
}

/* Up to ten digits or so: -1 above EBNF_COUNT_MAX, -2 if there is none. */
static int64_t read_number(struct ebnf *e)
{
    size_t from = e->at;
    int64_t n = 0;
    for (; ebnf_char_at(e, e->at) >= '0' && ebnf_char_at(e, e->at) <= '9'; e->at++)
        if (n <= EBNF_COUNT_MAX) n = 10 * n + (e->text.ptr[e->at] - '0');
    if (e->at == from) return -2;
    return n > EBNF_COUNT_MAX ? -1 : n;
}

/* --- rules' names ----------------------------------------------------------------------------- */

int ebnf_find_rule(struct ebnf *e, int32_t *ret, struct slice name)
{
    uint32_t found;
    if (map_get(&e->rules_by_name, name, &found)) {
        *ret = (int32_t)found;
        return 0;
    }
    struct ebnf_rule rule = { .name = name, .rule = grammar_rule(e->b, name) };
    *ret = (int32_t)e->rules.n;
    if (map_put(&e->rules_by_name, name, (uint32_t)*ret) < 0 || !ARRAY_ADD(e->rules, rule))
        return ebnf_no_memory(e);
    return 0;
}

int ebnf_define(struct ebnf *e, int32_t index, size_t at)
{
    struct ebnf_rule *rule = &e->rules.at[index];
    unsigned line, column;
    if (rule->defined) {
        ebnf_place(e, rule->defined_at, &line, &column);
        return ebnf_bad(e, at,
                        "the rule '%.*s' is already defined in line %u; put both into one "
                        "with |",
                        SHOWN(rule->name), line);
    }
    rule->defined = true;
    rule->defined_at = at;
    return 0;
}

/* --- sequences, alternatives, groups ---------------------------------------------------------- */

static int push_item(struct ebnf *e, int32_t node, int32_t rule)
{
    return ARRAY_ADD(e->items, (struct ebnf_item){ node, rule }) ? 0 : ebnf_no_memory(e);
}

/* The sequence that ends here becomes one alternative of its group. Where a rule's own begins with
 * the rule, a: a "+" b | b, the rest is kept: see rule_node. */
static int end_sequence(struct ebnf *e)
{
    size_t from = e->groups[e->depth].items_from, n = e->items.n - from;
    struct ebnf_alt alt = { 0 };
    if (e->depth == 0 && n > 0 && e->items.at[from].rule == e->current) {
        alt.recursive = true;
        from++;
        n--;
    }
    int32_t *nodes = mem_calloc(n + 1, sizeof *nodes);
    if (!nodes) return ebnf_no_memory(e);
    for (size_t i = 0; i < n; i++) nodes[i] = e->items.at[from + i].node;
    alt.node = n ? grammar_seq(e->b, n, nodes) : grammar_empty(e->b);
    mem_free(nodes);
    e->items.n = e->groups[e->depth].items_from;
    if (alt.recursive && n == 0) return 0; /* a: a says nothing. */
    return ARRAY_ADD(e->alts, alt) ? 0 : ebnf_no_memory(e);
}

/* All alternatives of the open group that are recursive, or all that are not. */
static int join(struct ebnf *e, int32_t *ret, size_t *ret_n, bool recursive)
{
    size_t from = e->groups[e->depth].alts_from, n = 0;
    int32_t *nodes = mem_calloc(e->alts.n - from + 1, sizeof *nodes);
    if (!nodes) return ebnf_no_memory(e);
    for (size_t i = from; i < e->alts.n; i++)
        if (e->alts.at[i].recursive == recursive) nodes[n++] = e->alts.at[i].node;
    *ret = n ? grammar_alt(e->b, n, nodes) : GRAMMAR_FAILED;
    *ret_n = n;
    mem_free(nodes);
    return 0;
}

static int open_group(struct ebnf *e)
{
    struct ebnf_group group = { e->items.n, e->alts.n, e->at, e->text.ptr[e->at] };
    if (e->depth == EBNF_DEPTH_MAX) {
        unsigned line, column;
        ebnf_place(e, e->at, &line, &column);
        return err_set(e->err, ERR_LIMIT,
                       "grammar, line %u, column %u: groups are nested deeper than %d", line,
                       column, EBNF_DEPTH_MAX);
    }
    e->groups[++e->depth] = group;
    e->at++;
    return 0;
}

static int close_group(struct ebnf *e)
{
    const struct ebnf_group *group = &e->groups[e->depth];
    char closing = e->text.ptr[e->at];
    int32_t node;
    size_t n;
    if (e->depth == 0 || (group->bracket == '(') != (closing == ')'))
        return ebnf_bad(e, e->at, "'%c' without its opening bracket", closing);
    TRY(end_sequence(e));
    TRY(join(e, &node, &n, false));
    e->alts.n = group->alts_from;
    e->depth--;
    e->at++;
    return push_item(e, closing == ']' ? grammar_optional(e->b, node) : node, EBNF_NO_RULE);
}

/* --- counts ----------------------------------------------------------------------------------- */

static int count_limit(struct ebnf *e, size_t at)
{
    unsigned line, column;
    ebnf_place(e, at, &line, &column);
    return err_set(e->err, ERR_LIMIT, "grammar, line %u, column %u: a count is larger than %d",
                   line, column, EBNF_COUNT_MAX);
}

/* "{m}", "{m,}", "{m,n}", or with Lark's sign "~ m", "~ m..n". */
static int read_counts(struct ebnf *e, int32_t *ret_min, int32_t *ret_max)
{
    size_t from = e->at++;
    bool braces = e->text.ptr[from] == '{';
    ebnf_skip_blanks(e);
    int64_t min = read_number(e), max = min;
    if (min == -2)
        return ebnf_bad(e, e->at, "a count wants its minimum (%s), found %s",
                        braces ? "{m}, {m,} or {m,n}" : "~ m or ~ m..n",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    if (braces) ebnf_skip_blanks(e);
    if (ebnf_starts(e, braces ? "," : "..")) {
        e->at += braces ? 1 : 2;
        ebnf_skip_blanks(e);
        max = read_number(e);
        if (max == -2 && braces) max = GRAMMAR_UNBOUNDED;
        ebnf_skip_blanks(e);
    }
    if (min == -1 || max == -1) return count_limit(e, from);
    if (max == -2 || (braces && !ebnf_starts(e, "}")))
        return ebnf_bad(e, e->at, "expected %s of a count, found %s",
                        braces ? "the '}'" : "the maximum",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    e->at += braces;
    if (min > max) return ebnf_bad(e, from, "a count whose maximum is below its minimum");
    *ret_min = (int32_t)min;
    *ret_max = (int32_t)max;
    return 0;
}

static int repeat(struct ebnf *e)
{
    int32_t min = 0, max = GRAMMAR_UNBOUNDED;
    char c = e->text.ptr[e->at];
    if (e->items.n == e->groups[e->depth].items_from)
        return ebnf_bad(e, e->at, "nothing to repeat before '%c'", c);
    if (c == '{' || c == '~') {
        TRY(read_counts(e, &min, &max));
    } else {
        min = c == '+';
        if (c == '?') max = 1;
        e->at++;
    }
    struct ebnf_item *item = &e->items.at[e->items.n - 1];
    item->node = grammar_repeat(e->b, item->node, min, max);
    item->rule = EBNF_NO_RULE;
    return 0;
}

/* --- what stands in a rule -------------------------------------------------------------------- */

static int use_rule(struct ebnf *e)
{
    size_t from = e->at;
    struct slice name = ebnf_name(e);
    int32_t rule;
    TRY(ebnf_find_rule(e, &rule, name));
    if (!e->rules.at[rule].used) {
        e->rules.at[rule].used = true;
        e->rules.at[rule].used_at = from;
    }
    return push_item(e, grammar_use(e->b, e->rules.at[rule].rule), rule);
}

/* "-> name": how Lark calls the alternative in a tree; the texts are the same. */
static int skip_alias(struct ebnf *e)
{
    e->at += 2;
    ebnf_skip_blanks(e);
    if (ebnf_name(e).len > 0) return 0;
    return ebnf_bad(e, e->at, "expected a name behind '->', found %s",
                    ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
}

static int unexpected(struct ebnf *e)
{
    char found[EBNF_FOUND_MAX];
    (void)ebnf_found(e, found);
    if (ebnf_starts(e, ":") || ebnf_starts(e, "="))
        return ebnf_bad(e, e->at,
                        "found %s inside a rule; a new rule begins in a line of its own, and the "
                        "one before it may not end in '|' or an open bracket",
                        found);
    if (ebnf_starts(e, "!"))
        return ebnf_bad(e, e->at, "'!' is not supported: say what may stand there instead");
    if (ebnf_starts(e, "'")) return ebnf_bad(e, e->at, "literals are written in double quotes");
    return ebnf_bad(e, e->at,
                    "found %s, expected a literal \"...\", a class [...], a rule's name, a group "
                    "(...), a regular expression /.../, a token <|...|>, '.', '|' or the end of "
                    "the rule",
                    found);
}

static int read_atom(struct ebnf *e)
{
    int32_t node;
    switch (e->text.ptr[e->at]) {
    case '"': TRY(ebnf_literal(e, &node)); break;
    case '[': TRY(ebnf_class(e, &node)); break;
    case '/': TRY(ebnf_regex(e, &node)); break;
    case '<': TRY(ebnf_token(e, &node)); break;
    case '.': TRY(ebnf_any(e, &node)); break;
    default:
        if (!ebnf_starts(e, "token(\"")) return unexpected(e);
        TRY(ebnf_token_call(e, &node));
    }
    return push_item(e, node, EBNF_NO_RULE);
}

static int read_piece(struct ebnf *e)
{
    char c = e->text.ptr[e->at];
    e->open_line = false;
    switch (c) {
    case '|':
        e->at++;
        e->open_line = true;
        return end_sequence(e);
    case '(': return open_group(e);
    case ')': return close_group(e);
    case '*':
    case '+':
    case '?':
    case '{': return repeat(e);
    default: break;
    }
    if (e->lark && c == '[') return open_group(e);
    if (e->lark && c == ']') return close_group(e);
    if (e->lark && c == '~') return repeat(e);
    if (e->lark && ebnf_starts(e, "->")) return skip_alias(e);
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
    bool is_name = letter || digit || c == '_' || (c == '-' && !ebnf_starts(e, "->"));
    return is_name && !ebnf_starts(e, "token(\"") ? use_rule(e) : read_atom(e);
}

/* At the end of a line: whether the next one with anything on it goes on with '|'. */
static bool goes_on(struct ebnf *e)
{
    size_t at = e->at;
    skip_lines(e);
    if (ebnf_starts(e, "|")) return true;
    e->at = at;
    return false;
}

/* The texts of the rule that was just read. One that begins with itself, a: a x | y, is y x*. */
static int rule_node(struct ebnf *e, int32_t *ret, size_t at)
{
    int32_t node, tail;
    size_t n, n_tails;
    TRY(end_sequence(e));
    TRY(join(e, &node, &n, false));
    TRY(join(e, &tail, &n_tails, true));
    e->alts.n = 0;
    if (n == 0)
        return ebnf_bad(e, at, "each alternative of the rule '%.*s' begins with the rule itself",
                        SHOWN(e->rules.at[e->current].name));
    *ret = node;
    if (n_tails == 0) return 0;
    tail = grammar_repeat(e->b, tail, 0, GRAMMAR_UNBOUNDED);
    *ret = grammar_seq(e->b, 2, (int32_t[]){ node, tail });
    return 0;
}

static int read_body(struct ebnf *e)
{
    e->groups[0] = (struct ebnf_group){ 0 };
    e->open_line = true;
    while (!grammar_builder_failed(e->b)) {
        ebnf_skip_blanks(e);
        if (e->at == e->text.len) break;
        if (e->text.ptr[e->at] != '\n') {
            TRY(read_piece(e));
        } else if (e->depth > 0 || e->open_line) {
            e->at++;
        } else if (!goes_on(e)) {
            break;
        }
    }
    if (e->depth > 0 && !grammar_builder_failed(e->b))
        return ebnf_bad(e, e->groups[e->depth].at, "'%c' is not closed",
                        e->groups[e->depth].bracket);
    return 0;
}

/* "name ::=", "name:", "?name.2 :" */
static int read_head(struct ebnf *e)
{
    size_t from = e->at;
    bool mark = ebnf_starts(e, "?") || ebnf_starts(e, "!"); /* Lark: of its trees. */
    e->at += mark;
    struct slice name = ebnf_name(e);
    if (name.len == 0)
        return ebnf_bad(e, e->at, "found %s, expected a rule: name ::= ...",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    TRY(ebnf_find_rule(e, &e->current, name));
    TRY(ebnf_define(e, e->current, from));
    bool ranked = ebnf_starts(e, "."); /* Lark: a lexer's priority, which adds no text. */
    if (ranked) {
        e->at++;
        if (read_number(e) == -2) ranked = false;
    }
    if (ebnf_starts(e, "{"))
        return ebnf_bad(e, e->at, "templates (name{a, b}) are not supported; write the rules out");
    ebnf_skip_blanks(e);
    e->lark = false;
    if (ebnf_starts(e, "::=")) {
        e->at += 3;
    } else if (ebnf_starts(e, ":")) {
        e->lark = true;
        e->at++;
    } else if (ebnf_starts(e, "=")) {
        e->at++;
    } else {
        return ebnf_bad(e, e->at, "found %s, expected '::=' (or ':' or '=') behind the rule's name",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    }
    if ((mark || ranked) && !e->lark)
        return ebnf_bad(e, from, "?name, !name and name.1 are Lark's, whose rules have ':'");
    return 0;
}

static int read_rule(struct ebnf *e)
{
    size_t from = e->at;
    int32_t node;
    TRY(read_head(e));
    if (e->first == EBNF_NO_RULE) e->first = e->current;
    TRY(read_body(e));
    if (grammar_builder_failed(e->b)) return 0;
    TRY(rule_node(e, &node, from));
    grammar_rule_set(e->b, e->rules.at[e->current].rule, node);
    return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int check_names(struct ebnf *e)
{
    const struct ebnf_rule *missing = NULL;
    for (size_t i = 0; i < e->rules.n; i++) {
        const struct ebnf_rule *rule = &e->rules.at[i];
        if (!rule->defined && (!missing || rule->used_at < missing->used_at)) missing = rule;
        if (rule->defined && slice_is(rule->name, "token") && e->token_call_at != SIZE_MAX)
            return ebnf_bad(e, e->token_call_at,
                            "token(\"...\") is a control token, but a rule is named token, too; "
                            "rename the rule, or put a space before the bracket");
    }
    if (missing)
        return ebnf_bad(e, missing->used_at, "the rule '%.*s' is used but not defined",
                        SHOWN(missing->name));
    return 0;
}

static int root_of(struct ebnf *e, int32_t *ret)
{
    uint32_t index = (uint32_t)e->first;
    if (e->first == EBNF_NO_RULE)
        return err_set(e->err, ERR_INVALID_VALUE,
                       "the grammar has no rule; it is rules like root ::= \"yes\" | \"no\"");
    if (!map_get(&e->rules_by_name, SLICE("root"), &index))
        (void)map_get(&e->rules_by_name, SLICE("start"), &index); /* Else it stays the first. */
    *ret = grammar_use(e->b, e->rules.at[index].rule);
    return 0;
}

static int read_all(struct ebnf *e, int32_t *ret)
{
    for (skip_lines(e); e->at < e->text.len && !grammar_builder_failed(e->b); skip_lines(e)) {
        if (ebnf_starts(e, "%"))
            TRY(ebnf_directive(e));
        else
            TRY(read_rule(e));
    }
    TRY(grammar_builder_check(e->b, e->err));
    TRY(check_names(e));
    TRY(root_of(e, ret));
    return grammar_builder_check(e->b, e->err);
}

static int32_t write_texts(struct grammar_builder *b, struct slice text, bool json, struct err *err)
{
    if (text.len > EBNF_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a grammar of %zu bytes; at most %d are read", text.len,
                       EBNF_BYTES_MAX);
    if (!utf8_valid(text.ptr, text.len))
        return err_set(err, ERR_INVALID_VALUE, "the grammar is not UTF-8");
    struct ebnf *e = mem_calloc(1, sizeof *e);
    if (!e) return err_set(err, ERR_NO_MEMORY, "no memory for a grammar");
    e->b = b;
    e->text = text.len ? text : SLICE("");
    e->first = EBNF_NO_RULE;
    e->token_call_at = SIZE_MAX;
    e->json = json;
    e->err = err;
    map_init(&e->rules_by_name);
    buf_init(&e->scratch, EBNF_BYTES_MAX);
    int32_t node = GRAMMAR_FAILED;
    int rc = read_all(e, &node);
    mem_free(e->rules.at);
    map_release(&e->rules_by_name);
    mem_free(e->items.at);
    mem_free(e->alts.at);
    buf_release(&e->scratch);
    char_set_release(&e->set);
    mem_free(e);
    return rc < 0 ? rc : node;
}

int32_t ebnf_write(struct grammar_builder *b, struct slice text, struct err *err)
{
    return write_texts(b, text, false, err);
}

int32_t ebnf_write_json(struct grammar_builder *b, struct slice text, struct err *err)
{
    return write_texts(b, text, true, err);
}
