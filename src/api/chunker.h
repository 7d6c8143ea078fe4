/* chunker - cuts a text into chunks of so many tokens that overlap by so many, at places where a
 * reader would.
 *
 *     for (at = 0; at < text.len; at = end) {
 *         end = chunker_segment(text, at, max);           a line, a sentence or some words
 *         ... count its tokens ...
 *         TRY(chunker_add(&c, end, n_tokens));
 *     }
 *     while (chunker_next(&c, &from, &to)) ... the chunk is text[from, to) ...
 *
 * Segments are never cut: a chunk is a run of them that has at most `tokens_max` tokens, and begins
 * where the one before has `overlap_max` or less left. A segment of at most `tokens_max` bytes has
 * no more tokens than that, so every chunk fits.
 */
#ifndef TIRO_API_CHUNKER_H
#define TIRO_API_CHUNKER_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct chunker_segment {
    size_t end;
    uint32_t n_tokens;
};

struct chunker {
    uint32_t tokens_max, overlap_max;
    struct chunker_segment *segments; /* n of them; owned */
    size_t n, cap;
    size_t first; /* of the next chunk */
};

void chunker_init(struct chunker *c, uint32_t tokens_max, uint32_t overlap_max);
void chunker_release(struct chunker *c);
int chunker_add(struct chunker *c, size_t end, uint32_t n_tokens) MUST_USE; /* -ERR_NO_MEMORY */
bool chunker_next(struct chunker *c, size_t *ret_from, size_t *ret_to);

/* Where the segment that begins at `at` ends: within `bytes_max` (4 or more) bytes, behind the last
 * line end there, else sentence, else space, else character. */
size_t chunker_segment(struct slice text, size_t at, size_t bytes_max);

#endif
