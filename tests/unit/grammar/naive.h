/* naive - random small grammars, and a matcher that shares nothing with the one under test: for
 * each expression and place in the text the set of places where a text of it may end, as a mask;
 * rules by iteration to the least fixed point. */
#ifndef TIRO_TESTS_NAIVE_H
#define TIRO_TESTS_NAIVE_H

#include "base/utf8.h"
#include "grammar/build.h"

#include <assert.h>
#include <string.h>

enum naive_kind {
    NAIVE_EMPTY,
    NAIVE_NEVER,
    NAIVE_TEXT,
    NAIVE_CHARS,
    NAIVE_SEQ,
    NAIVE_ALT,
    NAIVE_REPEAT,
    NAIVE_UNTIL,
    NAIVE_AND,
    NAIVE_EXCEPT,
    NAIVE_USE,
};

enum { NAIVE_NODES_MAX = 64, NAIVE_RULES = 3, NAIVE_TEXT_MAX = 30, NAIVE_ROUNDS = 40 };

struct naive_set {
    bool negated;
    size_t n;
    struct grammar_range ranges[4];
};

static const struct naive_set naive_sets[] = {
    { false, 1, { { 'a', 'b' } } },
    { true, 1, { { 'a', 'a' } } },
    { true, 3, { { 0, 0x1f }, { '"', '"' }, { '\\', '\\' } } }, /* plain */
    { true, 0, { { 0, 0 } } },
    { false, 2, { { 0x80, 0x10ffff }, { '"', '"' } } },
    { false, 3, { { 0xe8, 0xea }, { 'b', 'c' }, { 0x1f600, 0x1f64f } } },
};
static const char *const naive_texts[] = { "a", "b", "\"", "ab", "\xc3\xa9", "ba", "aab" };
static const struct {
    int32_t min, max;
} naive_counts[] = {
    { 0, 1 },  { 0, GRAMMAR_UNBOUNDED }, { 1, GRAMMAR_UNBOUNDED },  { 2, 3 },
    { 0, 20 }, { 3, 1000000000 },        { 18, GRAMMAR_UNBOUNDED }, { 1, 17 },
};
enum {
    NAIVE_SETS = sizeof naive_sets / sizeof naive_sets[0],
    NAIVE_TEXTS = sizeof naive_texts / sizeof naive_texts[0],
    NAIVE_COUNTS = sizeof naive_counts / sizeof naive_counts[0],
};

struct naive_node {
    enum naive_kind kind;
    int a, b; /* Children, or which text, set, count or rule. */
};

struct naive {
    struct naive_node nodes[NAIVE_NODES_MAX];
    int n, root, rules[NAIVE_RULES];
    /* Where the choices come from: these bytes, then zeros; or a generator. */
    const uint8_t *bytes;
    size_t n_bytes;
    uint64_t random;
    /* While matching: ends[rule][place]. */
    struct slice text;
    uint32_t ends[NAIVE_RULES][NAIVE_TEXT_MAX + 1];
};

static inline int naive_draw(struct naive *n, int below)
{
    if (n->bytes) {
        if (n->n_bytes == 0) return 0;
        n->n_bytes--;
        return *n->bytes++ % below;
    }
    n->random = n->random * 6364136223846793005u + 1442695040888963407u;
    return (int)((n->random >> 33) % (uint64_t)below);
}

static inline int naive_add(struct naive *n, enum naive_kind kind, int a, int b)
{
    assert(n->n < NAIVE_NODES_MAX);
    n->nodes[n->n] = (struct naive_node){ kind, a, b };
    return n->n++;
}

