/* legacy_logprobs - the logprobs object of POST /v1/completions: four lists side by side.
 *
 * {"tokens":[..],"token_logprobs":[..],"top_logprobs":[{token: logprob}..],"text_offset":[..]}
 *
 * The first token of an echoed prompt has null in the second and third. Offsets count characters of
 * the returned text. Each top_logprobs has the token itself too, and only that with logprobs: 0.
 */
#ifndef TIRO_API_LEGACY_LOGPROBS_H
#define TIRO_API_LEGACY_LOGPROBS_H

#include "base/json.h"
#include "proto/bodies.h"

struct legacy_logprobs {
    struct buf tokens, token_logprobs, top_logprobs, text_offset; /* JSON items with commas */
    uint32_t n;                                                   /* entries held */
    uint64_t chars;                                               /* characters before the next */
};

void legacy_logprobs_init(struct legacy_logprobs *l, size_t max);
void legacy_logprobs_release(struct legacy_logprobs *l);
/* Forgets everything, offsets too. */
void legacy_logprobs_reset(struct legacy_logprobs *l);
void legacy_logprobs_add(struct legacy_logprobs *l, const struct msg_logprob *entry);
/* Writes the object and forgets its entries; the offsets go on. */
void legacy_logprobs_write(struct legacy_logprobs *l, struct json_writer *w);
bool legacy_logprobs_failed(const struct legacy_logprobs *l);

#endif
