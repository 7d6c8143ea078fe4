#include "store/people_table.h"

#include "store/owned.h"

#define PERSON_NAMES "id, project_id, login, name, role, state, password, created_at"
#define TOKEN_NAMES  "id, user_id, kind, hash, name, hint, created_at, seen_at"

static int done(int n)
{
    return n < 0 ? n : 0;
}

struct principal person_principal(const struct person_row *row, struct slice key)
{
    return (struct principal){ SLICE("default"), row->project, row->id, key };
}

/* ---- People ---- */

int person_add(struct db *db, const struct person_row *row, struct err *err)
{
    struct principal own = person_principal(row, SLICE(""));
    int64_t n;
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people", DB_NO_ARGS, err));
    if (n >= PEOPLE_MAX)
        return err_set(err, ERR_LIMIT, "This server has %d people, which is the most.", PEOPLE_MAX);
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people WHERE login = ?1",
                   DB_ARGS(DB_TEXT(row->login)), err));
    if (n)
        return err_param(err, ERR_EXISTS, "login",
                         "The name '%.*s' is taken: choose another to sign in with.",
                         SLICE_FMT(row->login));
    return done(db_exec(db,
                        "INSERT INTO people(" OWNER_NAMES ", id, login, name, role, state, "
                        "password, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                        "?11)",
                        DB_ARGS(OWNER_ARGS(&own), DB_TEXT(row->id), DB_TEXT(row->login),
                                DB_TEXT(row->name), DB_TEXT(row->role), DB_TEXT(row->state),
                                DB_TEXT(row->password), DB_INT(row->created_at)),
                        err));
}

static struct person_row person_of(const struct db_rows *rows, struct arena *arena)
{
    return (struct person_row){
        .id = arena_slice(arena, db_text(rows, 0)),
        .project = arena_slice(arena, db_text(rows, 1)),
        .login = arena_slice(arena, db_text(rows, 2)),
        .name = arena_slice(arena, db_text(rows, 3)),
        .role = arena_slice(arena, db_text(rows, 4)),
        .state = arena_slice(arena, db_text(rows, 5)),
        .password = arena_slice(arena, db_text(rows, 6)),
        .created_at = db_int(rows, 7),
    };
}

int person_find(struct person_row *ret, struct db *db, struct slice id, struct arena *arena,
                struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db, "SELECT " PERSON_NAMES " FROM people WHERE id = ?1",
                 DB_ARGS(DB_TEXT(id)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0) return owned_not_found("User", id, err);
    *ret = person_of(&rows, arena);
    db_rows_close(&rows);
    return arena_check(arena, "the person", err);
}

int person_update(struct db *db, struct slice id, const struct person_change *c, struct err *err)
{
    int n = db_exec(db,
                    "UPDATE people SET login = coalesce(?2, login), name = coalesce(?3, name), "
                    "role = coalesce(?4, role), state = coalesce(?5, state), "
                    "password = coalesce(?6, password) WHERE id = ?1",
                    DB_ARGS(DB_TEXT(id), DB_TEXT_OR_NULL(c->login), DB_TEXT_OR_NULL(c->name),
                            DB_TEXT_OR_NULL(c->role), DB_TEXT_OR_NULL(c->state),
                            DB_TEXT_OR_NULL(c->password)),
                    err);
    return owned_changed(n, "User", id, err);
}

int person_check_owner_left(struct db *db, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db,
                   "SELECT COUNT(*) FROM people WHERE role = 'owner' AND state = 'active'",
                   DB_NO_ARGS, err));
    if (n > 0) return 0;
    return err_set(err, ERR_PERMISSION,
                   "This is the last owner: make somebody else an owner first.");
}

static int delete_of(struct db *db, const char *sql, struct slice id, struct err *err)
{
    return done(db_exec(db, sql, DB_ARGS(DB_TEXT(id)), err));
}

int person_leave(struct db *db, struct slice id, struct err *err)
{
    struct person_change change = {
        .login = id, .name = SLICE(""), .state = SLICE("leaving"), .password = SLICE("")
    };
    TRY(person_update(db, id, &change, err));
    TRY(delete_of(db, "DELETE FROM people_tokens WHERE user_id = ?1", id, err));
    TRY(delete_of(db, "DELETE FROM people_passkeys WHERE user_id = ?1", id, err));
    return delete_of(db, "DELETE FROM people_links WHERE user_id = ?1 OR for_id = ?1", id, err);
}

int person_remove(struct db *db, struct slice id, struct err *err)
{
    return delete_of(db, "DELETE FROM people WHERE id = ?1 AND state = 'leaving'", id, err);
}

