/* upload_table - files that come in parts: an upload, its parts, and the file they become.
 *
 * An upload is pending until it is completed or cancelled, or has expired; its parts are blobs of
 * their own (store/blob.h) until then. What has ended is forgotten UPLOAD_KEPT_S after its end.
 *
 * All of this runs on the store's thread.
 */
#ifndef TIRO_STORE_UPLOAD_TABLE_H
#define TIRO_STORE_UPLOAD_TABLE_H

#include "store/file_table.h"

enum { UPLOAD_PARTS_MAX = 10000, UPLOAD_KEPT_S = 60 * 60 };

struct upload_row {
    struct slice id;                        /* upload_... */
    struct slice filename, purpose, status; /* "pending", "completed", "cancelled", "expired" */
    struct slice file_id;                   /* ptr NULL: none yet */
    uint64_t bytes;                         /* as announced */
    int64_t created_at, expires_at;
    int64_t file_seconds; /* how long the file will live; 0: for ever */
};

struct upload_part {
    struct slice id, sha256;
    uint64_t bytes;
};

int upload_add(struct db *db, const struct principal *owner, const struct upload_row *row,
               struct err *err) MUST_USE;
/* Strings lie in the arena. -ERR_NOT_FOUND "No such Upload object: upload_x". */
int upload_find(struct upload_row *ret, struct db *db, const struct principal *owner,
                struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* As upload_find; -ERR_INVALID_VALUE when it is not pending, which says what it is. */
int upload_find_pending(struct upload_row *ret, struct db *db, const struct principal *owner,
                        struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* -ERR_LIMIT beyond UPLOAD_PARTS_MAX. */
int upload_add_part(struct db *db, const struct principal *owner, struct slice upload_id,
                    const struct upload_part *part, int64_t now, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND unless the upload has that part. */
int upload_find_part(struct upload_part *ret, struct db *db, const struct principal *owner,
                     struct slice upload_id, struct slice part_id, struct arena *arena,
                     struct err *err) MUST_USE;
/* Ends a pending upload as "completed" or "cancelled"; its parts go. `file_id`: ptr NULL for none.
 * -ERR_INVALID_VALUE when it has ended meanwhile. */
int upload_end(struct db *db, const struct principal *owner, struct slice id, const char *status,
               struct slice file_id, struct err *err) MUST_USE;
/* Ends those whose time is over, and forgets what ended long ago. */
int uploads_expire(struct db *db, int64_t now, struct err *err) MUST_USE;

#endif
