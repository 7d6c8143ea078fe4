/* file_object - the file as clients see it, and what the endpoints of files and uploads share. */
#ifndef TIRO_API_FILE_OBJECT_H
#define TIRO_API_FILE_OBJECT_H

#include "api/field.h"
#include "store/file_table.h"

enum {
    FILE_BYTES_MAX = 512 << 20,        /* of one file sent at once */
    FILE_SECONDS_MIN = 60 * 60,        /* of expires_after */
    FILE_SECONDS_MAX = 30 * 24 * 3600, /* likewise, and of what is sent for a batch */
    FILE_ANSWER_MAX = 64 << 10,        /* one object */
    FILE_LIST_MAX = 64 << 20,          /* 10,000 of them */
};

/* {"anchor": "created_at", "seconds": 3600} */
struct file_expiry_req {
    struct field_enum anchor;
    struct field_int seconds;
};
extern const struct field file_expiry_fields[];

/* Of what people send; -1 .. is never one. */
enum file_purpose {
    FILE_ASSISTANTS,
    FILE_BATCH,
    FILE_FINE_TUNE,
    FILE_VISION,
    FILE_USER_DATA,
    FILE_EVALS,
};
extern const char *const file_purposes[];

extern const struct field file_answer[], file_deleted_answer[];

/* Unix seconds. */
int64_t file_now(void);
/* When it ends; 0: never. `expiry` NULL: as the purpose has it. */
int64_t file_end(int64_t now, int purpose, const struct file_expiry_req *expiry);
/* A row for a blob that is new: id, status and time are made here, strings lie in the arena. */
struct file_row file_row_new(struct slice sha256, uint64_t bytes, struct slice filename,
                             struct slice purpose, int64_t now, int64_t expires_at,
                             struct arena *arena);
void file_object_write(struct json_writer *w, const struct file_row *row);
/* As JSON text in the arena. */
int file_object_text(struct slice *ret, const struct file_row *row, struct arena *arena,
                     struct err *err) MUST_USE;

#endif
