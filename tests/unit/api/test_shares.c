/* Shared links over fake calls with a real store: they show a branch as it was, to whoever has the
 * token, until they end; and nothing else of anything. */
#include "unit/api/asking.h"

#include "api/runner.h"
#include "store/chat_table.h"
#include "store/share_table.h"

static const struct principal nobody; /* as for an open endpoint */
static char chat[64], share[64], token[64], path[256], body[1024];

static const char *at(const char *place, const char *rest)
{
    (void)snprintf(path, sizeof path, "/v1/tiro/%s%s", place, rest);
    return path;
}

static const char *at_chat(const char *rest)
{
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s%s", chat, rest);
    return path;
}

static void add(char ret[64], const char *parent, const char *role, const char *content)
{
    (void)snprintf(body, sizeof body,
                   "{\"parent_id\":\"%s\",\"role\":\"%s\",\"content\":\"%s\",\"model\":\"m\","
                   "\"details\":{\"thoughts\":\"private\"}}",
                   parent, role, content);
    ask(&ann, "POST", at_chat("/messages"), body);
    says("reply 200 ");
    take(ret, "msg_");
}

static void take_token(void)
{
    says("reply 200 ");
    take(share, "share_");
    const char *found = strstr(last, "\"token\":\"");
    assert_non_null(found);
    take(token, found + strlen("\"token\":\""));
    assert_int_equal(strlen(token), SHARE_TOKEN_SIZE - 1);
}

static char one[64], two[64], other[64];

static int setup(void **state)
{
    (void)asking_setup(state);
    ask(&ann, "POST", "/v1/tiro/chats",
        "{\"title\":\"Tea\",\"settings\":{\"instructions\":\"hidden\"}}");
    take(chat, "chat_");
    add(one, "", "user", "first");
    add(other, one, "assistant", "the other branch");
    add(two, one, "assistant", "second");
    return 0;
}

static void test_what_it_shows(void **state)
{
    (void)state;
    char later[64];
    ask(&ann, "POST", at_chat("/shares"), "{}");
    says("header cache-control: no-store");
    take_token();
    says("\"title\":\"Tea\",\"n_messages\":2,\"created_at\":1700000000,\"expires_at\":1700604800,"
         "\"token\":\"");
    add(later, two, "user", "written later");
    ask(&nobody, "GET", at("shared/", token), "");
    says("reply 200 ");
    says(
        "{\"object\":\"tiro.shared\",\"title\":\"Tea\",\"created_at\":1700000000,"
        "\"expires_at\":1700604800,\"messages\":[{\"role\":\"user\",\"content\":\"first\","
        "\"model\":\"m\",\"created_at\":1700000000},{\"role\":\"assistant\",\"content\":\"second\","
        "\"model\":\"m\",\"created_at\":1700000000}]}");
    says_not("private");
    says_not("hidden");
    says("header cache-control: no-store");
    says("header referrer-policy: no-referrer");
    says("header x-robots-tag: noindex, nofollow");
    /* Another branch, when it is named. */
    (void)snprintf(body, sizeof body, "{\"leaf_id\":\"%s\",\"expires_in\":60}", other);
    ask(&ann, "POST", at_chat("/shares"), body);
    take_token();
    says("\"expires_at\":1700000060");
    ask(&nobody, "GET", at("shared/", token), "");
    says("the other branch");
    says_not("second");
}

static void test_an_answer_without_text_is_left_out(void **state)
{
    (void)state;
    char empty[64];
    add(empty, two, "assistant", "");
    ask(&ann, "POST", at_chat("/shares"), "{}");
    take_token();
    says("\"n_messages\":2");
    ask(&ann, "POST", "/v1/tiro/chats", "{}");
    take(chat, "chat_");
    ask(&ann, "POST", at_chat("/shares"), "{}");
    says("There is no text on this branch that could be shared.");
    (void)snprintf(body, sizeof body, "{\"leaf_id\":\"%s\"}", two); /* Of another chat. */
    ask(&ann, "POST", at_chat("/shares"), body);
    says("reply 404 ");
}

static void shows_nothing(const char *which)
{
    ask(&nobody, "GET", at("shared/", which), "");
    says("reply 404 {\"error\":{\"message\":\"This link shows nothing: it has ended, was taken "
         "back, or never was.\"");
    says("header cache-control: no-store");
    says("header referrer-policy: no-referrer");
}

static void test_when_it_ends(void **state)
{
    (void)state;
    ask(&ann, "POST", at_chat("/shares"), "{\"expires_in\":100}");
    take_token();
    shows_nothing("never-was");
    now_s += 99;
    ask(&nobody, "GET", at("shared/", token), "");
    says("reply 200 ");
    ask(&ann, "GET", "/v1/tiro/shares", "");
    says(share);
    now_s++;
    shows_nothing(token);
    ask(&ann, "GET", "/v1/tiro/shares", "");
    says("\"data\":[]");
    /* Taken back. */
    ask(&ann, "POST", at_chat("/shares"), "{}");
    take_token();
    ask(&ann, "DELETE", at("shares/", share), "");
    says("\"object\":\"tiro.share.deleted\"");
    shows_nothing(token);
    ask(&ann, "DELETE", at("shares/", share), "");
    says("Share with id 'share_");
    /* Its chat is deleted. */
    ask(&ann, "POST", at_chat("/shares"), "{}");
    take_token();
    ask(&ann, "DELETE", at_chat(""), "");
    shows_nothing(token);
    ask(&ann, "GET", "/v1/tiro/shares", "");
    says("\"data\":[]");
}

