/* blobs - the bytes of files, and the store that says who needs them. */
#ifndef TIRO_API_BLOBS_H
#define TIRO_API_BLOBS_H

#include "api/service.h"

/* Rows have gone that named bytes (store/file_table.h has the list), and that is committed: those
 * that were the last names of theirs take them along. What fails is made good by the next start.
 * Called whenever it may be soon; the runner of files calls it from time to time in any case. */
void blobs_tidy(struct service *service);
/* These bytes did not get their row after all. */
void blobs_drop(struct service *service, struct slice sha256);
/* At start: removes what was left unfinished, and later all bytes that no row names. */
int blobs_clean(struct service *service, struct err *err) MUST_USE;

#endif
