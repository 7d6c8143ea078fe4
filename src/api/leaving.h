/* leaving - a person's account and all that is theirs go: at once what rests, and what works stops.
 *
 * What still ran for them may write a little more, so the row of the account stays, without a name,
 * until nothing has come for a while (api/runner/people.c).
 */
#ifndef TIRO_API_LEAVING_H
#define TIRO_API_LEAVING_H

#include "api/people.h"

/* Deletes the person `id`, and answers the call. */
int leaving_begin(struct call *call, struct slice id, bool own, struct err *err) MUST_USE;
/* The row of one who has left is looked at soon (api/runner/people.c). */
void leaving_sweep_soon(struct service *service);
/* After a person's rows have gone: bytes, vectors and answers that had no other owner. */
void leaving_tidy(struct service *service, const struct principal *owner);

#endif
