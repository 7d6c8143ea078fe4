/* shares - what the endpoints of shared links share. */
#ifndef TIRO_API_SHARES_H
#define TIRO_API_SHARES_H

#include "api/chats.h"
#include "store/share_table.h"

extern const struct field shares_answer[]; /* without the token */

#endif
