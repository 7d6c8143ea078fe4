/* Accounts over fake calls with a real store: who may do what, links and challenges at their ends,
 * a passkey from its making to a session, and every allocation failing once. */
#include "unit/test.h"

#include "unit/api/fake_store.h"
#include "unit/api/passkey_device.h"

#include "api/people.h"

#include <stdio.h>

static struct fake_service service;
static struct people *people;
static char *last; /* what the last call answered */
static uint64_t now_s, now_ms;

static uint64_t fake_wall_ns(void)
{
    return now_s * 1000000000u;
}

static uint64_t fake_now_ns(void)
{
    return now_ms * 1000000u;
}

static const struct caller local = { .by = CALLER_LOCAL, .owner = true };
static const struct caller nobody = { .by = CALLER_NOBODY,
                                      .host = SLICE("chat.example"),
                                      .origin = SLICE("https://chat.example"),
                                      .agent = SLICE("Browser/1"),
                                      .address = SLICE("192.0.2.1") };
static struct principal who;

static const char *ask_as(const struct caller *caller, const char *method, const char *path,
                          const char *body)
{
    struct fake f;
    fake_init(&f);
    f.service = &service.service;
    service.service.backend = &f.backend;
    f.principal = who;
    f.caller = *caller;
    fake_request(&f, method, path, slice_of(body));
    store_wait(service.service.store);
    assert_true(f.over);
    mem_free(last);
    last = mem_strndup(f.trace.ptr, f.trace.len);
    fake_release(&f);
    return last;
}

static void says(const char *part)
{
    if (!strstr(last, part)) fail_msg("'%s' is not in: %s", part, last);
}

static void take(char ret[128], const char *before)
{
    const char *at = strstr(last, before);
    if (!at) fail_msg("'%s' is not in: %s", before, last);
    at += strlen(before);
    (void)snprintf(ret, 128, "%.*s", (int)strcspn(at, "\";"), at);
}

static int setup(void **state)
{
    (void)state;
    struct err err = { 0 };
    fake_service_open(&service);
    now_s = 1700000000;
    now_ms = 1000;
    seams.wall_ns = fake_wall_ns;
    seams.now_ns = fake_now_ns;
    assert_ok(people_open(&people, &service.service, &err), &err);
    service.service.people = people;
    who = (struct principal){ SLICE("default"), SLICE("default"), SLICE("local"), SLICE("none") };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mem_free(last);
    last = NULL;
    fake_service_close(&service);
    people_close(people);
    seams = seams_real;
    return 0;
}

static char token[128], id[128], body[8192];

static const char *join_body(const char *login)
{
    (void)snprintf(body, sizeof body,
                   "{\"token\":\"%s\",\"login\":\"%s\",\"password\":\"correct horse battery\"}",
                   token, login);
    return body;
}

/* Somebody who has just come; `who` is theirs from here on. */
static struct caller join(const char *login)
{
    ask_as(&nobody, "POST", "/v1/tiro/join", join_body(login));
    says("reply 200 ");
    take(id, "\"id\":\"");
    const struct person_row *row = people_active(people, slice_of(id));
    assert_non_null(row);
    static char project[128];
    (void)snprintf(project, sizeof project, "%.*s", SLICE_FMT(row->project));
    who = (struct principal){ SLICE("default"), slice_of(project), slice_of(id), SLICE("session") };
    struct caller c = nobody;
    c.by = CALLER_SESSION;
    c.owner = slice_is(row->role, "owner");
    return c;
}

static struct caller first_owner(void)
{
    ask_as(&local, "POST", "/v1/tiro/owner_link", "");
    take(token, "\"token\":\"");
    return join("olga");
}

