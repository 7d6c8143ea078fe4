/* list_answer - what all lists of the API share: their query, and {"object":"list","data":[...],
 * "first_id","last_id","has_more"}. */
#ifndef TIRO_API_LIST_ANSWER_H
#define TIRO_API_LIST_ANSWER_H

#include "api/field.h"
#include "store/listing.h"

struct list_req {
    struct field_int limit;
    struct field_enum order; /* 0: asc, 1: desc */
    struct field_string after, before;
};

extern const struct field list_fields[];           /* to be included; newest first by default */
extern const struct field list_fields_ascending[]; /* the same, oldest first by default */

/* Limit, order and cursors of the listing; the cursors are copied into the arena. */
void list_req_fill(struct listing *ret, const struct list_req *req, struct arena *arena);

/* A list being written:
 *
 *     list_writer_begin(&list, &out);
 *     for each: list_writer_id(&list, id); ... one JSON value into &list.w ...
 *     list_writer_end(&list, has_more);
 */
struct list_writer {
    struct json_writer w;
    struct slice first, last; /* the caller's, needed until the end */
};

void list_writer_begin(struct list_writer *list, struct buf *out);
void list_writer_id(struct list_writer *list, struct slice id);
void list_writer_end(struct list_writer *list, bool has_more);

/* From rows whose first column is the id and whose second is the object as JSON text; closes the
 * rows. *ret is the whole answer, in the arena. */
int list_answer_from_rows(struct slice *ret, struct db_rows *rows, int limit, struct arena *arena,
                          struct err *err) MUST_USE;
/* The same where the object is not in the second column as it is: `write` writes that of a row. */
int list_answer_written(struct slice *ret, struct db_rows *rows, int limit,
                        int (*write)(struct json_writer *w, const struct db_rows *rows,
                                     const void *ctx, struct err *err),
                        const void *ctx, struct arena *arena, struct err *err) MUST_USE;

extern const struct field list_answer_fields[]; /* of answers that are lists */

#endif
