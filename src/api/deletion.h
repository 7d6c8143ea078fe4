/* deletion - DELETE of a stored object: gone from every file when {"deleted":true} is answered. */
#ifndef TIRO_API_DELETION_H
#define TIRO_API_DELETION_H

#include "api/call.h"
#include "api/field.h"
#include "store/owner.h"

/* Deletes what call->id names by `erase`, on the store's thread; the answer's "object" is `object`,
 * "conversation.deleted", a literal. */
int deletion_begin(struct call *call,
                   int (*erase)(struct db *db, const struct principal *owner, struct slice id,
                                struct err *err),
                   const char *object, struct err *err) MUST_USE;

extern const struct field deletion_answer[];

#endif
