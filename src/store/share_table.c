#include "store/share_table.h"

#include "base/seam.h"
#include "store/chat_table.h"

#include <sodium.h>

#define SHARE_NAMES "id, chat_id, title, n_messages, created_at, expires_at"

/* ---- Tokens ---- */

void share_token_make(char ret[SHARE_TOKEN_SIZE])
{
    unsigned char dice[32];
    _Static_assert(sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ==
                       SHARE_TOKEN_SIZE,
                   "a token is 32 bytes");
    random_bytes_fill(dice, sizeof dice);
    (void)sodium_bin2base64(ret, SHARE_TOKEN_SIZE, dice, sizeof dice,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING); /* It is ret. */
}

void share_token_hash(char ret[SHARE_HASH_SIZE], struct slice token)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    /* Always 0. The token has 256 bits of chance, so a plain hash is enough. */
    (void)crypto_hash_sha256(digest, (const unsigned char *)token.ptr, token.len);
    (void)sodium_bin2hex(ret, SHARE_HASH_SIZE, digest, sizeof digest); /* It is ret. */
}

/* ---- The copy ---- */

static void write_message(struct json_writer *w, const struct db_rows *rows)
{
    json_object_begin(w);
    json_member_slice(w, "role", db_text(rows, 0));
    json_member_slice(w, "content", db_text(rows, 1));
    json_member_slice(w, "model", db_text(rows, 2));
    json_member_int(w, "created_at", db_int(rows, 3));
    json_object_end(w);
}

/* The branch up to its leaf, as JSON; an answer without text yet is left out. */
static int copy_branch(struct buf *out, int64_t *ret_n, struct db *db, const struct share_row *row,
                       struct err *err)
{
    struct json_writer w;
    struct db_rows rows;
    int rc;
    json_writer_init(&w, out);
    TRY(db_query(&rows, db,
                 "WITH RECURSIVE branch(id, parent_id, depth) AS ("
                 "SELECT id, parent_id, 0 FROM chat_messages WHERE chat_id = ?1 AND id = ?2 "
                 "UNION ALL SELECT m.id, m.parent_id, branch.depth + 1 FROM chat_messages m, "
                 "branch WHERE m.chat_id = ?1 AND m.id = branch.parent_id AND branch.depth < ?3) "
                 "SELECT m.role, m.content, m.model, m.created_at FROM branch "
                 "JOIN chat_messages m ON m.id = branch.id WHERE m.content <> '' "
                 "ORDER BY branch.depth DESC",
                 DB_ARGS(DB_TEXT(row->chat_id), DB_TEXT(row->leaf_id), DB_INT(CHAT_MESSAGES_MAX)),
                 err));
    json_array_begin(&w);
    for (*ret_n = 0; (rc = db_next(&rows, err)) > 0; ++*ret_n) write_message(&w, &rows);
    json_array_end(&w);
    TRY(rc);
    if (*ret_n == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no text on this branch that could be shared.");
    if (!out->failed) return 0;
    return err_set(err, ERR_LIMIT, "At most %d bytes of text can be shared; this branch has more.",
                   SHARE_BYTES_MAX);
}

static int add(struct db *db, const struct principal *owner, const struct share_row *row,
               struct buf *messages, struct err *err)
{
    int64_t n;
    TRY(copy_branch(messages, &n, db, row, err));
    int rc = db_exec(db,
                     "INSERT INTO shares(" OWNER_NAMES ", " SHARE_NAMES ", token_hash, messages) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->chat_id),
                             DB_TEXT(row->title), DB_INT(n), DB_INT(row->created_at),
                             DB_INT(row->expires_at), DB_TEXT(slice_of(row->token_hash)),
                             DB_TEXT(buf_slice(messages))),
                     err);
    return rc < 0 ? rc : 0;
}

int share_add(struct db *db, const struct principal *owner, const struct share_row *row,
              struct err *err)
{
    struct buf messages;
    TRY(owned_check_room(db, owner, "SELECT count(*) FROM shares WHERE " OWNED_BY("?1", "?2"),
                         SHARES_MAX, "shared links", err));
    buf_init(&messages, SHARE_BYTES_MAX);
    int rc = add(db, owner, row, &messages, err);
    buf_release(&messages);
    return rc;
}

/* ---- As their owner sees them ---- */

static void write_keys(struct json_writer *w, const struct db_rows *rows)
{
    json_member_slice(w, "id", db_text(rows, 0));
    json_member_slice(w, "object", SLICE("tiro.share"));
    json_member_slice(w, "chat_id", db_text(rows, 1));
    json_member_slice(w, "title", db_text(rows, 2));
    json_member_int(w, "n_messages", db_int(rows, 3));
    json_member_int(w, "created_at", db_int(rows, 4));
    json_member_int(w, "expires_at", db_int(rows, 5));
}

static void write_row(struct json_writer *w, const struct db_rows *rows)
{
    json_object_begin(w);
    write_keys(w, rows);
    json_object_end(w);
}

int share_write_keys(struct json_writer *w, struct db *db, const struct principal *owner,
                     struct slice id, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " SHARE_NAMES " FROM shares WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return owned_not_found("Share", id, err);
    TRY(rc);
    write_keys(w, &rows);
    db_rows_close(&rows);
    return 0;
}

int share_list(struct json_writer *w, struct db *db, const struct principal *owner,
               struct slice chat_id, int64_t now, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " SHARE_NAMES " FROM shares WHERE " OWNED_BY(
                     "?1", "?2") ""
                                 " AND expires_at > ?3 AND (CAST(?4 AS TEXT) IS NULL OR chat_id = "
                                 "?4) ORDER BY seq DESC",
                 DB_ARGS(OWNED_ARGS(owner), DB_INT(now), DB_TEXT_OR_NULL(chat_id)), err));
    return owned_write_list(w, &rows, write_row, err);
}

int share_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM shares WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    return owned_changed(n, "Share", id, err);
}

/* ---- As anybody does ---- */

int share_read(struct json_writer *w, struct db *db, struct slice token, int64_t now,
               struct err *err)
{
    char hash[SHARE_HASH_SIZE];
    struct db_rows rows;
    share_token_hash(hash, token);
    TRY(db_query(&rows, db,
                 "SELECT title, created_at, expires_at, messages FROM shares "
                 "WHERE token_hash = ?1 AND expires_at > ?2",
                 DB_ARGS(DB_TEXT(slice_of(hash)), DB_INT(now)), err));
    int rc = db_next(&rows, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "This link shows nothing: it has ended, was taken back, or never was.");
    TRY(rc);
    json_object_begin(w);
    json_member_slice(w, "object", SLICE("tiro.shared"));
    json_member_slice(w, "title", db_text(&rows, 0));
    json_member_int(w, "created_at", db_int(&rows, 1));
    json_member_int(w, "expires_at", db_int(&rows, 2));
    json_key(w, "messages");
    json_raw(w, db_text(&rows, 3));
    json_object_end(w);
    db_rows_close(&rows);
    return 0;
}

int shares_expire(struct db *db, int64_t now, struct err *err)
{
    return db_exec(db, "DELETE FROM shares WHERE expires_at <= ?1", DB_ARGS(DB_INT(now)), err);
}
