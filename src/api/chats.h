/* chats - what the endpoints below /v1/tiro/chats share: ids, checks, documents.
 *
 * The chat page keeps its conversations here; so can any other client. See store/chat_table.h for
 * what a chat is.
 */
#ifndef TIRO_API_CHATS_H
#define TIRO_API_CHATS_H

#include "api/endpoint.h"
#include "api/stored.h"
#include "store/chat_table.h"

enum { CHATS_ID_MAX = 64, CHATS_MODEL_MAX = 256 };

/* A stored chat call whose answer is one JSON text. */
struct chats_call {
    struct stored stored;
    struct slice chat_id, message_id; /* of the path */
    int64_t now;                      /* unix seconds */
    struct slice answer;              /* what run made */
};

/* `size` bytes that begin with a struct chats_call; its ids are copied. NULL with *err set. */
void *chats_call_new(struct call *call, size_t size, struct err *err);
/* Runs, and answers 200 with `answer`. */
int chats_call_begin(struct chats_call *c,
                     int (*run)(struct stored *stored, struct db *db, struct err *err),
                     struct err *err) MUST_USE;
/* Both, of a call that needs nothing of its body. `erases`: as in struct store_job. */
int chats_begin(struct call *call, bool erases,
                int (*run)(struct stored *stored, struct db *db, struct err *err),
                struct err *err) MUST_USE;
/* A copy in the arena; ptr NULL where the field was not given. */
struct slice chats_keep(struct chats_call *c, const struct field_string *field);
/* An object of at most `len_max` bytes of JSON as text; `fallback` where it was not given. */
int chats_keep_object(struct slice *ret, struct chats_call *c, const struct field_json *field,
                      const char *name, size_t len_max, const char *fallback,
                      struct err *err) MUST_USE;
/* {"id","object","deleted":true} */
int chats_answer_deleted(struct chats_call *c, struct slice id, const char *object,
                         struct err *err) MUST_USE;
/* What `write` makes. */
int chats_answer_written(struct chats_call *c, struct db *db,
                         int (*write)(struct json_writer *w, struct chats_call *c, struct db *db,
                                      struct err *err),
                         struct err *err) MUST_USE;
/* The chat as it is now. */
int chats_answer_chat(struct chats_call *c, struct db *db, struct err *err) MUST_USE;

extern const struct field chats_chat_answer[], chats_message_answer[], chats_deleted_answer[];

#endif
