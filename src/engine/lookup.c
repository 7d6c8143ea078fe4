#include "engine/lookup.h"

#include <assert.h>

enum { LENGTH_FIRST = 4, LENGTH_LEAST = 2, PAUSE_FIRST = 4, SURE = 6 };

/* Share of right tokens: at first, at least, and how much each token counts. */
#define RIGHT_FIRST  0.75
#define RIGHT_LEAST  0.5
#define RIGHT_WEIGHT (1 / 16.0)

void lookup_init(struct lookup *l)
{
    *l = (struct lookup){ .length = LENGTH_FIRST, .pause = PAUSE_FIRST };
    l->right = RIGHT_FIRST;
}

double lookup_right(const struct lookup *l)
{
    return l->right > RIGHT_LEAST ? l->right : RIGHT_LEAST;
}

int32_t lookup_length(struct lookup *l, int32_t room)
{
    if (l->wait > 0) {
        l->wait--;
        return 0;
    }
    return room < l->length ? room < 0 ? 0 : room : l->length;
}

/* How many tokens before `at` agree with those before the end. */
static int32_t agreement(const int32_t *tokens, int32_t n, int32_t at)
{
    int32_t k = 0;
    while (k < LOOKUP_GRAM_MAX && k < at && tokens[at - 1 - k] == tokens[n - 1 - k]) k++;
    return k;
}

int32_t lookup_draft(const int32_t *tokens, int32_t n, int32_t *draft, int32_t most)
{
    int32_t best = 0, from = 0;
    if (most <= 0) return 0;
    /* The longest agreement; of equals the last. */
    for (int32_t at = n - 1; at >= LOOKUP_GRAM && best < LOOKUP_GRAM_MAX; at--) {
        if (tokens[at - 1] != tokens[n - 1]) continue;
        int32_t k = agreement(tokens, n, at);
        if (k <= best) continue;
        best = k;
        from = at;
    }
    if (best < LOOKUP_GRAM) return 0;
    if (best < SURE && most > LENGTH_FIRST) most = LENGTH_FIRST;
    for (int32_t i = 0; i < most; i++) /* Past the end the draft repeats itself. */
        draft[i] = from + i < n ? tokens[from + i] : draft[from + i - n];
    return most;
}

void lookup_judge(struct lookup *l, int32_t n_drafted, int32_t n_kept)
{
    assert(n_kept >= 0 && n_kept <= n_drafted);
    if (n_drafted == 0) return;
    for (int32_t i = 0; i <= n_kept && i < n_drafted; i++)
        l->right += RIGHT_WEIGHT * ((i < n_kept) - l->right);
    if (n_kept == 0) {
        l->wait = l->pause;
        l->pause = l->pause * 2 < LOOKUP_PAUSE_MAX ? l->pause * 2 : LOOKUP_PAUSE_MAX;
        l->length = LENGTH_LEAST;
        return;
    }
    if (n_kept == n_drafted) {
        l->pause = PAUSE_FIRST;
        l->length = l->length * 2 < LOOKUP_DRAFT_MAX ? l->length * 2 : LOOKUP_DRAFT_MAX;
    } else {
        l->length = n_kept > LENGTH_LEAST ? n_kept : LENGTH_LEAST;
    }
}
