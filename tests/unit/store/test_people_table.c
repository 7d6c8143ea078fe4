/* People's tables at their limits, and links and sessions at their ends; on every database. */
#include "unit/store/backend.h"

#include "store/people_table.h"

static struct db *db;
static struct arena arena;
static struct err err;

static void open_all(void)
{
    assert_ok(db_open(&db, backend_url, &err), &err);
    arena_init(&arena, 16 << 20);
    assert_ok(db_begin(db, &err), &err);
}

static void close_all(void)
{
    db_rollback(db);
    arena_release(&arena);
    db_close(db);
}

static struct slice text(const char *prefix, int i)
{
    return slice_of(arena_printf(&arena, "%s%d", prefix, i));
}

static struct person_row person(int i)
{
    return (struct person_row){ .id = text("user_", i),
                                .project = text("user_", i),
                                .login = text("login", i),
                                .name = SLICE("N"),
                                .role = SLICE("member"),
                                .state = SLICE("active"),
                                .password = SLICE("p"),
                                .created_at = 1 };
}

static int add_token(int i, const char *kind, int64_t seen)
{
    struct person_row ann = person(1);
    struct principal own = person_principal(&ann, SLICE(""));
    struct token_row row = { .id = text(kind, i),
                             .user = ann.id,
                             .kind = slice_of(kind),
                             .hash = text("hash", i + (kind[0] == 'k' ? 1000 : 0)),
                             .name = SLICE("n"),
                             .hint = SLICE("h"),
                             .created_at = 1,
                             .seen_at = seen };
    return token_add(db, &own, &row, &err);
}

static int64_t count(const char *sql)
{
    int64_t n;
    assert_ok(db_one_int(&n, -1, db, sql, DB_NO_ARGS, &err), &err);
    return n;
}

static void test_people(void **state)
{
    (void)state;
    struct person_row row, *all;
    size_t n;
    open_all();
    for (int i = 0; i < PEOPLE_MAX; i++) {
        row = person(i);
        assert_ok(person_add(db, &row, &err), &err);
    }
    row = person(PEOPLE_MAX);
    assert_fails(person_add(db, &row, &err), ERR_LIMIT, &err, "1000 people");
    assert_ok(people_read(&all, &n, db, &arena, &err), &err);
    assert_int_equal(n, PEOPLE_MAX);
    assert_ok(person_leave(db, SLICE("user_7"), &err), &err);
    assert_ok(person_remove(db, SLICE("user_8"), &err), &err); /* Has not left: stays. */
    assert_int_equal(count("SELECT COUNT(*) FROM people"), PEOPLE_MAX);
    assert_ok(person_remove(db, SLICE("user_7"), &err), &err);
    row.login = SLICE("login8");
    assert_fails(person_add(db, &row, &err), ERR_EXISTS, &err, "login8");
    row.login = SLICE("login7"); /* Free again. */
    assert_ok(person_add(db, &row, &err), &err);
    assert_fails(person_find(&row, db, SLICE("user_7"), &arena, &err), ERR_NOT_FOUND, &err,
                 "user_7");
    close_all();
}

static void test_owners(void **state)
{
    (void)state;
    open_all();
    assert_fails(person_check_owner_left(db, &err), ERR_PERMISSION, &err, "last owner");
    struct person_row row = person(1);
    row.role = SLICE("owner");
    assert_ok(person_add(db, &row, &err), &err);
    assert_ok(person_check_owner_left(db, &err), &err);
    struct person_change change = { .state = SLICE("disabled") };
    assert_ok(person_update(db, row.id, &change, &err), &err);
    assert_fails(person_check_owner_left(db, &err), ERR_PERMISSION, &err, "last owner");
    close_all();
}

static void test_tokens(void **state)
{
    (void)state;
    open_all();
    for (int i = 0; i < PEOPLE_SESSIONS_MAX; i++) assert_ok(add_token(i, "session", 100 - i), &err);
    assert_ok(add_token(PEOPLE_SESSIONS_MAX, "session", 200), &err);
    /* The one not seen for longest has given way. */
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens"), PEOPLE_SESSIONS_MAX);
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens WHERE id = 'session31'"), 0);
    for (int i = 0; i < PEOPLE_KEYS_MAX; i++) assert_ok(add_token(i, "key", 0), &err);
    assert_fails(add_token(PEOPLE_KEYS_MAX, "key", 0), ERR_LIMIT, &err, "32 API keys");
    assert_fails(token_delete(db, SLICE("user_2"), "key", SLICE("key0"), &err), ERR_NOT_FOUND, &err,
                 "API key");
    assert_fails(token_delete(db, SLICE("user_1"), "session", SLICE("key0"), &err), ERR_NOT_FOUND,
                 &err, "Session");
    assert_ok(token_delete(db, SLICE("user_1"), "key", SLICE("key0"), &err), &err);
    assert_ok(sessions_end(db, SLICE("user_1"), SLICE("session5"), &err), &err);
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens WHERE kind = 'session'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens WHERE kind = 'key'"), 31);
    /* Keys do not expire; a session does by either time. */
    assert_ok(people_expire(db, 1, 95, 0, &err), &err);
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens WHERE kind = 'session'"), 1);
    assert_ok(people_expire(db, 1, 96, 0, &err), &err);
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens WHERE kind = 'session'"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM people_tokens WHERE kind = 'key'"), 31);
    close_all();
}

