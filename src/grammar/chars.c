/* Sets of characters as bytes: ranges become sequences of byte ranges (no sequence crosses a place
 * where a continuation byte would have to start anew), and the sequences, which come in order, one
 * minimal acyclic automaton (Daciuk et al. 2000): beginnings are shared because they are, endings
 * by looking a finished node up among those that there are. */
#include "base/utf8.h"
#include "grammar/expr.h"

#include <assert.h>
#include <stdlib.h>

enum { HEADS = 1024, SURROGATE_FIRST = 0xD800, SURROGATE_LAST = 0xDFFF, CODE_LAST = 0x10FFFF };

/* A node that is still being written: finished edges, and behind them one whose target is the next
 * level. */
struct level {
    char_edge edges[256];
    int n;
    uint8_t lo, hi;
};

struct chars {
    struct grammar_builder *b;
    int32_t first; /* Of its nodes in char_nodes. */
    int n_levels;  /* With an unfinished edge. */
    struct level levels[UTF8_BYTES_MAX];
    int32_t heads[HEADS]; /* The newest node with this hash, or -1. */
};

static int32_t node_of(struct chars *c, const struct level *l)
{
    struct grammar_builder *b = c->b;
    struct slice key = { (const char *)l->edges, (size_t)l->n * sizeof l->edges[0] };
    int32_t *head = &c->heads[slice_hash(key) % HEADS];
    for (int32_t i = *head; i >= 0; i = b->char_nodes.at[c->first + i].next) {
        const struct char_node *node = &b->char_nodes.at[c->first + i];
        if (node->n_edges == l->n && memcmp(&b->char_edges.at[node->edges], l->edges, key.len) == 0)
            return i;
    }
    struct char_node node = { (int32_t)b->char_edges.n, l->n, *head };
    if (b->char_edges.n + (size_t)l->n > EXPR_CHAR_EDGES_MAX) {
        (void)builder_over(b, "byte ranges in its sets of characters", EXPR_CHAR_EDGES_MAX);
        return 0;
    }
    if (!ARRAY_ROOM(b->char_edges, b->char_edges.n + (size_t)l->n) ||
        !ARRAY_ADD(b->char_nodes, node)) {
        (void)builder_no_memory(b);
        return 0;
    }
    memcpy(&b->char_edges.at[node.edges], l->edges, key.len);
    b->char_edges.n += (size_t)l->n;
    *head = (int32_t)b->char_nodes.n - 1 - c->first;
    return *head;
}

static void finish_edge(struct level *l, int32_t to)
{
    char_edge target = (char_edge)(uint32_t)to << 16;
    if (l->n && l->edges[l->n - 1] >> 16 == (uint32_t)to &&
        (l->edges[l->n - 1] & 0xff) + 1 == l->lo) {
        l->edges[l->n - 1] = (l->edges[l->n - 1] & ~(char_edge)0xff) | l->hi;
        return;
    }
    l->edges[l->n++] = target | (char_edge)l->lo << 8 | l->hi;
}

/* Finishes all nodes below level `keep`, and that one's last edge. */
static void finish_levels(struct chars *c, int keep)
{
    int32_t to = CHAR_END;
    for (int i = c->n_levels - 1; i >= keep; i--) {
        finish_edge(&c->levels[i], to);
        if (i == keep) break;
        to = node_of(c, &c->levels[i]);
        c->levels[i].n = 0;
    }
    c->n_levels = keep;
}

static void add_sequence(struct chars *c, const uint8_t *lo, const uint8_t *hi, int len)
{
    int same = 0;
    while (same < c->n_levels && same < len - 1 && c->levels[same].lo == lo[same] &&
           c->levels[same].hi == hi[same])
        same++;
    if (same < c->n_levels) finish_levels(c, same);
    for (int i = same; i < len; i++) {
        c->levels[i].lo = lo[i];
        c->levels[i].hi = hi[i];
    }
    c->n_levels = len;
}