int people_read(struct person_row **ret, size_t *ret_n, struct db *db, struct arena *arena,
                struct err *err)
{
    struct db_rows rows;
    struct person_row *all = ARENA_NEWS(arena, PEOPLE_MAX, struct person_row);
    size_t n = 0;
    int rc;
    if (!all) return arena_check(arena, "the people", err);
    TRY(db_query(&rows, db, "SELECT " PERSON_NAMES " FROM people ORDER BY seq", DB_NO_ARGS, err));
    while ((rc = db_next(&rows, err)) > 0 && n < PEOPLE_MAX) all[n++] = person_of(&rows, arena);
    db_rows_close(&rows);
    if (rc < 0) return rc;
    *ret = all;
    *ret_n = n;
    return arena_check(arena, "the people", err);
}

/* ---- Tokens ---- */

static struct token_row token_of(const struct db_rows *rows)
{
    return (struct token_row){
        .id = db_text(rows, 0),
        .user = db_text(rows, 1),
        .kind = db_text(rows, 2),
        .hash = db_text(rows, 3),
        .name = db_text(rows, 4),
        .hint = db_text(rows, 5),
        .created_at = db_int(rows, 6),
        .seen_at = db_int(rows, 7),
    };
}

/* What finding one needs: not its name and hint. */
int tokens_read(struct token_row **ret, size_t *ret_n, struct db *db, struct arena *arena,
                struct err *err)
{
    struct db_rows rows;
    int64_t most;
    size_t n = 0;
    int rc;
    TRY(db_one_int(&most, 0, db, "SELECT COUNT(*) FROM people_tokens", DB_NO_ARGS, err));
    struct token_row *all = ARENA_NEWS(arena, (size_t)most + 1, struct token_row);
    if (!all) return arena_check(arena, "the sessions", err);
    TRY(db_query(&rows, db, "SELECT " TOKEN_NAMES " FROM people_tokens", DB_NO_ARGS, err));
    while ((rc = db_next(&rows, err)) > 0 && n < (size_t)most) {
        struct token_row row = token_of(&rows);
        all[n++] = (struct token_row){ .id = arena_slice(arena, row.id),
                                       .user = arena_slice(arena, row.user),
                                       .kind = arena_slice(arena, row.kind),
                                       .hash = arena_slice(arena, row.hash),
                                       .created_at = row.created_at,
                                       .seen_at = row.seen_at };
    }
    db_rows_close(&rows);
    if (rc < 0) return rc;
    *ret = all;
    *ret_n = n;
    return arena_check(arena, "the sessions", err);
}

static int make_room(struct db *db, const struct token_row *row, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people_tokens WHERE user_id = ?1 AND kind = ?2",
                   DB_ARGS(DB_TEXT(row->user), DB_TEXT(row->kind)), err));
    if (slice_is(row->kind, "key"))
        return n < PEOPLE_KEYS_MAX
                   ? 0
                   : err_set(err, ERR_LIMIT,
                             "There are %d API keys, which is the most: delete one first.",
                             PEOPLE_KEYS_MAX);
    if (n < PEOPLE_SESSIONS_MAX) return 0;
    return done(db_exec(
        db,
        "DELETE FROM people_tokens WHERE seq IN (SELECT seq FROM people_tokens "
        "WHERE user_id = ?1 AND kind = ?2 ORDER BY seen_at, seq LIMIT ?3)",
        DB_ARGS(DB_TEXT(row->user), DB_TEXT(row->kind), DB_INT(n - PEOPLE_SESSIONS_MAX + 1)), err));
}

int token_add(struct db *db, const struct principal *owner, const struct token_row *row,
              struct err *err)
{
    TRY(make_room(db, row, err));
    return done(db_exec(db,
                        "INSERT INTO people_tokens(" OWNER_NAMES ", id, kind, hash, name, hint, "
                        "created_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                        "?11)",
                        DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->kind),
                                DB_TEXT(row->hash), DB_TEXT(row->name), DB_TEXT(row->hint),
                                DB_INT(row->created_at), DB_INT(row->seen_at)),
                        err));
}

int token_seen(struct db *db, struct slice id, int64_t now, struct err *err)
{
    return done(db_exec(db, "UPDATE people_tokens SET seen_at = ?2 WHERE id = ?1 AND seen_at < ?2",
                        DB_ARGS(DB_TEXT(id), DB_INT(now)), err));
}

int token_delete(struct db *db, struct slice user, const char *kind, struct slice id,
                 struct err *err)
{
    int n = db_exec(db, "DELETE FROM people_tokens WHERE user_id = ?1 AND kind = ?2 AND id = ?3",
                    DB_ARGS(DB_TEXT(user), DB_TEXT(slice_of(kind)), DB_TEXT(id)), err);
    return owned_changed(n, slice_is(slice_of(kind), "key") ? "API key" : "Session", id, err);
}

int sessions_end(struct db *db, struct slice user, struct slice keep, struct err *err)
{
    return done(db_exec(db,
                        "DELETE FROM people_tokens WHERE user_id = ?1 AND kind = 'session' AND "
                        "id <> ?2",
                        DB_ARGS(DB_TEXT(user), DB_TEXT(keep)), err));
}

