/* response_body - what is changed in a Response object without the run that made it. */
#ifndef TIRO_API_RESPONSE_BODY_H
#define TIRO_API_RESPONSE_BODY_H

#include "base/arena.h"

#include <stdint.h>

/* The object with another status, as text in the arena. `error`: of "failed", what the client is
 * told; else NULL. */
int response_body_with_status(struct slice *ret, struct slice body, const char *status,
                              const char *error, struct arena *arena, struct err *err) MUST_USE;
/* The items of its `output`, as a JSON array in the arena. */
int response_body_output(struct slice *ret, struct slice body, struct arena *arena,
                         struct err *err) MUST_USE;
/* The last event of a stream: {"type":"response.STATUS","sequence_number","response"}; *ret_type is
 * its type, in the arena. */
int response_body_event(struct slice *ret, const char **ret_type, struct slice body,
                        const char *status, uint64_t number, struct arena *arena,
                        struct err *err) MUST_USE;

#endif