static void test_links_end(void **state)
{
    (void)state;
    ask_as(&local, "POST", "/v1/tiro/owner_link", "");
    says("\"path\":\"/#/setup/");
    take(token, "\"token\":\"");
    now_s += PEOPLE_OWNER_LINK_S;
    ask_as(&nobody, "POST", "/v1/tiro/join", join_body("late"));
    says("reply 404 ");
    now_s -= 1;
    ask_as(&nobody, "POST", "/v1/tiro/join", join_body("Olga"));
    says("header Set-Cookie: __Host-tiro_session=");
    says("; Path=/; HttpOnly; SameSite=Strict; Max-Age=7776000; Secure\n");
    says("\"login\":\"olga\",\"name\":\"olga\",\"role\":\"owner\"");
    ask_as(&nobody, "POST", "/v1/tiro/join", join_body("again"));
    says("reply 404 ");
    assert_true(people_have_owner(people));
    ask_as(&local, "POST", "/v1/tiro/owner_link", "");
    says("reply 409 ");
    ask_as(&local, "POST", "/v1/tiro/invites", "{}");
    take(token, "\"token\":\"");
    now_s += PEOPLE_INVITE_S;
    ask_as(&nobody, "POST", "/v1/tiro/join", join_body("ann"));
    says("reply 404 ");
    now_s -= 1;
    (void)join("ann");
}

/* Each kind of caller at each kind of door. */
static void test_who_may(void **state)
{
    (void)state;
    struct caller owner = first_owner(), key = owner, foreign = owner, member;
    static const char *const owners[][2] = { { "GET", "/v1/tiro/users" },
                                             { "GET", "/v1/tiro/invites" },
                                             { "DELETE", "/v1/tiro/invites/x" },
                                             { "POST", "/v1/tiro/users/x/reset" },
                                             { "DELETE", "/v1/tiro/users/x" } };
    static const char *const persons[][2] = {
        { "GET", "/v1/tiro/sessions" },        { "GET", "/v1/tiro/keys" },
        { "GET", "/v1/tiro/passkeys" },        { "POST", "/v1/tiro/passkeys/options" },
        { "DELETE", "/v1/tiro/sessions/x" },   { "DELETE", "/v1/tiro/keys/x" },
        { "DELETE", "/v1/tiro/passkeys/x" },   { "POST", "/v1/tiro/sign_out" },
        { "DELETE", "/v1/tiro/me?login=olga" }
    };
    key.by = CALLER_KEY;
    foreign.foreign = true;
    member = owner;
    member.owner = false;
    const struct caller *const no_owners[] = { &nobody, &key, &foreign, &member };
    const struct caller *const no_persons[] = { &nobody, &key, &foreign, &local };
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        for (size_t c = 0; c < sizeof no_owners / sizeof *no_owners; c++) {
            ask_as(no_owners[c], owners[i][0], owners[i][1], "");
            says("reply 403 ");
        }
    for (size_t i = 0; i < sizeof persons / sizeof *persons; i++)
        for (size_t c = 0; c < sizeof no_persons / sizeof *no_persons; c++) {
            ask_as(no_persons[c], persons[i][0], persons[i][1], "");
            says("reply 403 ");
        }
    ask_as(&owner, "GET", "/v1/tiro/users", "");
    says("\"object\":\"list\"");
    ask_as(&owner, "DELETE", "/v1/tiro/users/x", "");
    says("reply 404 ");
}

static void test_password_limits(void **state)
{
    (void)state;
    char long_one[PEOPLE_PASSWORD_MAX + 2];
    ask_as(&local, "POST", "/v1/tiro/owner_link", "");
    take(token, "\"token\":\"");
    static const char *const bad[] = { "ninechars", "aaaaaaaaaaaaaaaa" };
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(body, sizeof body, "{\"token\":\"%s\",\"login\":\"a\",\"password\":\"%s\"}",
                       token, bad[i]);
        ask_as(&nobody, "POST", "/v1/tiro/join", body);
        says("too easy to guess");
    }
    memset(long_one, 'a', sizeof long_one);
    memcpy(long_one, "b", 1);
    long_one[PEOPLE_PASSWORD_MAX + 1] = '\0';
    (void)snprintf(body, sizeof body, "{\"token\":\"%s\",\"login\":\"a\",\"password\":\"%s\"}",
                   token, long_one);
    ask_as(&nobody, "POST", "/v1/tiro/join", body);
    says("string_above_max_length");
    (void)snprintf(body, sizeof body, "{\"token\":\"%s\",\"login\":\"a\",\"password\":\"%s\"}",
                   token, long_one + 1);
    body[strlen(body) - 3] = 'b';
    ask_as(&nobody, "POST", "/v1/tiro/join", body);
    says("reply 200 ");
}

