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

extern const struct field list_fields[]; /* to be included */

/* Limit, order and cursors of the listing; the cursors are copied into the arena. */
void list_req_fill(struct listing *ret, const struct list_req *req, struct arena *arena);

/* From rows whose first column is the id and that `write` knows as objects; closes the rows. */
int list_answer_write(struct slice *ret, struct db_rows *rows, int limit,
                      void (*write)(struct json_writer *w, const struct db_rows *rows, void *ctx),
                      void *ctx, struct arena *arena, struct err *err) MUST_USE;
/* From rows whose first column is the id and whose second is the object as JSON text; closes the
 * rows. *ret is the whole answer, in the arena. */
int list_answer_from_rows(struct slice *ret, struct db_rows *rows, int limit, struct arena *arena,
                          struct err *err) MUST_USE;

#endif