/* Up to `depth` deep; `regular`: without rules. */
static inline int naive_generate(struct naive *n, int depth, bool regular)
{
    static const enum naive_kind leaves[] = { NAIVE_TEXT,  NAIVE_CHARS, NAIVE_TEXT, NAIVE_USE,
                                              NAIVE_EMPTY, NAIVE_UNTIL, NAIVE_USE,  NAIVE_NEVER };
    static const enum naive_kind inner[] = { NAIVE_SEQ, NAIVE_ALT,    NAIVE_REPEAT, NAIVE_SEQ,
                                             NAIVE_ALT, NAIVE_REPEAT, NAIVE_AND,    NAIVE_EXCEPT };
    bool leaf = depth == 0 || n->n > NAIVE_NODES_MAX - 24 || naive_draw(n, 4) == 0;
    enum naive_kind kind = leaf ? leaves[naive_draw(n, 8)] : inner[naive_draw(n, 8)];
    int a, b;
    switch (kind) {
    case NAIVE_TEXT:
    case NAIVE_UNTIL: return naive_add(n, kind, naive_draw(n, NAIVE_TEXTS), 0);
    case NAIVE_CHARS: return naive_add(n, kind, naive_draw(n, NAIVE_SETS), 0);
    case NAIVE_USE:
        if (regular) return naive_add(n, NAIVE_TEXT, 0, 0);
        return naive_add(n, kind, naive_draw(n, NAIVE_RULES), 0);
    case NAIVE_SEQ:
    case NAIVE_ALT:
        a = naive_generate(n, depth - 1, regular);
        b = naive_generate(n, depth - 1, regular);
        return naive_add(n, kind, a, b);
    case NAIVE_AND:
    case NAIVE_EXCEPT:
        a = naive_generate(n, depth - 1, true);
        b = naive_generate(n, depth - 1, true);
        return naive_add(n, kind, a, b);
    case NAIVE_REPEAT:
        a = naive_generate(n, depth - 1, regular);
        /* The huge count is for loops; an operand would have to write it out. */
        b = naive_draw(n, NAIVE_COUNTS);
        return naive_add(n, kind, a, regular && naive_counts[b].max == 1000000000 ? 0 : b);
    default: return naive_add(n, kind, 0, 0);
    }
}

static inline void naive_open(struct naive *n, bool recursive)
{
    n->n = 0;
    for (int i = 0; i < NAIVE_RULES; i++)
        n->rules[i] = recursive ? naive_generate(n, 2, false) : naive_add(n, NAIVE_TEXT, 0, 0);
    n->root = naive_generate(n, 3, !recursive);
}

static inline int32_t naive_write(const struct naive *n, struct grammar_builder *b,
                                  const int32_t *rules, int node)
{
    const struct naive_node *e = &n->nodes[node];
    const struct naive_set *set = &naive_sets[e->a % NAIVE_SETS];
    int32_t parts[2] = { 0 };
    if (e->kind >= NAIVE_SEQ && e->kind != NAIVE_UNTIL && e->kind != NAIVE_USE)
        parts[0] = naive_write(n, b, rules, e->a);
    if (e->kind == NAIVE_SEQ || e->kind == NAIVE_ALT || e->kind == NAIVE_AND ||
        e->kind == NAIVE_EXCEPT)
        parts[1] = naive_write(n, b, rules, e->b);
    switch (e->kind) {
    case NAIVE_EMPTY: return grammar_empty(b);
    case NAIVE_NEVER: return grammar_never(b);
    case NAIVE_TEXT: return grammar_text(b, slice_of(naive_texts[e->a]));
    case NAIVE_UNTIL: return grammar_until(b, slice_of(naive_texts[e->a]));
    case NAIVE_CHARS: return grammar_chars(b, set->ranges, set->n, set->negated);
    case NAIVE_SEQ: return grammar_seq(b, 2, parts);
    case NAIVE_ALT: return grammar_alt(b, 2, parts);
    case NAIVE_REPEAT:
        return grammar_repeat(b, parts[0], naive_counts[e->b].min, naive_counts[e->b].max);
    case NAIVE_AND: return grammar_and(b, parts[0], parts[1]);
    case NAIVE_EXCEPT: return grammar_except(b, parts[0], parts[1]);
    default: return grammar_use(b, rules[e->a]);
    }
}

/* 0, or what grammar_compile says. */
static inline int naive_compile(struct grammar **ret, const struct naive *n, struct err *err)
{
    struct grammar_builder *b;
    int32_t rules[NAIVE_RULES];
    TRY(grammar_builder_open(&b, err));
    for (int i = 0; i < NAIVE_RULES; i++) rules[i] = grammar_rule(b, SLICE("rule"));
    for (int i = 0; i < NAIVE_RULES; i++)
        grammar_rule_set(b, rules[i], naive_write(n, b, rules, n->rules[i]));
    int rc = grammar_compile(ret, b, naive_write(n, b, rules, n->root), err);
    grammar_builder_close(b);
    return rc;
}

