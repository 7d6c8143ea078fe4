/* Text up to a marker: pairs of how much of the marker has just been read (Knuth, Morris and Pratt
 * 1977) and where in a character we are. */
#include "grammar/nfa.h"

#include <assert.h>

/* Of the budget, for a byte of the marker: its row of `read`, and its places. */
enum { WORK_PER_BYTE = 64 };

enum { CHAR_BEGINS, LEFT_1, LEFT_2, LEFT_3, AFTER_E0, AFTER_ED, AFTER_F0, AFTER_F4, N_PLACES };

/* Well-formed UTF-8 (Unicode 15, table 3-7). */
static const struct place_move {
    uint8_t from, lo, hi, to;
} moves[] = {
    { CHAR_BEGINS, 0x00, 0x7F, CHAR_BEGINS }, { CHAR_BEGINS, 0xC2, 0xDF, LEFT_1 },
    { CHAR_BEGINS, 0xE0, 0xE0, AFTER_E0 },    { CHAR_BEGINS, 0xE1, 0xEC, LEFT_2 },
    { CHAR_BEGINS, 0xED, 0xED, AFTER_ED },    { CHAR_BEGINS, 0xEE, 0xEF, LEFT_2 },
    { CHAR_BEGINS, 0xF0, 0xF0, AFTER_F0 },    { CHAR_BEGINS, 0xF1, 0xF3, LEFT_3 },
    { CHAR_BEGINS, 0xF4, 0xF4, AFTER_F4 },    { LEFT_1, 0x80, 0xBF, CHAR_BEGINS },
    { LEFT_2, 0x80, 0xBF, LEFT_1 },           { LEFT_3, 0x80, 0xBF, LEFT_2 },
    { AFTER_E0, 0xA0, 0xBF, LEFT_1 },         { AFTER_ED, 0x80, 0x9F, LEFT_1 },
    { AFTER_F0, 0x90, 0xBF, LEFT_2 },         { AFTER_F4, 0x80, 0x8F, LEFT_2 },
};

struct until {
    struct nfa *n;
    struct slice marker;
    uint16_t (*read)[256]; /* [bytes of the marker read][byte]: bytes of it read then */
    int32_t *state;        /* [bytes read * N_PLACES + place], or -1 */
    ARRAY(uint32_t) todo;  /* Pairs whose edges are not written. */
};

static void fill_read(struct until *u)
{
    size_t fallback = 0; /* The longest beginning of the marker that also ends what was read. */
    for (size_t k = 0; k < u->marker.len; k++) {
        uint8_t byte = (uint8_t)u->marker.ptr[k];
        if (k == 0) {
            memset(u->read[0], 0, sizeof u->read[0]);
        } else {
            memcpy(u->read[k], u->read[fallback], sizeof u->read[k]);
            fallback = u->read[fallback][byte];
        }
        u->read[k][byte] = (uint16_t)(k + 1);
    }
}

static int32_t state_of(struct until *u, size_t read, int place)
{
    size_t pair = read * N_PLACES + (size_t)place;
    if (u->state[pair] < 0) {
        u->state[pair] = nfa_state(u->n);
        if (!ARRAY_ADD(u->todo, (uint32_t)pair)) u->n->rc = -ERR_NO_MEMORY;
    }
    return u->state[pair];
}

static void write_moves(struct until *u, uint32_t pair)
{
    size_t read = pair / N_PLACES;
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const struct place_move *m = &moves[i];
        if (m->from != pair % N_PLACES) continue;
        for (int lo = m->lo, hi; lo <= m->hi; lo = hi + 1) {
            size_t then = u->read[read][lo];
            for (hi = lo; hi < m->hi && u->read[read][hi + 1] == then; hi++) {
            }
            if (then < u->marker.len)
                nfa_bytes(u->n, u->state[pair], (uint8_t)lo, (uint8_t)hi, state_of(u, then, m->to));
        }
    }
}

void nfa_until(struct nfa *n, struct slice marker, int32_t from, int32_t to)
{
    assert(marker.len > 0 && marker.len <= GRAMMAR_MARKER_MAX);
    struct until u = { .n = n, .marker = marker };
    nfa_spend(n, WORK_PER_BYTE * (int64_t)marker.len);
    if (n->rc) return;
    u.read = mem_calloc(marker.len, sizeof *u.read);
    u.state = mem_calloc(marker.len * N_PLACES, sizeof *u.state);
    if (!u.read || !u.state) {
        n->rc = -ERR_NO_MEMORY;
    } else {
        memset(u.state, 0xff, marker.len * N_PLACES * sizeof *u.state);
        fill_read(&u);
        nfa_skip(n, from, state_of(&u, 0, CHAR_BEGINS));
        while (u.todo.n && !n->rc) {
            uint32_t pair = u.todo.at[--u.todo.n];
            write_moves(&u, pair);
            if (pair % N_PLACES == CHAR_BEGINS) nfa_skip(n, u.state[pair], to);
        }
    }
    mem_free(u.read);
    mem_free(u.state);
    mem_free(u.todo.at);
}
