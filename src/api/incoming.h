/* incoming - a form whose one file goes to disk as it arrives, and then into a row.
 *
 *     static const struct incoming_kind kind = {
 *         .file = "file", .bytes_max = FILE_BYTES_MAX,
 *         .fields = fields, .size = sizeof(struct file_create_req), .admit = admit, .add = add,
 *     };
 *     static int begin(struct call *call, struct err *err)
 *     {
 *         return incoming_begin(call, &kind, err);
 *     }
 *     static const struct endpoint_body body = {
 *         .bytes_max = INCOMING_BODY_MAX(FILE_BYTES_MAX),
 *         .begin = begin, .piece = incoming_piece, .end = incoming_end,
 *     };
 *
 * What comes is parsed on the loop (api/multipart.h), written, hashed and synced beside it, and
 * held back while the disk is behind: at most two pieces of INCOMING_STEP wait. Before the first
 * byte is taken the store is asked (admit), and the project's quota looked at. A client that
 * leaves early leaves nothing behind; once the form is whole, it is kept whether the client waits
 * or not.
 */
#ifndef TIRO_API_INCOMING_H
#define TIRO_API_INCOMING_H

#include "api/endpoint.h"
#include "api/service.h"
#include "store/blob.h"

enum {
    INCOMING_STEP = 256 << 10,
    INCOMING_VALUE_MAX = 4 << 10, /* of one part that is no file */
    INCOMING_FORM_MAX = 64 << 10, /* boundaries, heads and values around the file */
    INCOMING_ID_MAX = 128,
};
#define INCOMING_BODY_MAX(file) ((uint64_t)(file) + INCOMING_FORM_MAX)

/* What the store's thread is given. */
struct incoming_row {
    const struct principal *owner;
    struct slice of; /* what the path named, or empty */
    const void *req; /* as the kind's fields filled it; NULL for admit */
    struct blob blob;
    struct slice filename;
    struct arena *arena;
};

struct incoming_kind {
    const char *file;   /* which part holds bytes */
    uint64_t bytes_max; /* of them; above: 413 */
    const struct field *fields;
    size_t size; /* of the request struct that they fill */
    /* Whether it may begin; on the store's thread. May be NULL. */
    int (*admit)(const struct incoming_row *row, struct db *db, struct err *err);
    /* Writes the row that names the blob; *ret is the answer, JSON in the arena. */
    int (*add)(struct slice *ret, const struct incoming_row *row, struct db *db, struct err *err);
};

int incoming_begin(struct call *call, const struct incoming_kind *kind, struct err *err) MUST_USE;
int incoming_piece(struct call *call, struct slice bytes, struct err *err) MUST_USE;
int incoming_end(struct call *call, struct err *err) MUST_USE;

#endif
