/* lookup - drafts of what comes next, copied from where the sequence said the same before.
 *
 *     lookup_init(&l)                          one for each sequence
 *     n = lookup_length(&l, room)              how many tokens a draft may have now; often 0
 *     n = lookup_draft(tokens, n_tokens, draft, n)
 *     ... the model looks at the draft, the request samples at each position ...
 *     lookup_judge(&l, n, n_kept)
 *
 * A draft is worth its rows only where text repeats: edits of code, quotations, tables. So its
 * length follows what was kept of the last ones, and after drafts of which nothing was kept it
 * pauses, each time for twice as long.
 */
#ifndef TIRO_ENGINE_LOOKUP_H
#define TIRO_ENGINE_LOOKUP_H

#include <stdint.h>

enum {
    LOOKUP_GRAM = 3,      /* Tokens that must agree. */
    LOOKUP_GRAM_MAX = 16, /* Agreement beyond this is not looked at. */
    LOOKUP_DRAFT_MAX = 15,
    LOOKUP_PAUSE_MAX = 128,
};

struct lookup {
    int32_t length, pause, wait; /* wait: draws until the next draft */
    double right;                /* Share of right tokens, of late. */
};

void lookup_init(struct lookup *l);
/* Called once for each step of the sequence. */
int32_t lookup_length(struct lookup *l, int32_t room);
/* Writes at most `most` tokens to `draft`, which may be tokens + n_tokens; returns how many. */
int32_t lookup_draft(const int32_t *tokens, int32_t n_tokens, int32_t *draft, int32_t most);
/* The chance that a drafted token is right. After a bad time it is not taken for nothing: that is
 * what the pause is for. */
double lookup_right(const struct lookup *l);
void lookup_judge(struct lookup *l, int32_t n_drafted, int32_t n_kept);

#endif