static int count(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    int64_t n;
    TRY(db_one_int(&n, -1, db, "SELECT count(*) FROM shares", DB_NO_ARGS, err));
    return n == 0 ? 0 : err_set(err, ERR_INTERNAL, "%lld are left", (long long)n);
}

static void test_ended_copies_are_deleted(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct store_job job = { .run = count, .done = asking_done };
    void *runner;
    extern const struct runner runner_shares;
    ask(&ann, "POST", at_chat("/shares"), "{\"expires_in\":100}");
    now_s += 100;
    assert_ok(runner_shares.start(&service.service, &runner, &err), &err);
    store_submit(service.service.store, &job);
    store_wait(service.service.store);
    ask(&ann, "POST", at_chat("/shares"), "{\"expires_in\":100}");
    now_s += 100;
    assert_int_equal(fake_fire(&service), 1);
    store_submit(service.service.store, &job);
    store_wait(service.service.store);
    runner_shares.stop(runner);
}

static void test_the_token_is_not_kept(void **state)
{
    (void)state;
    char hash[SHARE_HASH_SIZE], again[SHARE_TOKEN_SIZE];
    ask(&ann, "POST", at_chat("/shares"), "{}");
    take_token();
    ask(&ann, "GET", "/v1/tiro/shares", "");
    says_not(token);
    share_token_hash(hash, slice_of(token));
    assert_int_equal(strlen(hash), 64);
    shows_nothing(hash); /* What the database holds opens nothing. */
    share_token_make(again);
    assert_string_not_equal(again, token);
}

static void test_list(void **state)
{
    (void)state;
    ask(&ann, "POST", at_chat("/shares"), "{}");
    (void)snprintf(body, sizeof body, "/v1/tiro/shares?chat_id=%s", chat);
    ask(&ann, "GET", body, "");
    says("\"title\":\"Tea\",\"n_messages\":2");
    ask(&ann, "GET", "/v1/tiro/shares?chat_id=chat_none", "");
    says("\"data\":[]");
}

static void test_limits(void **state)
{
    (void)state;
    static char text[CHAT_CONTENT_MAX + 200];
    char big[64];
    ask(&ann, "POST", at_chat("/shares"), "{\"expires_in\":59}");
    says("integer_below_min_value");
    ask(&ann, "POST", at_chat("/shares"), "{\"expires_in\":31622400}");
    says("reply 200 ");
    ask(&ann, "POST", at_chat("/shares"), "{\"expires_in\":31622401}");
    says("integer_above_max_value");
    add(big, two, "user", "begins");
    (void)snprintf(body, sizeof body, "{\"role\":\"user\",\"parent_id\":\"%s\",\"content\":\"",
                   big);
    for (int i = 0; i < 3; i++) {
        ask(&ann, "POST", at_chat("/messages"),
            letters(text, sizeof text, body, CHAT_CONTENT_MAX, "\"}"));
        take(big, "msg_");
        (void)snprintf(body, sizeof body, "{\"role\":\"user\",\"parent_id\":\"%s\",\"content\":\"",
                       big);
    }
    ask(&ann, "POST", at_chat("/shares"), "{}"); /* Three MiB and a little. */
    says("reply 200 ");
    ask(&ann, "POST", at_chat("/messages"),
        letters(text, sizeof text, body, CHAT_CONTENT_MAX, "\"}"));
    ask(&ann, "POST", at_chat("/shares"), "{}");
    says("At most 4194304 bytes of text can be shared; this branch has more.");
    fill_table("WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
               "INSERT INTO shares(" OWNER_NAMES ", id, chat_id, token_hash, title, messages, "
               "n_messages, created_at, expires_at) SELECT 't1', 'p1', 'u1', 'k1', 's' || i, 'c', "
               "'h' || i, '', '[]', 0, 0, 9999999999 FROM n",
               SHARES_MAX);
    (void)snprintf(body, sizeof body, "{\"leaf_id\":\"%s\"}", two);
    ask(&ann, "POST", at_chat("/shares"), body);
    says("reply 200 ");
    (void)snprintf(body, sizeof body, "{\"leaf_id\":\"%s\"}", two);
    ask(&ann, "POST", at_chat("/shares"), body);
    says("There are 500 shared links already");
}

static void test_isolation(void **state)
{
    (void)state;
    ask(&ann, "POST", at_chat("/shares"), "{}");
    take_token();
    for (size_t k = 0; k < 2; k++) {
        ask(&others[k], "POST", at_chat("/shares"), "{}");
        says("reply 404 {\"error\":{\"message\":\"Chat with id 'chat_");
        ask(&others[k], "DELETE", at("shares/", share), "");
        says("reply 404 ");
        ask(&others[k], "GET", "/v1/tiro/shares", "");
        says("\"data\":[]");
    }
    ask(&nobody, "GET", at("shared/", token), "");
    says("reply 200 ");
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_it_shows, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_without_text_is_left_out, setup,
                                        asking_teardown),
        cmocka_unit_test_setup_teardown(test_when_it_ends, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_ended_copies_are_deleted, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_the_token_is_not_kept, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_list, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_isolation, setup, asking_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
