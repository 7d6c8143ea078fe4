/* Alternatives that are literal texts, as the smallest automaton that reads them: from sorted
 * texts, state by state, with equal states kept once (Daciuk, Mihov, Watson and Watson 2000). So an
 * enum of 100,000 values is not written out value by value. */
#include "grammar/compile.h"

#include <stdlib.h>

enum { WORK_PER_NODE = 20 }; /* Of the budget: to look for an equal one. */

struct word {
    uint64_t key; /* What follows the beginning common to all, as a number that sorts like it. */
    struct slice text;
};

/* A state of the nfa << 8 | the byte that leads there. */
typedef uint64_t arc;

struct node { /* A finished state. */
    size_t arcs;
    uint32_t n;
    int32_t state;
    bool accepts;
};

struct open { /* A state along the text read last. */
    size_t arcs;
    bool accepts;
};

struct texts {
    const struct fragment *f;
    ARRAY(struct word) words;
    ARRAY(struct open) path; /* [bytes read] */
    ARRAY(arc) opened;       /* Of the states of the path, one behind the other. */
    ARRAY(arc) arcs;         /* Of the finished ones. */
    ARRAY(struct node) nodes;
    uint64_t *table; /* Hash table of nodes: hash << 32 | index + 1, or 0; n_table of them */
    size_t n_table;
};

static int by_text(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    size_t n = x->text.len < y->text.len ? x->text.len : y->text.len;
    int order = memcmp(x->text.ptr, y->text.ptr, n);
    return order ? order : (x->text.len > y->text.len) - (x->text.len < y->text.len);
}

static size_t common(struct slice x, struct slice y)
{
    size_t n = 0;
    while (n < x.len && n < y.len && x.ptr[n] == y.ptr[n]) n++;
    return n;
}

static void sort_words(struct texts *t)
{
    size_t skip = t->words.at[0].text.len;
    for (size_t i = 1; i < t->words.n && skip; i++) {
        struct slice first = { t->words.at[0].text.ptr, skip };
        skip = common(first, t->words.at[i].text);
    }
    for (size_t i = 0; i < t->words.n; i++) {
        struct word *w = &t->words.at[i];
        for (size_t k = skip; k < skip + sizeof w->key; k++)
            w->key = w->key << 8 | (k < w->text.len ? (uint8_t)w->text.ptr[k] : 0);
    }
    qsort(t->words.at, t->words.n, sizeof *t->words.at, by_text);
}

static int32_t arc_to(arc a)
{
    return (int32_t)(a >> 8);
}

static size_t slot_of(const struct texts *t, const arc *arcs, struct node node, uint32_t hash)
{
    size_t slot = hash & (t->n_table - 1);
    for (; t->table[slot]; slot = (slot + 1) & (t->n_table - 1)) {
        if (t->table[slot] >> 32 != hash) continue;
        const struct node *there = &t->nodes.at[(uint32_t)t->table[slot] - 1];
        if (there->n == node.n && there->accepts == node.accepts &&
            memcmp(t->arcs.at + there->arcs, arcs, node.n * sizeof *arcs) == 0)
            break;
    }
    return slot;
}

static int grow_table(struct texts *t)
{
    size_t n = t->n_table ? 2 * t->n_table : 64;
    uint64_t *table = mem_calloc(n, sizeof *table);
    if (!table) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < t->n_table; i++) {
        size_t slot = t->table[i] >> 32 & (n - 1);
        while (t->table[i] && table[slot]) slot = (slot + 1) & (n - 1);
        if (t->table[i]) table[slot] = t->table[i];
    }
    mem_free(t->table);
    t->table = table;
    t->n_table = n;
    return 0;
}

/* Neighbours that lead to the same state are one move. */
static void write_arcs(struct texts *t, int32_t from, const arc *arcs, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n; end++)
            if (arcs[end] != arcs[end - 1] + 1) break;
        nfa_bytes(t->f->n, from, (uint8_t)arcs[i], (uint8_t)arcs[end - 1], arc_to(arcs[i]));
    }
}

