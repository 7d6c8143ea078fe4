/* item_input - an item as a client gives it, in a conversation or as a response's input: checked by
 * the table of its type, and written as it is kept and shown: with an id, a status, content in parts.
 *
 *     {"role":"user","content":"Hi"}
 *
 * becomes {"id":"msg_...","type":"message","status":"completed","role":"user","content":[
 * {"type":"input_text","text":"Hi"}]}. An id that it has stays.
 */
#ifndef TIRO_API_ITEM_INPUT_H
#define TIRO_API_ITEM_INPUT_H

#include "api/field.h"
#include "store/items.h"

enum { ITEM_INPUT_ID_MAX = 64 };

/* What one type of item may hold. */
struct item_kind;

/* Checks the item that stands at `path` ("items[0]"). */
int item_input_check(const struct item_kind **ret, const json_t *item, const char *path,
                     struct arena *arena, struct err *err) MUST_USE;
/* How ids of this kind begin: "msg_". */
const char *item_input_id_prefix(const struct item_kind *kind);
/* A checked item as it is kept, in the arena; `id`: if it has none. */
int item_input_row(struct item_row *ret, const struct item_kind *kind, const json_t *item,
                   struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* All of an array at `path`, with fresh ids. */
int item_input_rows(struct item_row **ret, const json_t *items, const char *path,
                    struct arena *arena, struct err *err) MUST_USE;

/* JSON Schema of such an array, for the rows of tables. */
#define ITEM_INPUT_SCHEMA "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"

#endif
