/* preset_table - settings of chats under a name: instructions, sampling, schema, model, tools. What
 * they hold is the client's own.
 */
#ifndef TIRO_STORE_PRESET_TABLE_H
#define TIRO_STORE_PRESET_TABLE_H

#include "store/owned.h"

enum {
    PRESETS_MAX = 200, /* of one owner */
    PRESET_NAME_MAX = 100,
    PRESET_SETTINGS_MAX = 64 << 10,
};

struct preset_row {
    struct slice id, name, settings; /* in a change: ptr NULL stays */
    int64_t now;
};

/* -ERR_LIMIT */
int preset_add(struct db *db, const struct principal *owner, const struct preset_row *row,
               struct err *err) MUST_USE;
/* Writes the preset; -ERR_NOT_FOUND, as of those below. */
int preset_write(struct json_writer *w, struct db *db, const struct principal *owner,
                 struct slice id, struct err *err) MUST_USE;
int preset_update(struct db *db, const struct principal *owner, const struct preset_row *row,
                  struct err *err) MUST_USE;
int preset_delete(struct db *db, const struct principal *owner, struct slice id,
                  struct err *err) MUST_USE;
/* All of them, by name. */
int preset_list(struct json_writer *w, struct db *db, const struct principal *owner,
                struct err *err) MUST_USE;

#endif
