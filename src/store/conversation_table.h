/* conversation_table - conversations: their metadata, and the list of their items (store/items.h).
 *
 * A conversation that is another's, or is not there, is -ERR_NOT_FOUND: "Conversation with id
 * 'conv_x' not found."
 */
#ifndef TIRO_STORE_CONVERSATION_TABLE_H
#define TIRO_STORE_CONVERSATION_TABLE_H

#include "store/items.h"

struct conversation_row {
    struct slice id;       /* conv_... */
    int64_t created_at;    /* unix seconds */
    struct slice metadata; /* a JSON object */
};

int conversation_add(struct db *db, const struct principal *owner,
                     const struct conversation_row *row, struct err *err) MUST_USE;
/* Strings lie in the arena. */
int conversation_find(struct conversation_row *ret, struct db *db, const struct principal *owner,
                      struct slice id, struct arena *arena, struct err *err) MUST_USE;
int conversation_set_metadata(struct db *db, const struct principal *owner, struct slice id,
                              struct slice metadata, struct err *err) MUST_USE;
/* Appends to its items what items_append would, if it is there. */
int conversation_append(struct db *db, const struct principal *owner, struct slice id,
                        const json_t *items, struct err *err) MUST_USE;
/* With all its items. */
int conversation_delete(struct db *db, const struct principal *owner, struct slice id,
                        struct err *err) MUST_USE;

/* The items of a conversation. */
struct items_list conversation_items(struct slice id);

#endif
