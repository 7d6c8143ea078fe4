#include "engine/answer.h"

#include "base/seam.h"

#include <assert.h>

void answer_init(struct answer *a, const struct tokenizer *t, const struct slice *stops,
                 int32_t n_stops)
{
    *a = (struct answer){ .stops = stops, .n_stops = n_stops };
    detokenizer_init(&a->detokenizer, t, false);
    buf_init(&a->held, ANSWER_HELD_MAX);
}

void answer_release(struct answer *a)
{
    buf_release(&a->held);
    mem_free(a->entries);
    a->entries = NULL;
    a->n_entries = a->cap_entries = 0;
}

/* Where the first stop string begins in the held text, or its length. */
static size_t find_stop(struct answer *a)
{
    size_t first = a->held.len;
    for (int32_t i = 0; i < a->n_stops; i++) {
        if (a->stops[i].len == 0) continue;
        size_t at = slice_find(buf_slice(&a->held), a->stops[i]);
        if (at >= first) continue;
        first = at;
        a->stop = i;
        a->stopped = true;
    }
    return first;
}

/* How many bytes at the end of the held text could begin a stop string. */
static size_t undecided(const struct answer *a)
{
    size_t most = 0;
    for (int32_t i = 0; i < a->n_stops; i++) {
        size_t k = a->stops[i].len;
        if (k > a->held.len + 1) k = a->held.len + 1;
        while (k-- > most + 1) {
            if (memcmp(a->held.ptr + a->held.len - k, a->stops[i].ptr, k) == 0) {
                most = k;
                break;
            }
        }
    }
    return most;
}

static void release_entries(struct answer *a)
{
    uint64_t ready = a->n_sent + a->n_ready;
    a->n_ready_entries = 0;
    while (a->n_ready_entries < a->n_entries) {
        const struct answer_entry *e = &a->entries[a->n_ready_entries];
        /* What begins inside the stop string is part of it; what is cut by it is not. */
        if (a->stopped ? e->from >= ready && e->to > e->from : e->to > ready) break;
        a->n_ready_entries++;
    }
}

static int settle(struct answer *a, bool end)
{
    if (a->held.failed) return -ERR_NO_MEMORY;
    size_t at = find_stop(a);
    a->n_ready = a->stopped ? at : a->held.len - (end ? 0 : undecided(a));
    release_entries(a);
    return 0;
}

static int add_entry(struct answer *a, const struct answer_entry *entry, uint64_t from, uint64_t to)
{
    if (a->n_entries == a->cap_entries) {
        size_t cap = a->cap_entries ? 2 * a->cap_entries : 4;
        struct answer_entry *p = mem_realloc(a->entries, cap * sizeof *p);
        if (!p) return -ERR_NO_MEMORY;
        a->entries = p;
        a->cap_entries = cap;
    }
    a->entries[a->n_entries] = *entry;
    a->entries[a->n_entries].from = from;
    a->entries[a->n_entries].to = to;
    a->n_entries++;
    return 0;
}

static void add_text(struct answer *a, int32_t token)
{
    const struct tokenizer *t = a->detokenizer.tokenizer;
    if (!a->marks || tokenizer_kind(t, token) != TOKEN_CONTROL) {
        detokenizer_add(&a->detokenizer, &a->held, token);
        return;
    }
    detokenizer_finish(&a->detokenizer, &a->held);
    buf_add_char(&a->held, (char)ANSWER_MARK);
    buf_add_slice(&a->held, tokenizer_bytes(t, token));
    buf_add_char(&a->held, (char)ANSWER_MARK);
}

int answer_add(struct answer *a, int32_t token, const struct answer_entry *entry)
{
    assert(!a->stopped);
    uint64_t from = a->n_sent + a->held.len;
    add_text(a, token);
    if (a->held.failed) return -ERR_NO_MEMORY;
    if (entry) TRY(add_entry(a, entry, from, a->n_sent + a->held.len));
    return settle(a, false);
}

int answer_finish(struct answer *a)
{
    if (a->stopped) return 0;
    detokenizer_finish(&a->detokenizer, &a->held);
    return settle(a, true);
}

struct slice answer_text(const struct answer *a)
{
    return (struct slice){ a->held.ptr, a->n_ready };
}

const struct answer_entry *answer_entries(const struct answer *a, size_t *ret_n)
{
    *ret_n = a->n_ready_entries;
    return a->entries;
}

void answer_sent(struct answer *a)
{
    if (a->n_ready) buf_consume(&a->held, a->n_ready);
    a->n_sent += a->n_ready;
    a->n_ready = 0;
    if (a->n_ready_entries) {
        a->n_entries -= a->n_ready_entries;
        memmove(a->entries, a->entries + a->n_ready_entries, a->n_entries * sizeof *a->entries);
        a->n_ready_entries = 0;
    }
}