/* first .. last have the same number of bytes. */
static void add_same_length(struct chars *c, uint32_t first, uint32_t last)
{
    struct grammar_range todo[4 * UTF8_BYTES_MAX];
    int n = 0;
    todo[n++] = (struct grammar_range){ first, last };
    while (n) {
        struct grammar_range r = todo[--n];
        char from[UTF8_BYTES_MAX], to[UTF8_BYTES_MAX];
        int len = (int)utf8_encode(from, r.first);
        bool whole = true;
        for (int i = 1; i < len && whole; i++) {
            uint32_t mask = (1u << 6 * i) - 1;
            if ((r.first & ~mask) == (r.last & ~mask)) continue;
            uint32_t cut = r.first & mask            ? r.first | mask
                           : (r.last & mask) != mask ? (r.last & ~mask) - 1
                                                     : r.last;
            whole = cut == r.last;
            if (whole) continue;
            assert(n + 2 <= (int)(sizeof todo / sizeof todo[0]));
            todo[n++] = (struct grammar_range){ cut + 1, r.last };
            todo[n++] = (struct grammar_range){ r.first, cut };
        }
        if (!whole) continue;
        (void)utf8_encode(to, r.last); /* As long as `from`. */
        add_sequence(c, (const uint8_t *)from, (const uint8_t *)to, len);
    }
}

static void add_range(struct chars *c, uint32_t first, uint32_t last)
{
    static const uint32_t last_of[] = { 0x7F, 0x7FF, SURROGATE_FIRST - 1, 0xFFFF, CODE_LAST };
    static const uint32_t first_of[] = { 0, 0x80, 0x800, SURROGATE_LAST + 1, 0x10000 };
    for (size_t i = 0; i < sizeof last_of / sizeof last_of[0]; i++) {
        uint32_t from = first > first_of[i] ? first : first_of[i];
        uint32_t to = last < last_of[i] ? last : last_of[i];
        if (from <= to) add_same_length(c, from, to);
    }
}

static int by_first(const void *a, const void *b)
{
    const struct grammar_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sorts and merges in place; returns how many there are then. */
static size_t merge(struct grammar_range *ranges, size_t n)
{
    size_t m = 0;
    if (n) qsort(ranges, n, sizeof *ranges, by_first);
    for (size_t i = 0; i < n; i++) {
        if (m && ranges[i].first <= ranges[m - 1].last + 1) {
            if (ranges[m - 1].last < ranges[i].last) ranges[m - 1].last = ranges[i].last;
        } else {
            ranges[m++] = ranges[i];
        }
    }
    return m;
}

int32_t grammar_chars(struct grammar_builder *b, const struct grammar_range *ranges, size_t n,
                      bool negated)
{
    if (b->failed) return GRAMMAR_FAILED;
    struct grammar_range *sorted = mem_calloc(n + 1, sizeof *sorted);
    struct chars *c = mem_calloc(1, sizeof *c);
    int32_t node = GRAMMAR_FAILED;
    uint32_t next = 0; /* The first character behind the ranges so far. */
    if (!sorted || !c) {
        (void)builder_no_memory(b);
        goto done;
    }
    c->b = b;
    c->first = (int32_t)b->char_nodes.n;
    memset(c->heads, 0xff, sizeof c->heads);
    for (size_t i = 0; i < n; i++) {
        assert(ranges[i].first <= ranges[i].last && ranges[i].last <= CODE_LAST);
        sorted[i] = ranges[i];
    }
    n = merge(sorted, n);
    for (size_t i = 0; i < n; i++) {
        if (!negated) add_range(c, sorted[i].first, sorted[i].last);
        if (negated && next < sorted[i].first) add_range(c, next, sorted[i].first - 1);
        next = sorted[i].last + 1;
    }
    if (negated && next <= CODE_LAST) add_range(c, next, CODE_LAST);
    if (c->n_levels == 0) {
        node = grammar_never(b);
        goto done;
    }
    finish_levels(c, 0);
    /* New, and so the last: it begins characters, which no other node does. */
    (void)node_of(c, &c->levels[0]);
    node = builder_add(b, (struct expr){ .kind = EXPR_CHARS,
                                         .depth = 1,
                                         .a = c->first,
                                         .b = (int32_t)b->char_nodes.n - c->first });
done:
    mem_free(sorted);
    mem_free(c);
    return node;
}
