/* response_ids - ids within a response, drawn from the response's own: made again, it has them
 * again. */
#ifndef TIRO_API_RESPONSE_IDS_H
#define TIRO_API_RESPONSE_IDS_H

#include "base/slice.h"

#include <stdint.h>

enum { RESPONSE_ID_MAX = 64 };

/* What of a response an id is for. */
enum response_id_use { RESPONSE_ID_INPUT, RESPONSE_ID_OUTPUT, RESPONSE_ID_CALL };

/* `prefix` and 48 hex digits, of the response's id, the use and a number. */
void response_id(char ret[RESPONSE_ID_MAX], const char *prefix, struct slice of,
                 enum response_id_use use, uint64_t number);

#endif
