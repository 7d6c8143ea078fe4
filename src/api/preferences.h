/* preferences - how /v1/tiro/preferences shows what somebody has chosen. */
#ifndef TIRO_API_PREFERENCES_H
#define TIRO_API_PREFERENCES_H

#include "api/chats.h"

extern const struct field preferences_answer[];

int preferences_answer_all(struct chats_call *c, struct db *db, struct err *err) MUST_USE;

#endif