/* The state for these arcs: one that is there, or a new one. */
static int intern(struct texts *t, int32_t *ret, const arc *arcs, size_t n, bool accepts)
{
    struct nfa *nfa = t->f->n;
    if (n == 0) { /* Only a text's end has none. */
        *ret = t->f->to;
        return 0;
    }
    if (2 * t->nodes.n >= t->n_table) TRY(grow_table(t));
    struct slice bytes = { (const char *)arcs, n * sizeof *arcs };
    uint32_t hash = (uint32_t)slice_hash(bytes) + accepts; /* Keyed: no texts collide on purpose. */
    struct node node = { t->arcs.n, (uint32_t)n, 0, accepts };
    size_t slot = slot_of(t, arcs, node, hash);
    nfa_spend(nfa, WORK_PER_NODE + (int64_t)n);
    if (!t->table[slot]) {
        node.state = nfa_state(nfa);
        write_arcs(t, node.state, arcs, n);
        if (accepts) nfa_skip(nfa, node.state, t->f->to);
        for (size_t i = 0; i < n; i++)
            if (!ARRAY_ADD(t->arcs, arcs[i])) return -ERR_NO_MEMORY;
        if (!ARRAY_ADD(t->nodes, node)) return -ERR_NO_MEMORY;
        t->table[slot] = (uint64_t)hash << 32 | t->nodes.n;
    }
    *ret = t->nodes.at[(uint32_t)t->table[slot] - 1].state;
    return nfa->rc;
}

/* Finishes what lies deeper than `len` on the path: no later text goes there. */
static int close_path(struct texts *t, size_t len)
{
    while (t->path.n > len + 1) {
        struct open open = t->path.at[--t->path.n];
        size_t n = t->opened.n - open.arcs;
        int32_t state;
        TRY(intern(t, &state, t->opened.at + open.arcs, n, open.accepts));
        t->opened.n = open.arcs;
        t->opened.at[t->opened.n - 1] |= (arc)state << 8;
    }
    return 0;
}

static int add_word(struct texts *t, struct slice text, size_t shared)
{
    TRY(close_path(t, shared));
    for (size_t i = shared; i < text.len; i++) {
        if (!ARRAY_ADD(t->opened, (uint8_t)text.ptr[i]) ||
            !ARRAY_ADD(t->path, (struct open){ t->opened.n, false }))
            return -ERR_NO_MEMORY;
    }
    t->path.at[t->path.n - 1].accepts = true;
    return 0;
}

static int write_words(struct texts *t)
{
    struct slice before = { NULL, 0 };
    sort_words(t);
    if (!ARRAY_ADD(t->path, (struct open){ 0, false })) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < t->words.n; i++) {
        struct slice text = t->words.at[i].text;
        TRY(add_word(t, text, common(before, text)));
        before = text;
    }
    TRY(close_path(t, 0));
    write_arcs(t, t->f->from, t->opened.at, t->opened.n);
    return t->f->n->rc;
}

int write_texts(struct compiler *c, const struct expr *alt, const struct fragment *f)
{
    struct texts t = { .f = f };
    int rc = 0;
    for (int32_t i = 0; i < alt->b && rc == 0; i++) {
        const struct expr *e = &c->b->exprs.at[c->b->children.at[alt->a + i]];
        if (e->kind != EXPR_TEXT) continue;
        nfa_spend(f->n, 1 + (int64_t)e->b); /* To sort and to compare it. */
        rc = ARRAY_ADD(t.words, (struct word){ 0, expr_text(c->b, e) }) ? f->n->rc : -ERR_NO_MEMORY;
    }
    if (rc == 0 && t.words.n) rc = write_words(&t);
    mem_free(t.words.at);
    mem_free(t.path.at);
    mem_free(t.opened.at);
    mem_free(t.arcs.at);
    mem_free(t.nodes.at);
    mem_free(t.table);
    return rc;
}
