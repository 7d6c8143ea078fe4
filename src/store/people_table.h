/* people_table - who may use this server: people, what they sign in with, and links to become one.
 *
 * Each person has a project of their own, so that all that is reached by its owner (store/owner.h)
 * keeps people apart; that of the first owner is "default", where everything is that was made
 * before there were people. Of secrets only hashes are kept, as text.
 *
 *     active ◄──► disabled        signs in, or not
 *        └──► leaving             all that is theirs is being deleted; the row goes last
 *
 * All of this runs on the store's thread.
 */
#ifndef TIRO_STORE_PEOPLE_TABLE_H
#define TIRO_STORE_PEOPLE_TABLE_H

#include "base/arena.h"
#include "base/json.h"
#include "store/owner.h"

enum {
    PEOPLE_MAX = 1000,
    PEOPLE_SESSIONS_MAX = 32, /* of one person: the one not seen for longest gives way */
    PEOPLE_KEYS_MAX = 32,
    PEOPLE_PASSKEYS_MAX = 16,
    PEOPLE_LINKS_MAX = 256,
    PEOPLE_LOGIN_MAX = 64,
    PEOPLE_NAME_MAX = 100,
    PEOPLE_NOTE_MAX = 200,
};

struct person_row {
    struct slice id, project;
    struct slice login; /* in small letters; of one who is leaving: the id */
    struct slice name;
    struct slice role;     /* "owner", "member" */
    struct slice state;    /* "active", "disabled", "leaving" */
    struct slice password; /* libsodium's text of the hash; "": none */
    int64_t created_at;    /* unix seconds */
};

/* A session or a personal API key. */
struct token_row {
    struct slice id, user;
    struct slice kind; /* "session", "key" */
    struct slice hash;
    struct slice name; /* session: the browser; key: as its person calls it */
    struct slice hint; /* session: the address; key: its beginning and end */
    int64_t created_at, seen_at;
};

struct passkey_row {
    struct slice id, user, credential;
    struct slice site;       /* the host name that it is bound to */
    struct slice public_key; /* DER, SubjectPublicKeyInfo */
    struct slice name;
    int64_t sign_count, created_at, used_at;
};

struct link_row {
    struct slice id, hash;
    struct slice kind;   /* "owner", "invite", "reset" */
    struct slice role;   /* of who comes by it */
    struct slice for_id; /* "reset": whose password; "" */
    struct slice note;
    int64_t created_at, expires_at;
};

/* ptr NULL: stays. */
struct person_change {
    struct slice login, name, role, state, password;
};

/* Whose a person's rows are. */
struct principal person_principal(const struct person_row *row, struct slice key);

/* -ERR_EXISTS: the login is taken; -ERR_LIMIT. */
int person_add(struct db *db, const struct person_row *row, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND */
int person_find(struct person_row *ret, struct db *db, struct slice id, struct arena *arena,
                struct err *err) MUST_USE;
int person_update(struct db *db, struct slice id, const struct person_change *change,
                  struct err *err) MUST_USE;
/* -ERR_PERMISSION when nobody would be left who may invite. */
int person_check_owner_left(struct db *db, struct err *err) MUST_USE;
/* Signs nobody in any more: tokens, passkeys, and links of theirs; the login is free. */
int person_leave(struct db *db, struct slice id, struct err *err) MUST_USE;
int person_remove(struct db *db, struct slice id, struct err *err) MUST_USE;

/* All rows of people and tokens, in the arena. */
int people_read(struct person_row **ret, size_t *ret_n, struct db *db, struct arena *arena,
                struct err *err) MUST_USE;
int tokens_read(struct token_row **ret, size_t *ret_n, struct db *db, struct arena *arena,
                struct err *err) MUST_USE;

/* -ERR_LIMIT: too many keys. */
int token_add(struct db *db, const struct principal *owner, const struct token_row *row,
              struct err *err) MUST_USE;
int token_seen(struct db *db, struct slice id, int64_t now, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND */
int token_delete(struct db *db, struct slice user, const char *kind, struct slice id,
                 struct err *err) MUST_USE;
/* All sessions but `keep`. */
int sessions_end(struct db *db, struct slice user, struct slice keep, struct err *err) MUST_USE;
/* Sessions begun or last seen before these times, and links that have expired. */
int people_expire(struct db *db, int64_t begun, int64_t seen, int64_t now,
                  struct err *err) MUST_USE;

/* -ERR_EXISTS, -ERR_LIMIT */
int passkey_add(struct db *db, const struct principal *owner, const struct passkey_row *row,
                struct err *err) MUST_USE;
/* By the id that its device gave it; -ERR_NOT_FOUND. */
int passkey_find(struct passkey_row *ret, struct db *db, struct slice credential,
                 struct arena *arena, struct err *err) MUST_USE;
int passkey_used(struct db *db, struct slice id, int64_t sign_count, int64_t now,
                 struct err *err) MUST_USE;
int passkey_delete(struct db *db, struct slice user, struct slice id, struct err *err) MUST_USE;

/* -ERR_LIMIT. One of kind "owner", or "reset" for the same person, takes the place of the last. */
int link_add(struct db *db, const struct principal *owner, const struct link_row *row,
             struct err *err) MUST_USE;
/* -ERR_NOT_FOUND, also when it has expired. */
int link_find(struct link_row *ret, struct db *db, struct slice hash, int64_t now,
              struct arena *arena, struct err *err) MUST_USE;
int link_delete(struct db *db, struct slice id, struct err *err) MUST_USE;

/* ---- As clients see them: arrays ---- */

void person_write(struct json_writer *w, const struct person_row *row);
int tokens_write(struct json_writer *w, struct db *db, struct slice user, const char *kind,
                 struct slice current, struct err *err) MUST_USE;
int passkeys_write(struct json_writer *w, struct db *db, struct slice user,
                   struct err *err) MUST_USE;
int links_write(struct json_writer *w, struct db *db, int64_t now, struct err *err) MUST_USE;
void link_write(struct json_writer *w, const struct link_row *row);

#endif
