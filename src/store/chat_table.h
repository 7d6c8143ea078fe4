/* chat_table - the chats of the page: each a tree of messages that lasts, with the branch last
 * looked at.
 *
 * A message names the one it answers (`parent_id`, "" for a first one); those with the same parent
 * are siblings, among which a person moves. `leaf_id` is the end of the branch that is shown.
 */
#ifndef TIRO_STORE_CHAT_TABLE_H
#define TIRO_STORE_CHAT_TABLE_H

#include "base/arena.h"
#include "base/json.h"
#include "store/owner.h"

enum {
    CHAT_MESSAGES_MAX = 20000, /* of one chat */
    CHAT_TITLE_MAX = 200,
    CHAT_CONTENT_MAX = 1 << 20,
    CHAT_DETAILS_MAX = 256 << 10,
    CHAT_SETTINGS_MAX = 64 << 10,
    CHAT_QUERY_MAX = 200,
};

struct chat_row {
    struct slice id, title, leaf_id;
    struct slice settings; /* a JSON object */
    bool pinned, archived;
    int64_t created_at, updated_at; /* unix seconds */
    struct slice folder_id;         /* "": in none */
};

struct chat_message_row {
    struct slice id, parent_id;
    struct slice role; /* "user", "assistant" */
    struct slice content, model;
    struct slice response_id; /* of the response that makes it, or made it; "" */
    struct slice details;     /* a JSON object: what the page shows besides */
    int64_t created_at;
};

/* What of a chat or message changes; ptr NULL: stays. */
struct chat_change {
    struct slice title, leaf_id, settings, folder_id;
    const bool *pinned, *archived;
};
struct chat_message_change {
    struct slice content, model, response_id, details;
};

struct chat_listing {
    struct slice after;     /* a chat's id; ptr NULL: from the first */
    struct slice search;    /* text that title or messages hold, whatever its case; ptr NULL: all */
    struct slice folder_id; /* "": those in none; ptr NULL: all */
    bool archived;
    int limit;
};

int chat_add(struct db *db, const struct principal *owner, const struct chat_row *row,
             struct err *err) MUST_USE;
/* -ERR_NOT_FOUND, as of all below when the chat is not there. Strings lie in the arena. */
int chat_find(struct chat_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err) MUST_USE;
/* `now` 0: no change that counts for the order of the list. */
int chat_update(struct db *db, const struct principal *owner, struct slice id,
                const struct chat_change *change, int64_t now, struct err *err) MUST_USE;
/* With all its messages, and the links to it. */
int chat_delete(struct db *db, const struct principal *owner, struct slice id,
                struct err *err) MUST_USE;

/* Writes {"object":"list","data":[...],"has_more"}: the pinned first, then by the last change. With
 * a search each has the beginning of a message that holds it, as "snippet". */
int chat_list(struct json_writer *w, struct db *db, const struct principal *owner,
              const struct chat_listing *listing, struct err *err) MUST_USE;
void chat_write(struct json_writer *w, const struct chat_row *row);
/* An array of the chat's messages, in the order of their making. */
int chat_messages_write(struct json_writer *w, struct db *db, struct slice chat_id,
                        struct err *err) MUST_USE;
void chat_message_write(struct json_writer *w, const struct chat_message_row *row);

/* Makes it the chat's leaf. -ERR_NOT_FOUND also when the parent is not of this chat; -ERR_LIMIT. */
int chat_message_add(struct db *db, const struct principal *owner, struct slice chat_id,
                     const struct chat_message_row *row, struct err *err) MUST_USE;
int chat_message_update(struct db *db, const struct principal *owner, struct slice chat_id,
                        struct slice id, const struct chat_message_change *change, int64_t now,
                        struct err *err) MUST_USE;
/* With all that answers it; the leaf becomes its parent when it was among them. */
int chat_message_delete(struct db *db, const struct principal *owner, struct slice chat_id,
                        struct slice id, int64_t now, struct err *err) MUST_USE;

#endif
