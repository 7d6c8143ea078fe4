#include "engine/pace.h"

#include <assert.h>

/* A new time counts a quarter: conditions change with the lengths of the contexts. */
static void learn(uint64_t *mean, uint64_t ns)
{
    if (ns == 0) ns = 1;
    *mean = *mean ? (3 * *mean + ns) / 4 : ns;
}

void pace_decode(struct pace *p, int32_t n_rows, uint64_t ns)
{
    assert(n_rows > 0);
    learn(&p->decode_ns[n_rows < PACE_ROWS_MAX ? n_rows : PACE_ROWS_MAX], ns);
}

void pace_prefill(struct pace *p, int32_t n_decode, int32_t n_prompt, uint64_t ns)
{
    if (n_prompt < PACE_PROMPT_ROWS) return;
    uint64_t decode = n_decode > 0 ? pace_decode_ns(p, n_decode) : 0;
    /* Never less than half: the decode rows' time was measured in other steps. */
    if (decode > ns / 2) decode = ns / 2;
    learn(&p->prompt_row_ns, (ns - decode) / (uint64_t)n_prompt);
}

uint64_t pace_decode_ns(const struct pace *p, int32_t n_rows)
{
    int32_t n = n_rows < PACE_ROWS_MAX ? n_rows : PACE_ROWS_MAX, below = n, above = n;
    while (below > 0 && p->decode_ns[below] == 0) below--;
    while (above < PACE_ROWS_MAX && (above == 0 || p->decode_ns[above] == 0)) above++;
    uint64_t low = p->decode_ns[below], high = p->decode_ns[above];
    if (below == n) return low;
    if (below == 0) return high; /* Fewer rows than ever: no longer, at least. */
    uint64_t guess = low + low * (uint64_t)(n - below) / PACE_GUESS_ROWS;
    if (high == 0) return guess;
    return high <= low ? low
                       : low + (high - low) * (uint64_t)(n - below) / (uint64_t)(above - below);
}

int32_t pace_prompt_rows(const struct pace *p, int32_t n_decode, uint64_t ns)
{
    uint64_t decode = n_decode > 0 ? pace_decode_ns(p, n_decode) : 0;
    if (p->prompt_row_ns == 0) return INT32_MAX;
    if (decode >= ns) return 0;
    uint64_t rows = (ns - decode) / p->prompt_row_ns;
    return rows < INT32_MAX ? (int32_t)rows : INT32_MAX;
}

int32_t pace_draft(const struct pace *p, int32_t n_rows, double n_tokens, double right,
                   int32_t most)
{
    double tokens = n_tokens, chance = 1, best = 0;
    int32_t length = 0;
    for (int32_t k = 0; k <= most; k++) {
        uint64_t ns = pace_decode_ns(p, n_rows + k);
        if (ns == 0) return most;
        if (k > 0) tokens += chance *= right;
        if (tokens / (double)ns <= best) continue;
        best = tokens / (double)ns;
        length = k;
    }
    return length;
}