int people_expire(struct db *db, int64_t begun, int64_t seen, int64_t now, struct err *err)
{
    TRY(done(db_exec(db,
                     "DELETE FROM people_tokens WHERE kind = 'session' AND (created_at < ?1 OR "
                     "seen_at < ?2)",
                     DB_ARGS(DB_INT(begun), DB_INT(seen)), err)));
    return done(
        db_exec(db, "DELETE FROM people_links WHERE expires_at <= ?1", DB_ARGS(DB_INT(now)), err));
}

/* ---- Passkeys ---- */

int passkey_add(struct db *db, const struct principal *owner, const struct passkey_row *row,
                struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people_passkeys WHERE user_id = ?1",
                   DB_ARGS(DB_TEXT(row->user)), err));
    if (n >= PEOPLE_PASSKEYS_MAX)
        return err_set(err, ERR_LIMIT,
                       "There are %d passkeys, which is the most: delete one first.",
                       PEOPLE_PASSKEYS_MAX);
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people_passkeys WHERE credential = ?1",
                   DB_ARGS(DB_TEXT(row->credential)), err));
    if (n) return err_set(err, ERR_EXISTS, "This passkey is here already.");
    return done(
        db_exec(db,
                "INSERT INTO people_passkeys(" OWNER_NAMES ", id, credential, site, "
                "public_key, sign_count, name, created_at, used_at) VALUES (?1, ?2, ?3, "
                "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->credential),
                        DB_TEXT(row->site), DB_BYTES(row->public_key), DB_INT(row->sign_count),
                        DB_TEXT(row->name), DB_INT(row->created_at), DB_INT(row->used_at)),
                err));
}

int passkey_find(struct passkey_row *ret, struct db *db, struct slice credential,
                 struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT id, user_id, site, public_key, sign_count FROM people_passkeys WHERE "
                 "credential = ?1",
                 DB_ARGS(DB_TEXT(credential)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0) return owned_not_found("Passkey", credential, err);
    *ret = (struct passkey_row){ .id = arena_slice(arena, db_text(&rows, 0)),
                                 .user = arena_slice(arena, db_text(&rows, 1)),
                                 .credential = credential,
                                 .site = arena_slice(arena, db_text(&rows, 2)),
                                 .public_key = arena_slice(arena, db_text(&rows, 3)),
                                 .sign_count = db_int(&rows, 4) };
    db_rows_close(&rows);
    return arena_check(arena, "the passkey", err);
}

int passkey_used(struct db *db, struct slice id, int64_t sign_count, int64_t now, struct err *err)
{
    return done(db_exec(db,
                        "UPDATE people_passkeys SET sign_count = ?2, used_at = ?3 WHERE id = ?1",
                        DB_ARGS(DB_TEXT(id), DB_INT(sign_count), DB_INT(now)), err));
}

int passkey_delete(struct db *db, struct slice user, struct slice id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM people_passkeys WHERE user_id = ?1 AND id = ?2",
                    DB_ARGS(DB_TEXT(user), DB_TEXT(id)), err);
    return owned_changed(n, "Passkey", id, err);
}

/* ---- Links ---- */

int link_add(struct db *db, const struct principal *owner, const struct link_row *row,
             struct err *err)
{
    int64_t n;
    if (!slice_is(row->kind, "invite"))
        TRY(done(db_exec(db, "DELETE FROM people_links WHERE kind = ?1 AND for_id = ?2",
                         DB_ARGS(DB_TEXT(row->kind), DB_TEXT(row->for_id)), err)));
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people_links", DB_NO_ARGS, err));
    if (n >= PEOPLE_LINKS_MAX)
        return err_set(err, ERR_LIMIT,
                       "There are %d invitations, which is the most: take some back first.",
                       PEOPLE_LINKS_MAX);
    return done(
        db_exec(db,
                "INSERT INTO people_links(" OWNER_NAMES ", id, hash, kind, role, for_id, "
                "note, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                "?9, ?10, ?11, ?12)",
                DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->hash), DB_TEXT(row->kind),
                        DB_TEXT(row->role), DB_TEXT(row->for_id), DB_TEXT(row->note),
                        DB_INT(row->created_at), DB_INT(row->expires_at)),
                err));
}

