#include "grammar/regex_part.h"

#include "base/seam.h"

#include <assert.h>

struct regex_part regex_part_plain(int32_t node, bool empty)
{
    return (struct regex_part){ .node = { node }, .has = 1, .empty = empty };
}

struct regex_part regex_part_anchor(struct grammar_builder *b, int demand, uint32_t at)
{
    assert(demand == PART_BEGIN || demand == PART_END);
    struct regex_part p = { .has = (uint8_t)(1 << demand),
                            .empty = (uint8_t)(1 << demand),
                            .anchor_at = at };
    p.node[demand] = grammar_empty(b);
    return p;
}

bool regex_part_is_plain(const struct regex_part *p)
{
    return p->has == 1;
}

static bool has(const struct regex_part *p, int variant)
{
    return p->has >> variant & 1;
}

static bool empty(const struct regex_part *p, int variant)
{
    return p->empty >> variant & 1;
}

/* What is behind $ and before ^ must be empty, and then adds nothing but its demand. */
static bool join(int32_t *ret, bool *ret_empty, struct grammar_builder *b,
                 const struct regex_part *x, int v, const struct regex_part *y, int w)
{
    bool x_must = w & PART_BEGIN, y_must = v & PART_END;
    if ((x_must && !empty(x, v)) || (y_must && !empty(y, w))) return false;
    *ret_empty = empty(x, v) && empty(y, w);
    if (x_must && y_must)
        *ret = grammar_empty(b);
    else if (x_must)
        *ret = y->node[w];
    else if (y_must)
        *ret = x->node[v];
    else
        *ret = grammar_seq(b, 2, (int32_t[]){ x->node[v], y->node[w] });
    return true;
}

static int32_t any_of(struct grammar_builder *b, const int32_t *nodes, size_t n)
{
    return n == 1 ? nodes[0] : grammar_alt(b, n, nodes);
}

struct regex_part regex_part_seq(struct grammar_builder *b, const struct regex_part *x,
                                 const struct regex_part *y)
{
    struct regex_part p = { .anchor_at = regex_part_is_plain(x) ? y->anchor_at : x->anchor_at };
    int32_t nodes[PART_VARIANTS][PART_VARIANTS * PART_VARIANTS];
    size_t n[PART_VARIANTS] = { 0 };
    for (int v = 0; v < PART_VARIANTS; v++) {
        for (int w = 0; w < PART_VARIANTS; w++) {
            int32_t node;
            bool is_empty;
            if (!has(x, v) || !has(y, w) || !join(&node, &is_empty, b, x, v, y, w)) continue;
            nodes[v | w][n[v | w]++] = node;
            if (is_empty) p.empty |= (uint8_t)(1 << (v | w));
        }
    }
    for (int v = 0; v < PART_VARIANTS; v++) {
        if (n[v] == 0) continue;
        p.has |= (uint8_t)(1 << v);
        p.node[v] = any_of(b, nodes[v], n[v]);
    }
    return p;
}

int regex_part_alt(struct regex_part *ret, struct grammar_builder *b,
                   const struct regex_part *parts, size_t n)
{
    assert(n > 0);
    struct regex_part p = parts[0];
    if (n == 1) {
        *ret = p;
        return 0;
    }
    int32_t *nodes = mem_calloc(n, sizeof *nodes);
    if (!nodes) return -ERR_NO_MEMORY;
    for (size_t i = 1; i < n; i++) {
        if (regex_part_is_plain(&p)) p.anchor_at = parts[i].anchor_at;
        p.has |= parts[i].has;
        p.empty |= parts[i].empty;
    }
    for (int v = 0; v < PART_VARIANTS; v++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            if (has(&parts[i], v)) nodes[count++] = parts[i].node[v];
        if (count > 0) p.node[v] = any_of(b, nodes, count);
    }
    mem_free(nodes);
    *ret = p;
    return 0;
}

int32_t regex_part_text(struct grammar_builder *b, const struct regex_part *p, int32_t around,
                        bool whole)
{
    int32_t nodes[PART_VARIANTS];
    size_t n = 0;
    for (int v = 0; v < PART_VARIANTS; v++) {
        if (!has(p, v)) continue;
        int32_t sides[3];
        size_t k = 0;
        if (!whole && !(v & PART_BEGIN)) sides[k++] = around;
        sides[k++] = p->node[v];
        if (!whole && !(v & PART_END)) sides[k++] = around;
        nodes[n++] = k == 1 ? sides[0] : grammar_seq(b, k, sides);
    }
    return any_of(b, nodes, n);
}