/* ---- Passkeys ---- */

static struct device device;
static char challenge[128];

static void from_options(const struct caller *c, const char *path)
{
    ask_as(c, "POST", path, "");
    says("reply 200 ");
    take(challenge, "\"challenge\":\"");
    struct slice bytes = passkey_bytes(slice_of(challenge), &device.arena);
    assert_int_equal(bytes.len, sizeof device.challenge);
    memcpy(device.challenge, bytes.ptr, bytes.len);
}

static const char *new_body(void)
{
    struct passkey_sent sent = device_sends(&device);
    (void)snprintf(body, sizeof body,
                   "{\"name\":\"Laptop\",\"challenge\":\"%s\",\"client_data\":\"%.*s\","
                   "\"authenticator_data\":\"%.*s\",\"public_key\":\"%.*s\"}",
                   challenge, SLICE_FMT(sent.client_data), SLICE_FMT(sent.authenticator_data),
                   SLICE_FMT(sent.public_key));
    return body;
}

static const char *sign_in_body(void)
{
    struct passkey_sent sent = device_sends(&device);
    (void)snprintf(
        body, sizeof body,
        "{\"credential\":\"yMnKy8zNzs_Q0dLT1NXW1w\",\"challenge\":\"%s\","
        "\"client_data\":\"%.*s\",\"authenticator_data\":\"%.*s\",\"signature\":\"%.*s\"}",
        challenge, SLICE_FMT(sent.client_data), SLICE_FMT(sent.authenticator_data),
        SLICE_FMT(sent.signature));
    return body;
}

static void as_sign_in(uint32_t count)
{
    device.type = "webauthn.get";
    device.flags = 1 | 4;
    device.count = count;
    from_options(&nobody, "/v1/tiro/sign_in/options");
}

static void test_a_passkey(void **state)
{
    (void)state;
    struct caller ann = first_owner();
    device_open(&device, EVP_EC_gen("P-256"));
    from_options(&ann, "/v1/tiro/passkeys/options");
    says("\"site\":\"chat.example\"");
    now_ms += PEOPLE_CHALLENGE_MS;
    ask_as(&ann, "POST", "/v1/tiro/passkeys", new_body());
    says("too old");
    from_options(&ann, "/v1/tiro/passkeys/options");
    now_ms += PEOPLE_CHALLENGE_MS - 1;
    ask_as(&ann, "POST", "/v1/tiro/passkeys", new_body());
    says("\"name\":\"Laptop\",\"site\":\"chat.example\"");
    ask_as(&ann, "POST", "/v1/tiro/passkeys", new_body()); /* The challenge has been used. */
    says("too old");
    from_options(&ann, "/v1/tiro/passkeys/options");
    ask_as(&ann, "POST", "/v1/tiro/passkeys", new_body());
    says("here already");
    /* A challenge to sign in makes no passkey, and the other way round. */
    from_options(&nobody, "/v1/tiro/sign_in/options");
    ask_as(&ann, "POST", "/v1/tiro/passkeys", new_body());
    says("too old");
    from_options(&ann, "/v1/tiro/passkeys/options");
    device.type = "webauthn.get";
    ask_as(&nobody, "POST", "/v1/tiro/sign_in/passkey", sign_in_body());
    says("too old");
    as_sign_in(8);
    ask_as(&nobody, "POST", "/v1/tiro/sign_in/passkey", sign_in_body());
    says("header Set-Cookie: __Host-tiro_session=");
    says("\"login\":\"olga\"");
    as_sign_in(8); /* Counts not on. */
    ask_as(&nobody, "POST", "/v1/tiro/sign_in/passkey", sign_in_body());
    says("reply 401 ");
    says("may have been copied");
    as_sign_in(9);
    ask_as(&nobody, "POST", "/v1/tiro/sign_in/passkey", sign_in_body());
    says("reply 200 ");
    device_close(&device);
    device_open(&device, EVP_EC_gen("P-256")); /* Another device that says it were this one. */
    as_sign_in(10);
    ask_as(&nobody, "POST", "/v1/tiro/sign_in/passkey", sign_in_body());
    says("signature");
    device_close(&device);
}

