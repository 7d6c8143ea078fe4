/* completion_table - chat completions that were kept on request (store: true): the answers as their
 * clients got them, their labels, and the messages that they answer (store/items.h, ITEMS_INPUT).
 *
 * One that is another's, or is not there, is -ERR_NOT_FOUND: "Chat completion with id 'chatcmpl-x'
 * not found."
 */
#ifndef TIRO_STORE_COMPLETION_TABLE_H
#define TIRO_STORE_COMPLETION_TABLE_H

#include "store/items.h"

struct completion_row {
    struct slice id; /* chatcmpl-... */
    struct slice model;
    int64_t created_at;    /* unix seconds */
    struct slice metadata; /* a JSON object of strings */
    struct slice body;     /* the answer, a JSON object without "metadata" */
};

struct completion_label {
    struct slice label, content;
};

enum { COMPLETION_LABELS_MAX = 16 };

struct completion_filter {
    struct slice model;                    /* ptr NULL: any */
    const struct completion_label *labels; /* all of these n */
    size_t n_labels;
};

int completion_add(struct db *db, const struct principal *owner, const struct completion_row *row,
                   struct err *err) MUST_USE;
/* The answer with its metadata, as JSON text in the arena. */
int completion_find(struct slice *ret, struct db *db, const struct principal *owner,
                    struct slice id, struct arena *arena, struct err *err) MUST_USE;
int completion_set_metadata(struct db *db, const struct principal *owner, struct slice id,
                            struct slice metadata, struct err *err) MUST_USE;
/* A page: rows of id and what completion_find gives. Of `page` only limit, order and cursors
 * count. */
int completion_page(struct db_rows *ret, struct db *db, const struct principal *owner,
                    const struct completion_filter *filter, const struct listing *page,
                    struct err *err) MUST_USE;
/* With its labels and messages. */
int completion_delete(struct db *db, const struct principal *owner, struct slice id,
                      struct err *err) MUST_USE;

/* The messages that it answers. */
struct items_list completion_messages(struct slice id);

#endif
