/* upload_join - the parts of an upload become one file: copied beside the loop, synced, and then
 * named by a row in the transaction that ends the upload.
 */
#ifndef TIRO_API_UPLOAD_JOIN_H
#define TIRO_API_UPLOAD_JOIN_H

#include "api/call.h"
#include "api/upload_object.h"

/* Takes over the call; once begun it goes on when the client leaves. `md5`: of the whole, in
 * hexadecimal, or ptr NULL. */
int upload_join(struct call *call, const struct upload_row *upload, const struct upload_part *parts,
                size_t n_parts, struct slice md5, struct err *err) MUST_USE;

#endif
