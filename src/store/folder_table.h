/* folder_table - folders of chats: instructions that stand before each chat's own, and files that
 * its answers search, which are a vector store that the client made.
 */
#ifndef TIRO_STORE_FOLDER_TABLE_H
#define TIRO_STORE_FOLDER_TABLE_H

#include "store/owned.h"

enum {
    FOLDERS_MAX = 200, /* of one owner */
    FOLDER_NAME_MAX = 100,
    FOLDER_INSTRUCTIONS_MAX = 32 << 10,
    FOLDER_SETTINGS_MAX = 64 << 10,
};

struct folder_row {
    struct slice id, name, instructions;
    struct slice vector_store_id; /* "": it has no files */
    struct slice settings;        /* a JSON object, the client's own */
    int64_t created_at, updated_at;
};

/* ptr NULL: stays. */
struct folder_change {
    struct slice name, instructions, vector_store_id, settings;
};

/* -ERR_LIMIT */
int folder_add(struct db *db, const struct principal *owner, const struct folder_row *row,
               struct err *err) MUST_USE;
/* Writes the folder; -ERR_NOT_FOUND, as of all below. */
int folder_write(struct json_writer *w, struct db *db, const struct principal *owner,
                 struct slice id, struct err *err) MUST_USE;
/* All of them, by name. Each with the number of its chats. */
int folder_list(struct json_writer *w, struct db *db, const struct principal *owner,
                struct err *err) MUST_USE;
int folder_check(struct db *db, const struct principal *owner, struct slice id,
                 struct err *err) MUST_USE;
int folder_update(struct db *db, const struct principal *owner, struct slice id,
                  const struct folder_change *change, int64_t now, struct err *err) MUST_USE;
/* Its chats go with it, or are in no folder then. */
int folder_delete(struct db *db, const struct principal *owner, struct slice id, bool chats_too,
                  struct err *err) MUST_USE;
/* ... of which the latter, for retention. */
int folder_delete_alone(struct db *db, const struct principal *owner, struct slice id,
                        struct err *err) MUST_USE;

#endif
