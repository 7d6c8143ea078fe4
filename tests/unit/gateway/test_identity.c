/* Who is asking: cookies, keys, and where a session is of use. Without sockets. */
#include "unit/test.h"

#include "base/seam.h"
#include "gateway/identity.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static struct service service;
static struct access *loopback, *guarded;
static char session[PEOPLE_TOKEN_SIZE], key[PEOPLE_TOKEN_SIZE];
static struct call call;
static struct arena arena;
static struct err err;
static int64_t now_s = 1700000000;

static uint64_t fake_wall_ns(void)
{
    return (uint64_t)now_s * 1000000000u;
}

struct fill {
    struct store_job job;
};

static int fill_run(struct store_job *job, struct db *db, struct err *e)
{
    (void)job;
    char hash[PEOPLE_HASH_SIZE];
    struct person_row ann = { .id = SLICE("user_ann"),
                              .project = SLICE("user_ann"),
                              .login = SLICE("ann"),
                              .name = SLICE("Ann"),
                              .role = SLICE("owner"),
                              .state = SLICE("active"),
                              .password = SLICE(""),
                              .created_at = now_s };
    struct principal own = person_principal(&ann, SLICE(""));
    struct token_row row = { .id = SLICE("session_1"),
                             .user = ann.id,
                             .kind = SLICE("session"),
                             .name = SLICE(""),
                             .hint = SLICE(""),
                             .created_at = now_s,
                             .seen_at = now_s };
    TRY(person_add(db, &ann, e));
    people_hash(hash, slice_of(session));
    row.hash = slice_of(hash);
    TRY(token_add(db, &own, &row, e));
    people_hash(hash, slice_of(key));
    row.id = SLICE("key_1");
    row.kind = SLICE("key");
    return token_add(db, &own, &row, e);
}

static void fill_done(struct store_job *job, int rc, const struct err *e)
{
    (void)job;
    if (rc < 0) fail_msg("%s", e->text);
}

static int setup(void **state)
{
    (void)state;
    struct store_options options = { .url = "sqlite::memory:" };
    struct fill fill = { .job = { .run = fill_run, .done = fill_done } };
    now_s = 1700000000;
    seams.wall_ns = fake_wall_ns;
    people_draw(session, "");
    people_draw(key, PEOPLE_KEY_PREFIX);
    service = (struct service){ .store = NULL };
    assert_ok(store_open(&service.store, &options, &err), &err);
    store_submit(service.store, &fill.job);
    store_wait(service.store);
    assert_ok(people_open(&service.people, &service, &err), &err);
    struct access_options a = { .loopback = true };
    assert_ok(access_open(&loopback, &a, &err), &err);
    a.require_sign_in = true;
    assert_ok(access_open(&guarded, &a, &err), &err);
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(service.store);
    people_close(service.people);
    access_close(loopback);
    access_close(guarded);
    arena_release(&arena);
    seams = seams_real;
    return 0;
}

/* `lines` may hold $S and $K for the secrets. */
static int check_from(const struct access *access, const char *peer, const char *method,
                      const char *lines)
{
    struct http_parser p;
    enum http_event event;
    char text[2048];
    int n = snprintf(text, sizeof text, "%s / HTTP/1.1\r\n", method);
    for (; *lines; lines++) {
        const char *secret = strncmp(lines, "$S", 2) == 0   ? session
                             : strncmp(lines, "$K", 2) == 0 ? key
                                                            : NULL;
        n += snprintf(text + n, sizeof text - (size_t)n, "%.*s", secret ? PEOPLE_TOKEN_SIZE : 1,
                      secret ? secret : lines);
        lines += secret != NULL;
    }
    n += snprintf(text + n, sizeof text - (size_t)n, "\r\n");
    struct slice in = { text, (size_t)n };
    struct sockaddr_in from = { .sin_family = AF_INET };
    struct sockaddr_in6 from6 = { .sin6_family = AF_INET6 };
    bool v6 = inet_pton(AF_INET, peer, &from.sin_addr) != 1;
    if (v6) assert_int_equal(inet_pton(AF_INET6, peer, &from6.sin6_addr), 1);
    http_parser_init(&p, 0);
    assert_ok(http_parser_feed(&p, &event, &in, &err), &err);
    call = (struct call){ .arena = &arena, .method = slice_of(method) };
    struct identity id = { .access = access,
                           .people = service.people,
                           .parser = &p,
                           .peer = v6 ? (struct sockaddr *)&from6 : (struct sockaddr *)&from };
    err = (struct err){ 0 };
    int rc = identity_check(&call, &id, &err);
    http_parser_release(&p);
    return rc;
}