/* Places behind the character at `at` if the set has it. */
static inline uint32_t naive_char(const struct naive *n, const struct naive_set *set, size_t at)
{
    uint32_t c;
    size_t len = at < n->text.len ? utf8_decode(&c, n->text.ptr + at, n->text.len - at) : 0;
    bool in = false;
    if (len == 0) return 0;
    for (size_t i = 0; i < set->n; i++)
        in = in || (c >= set->ranges[i].first && c <= set->ranges[i].last);
    return in != set->negated ? 1u << (at + len) : 0;
}

static inline uint32_t naive_until_ends(const struct naive *n, struct slice marker, size_t at)
{
    static const struct naive_set all = { .negated = true };
    uint32_t ends = 0;
    for (size_t end = at; end <= n->text.len;) {
        struct slice part = { n->text.ptr + at, end - at };
        if (slice_find(part, marker) < part.len) break;
        ends |= 1u << end;
        uint32_t next = naive_char(n, &all, end);
        if (!next) break;
        end = (size_t)__builtin_ctz(next);
    }
    return ends;
}

static inline uint32_t naive_ends(const struct naive *n, int node, size_t at);

static inline uint32_t naive_ends_from(const struct naive *n, int node, uint32_t places)
{
    uint32_t ends = 0;
    for (size_t i = 0; i <= n->text.len; i++)
        if (places >> i & 1) ends |= naive_ends(n, node, i);
    return ends;
}

static inline uint32_t naive_ends(const struct naive *n, int node, size_t at)
{
    const struct naive_node *e = &n->nodes[node];
    switch (e->kind) {
    case NAIVE_EMPTY: return 1u << at;
    case NAIVE_NEVER: return 0;
    case NAIVE_TEXT: {
        struct slice rest = { n->text.ptr + at, n->text.len - at };
        struct slice text = slice_of(naive_texts[e->a]);
        return slice_starts(rest, text) ? 1u << (at + text.len) : 0;
    }
    case NAIVE_UNTIL: return naive_until_ends(n, slice_of(naive_texts[e->a]), at);
    case NAIVE_CHARS: return naive_char(n, &naive_sets[e->a], at);
    case NAIVE_SEQ: return naive_ends_from(n, e->b, naive_ends(n, e->a, at));
    case NAIVE_ALT: return naive_ends(n, e->a, at) | naive_ends(n, e->b, at);
    case NAIVE_AND: return naive_ends(n, e->a, at) & naive_ends(n, e->b, at);
    case NAIVE_EXCEPT: return naive_ends(n, e->a, at) & ~naive_ends(n, e->b, at);
    case NAIVE_USE: return n->ends[e->a][at];
    case NAIVE_REPEAT: {
        /* Texts are short: later rounds bring nothing that one of the first 40 does not. */
        uint32_t places = 1u << at, ends = 0;
        for (int32_t round = 0; round <= naive_counts[e->b].max && round < NAIVE_ROUNDS; round++) {
            uint32_t next = naive_ends_from(n, e->a, places);
            if (round >= naive_counts[e->b].min || next == places) ends |= places;
            if (next == places) break;
            places = next;
        }
        return ends;
    }
    }
    return 0;
}

static inline bool naive_matches(struct naive *n, struct slice text)
{
    bool changed = true;
    assert(text.len <= NAIVE_TEXT_MAX);
    n->text = text;
    memset(n->ends, 0, sizeof n->ends);
    while (changed) {
        changed = false;
        for (int rule = 0; rule < NAIVE_RULES; rule++)
            for (size_t i = 0; i <= text.len; i++) {
                uint32_t ends = naive_ends(n, n->rules[rule], i);
                changed = changed || ends != n->ends[rule][i];
                n->ends[rule][i] = ends;
            }
    }
    return naive_ends(n, n->root, 0) >> text.len & 1;
}

#endif
