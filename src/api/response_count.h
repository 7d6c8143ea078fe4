/* response_count - the answer of POST /v1/responses/input_tokens: how long a prompt would be. */
#ifndef TIRO_API_RESPONSE_COUNT_H
#define TIRO_API_RESPONSE_COUNT_H

#include "api/response_request.h"

/* Of a response to `req` after the items of `history` (NULL: none), with the texts of their files
 * (api/prompt_files.h; likewise). What is needed of them is copied before this returns. */
int response_count_begin(struct call *call, const struct response_req *req, const json_t *history,
                         const json_t *files, struct err *err) MUST_USE;

extern const struct field response_count_fields[]; /* of the answer */

#endif