static int check(const char *method, const char *lines)
{
    return check_from(guarded, "127.0.0.1", method, lines);
}

#define HOST   "Host: chat.example:8080\r\n"
#define COOKIE "Cookie: tiro_session=$S\r\n"
#define ORIGIN "Origin: http://chat.example:8080\r\n"
#define OURS   "x-tiro-request: 1\r\n"

static void test_cookie_values(void **state)
{
    (void)state;
    static const struct {
        const char *header, *value;
    } rows[] = {
        { "a=1", "1" },        { "b=2; a=1", "1" }, { "a=", "" },      { "b=2;a=1;c=3", "1" },
        { " a=1 ; b=2", "1" }, { "aa=1", NULL },    { "b=a=1", NULL }, { "", NULL },
        { ";;;", NULL },       { "a", NULL },       { "A=1", NULL },   { "a=1=2", "1=2" },
        { "a=1; a=2", "1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice value = identity_cookie(slice_of(rows[i].header), SLICE("a"));
        if (!rows[i].value ? value.ptr != NULL : !value.ptr || !slice_is(value, rows[i].value))
            fail_msg("%s", rows[i].header);
    }
}

static void test_a_session_reads(void **state)
{
    (void)state;
    assert_ok(check("GET", HOST COOKIE), &err);
    assert_int_equal(call.caller.by, CALLER_SESSION);
    assert_true(call.caller.owner);
    assert_true(slice_is(call.principal.project, "user_ann"));
    assert_true(slice_is(call.principal.key, "session"));
    assert_true(slice_is(call.caller.session, "session_1"));
    assert_ok(check("GET", HOST "Cookie: x=y; __Host-tiro_session=$S\r\n"), &err);
    assert_ok(check("GET", HOST COOKIE "Sec-Fetch-Site: same-origin\r\n"), &err);
    assert_ok(check("GET", HOST COOKIE "Sec-Fetch-Site: none\r\n"), &err);
}

static void test_a_session_changes(void **state)
{
    (void)state;
    assert_ok(check("POST", HOST COOKIE ORIGIN OURS), &err);
    assert_ok(check("DELETE", HOST COOKIE ORIGIN OURS "Sec-Fetch-Site: same-origin\r\n"), &err);
    assert_ok(check("POST", "Host: CHAT.example:8080\r\n" COOKIE ORIGIN OURS), &err);
    static const struct {
        const char *lines;
        enum err_code code;
    } bad[] = {
        { HOST COOKIE OURS, ERR_ORIGIN },
        { HOST COOKIE "Origin: null\r\n" OURS, ERR_ORIGIN },
        { HOST COOKIE "Origin: http://chat.example\r\n" OURS, ERR_ORIGIN },
        { HOST COOKIE "Origin: http://evil:8080\r\n" OURS, ERR_ORIGIN },
        { HOST COOKIE "Origin: ftp://chat.example:8080\r\n" OURS, ERR_ORIGIN },
        { HOST COOKIE ORIGIN OURS "Sec-Fetch-Site: cross-site\r\n", ERR_ORIGIN },
        { HOST COOKIE ORIGIN OURS "Sec-Fetch-Site: same-site\r\n", ERR_ORIGIN },
        { HOST COOKIE ORIGIN, ERR_PERMISSION },
        { HOST COOKIE ORIGIN "x-tiro-request: 0\r\n", ERR_PERMISSION },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (check("POST", bad[i].lines) != -(int)bad[i].code) fail_msg("%s", bad[i].lines);
        assert_int_equal(call.caller.by, CALLER_NOBODY);
        assert_false(call.caller.owner);
    }
    assert_int_equal(check("GET", HOST COOKIE "Sec-Fetch-Site: cross-site\r\n"), -ERR_ORIGIN);
    assert_int_equal(check("GET", HOST COOKIE "Origin: http://evil\r\n"), -ERR_ORIGIN);
}

static void test_a_session_ends_in_time(void **state)
{
    (void)state;
    int64_t begun = now_s;
    for (int i = 0; i < 6; i++) { /* Used now and then, it lasts. */
        now_s += PEOPLE_SESSION_IDLE_S - 1;
        assert_ok(check("GET", HOST COOKIE), &err);
    }
    now_s = begun + PEOPLE_SESSION_S - 1;
    assert_ok(check("GET", HOST COOKIE), &err);
    now_s = begun + PEOPLE_SESSION_S;
    assert_int_equal(check("GET", HOST COOKIE), -ERR_API_KEY_MISSING);
    store_wait(service.store);
}

static void test_a_session_that_rests_ends(void **state)
{
    (void)state;
    now_s += PEOPLE_SESSION_IDLE_S;
    assert_int_equal(check("GET", HOST COOKIE), -ERR_API_KEY_MISSING);
    now_s -= 1;
    assert_ok(check("GET", HOST COOKIE), &err);
    store_wait(service.store);
}

static void test_keys(void **state)
{
    (void)state;
    assert_ok(check("POST", HOST "Authorization: bearer $K\r\n"), &err);
    assert_int_equal(call.caller.by, CALLER_KEY);
    assert_true(slice_is(call.principal.key, "key_1"));
    assert_int_equal(call.caller.session.len, 0);
    assert_ok(check("POST", HOST "api-key: $K\r\nx-api-key: $K\r\n"), &err);
    assert_int_equal(check("POST", HOST "api-key: $K\r\nx-api-key: no\r\n"), -ERR_API_KEY_INVALID);
    assert_int_equal(check("POST", HOST "api-key: no\r\nx-api-key: $K\r\n"), -ERR_API_KEY_INVALID);
    assert_int_equal(check("POST", HOST "api-key: $Kx\r\n"), -ERR_API_KEY_INVALID);
    assert_int_equal(check("POST", HOST "api-key: " PEOPLE_KEY_PREFIX "\r\n"),
                     -ERR_API_KEY_INVALID);
    /* A session is no key, nor is a key one. */
    assert_int_equal(check("GET", HOST "api-key: " PEOPLE_KEY_PREFIX "$S\r\n"),
                     -ERR_API_KEY_INVALID);
    assert_int_equal(check("GET", HOST "Cookie: tiro_session=$K\r\n"), -ERR_API_KEY_MISSING);
    /* Where one is given, the cookie does not help. */
    assert_int_equal(check("GET", HOST COOKIE "api-key: " PEOPLE_KEY_PREFIX "no\r\n"),
                     -ERR_API_KEY_INVALID);
}

static void test_nobody(void **state)
{
    (void)state;
    assert_int_equal(check("GET", HOST), -ERR_API_KEY_MISSING);
    assert_int_equal(check("GET", HOST "Cookie: tiro_session=\r\n"), -ERR_API_KEY_MISSING);
    assert_int_equal(call.principal.project.len, 0);
    /* The machine's own user, until the request is somebody else's. */
    assert_ok(check_from(loopback, "127.0.0.1", "GET", "Host: localhost\r\n"), &err);
    assert_int_equal(call.caller.by, CALLER_LOCAL);
    assert_true(call.caller.owner && slice_is(call.principal.project, "default"));
    static const char *const elsewhere[] = { HOST, "Host: localhost\r\nX-Forwarded-For: ::1\r\n",
                                             "Host: localhost\r\nForwarded: for=x\r\n" };
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        assert_int_equal(check_from(loopback, "127.0.0.1", "GET", elsewhere[i]),
                         -ERR_API_KEY_MISSING);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *lines, *address;
    } rows[] = {
        { "192.0.2.1", HOST, "192.0.2.1" },
        { "2001:db8:1:2:3:4:5:6", HOST, "2001:db8:1:2::/64" },
        { "127.0.0.1", HOST "X-Forwarded-For: 198.51.100.9\r\n", "198.51.100.9" },
        { "::1", HOST "X-Forwarded-For: 1.2.3.4, 2001:db8::7\r\n", "2001:db8::/64" },
        { "127.0.0.1", HOST "X-Forwarded-For: nonsense\r\n", "127.0.0.1" },
        /* From elsewhere anybody could write it. */
        { "192.0.2.1", HOST "X-Forwarded-For: 198.51.100.9\r\n", "192.0.2.1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)check_from(guarded, rows[i].peer, "GET", rows[i].lines); /* Refused: no matter. */
        if (!slice_is(call.caller.address, rows[i].address))
            fail_msg("%.*s instead of %s", SLICE_FMT(call.caller.address), rows[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookie_values),
        cmocka_unit_test_setup_teardown(test_a_session_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_session_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_session_ends_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_session_that_rests_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
    };
    unsetenv("TIRO_API_KEY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
