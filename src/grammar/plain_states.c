/* Which states take any plain characters for ever, which take none, and which counted loops count
 * just them: what grammar_plain then answers for whole stacks. */
#include "grammar/automaton.h"

enum {
    PASSES_MAX = 64,
    ENDS_MAX = 64,
    PLAIN_WORK_MAX = 1 << 22, /* Edges looked at and ends compared; and some for each state. */
    PLAIN_WORK_EACH = 4,
};

/* The plain characters as bytes. */
static const struct sequence {
    uint8_t len, lo[4], hi[4];
} sequences[] = {
    { 1, { 0x20 }, { 0x21 } },
    { 1, { 0x23 }, { 0x5B } },
    { 1, { 0x5D }, { 0x7F } },
    { 2, { 0xC2, 0x80 }, { 0xDF, 0xBF } },
    { 3, { 0xE0, 0xA0, 0x80 }, { 0xE0, 0xBF, 0xBF } },
    { 3, { 0xE1, 0x80, 0x80 }, { 0xEC, 0xBF, 0xBF } },
    { 3, { 0xED, 0x80, 0x80 }, { 0xED, 0x9F, 0xBF } },
    { 3, { 0xEE, 0x80, 0x80 }, { 0xEF, 0xBF, 0xBF } },
    { 4, { 0xF0, 0x90, 0x80, 0x80 }, { 0xF0, 0xBF, 0xBF, 0xBF } },
    { 4, { 0xF1, 0x80, 0x80, 0x80 }, { 0xF3, 0xBF, 0xBF, 0xBF } },
    { 4, { 0xF4, 0x80, 0x80, 0x80 }, { 0xF4, 0x8F, 0xBF, 0xBF } },
};
enum { N_SEQUENCES = sizeof sequences / sizeof sequences[0] };

/* Where one plain character leads from a state. */
struct ends {
    int32_t at[ENDS_MAX];
    int n;
    bool whole;        /* Every plain character leads somewhere, and all places are in `at`. */
    int64_t work_left; /* Of all states; none: nothing more is found out, which is always right. */
};

static void add_end(struct ends *e, int32_t state)
{
    e->work_left -= e->n;
    for (int i = 0; i < e->n; i++)
        if (e->at[i] == state) return;
    if (e->n < ENDS_MAX)
        e->at[e->n++] = state;
    else
        e->whole = false;
}

static void follow(const struct automaton *a, struct ends *e, int32_t state,
                   const struct sequence *q, int i)
{
    const struct auto_state *s = &a->states.at[state];
    int next = q->lo[i]; /* The first byte that no edge has taken yet. */
    for (uint32_t k = 0; k < s->n_edges && e->whole; k++) {
        const struct auto_edge *edge = &a->edges.at[s->edges + k];
        if (--e->work_left < 0) e->whole = false;
        if (edge->hi < q->lo[i] || edge->lo > q->hi[i]) continue;
        if (edge->lo > next) e->whole = false;
        if (edge->hi >= next) next = edge->hi + 1;
        if (i + 1 < q->len)
            follow(a, e, edge->to, q, i + 1);
        else
            add_end(e, edge->to);
    }
    if (next <= q->hi[i]) e->whole = false;
}

static void find_ends(struct ends *e, const struct automaton *a, int32_t state)
{
    e->n = 0;
    e->whole = e->work_left > 0;
    for (int i = 0; i < N_SEQUENCES && e->whole; i++) follow(a, e, state, &sequences[i], 0);
}

static bool begins_plain(const struct automaton *a, const struct auto_state *s)
{
    for (uint32_t k = 0; k < s->n_edges; k++)
        for (int i = 0; i < N_SEQUENCES; i++)
            if (a->edges.at[s->edges + k].lo <= sequences[i].hi[0] &&
                a->edges.at[s->edges + k].hi >= sequences[i].lo[0])
                return true;
    return false;
}

static bool all_have(const struct automaton *a, const struct ends *e, uint8_t flag)
{
    for (int i = 0; i < e->n; i++)
        if (!(a->states.at[e->at[i]].flags & flag)) return false;
    return true;
}

/* The greatest set of states in which a plain character always leads back into the set. */
static void find_any_plain(struct automaton *a, struct ends *e)
{
    bool changed = true;
    for (size_t i = 0; i < a->states.n; i++) {
        find_ends(e, a, (int32_t)i);
        if (e->whole) a->states.at[i].flags |= STATE_ANY_PLAIN;
    }
    for (int pass = 0; changed; pass++) {
        changed = false;
        for (size_t i = a->states.n; i-- > 0;) {
            struct auto_state *s = &a->states.at[i];
            if (!(s->flags & STATE_ANY_PLAIN)) continue;
            find_ends(e, a, (int32_t)i);
            /* Knowing nothing of a state is always right, only slower. */
            if (pass < PASSES_MAX && e->whole && all_have(a, e, STATE_ANY_PLAIN)) continue;
            s->flags &= (uint8_t)~STATE_ANY_PLAIN;
            changed = true;
        }
    }
}

void automaton_find_plain(struct automaton *a)
{
    struct ends e = { .work_left = PLAIN_WORK_MAX + PLAIN_WORK_EACH * (int64_t)a->states.n };
    find_any_plain(a, &e);
    for (size_t i = 0; i < a->states.n; i++)
        if (!begins_plain(a, &a->states.at[i])) a->states.at[i].flags |= STATE_NO_PLAIN;
    for (size_t i = 0; i < a->parts.n; i++) {
        struct auto_part *part = &a->parts.at[i];
        find_ends(&e, a, part->start);
        part->any_plain = e.whole && all_have(a, &e, STATE_ACCEPTS);
        part->one_plain = part->any_plain && all_have(a, &e, STATE_LAST);
    }
}
