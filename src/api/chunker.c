#include "api/chunker.h"

#include "base/seam.h"
#include "base/utf8.h"

#include <assert.h>

enum { CAP_MIN = 256 };

void chunker_init(struct chunker *c, uint32_t tokens_max, uint32_t overlap_max)
{
    assert(tokens_max > 0 && overlap_max < tokens_max);
    *c = (struct chunker){ .tokens_max = tokens_max, .overlap_max = overlap_max };
}

void chunker_release(struct chunker *c)
{
    mem_free(c->segments);
    *c = (struct chunker){ 0 };
}

int chunker_add(struct chunker *c, size_t end, uint32_t n_tokens)
{
    assert(c->n == 0 || end > c->segments[c->n - 1].end);
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : CAP_MIN;
        struct chunker_segment *segments = mem_realloc(c->segments, cap * sizeof *segments);
        if (!segments) return -ERR_NO_MEMORY;
        c->segments = segments;
        c->cap = cap;
    }
    c->segments[c->n++] = (struct chunker_segment){ end, n_tokens };
    return 0;
}

bool chunker_next(struct chunker *c, size_t *ret_from, size_t *ret_to)
{
    size_t first = c->first, end = first;
    uint64_t n_tokens = 0;
    if (first == c->n) return false;
    while (end < c->n && (end == first || n_tokens + c->segments[end].n_tokens <= c->tokens_max))
        n_tokens += c->segments[end++].n_tokens;
    *ret_from = first ? c->segments[first - 1].end : 0;
    *ret_to = c->segments[end - 1].end;
    c->first = end;
    if (end == c->n) return true;
    uint64_t overlap = c->segments[end - 1].n_tokens;
    while (c->first > first + 1 && overlap <= c->overlap_max) {
        c->first--;
        overlap += c->segments[c->first - 1].n_tokens;
    }
    return true;
}

/* ---- Segments ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How good a place it is to cut between s[i - 1] and s[i]: 0 is none. */
static int rank(const char *s, size_t i)
{
    if (s[i - 1] == '\n') return 3;
    if (!is_space(s[i - 1]) || is_space(s[i])) return 0;
    for (size_t k = i - 1; k-- > 0;) { /* The sign before the spaces. */
        if (is_space(s[k])) continue;
        return s[k] == '.' || s[k] == '!' || s[k] == '?' ? 2 : 1;
    }
    return 1;
}

size_t chunker_segment(struct slice text, size_t at, size_t bytes_max)
{
    const char *s = text.ptr + at;
    size_t left = text.len - at, best = 0;
    int best_rank = 0;
    assert(at < text.len && bytes_max >= UTF8_BYTES_MAX);
    if (left <= bytes_max) return text.len;
    for (size_t i = bytes_max; i > 0; i--) {
        int here = rank(s, i);
        if (here <= best_rank) continue;
        best_rank = here;
        best = i;
    }
    if (best) return at + best;
    best = utf8_complete_len(s, bytes_max);
    return at + (best ? best : bytes_max);
}