static void test_passkeys_need_a_safe_address(void **state)
{
    (void)state;
    struct caller ann = first_owner();
    ann.origin = SLICE("http://chat.example");
    ask_as(&ann, "POST", "/v1/tiro/passkeys/options", "");
    says("need a page at https://");
    struct caller plain = nobody;
    plain.host = SLICE("192.0.2.7:8080");
    plain.origin = SLICE("http://192.0.2.7:8080");
    ask_as(&plain, "POST", "/v1/tiro/sign_in/options", "");
    says("need a page at https://");
}

/* ---- Without memory ---- */

static int allocs_left;

static void *torn_alloc(size_t size)
{
    return --allocs_left == 0 ? NULL : seams_real.alloc(size);
}

static void *torn_realloc(void *ptr, size_t size)
{
    return --allocs_left == 0 ? NULL : seams_real.realloc(ptr, size);
}

/* Of a request the k-th allocation fails: it is answered, and the next one is as it should be. */
static void torture(const struct caller *c, const char *method, const char *path, const char *text)
{
    for (int k = 1;; k++) {
        struct fake f;
        now_ms += 3600 * 1000; /* No try is too soon. */
        fake_init(&f);
        assert_non_null(buf_reserve(&f.trace, 1 << 16));
        f.service = &service.service;
        service.service.backend = &f.backend;
        f.principal = who;
        f.caller = *c;
        allocs_left = k;
        seams.alloc = torn_alloc;
        seams.realloc = torn_realloc;
        fake_request(&f, method, path, slice_of(text));
        store_wait(service.service.store);
        bool unused = allocs_left > 0;
        seams.alloc = seams_real.alloc;
        seams.realloc = seams_real.realloc;
        assert_true(f.over);
        const char *reply = strstr(buf_str(&f.trace), "reply ");
        assert_non_null(reply);
        int status = (int)strtol(reply + strlen("reply "), NULL, 10);
        if (status != 200 && status != 503) fail_msg("%s %s: %s", method, path, buf_str(&f.trace));
        fake_release(&f);
        if (unused) break;
    }
}

static void test_without_memory(void **state)
{
    (void)state;
    struct caller owner = first_owner();
    torture(&owner, "GET", "/v1/tiro/me", "");
    torture(&owner, "GET", "/v1/tiro/users", "");
    torture(&owner, "POST", "/v1/tiro/invites", "{\"note\":\"n\"}");
    torture(&owner, "GET", "/v1/tiro/invites", "");
    torture(&owner, "GET", "/v1/tiro/sessions", "");
    torture(&owner, "POST", "/v1/tiro/passkeys/options", "");
    torture(&owner, "POST", "/v1/tiro/me", "{\"name\":\"N\"}");
    torture(&nobody, "POST", "/v1/tiro/sign_in",
            "{\"login\":\"olga\",\"password\":\"correct horse battery\"}");
    ask_as(&owner, "GET", "/v1/tiro/me", "");
    says("\"name\":\"N\"");
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_links_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may, setup, teardown),
        cmocka_unit_test_setup_teardown(test_password_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_passkey, setup, teardown),
        cmocka_unit_test_setup_teardown(test_passkeys_need_a_safe_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
