/* Groups, alternatives and counts of regular expressions; nothing here recurses. What was read of
 * an open group lies on two stacks: the parts of the sequence being read, and the alternatives
 * before it. */
#include "grammar/regex_reader.h"

#include <assert.h>
#include <stdio.h>

/* A JSON escape is at most six bytes for one of the pattern. */
enum { LITERAL_MAX = 6 * REGEX_BYTES_MAX, REASON_MAX = 400 };

int regex_bad_(struct regex *r, size_t at, const char *fmt, ...)
{
    char reason[REASON_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* A cut text is still a text. */
    va_end(args);
    return err_set(r->err, ERR_INVALID_VALUE, "regular expression, offset %zu: %s", at, reason);
}

static int no_memory(struct regex *r)
{
    return err_set(r->err, ERR_NO_MEMORY, "no memory for a regular expression");
}

static bool starts(const struct regex *r, const char *text)
{
    struct slice rest = { r->text.ptr + r->at, r->text.len - r->at };
    return slice_starts(rest, slice_of(text));
}

/* --- parts ------------------------------------------------------------------------------------ */

/* The characters that were waiting for more become one part. */
static int flush(struct regex *r)
{
    if (r->literal.failed) return no_memory(r);
    if (r->literal.len == 0) return 0;
    int32_t node = grammar_text(r->b, buf_slice(&r->literal));
    buf_reset(&r->literal);
    return ARRAY_ADD(r->items, regex_part_plain(node, false)) ? 0 : no_memory(r);
}

static int push_item(struct regex *r, struct regex_part part)
{
    TRY(flush(r));
    return ARRAY_ADD(r->items, part) ? 0 : no_memory(r);
}

/* n > 0 plain parts become one. */
static int plain_run(struct regex *r, struct regex_part *ret, const struct regex_part *parts,
                     size_t n)
{
    int32_t *nodes = mem_calloc(n, sizeof *nodes);
    if (!nodes) return no_memory(r);
    bool empty = true;
    for (size_t i = 0; i < n; i++) {
        nodes[i] = parts[i].node[0];
        empty = empty && parts[i].empty;
    }
    *ret = regex_part_plain(n == 1 ? nodes[0] : grammar_seq(r->b, n, nodes), empty);
    mem_free(nodes);
    return 0;
}

/* The sequence that ends here becomes one alternative of its group. */
static int end_sequence(struct regex *r)
{
    TRY(flush(r));
    size_t from = r->groups[r->depth].items_from;
    struct regex_part whole = { 0 };
    for (size_t i = from, end = from; i < r->items.n; i = end) {
        struct regex_part part = r->items.at[end];
        while (end < r->items.n && regex_part_is_plain(&r->items.at[end])) end++;
        if (end == i)
            end++;
        else
            TRY(plain_run(r, &part, r->items.at + i, end - i));
        if (i > from) part = regex_part_seq(r->b, &whole, &part);
        if (!part.has)
            return regex_bad(r, part.anchor_at,
                             "this anchor can never hold: ^ stands only where nothing is before "
                             "it, $ where nothing is behind it");
        whole = part;
    }
    if (r->items.n == from) whole = regex_part_plain(grammar_empty(r->b), true);
    r->items.n = from;
    return ARRAY_ADD(r->alts, whole) ? 0 : no_memory(r);
}

/* --- groups ----------------------------------------------------------------------------------- */

/* What may stand behind "(?" and is no regular language, or is not the same everywhere. */
static const struct {
    const char *sign, *name;
} refused[] = {
    { "=", "look-ahead (?=" },         { "!", "negative look-ahead (?!" },
    { "<=", "look-behind (?<=" },      { "<!", "negative look-behind (?<!" },
    { ">", "an atomic group (?>" },    { "(", "a conditional (?(" },
    { "|", "a branch reset (?|" },     { "#", "a comment (?#" },
    { "P=", "a back-reference (?P=" }, { "P>", "a recursion (?P>" },
    { "R", "a recursion (?R" },        { "&", "a recursion (?&" },
    { "'", "a name in quotes (?'" },
};

static int read_name(struct regex *r, size_t from)
{
    size_t begin = r->at;
    for (; r->at < r->text.len; r->at++) {
        char c = r->text.ptr[r->at];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
        if (!letter && c != '_' && c != '$' && !(digit && r->at > begin)) break;
    }
    if (r->at == begin || !starts(r, ">"))
        return regex_bad(r, from, "a group's name is letters, digits and _ up to a >");
    r->at++;
    return 0;
}

/* "(?i)", "(?s-i:"; r->at is behind the '?'. 1: a group begins, 0: the flags hold from here on. */
static int read_flags(struct regex *r, size_t from)
{
    bool on = true;
    for (; r->at < r->text.len; r->at++) {
        char c = r->text.ptr[r->at];
        if (c == 'i')
            r->flags.ignore_case = on;
        else if (c == 's')
            r->flags.dot_all = on;
        else if (c == '-' && on)
            on = false;
        else
            break;
    }
    if (starts(r, ":") || starts(r, ")")) return r->text.ptr[r->at++] == ':';
    if (starts(r, "m"))
        return regex_bad(r, from, "the flag m is not supported: ^ and $ are the ends of the text");
    if (starts(r, "x"))
        return regex_bad(r, from, "the flag x is not supported: leave blanks and comments out");
    return regex_bad(r, from,
                     "what follows (? is not known; groups are (...), (?:...), "
                     "(?<name>...) and (?i:...)");
}

static int open_group(struct regex *r)
{
    struct regex_group group = { .at = r->at++, .flags = r->flags };
    TRY(flush(r));
    if (starts(r, "?")) {
        r->at++;
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
            if (starts(r, refused[i].sign))
                return regex_bad(r, group.at, "%s is not supported", refused[i].name);
        if (starts(r, "<") || starts(r, "P<")) {
            r->at += starts(r, "P") ? 2 : 1;
            TRY(read_name(r, group.at));
        } else {
            int begins = read_flags(r, group.at);
            if (begins <= 0) return begins;
        }
    } else if (starts(r, "*")) {
        return regex_bad(r, group.at, "verbs (* are not supported");
    }
    if (r->depth == REGEX_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT,
                       "regular expression, offset %zu: groups are nested deeper than %d", group.at,
                       REGEX_DEPTH_MAX);
    group.items_from = r->items.n;
    group.alts_from = r->alts.n;
    r->groups[++r->depth] = group;
    return 0;
}

/* The alternatives of the group that is open. */
static int end_alternatives(struct regex *r, struct regex_part *ret)
{
    TRY(end_sequence(r));
    size_t from = r->groups[r->depth].alts_from;
    if (regex_part_alt(ret, r->b, r->alts.at + from, r->alts.n - from) < 0) return no_memory(r);
    r->alts.n = from;
    return 0;
}

static int close_group(struct regex *r)
{
    struct regex_part part;
    if (r->depth == 0) return regex_bad(r, r->at, "')' without '('; for the sign itself write \\)");
    TRY(end_alternatives(r, &part));
    r->at++;
    r->flags = r->groups[r->depth].flags;
    r->depth--;
    return push_item(r, part);
}

/* --- counts ----------------------------------------------------------------------------------- */

struct counts {
    int32_t min, max;
    size_t len; /* Of its writing; 0: what is there is no count. */
};

static size_t read_number(const struct regex *r, size_t at, int64_t *ret)
{
    size_t i = at;
    *ret = 0;
    for (; i < r->text.len && r->text.ptr[i] >= '0' && r->text.ptr[i] <= '9'; i++)
        if (*ret <= REGEX_COUNT_MAX) *ret = 10 * *ret + (r->text.ptr[i] - '0');
    return i - at;
}

static char char_at(const struct regex *r, size_t at)
{
    return at < r->text.len ? r->text.ptr[at] : 0;
}

/* "{m}", "{m,}", "{m,n}" at r->at; other braces are themselves. */
static int read_braces(struct regex *r, struct counts *ret)
{
    int64_t min, max;
    size_t at = r->at + 1, n_min = read_number(r, at, &min), n_max = n_min;
    at += n_min;
    max = min;
    if (char_at(r, at) == ',') {
        at++;
        n_max = read_number(r, at, &max);
        at += n_max;
        if (n_max == 0) max = GRAMMAR_UNBOUNDED;
    }
    *ret = (struct counts){ 0 };
    if (char_at(r, at) != '}' || (n_min == 0 && n_max == 0)) return 0;
    if (n_min == 0)
        return regex_bad(r, r->at,
                         "{,n} means different things in different dialects; write "
                         "{0,n}, or \\{ for the sign itself");
    if (min > REGEX_COUNT_MAX || (max > REGEX_COUNT_MAX && n_max > 0))
        return err_set(r->err, ERR_LIMIT,
                       "regular expression, offset %zu: a count is larger than %d", r->at,
                       REGEX_COUNT_MAX);
    if (min > max) return regex_bad(r, r->at, "a count whose maximum is below its minimum");
    *ret = (struct counts){ (int32_t)min, (int32_t)max, at + 1 - r->at };
    return 0;
}

static int counts_here(struct regex *r, struct counts *ret)
{
    switch (char_at(r, r->at)) {
    case '*': *ret = (struct counts){ 0, GRAMMAR_UNBOUNDED, 1 }; return 0;
    case '+': *ret = (struct counts){ 1, GRAMMAR_UNBOUNDED, 1 }; return 0;
    case '?': *ret = (struct counts){ 0, 1, 1 }; return 0;
    case '{': return read_braces(r, ret);
    default: *ret = (struct counts){ 0 }; return 0;
    }
}

static int repeat(struct regex *r, struct regex_part *part, const struct counts *c, size_t at)
{
    if (regex_part_is_plain(part)) {
        *part = regex_part_plain(grammar_repeat(r->b, part->node[0], c->min, c->max),
                                 c->min == 0 || part->empty);
        return 0;
    }
    struct regex_part either[] = { *part, regex_part_plain(grammar_empty(r->b), true) };
    if (c->max > 1)
        return regex_bad(r, part->anchor_at,
                         "an anchor in a group that is repeated (offset %zu) is not supported; "
                         "take it out of the group",
                         at);
    if (c->max == 0) *part = either[1];
    if (c->max == 1 && c->min == 0 && regex_part_alt(part, r->b, either, 2) < 0)
        return no_memory(r);
    return 0;
}

/* The count behind the last item, if there is one. */
static int read_count(struct regex *r)
{
    struct counts c;
    size_t at = r->at;
    TRY(counts_here(r, &c));
    if (c.len == 0) return 0;
    r->at += c.len;
    TRY(repeat(r, &r->items.at[r->items.n - 1], &c, at));
    if (starts(r, "?")) { /* Lazy: another match of the same language. */
        r->at++;
    } else if (starts(r, "+")) {
        return regex_bad(r, at, "possessive counts (%.*s+) are not supported", (int)c.len,
                         r->text.ptr + at);
    }
    at = r->at;
    TRY(counts_here(r, &c));
    if (c.len > 0) return regex_bad(r, at, "a count behind a count; put the first in a group");
    return 0;
}

/* --- atoms ------------------------------------------------------------------------------------ */

static int anchor(struct regex *r, int demand, size_t len)
{
    if (++r->n_anchors > REGEX_ANCHORS_MAX)
        return err_set(r->err, ERR_LIMIT,
                       "regular expression, offset %zu: more than %d anchors (^ and $)", r->at,
                       REGEX_ANCHORS_MAX);
    TRY(push_item(r, regex_part_anchor(r->b, demand, (uint32_t)r->at)));
    r->at += len;
    struct counts c;
    size_t at = r->at;
    TRY(counts_here(r, &c));
    return c.len ? regex_bad(r, at, "an anchor cannot be repeated") : 0;
}

/* A character: one of its own if it is repeated or has cases, else it joins its neighbours. */
static int character(struct regex *r, uint32_t c)
{
    struct counts counts;
    char text[REGEX_CHARACTER_MAX];
    TRY(counts_here(r, &counts));
    if (counts.len == 0 && !r->flags.ignore_case) {
        buf_add(&r->literal, text, regex_character_text(r, text, c));
        return 0;
    }
    int32_t node;
    char_set_reset(&r->set);
    char_set_add(&r->set, c, c);
    regex_cases(r);
    TRY(regex_set_node(r, &node));
    TRY(push_item(r, regex_part_plain(node, false)));
    return read_count(r);
}

static int read_atom(struct regex *r)
{
    int32_t node;
    uint32_t c = 0;
    if (starts(r, "^")) return anchor(r, PART_BEGIN, 1);
    if (starts(r, "$")) return anchor(r, PART_END, 1);
    if (starts(r, "\\A")) return anchor(r, PART_BEGIN, 2);
    if (starts(r, "\\z")) return anchor(r, PART_END, 2);
    char_set_reset(&r->set);
    if (starts(r, ".")) {
        r->at++;
        regex_dot(r);
    } else if (starts(r, "[")) {
        TRY(regex_class(r));
    } else if (starts(r, "\\")) {
        int kind = regex_escape(r, &c, false);
        if (kind <= 0) return kind < 0 ? kind : character(r, c);
        regex_cases(r);
    } else {
        TRY(regex_character(r, &c));
        return character(r, c);
    }
    TRY(regex_set_node(r, &node));
    TRY(push_item(r, regex_part_plain(node, false)));
    return read_count(r);
}

static int read_piece(struct regex *r)
{
    struct counts c;
    switch (r->text.ptr[r->at]) {
    case '(': return open_group(r);
    case ')': TRY(close_group(r)); return read_count(r);
    case '|':
        TRY(end_sequence(r));
        r->at++;
        return 0;
    default: break;
    }
    TRY(counts_here(r, &c));
    if (c.len > 0) return regex_bad(r, r->at, "nothing to repeat before '%c'", r->text.ptr[r->at]);
    return read_atom(r);
}

static int read_pattern(struct regex *r, struct regex_part *ret)
{
    while (r->at < r->text.len && !grammar_builder_failed(r->b)) TRY(read_piece(r));
    if (r->depth > 0 && !grammar_builder_failed(r->b))
        return regex_bad(r, r->groups[r->depth].at,
                         "'(' is not closed; for the sign itself "
                         "write \\(");
    return end_alternatives(r, ret);
}

static int write_all(struct regex *r, int32_t *ret, bool whole)
{
    struct regex_part all;
    int32_t around = GRAMMAR_FAILED;
    TRY(read_pattern(r, &all));
    if (!whole) TRY(regex_anything(r, &around));
    *ret = regex_part_text(r->b, &all, around, whole);
    return grammar_builder_check(r->b, r->err);
}

int32_t regex_write(struct grammar_builder *b, struct slice pattern,
                    const struct regex_options *options, struct err *err)
{
    if (pattern.len > REGEX_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a regular expression of %zu bytes; at most %d are read",
                       pattern.len, REGEX_BYTES_MAX);
    struct regex *r = mem_calloc(1, sizeof *r);
    if (!r) return err_set(err, ERR_NO_MEMORY, "no memory for a regular expression");
    r->b = b;
    r->text = pattern.len ? pattern : SLICE("");
    r->json = options->json;
    r->flags = (struct regex_flags){ options->ignore_case, options->dot_all };
    r->err = err;
    buf_init(&r->literal, LITERAL_MAX);
    int32_t node = GRAMMAR_FAILED;
    int rc = write_all(r, &node, options->whole);
    buf_release(&r->literal);
    mem_free(r->items.at);
    mem_free(r->alts.at);
    char_set_release(&r->set);
    char_set_release(&r->part);
    char_tables_release(&r->tables);
    mem_free(r);
    return rc < 0 ? rc : node;
}