int link_find(struct link_row *ret, struct db *db, struct slice hash, int64_t now,
              struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT id, kind, role, for_id, note, created_at, expires_at FROM people_links "
                 "WHERE hash = ?1 AND expires_at > ?2",
                 DB_ARGS(DB_TEXT(hash), DB_INT(now)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "This link is not good any more: it was used, has expired, or was taken "
                       "back. Ask for a new one.");
    *ret = (struct link_row){ .id = arena_slice(arena, db_text(&rows, 0)),
                              .hash = hash,
                              .kind = arena_slice(arena, db_text(&rows, 1)),
                              .role = arena_slice(arena, db_text(&rows, 2)),
                              .for_id = arena_slice(arena, db_text(&rows, 3)),
                              .note = arena_slice(arena, db_text(&rows, 4)),
                              .created_at = db_int(&rows, 5),
                              .expires_at = db_int(&rows, 6) };
    db_rows_close(&rows);
    return arena_check(arena, "the link", err);
}

int link_delete(struct db *db, struct slice id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM people_links WHERE id = ?1", DB_ARGS(DB_TEXT(id)), err);
    return owned_changed(n, "Invitation", id, err);
}

/* ---- As clients see them ---- */

void person_write(struct json_writer *w, const struct person_row *row)
{
    json_object_begin(w);
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", SLICE("tiro.user"));
    json_member_slice(w, "login", row->login);
    json_member_slice(w, "name", row->name);
    json_member_slice(w, "role", row->role);
    json_member_slice(w, "state", row->state);
    json_member_int(w, "created_at", row->created_at);
    json_object_end(w);
}

static void token_write(struct json_writer *w, const struct token_row *row, struct slice current)
{
    bool key = slice_is(row->kind, "key");
    json_object_begin(w);
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", key ? SLICE("tiro.api_key") : SLICE("tiro.session"));
    json_member_slice(w, key ? "name" : "browser", row->name);
    json_member_slice(w, key ? "hint" : "address", row->hint);
    json_member_int(w, "created_at", row->created_at);
    json_member_int(w, "seen_at", row->seen_at);
    if (!key) {
        json_key(w, "current");
        json_bool(w, slice_eq(row->id, current));
    }
    json_object_end(w);
}

int tokens_write(struct json_writer *w, struct db *db, struct slice user, const char *kind,
                 struct slice current, struct err *err)
{
    struct db_rows rows;
    int rc;
    TRY(db_query(&rows, db,
                 "SELECT " TOKEN_NAMES " FROM people_tokens WHERE user_id = ?1 AND kind = ?2 "
                 "ORDER BY seen_at DESC, seq DESC",
                 DB_ARGS(DB_TEXT(user), DB_TEXT(slice_of(kind))), err));
    json_array_begin(w);
    while ((rc = db_next(&rows, err)) > 0) {
        struct token_row row = token_of(&rows);
        token_write(w, &row, current);
    }
    json_array_end(w);
    return rc;
}

int passkeys_write(struct json_writer *w, struct db *db, struct slice user, struct err *err)
{
    struct db_rows rows;
    int rc;
    TRY(db_query(&rows, db,
                 "SELECT id, name, site, created_at, used_at, credential FROM people_passkeys "
                 "WHERE user_id = ?1 ORDER BY seq",
                 DB_ARGS(DB_TEXT(user)), err));
    json_array_begin(w);
    while ((rc = db_next(&rows, err)) > 0) {
        json_object_begin(w);
        json_member_slice(w, "id", db_text(&rows, 0));
        json_member_slice(w, "object", SLICE("tiro.passkey"));
        json_member_slice(w, "name", db_text(&rows, 1));
        json_member_slice(w, "site", db_text(&rows, 2));
        json_member_int(w, "created_at", db_int(&rows, 3));
        json_member_int(w, "used_at", db_int(&rows, 4));
        json_member_slice(w, "credential", db_text(&rows, 5));
        json_object_end(w);
    }
    json_array_end(w);
    return rc;
}

void link_write(struct json_writer *w, const struct link_row *row)
{
    json_object_begin(w);
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", SLICE("tiro.invite"));
    json_member_slice(w, "kind", row->kind);
    json_member_slice(w, "role", row->role);
    json_member_slice(w, "note", row->note);
    json_member_int(w, "created_at", row->created_at);
    json_member_int(w, "expires_at", row->expires_at);
    json_object_end(w);
}

int links_write(struct json_writer *w, struct db *db, int64_t now, struct err *err)
{
    struct db_rows rows;
    int rc;
    TRY(db_query(&rows, db,
                 "SELECT id, kind, role, note, created_at, expires_at FROM people_links WHERE "
                 "expires_at > ?1 AND kind = 'invite' ORDER BY seq DESC",
                 DB_ARGS(DB_INT(now)), err));
    json_array_begin(w);
    while ((rc = db_next(&rows, err)) > 0) {
        struct link_row row = { .id = db_text(&rows, 0),
                                .kind = db_text(&rows, 1),
                                .role = db_text(&rows, 2),
                                .note = db_text(&rows, 3),
                                .created_at = db_int(&rows, 4),
                                .expires_at = db_int(&rows, 5) };
        link_write(w, &row);
    }
    json_array_end(w);
    return rc;
}
