/* text_source - a text that a request gives in place, or as the id of a file that was sent before:
 * what is too large for a request's JSON.
 *
 *     FIELD_STRING(struct req, questions, ...), FIELD_STRING(struct req, questions_file_id, ...)
 *
 *     TRY(text_source_init(&s, "questions", &req->questions, &req->questions_file_id, arena, err));
 *     TRY(text_source_read(&s, db, owner, data_dir, arena, err));      in the store
 *     ... s.text ...
 *     text_source_release(&s);
 */
#ifndef TIRO_API_TEXT_SOURCE_H
#define TIRO_API_TEXT_SOURCE_H

#include "api/field.h"
#include "store/owner.h"

enum { TEXT_SOURCE_BYTES_MAX = 64 << 20 }; /* of a file */

struct text_source {
    const char *name;     /* of the field; the other is <name>_file_id */
    struct slice text;    /* UTF-8 */
    struct slice file_id; /* empty: it was given in place, or not at all */
    char *bytes;          /* the file's; NULL: none was read */
};

/* Copies into the arena. -ERR_INVALID_VALUE where both are given. */
int text_source_init(struct text_source *ret, const char *name, const struct field_string *text,
                     const struct field_string *file_id, struct arena *arena,
                     struct err *err) MUST_USE;
bool text_source_given(const struct text_source *s);
/* On the store's thread; may be called again. -ERR_NOT_FOUND: no such file; -ERR_INVALID_VALUE: it
 * is larger than TEXT_SOURCE_BYTES_MAX, or no UTF-8. */
int text_source_read(struct text_source *s, struct db *db, const struct principal *owner,
                     const char *data_dir, struct arena *arena, struct err *err) MUST_USE;
void text_source_release(struct text_source *s); /* Zeroed is fine. */

#endif