static struct link_row link_of(int i, const char *kind, const char *for_id)
{
    return (struct link_row){ .id = text("invite_", i),
                              .hash = text("hash", i),
                              .kind = slice_of(kind),
                              .role = SLICE("member"),
                              .for_id = slice_of(for_id),
                              .note = SLICE(""),
                              .created_at = 1,
                              .expires_at = 100 };
}

static void test_links(void **state)
{
    (void)state;
    static const struct principal own = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };
    struct link_row row, found;
    open_all();
    row = link_of(0, "owner", "");
    assert_ok(link_add(db, &own, &row, &err), &err);
    row = link_of(1, "owner", "");
    assert_ok(link_add(db, &own, &row, &err), &err);
    assert_fails(link_find(&found, db, SLICE("hash0"), 1, &arena, &err), ERR_NOT_FOUND, &err,
                 "not good any more");
    assert_ok(link_find(&found, db, SLICE("hash1"), 99, &arena, &err), &err);
    assert_true(slice_is(found.kind, "owner"));
    assert_fails(link_find(&found, db, SLICE("hash1"), 100, &arena, &err), ERR_NOT_FOUND, &err,
                 "expired");
    for (int i = 2; i < 4; i++) {
        row = link_of(i, "reset", i == 2 ? "user_1" : "user_2");
        assert_ok(link_add(db, &own, &row, &err), &err);
    }
    for (int i = 4; i <= PEOPLE_LINKS_MAX; i++) {
        row = link_of(i, "invite", "");
        assert_ok(link_add(db, &own, &row, &err), &err);
    }
    row = link_of(PEOPLE_LINKS_MAX + 1, "invite", "");
    assert_fails(link_add(db, &own, &row, &err), ERR_LIMIT, &err, "256 invitations");
    assert_ok(people_expire(db, 0, 0, 99, &err), &err);
    assert_int_equal(count("SELECT COUNT(*) FROM people_links"), PEOPLE_LINKS_MAX);
    assert_ok(people_expire(db, 0, 0, 100, &err), &err);
    assert_int_equal(count("SELECT COUNT(*) FROM people_links"), 0);
    close_all();
}

static void test_passkeys(void **state)
{
    (void)state;
    struct person_row ann;
    struct principal own;
    struct passkey_row row = { .site = SLICE("s"),
                               .public_key = SLICE("\x30\0k"),
                               .name = SLICE("n") },
                       found;
    open_all();
    ann = person(1);
    own = person_principal(&ann, SLICE(""));
    row.user = ann.id;
    for (int i = 0; i < PEOPLE_PASSKEYS_MAX; i++) {
        row.id = text("passkey_", i);
        row.credential = text("credential", i);
        assert_ok(passkey_add(db, &own, &row, &err), &err);
    }
    row.id = row.credential = SLICE("more");
    assert_fails(passkey_add(db, &own, &row, &err), ERR_LIMIT, &err, "16 passkeys");
    assert_fails(passkey_delete(db, SLICE("user_2"), SLICE("passkey_0"), &err), ERR_NOT_FOUND, &err,
                 "Passkey");
    assert_ok(passkey_delete(db, ann.id, SLICE("passkey_0"), &err), &err);
    row.credential = SLICE("credential1");
    assert_fails(passkey_add(db, &own, &row, &err), ERR_EXISTS, &err, "here already");
    assert_ok(passkey_used(db, SLICE("passkey_1"), 9, 5, &err), &err);
    assert_ok(passkey_find(&found, db, SLICE("credential1"), &arena, &err), &err);
    assert_int_equal(found.sign_count, 9);
    assert_int_equal(found.public_key.len, 3);
    assert_true(slice_is(found.user, "user_1"));
    close_all();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(test_people), BACKEND_TEST(test_owners),   BACKEND_TEST(test_tokens),
        BACKEND_TEST(test_links),  BACKEND_TEST(test_passkeys),
    };
    return backend_run(tests, sizeof tests / sizeof *tests);
}
