/* share_table - links to what a branch of a chat said when it was shared, for whoever has the link.
 *
 * A share is a copy of the branch's texts: what is written, edited or deleted in the chat later
 * does not change it. Files, thoughts, sources and instructions are not in it. Of the link's token
 * only the hash is kept, so nobody who reads the database can use it. Every share ends.
 */
#ifndef TIRO_STORE_SHARE_TABLE_H
#define TIRO_STORE_SHARE_TABLE_H

#include "store/owned.h"

enum {
    SHARES_MAX = 500, /* of one owner, ended ones apart */
    SHARE_BYTES_MAX = 4 << 20,
    SHARE_SECONDS_MIN = 60,
    SHARE_SECONDS_DEFAULT = 7 * 24 * 60 * 60,
    SHARE_SECONDS_MAX = 366 * 24 * 60 * 60,
    SHARE_TOKEN_SIZE = 44, /* 256 random bits as base64url, and NUL */
    SHARE_HASH_SIZE = 65,
};

struct share_row {
    struct slice id, chat_id;
    struct slice leaf_id; /* the last message of the branch */
    struct slice title;
    char token_hash[SHARE_HASH_SIZE];
    int64_t created_at, expires_at;
};

/* One that nobody can guess. */
void share_token_make(char ret[SHARE_TOKEN_SIZE]);
void share_token_hash(char ret[SHARE_HASH_SIZE], struct slice token);

/* -ERR_NOT_FOUND: no such message; -ERR_LIMIT: too many shares, or too much text. The chat has been
 * found to be the owner's. */
int share_add(struct db *db, const struct principal *owner, const struct share_row *row,
              struct err *err) MUST_USE;
/* Writes one as its owner sees it, without its messages, into an object: "id" and so on. */
int share_write_keys(struct json_writer *w, struct db *db, const struct principal *owner,
                     struct slice id, struct err *err) MUST_USE;
/* Those that have not ended, the newest first. `chat_id` ptr NULL: of all chats. */
int share_list(struct json_writer *w, struct db *db, const struct principal *owner,
               struct slice chat_id, int64_t now, struct err *err) MUST_USE;
int share_delete(struct db *db, const struct principal *owner, struct slice id,
                 struct err *err) MUST_USE;
/* Writes what whoever has the token may read. -ERR_NOT_FOUND, the same for one that was revoked,
 * has ended or never was. */
int share_read(struct json_writer *w, struct db *db, struct slice token, int64_t now,
               struct err *err) MUST_USE;
/* Deletes those that have ended; how many. */
int shares_expire(struct db *db, int64_t now, struct err *err) MUST_USE;

#endif
