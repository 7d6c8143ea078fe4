/* The app's chats over fake calls with a real store: the tree, the list, the limits, and that
 * another's chat looks exactly like one that is not there. */
#include "unit/test.h"

#include "unit/api/fake_store.h"

#include "store/chat_table.h"

#include <stdio.h>

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal others[] = {
    { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") }, /* another tenant */
    { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") }, /* another project */
};

static struct fake_service service;
static char *last; /* what the last call answered */
static uint64_t now_s = 1700000000;

static uint64_t fake_wall_ns(void)
{
    return now_s * 1000000000u;
}

static const char *ask(const struct principal *who, const char *method, const char *path,
                       const char *body)
{
    struct fake f;
    fake_ask(&f, &service, who, method, path, body);
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

static void says_not(const char *part)
{
    if (strstr(last, part)) fail_msg("'%s' is in: %s", part, last);
}

static void take_id(char ret[64], const char *prefix)
{
    const char *at = strstr(last, prefix);
    assert_non_null(at);
    (void)snprintf(ret, 64, "%.*s", (int)strcspn(at, "\""), at);
}

static char chat[64], path[256], body[1024];

static const char *at(const char *rest)
{
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s%s", chat, rest);
    return path;
}

/* A message under `parent`; its id. */
static void add(char ret[64], const char *parent, const char *role, const char *content)
{
    (void)snprintf(body, sizeof body, "{\"parent_id\":\"%s\",\"role\":\"%s\",\"content\":\"%s\"}",
                   parent, role, content);
    ask(&ann, "POST", at("/messages"), body);
    says("reply 200 ");
    take_id(ret, "msg_");
}

static int setup(void **state)
{
    (void)state;
    fake_service_open(&service);
    seams.wall_ns = fake_wall_ns;
    ask(&ann, "POST", "/v1/tiro/chats", "{\"title\":\"Tea\",\"settings\":{\"model\":\"m\"}}");
    take_id(chat, "chat_");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mem_free(last);
    last = NULL;
    seams = seams_real;
    fake_service_close(&service);
    return 0;
}

static void test_life(void **state)
{
    (void)state;
    says(
        "\"object\":\"tiro.chat\",\"title\":\"Tea\",\"folder_id\":\"\",\"leaf_id\":\"\","
        "\"settings\":{\"model\":\"m\"}"
        ","
        "\"pinned\":false,\"archived\":false,\"created_at\":1700000000,\"updated_at\":1700000000}");
    ask(&ann, "POST", at(""), "{\"pinned\":true,\"settings\":{}}");
    says("\"title\":\"Tea\",\"folder_id\":\"\",\"leaf_id\":\"\",\"settings\":{},\"pinned\":true,"
         "\"archived\":false");
    ask(&ann, "GET", at(""), "");
    says("\"messages\":[]}");
    ask(&ann, "DELETE", at(""), "");
    says("\"object\":\"tiro.chat.deleted\",\"deleted\":true}");
    ask(&ann, "GET", at(""), "");
    says("reply 404 ");
}

static void test_tree(void **state)
{
    (void)state;
    char one[64], two[64], three[64], other[64], words[128];
    add(one, "", "user", "one");
    add(two, one, "assistant", "two");
    add(three, two, "user", "three");
    add(other, one, "assistant", "another two");
    ask(&ann, "GET", at(""), "");
    (void)snprintf(words, sizeof words, "\"leaf_id\":\"%s\"", other);
    says(words);
    /* What was not on the branch stays; the leaf too, which was elsewhere. */
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s/messages/%s", chat, two);
    ask(&ann, "DELETE", path, "");
    ask(&ann, "GET", at(""), "");
    says(words);
    says("another two");
    says_not("\"three\"");
    /* The leaf goes with its branch to where that began. */
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s/messages/%s", chat, other);
    ask(&ann, "DELETE", path, "");
    ask(&ann, "GET", at(""), "");
    (void)snprintf(words, sizeof words, "\"leaf_id\":\"%s\"", one);
    says(words);
    /* A parent of another chat is none. */
    ask(&ann, "POST", "/v1/tiro/chats", "{}");
    take_id(chat, "chat_");
    (void)snprintf(body, sizeof body, "{\"parent_id\":\"%s\",\"role\":\"user\"}", one);
    ask(&ann, "POST", at("/messages"), body);
    says("reply 404 ");
    ask(&ann, "GET", at(""), "");
    says("\"leaf_id\":\"\""); /* Nothing of it was done. */
}

static void test_messages_change(void **state)
{
    (void)state;
    char one[64];
    add(one, "", "assistant", "");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s/messages/%s", chat, one);
    ask(&ann, "POST", path,
        "{\"content\":\"done\",\"response_id\":\"resp_1\",\"details\":{\"ms\":5}}");
    says("reply 200 ");
    ask(&ann, "POST", path, "{\"response_id\":\"\"}");
    ask(&ann, "GET", at(""), "");
    says("\"content\":\"done\",\"model\":\"\",\"response_id\":\"\",\"details\":{\"ms\":5}");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s/messages/msg_none", chat);
    ask(&ann, "POST", path, "{\"content\":\"x\"}");
    says("Message with id 'msg_none' not found.");
}

static void new_chat(const char *title, uint64_t when)
{
    now_s = when;
    (void)snprintf(body, sizeof body, "{\"title\":\"%s\"}", title);
    ask(&ann, "POST", "/v1/tiro/chats", body);
    take_id(chat, "chat_");
}

/* The order of the titles in the last answer. */
static void lists(const char *first, const char *second)
{
    const char *a = strstr(last, first), *b = strstr(last, second);
    assert_true(a && b && a < b);
}

static void test_list_and_search(void **state)
{
    (void)state;
    char id[64];
    new_chat("Coffee", 1700000010);
    add(id, "", "user", "It is 100% AROMA_tic");
    new_chat("Water", 1700000020);
    ask(&ann, "GET", "/v1/tiro/chats", "");
    lists("Water", "Coffee");
    lists("Coffee", "Tea");
    ask(&ann, "GET", "/v1/tiro/chats?limit=1", "");
    says("\"has_more\":true");
    says_not("Coffee");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats?limit=2&after=%s", chat);
    ask(&ann, "GET", path, "");
    lists("Coffee", "Tea");
    says("\"has_more\":false");
    ask(&ann, "GET", "/v1/tiro/chats?search=100%25%20aroma_", "");
    says("\"snippet\":\"It is 100% AROMA_tic\"");
    says_not("Water");
    ask(&ann, "GET", "/v1/tiro/chats?search=%25", ""); /* No wildcard. */
    says("Coffee");
    says_not("Water");
    ask(&ann, "GET", "/v1/tiro/chats?search=tEA", "");
    says("\"title\":\"Tea\"");
    says("\"snippet\":null");
    ask(&ann, "POST", at(""), "{\"archived\":true}");
    ask(&ann, "GET", "/v1/tiro/chats", "");
    says_not("Water");
    ask(&ann, "GET", "/v1/tiro/chats?archived=true", "");
    says("Water");
}

/* All but two of the messages that the chat may have. */
static int fill(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    return db_exec(
        db,
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) "
        "INSERT INTO chat_messages(" OWNER_NAMES ", chat_id, id, parent_id, role, "
        "content, model, response_id, details, created_at) "
        "SELECT 't1', 'p1', 'u1', 'k1', ?1, 'msg_' || i, '', 'user', '', '', '', '{}', 0 "
        "FROM n",
        DB_ARGS(DB_TEXT(slice_of(chat)), DB_INT(CHAT_MESSAGES_MAX)), err);
}

static void filled(struct store_job *job, int rc, const struct err *err)
{
    (void)job;
    assert_ok(rc, err);
}

static void test_limits(void **state)
{
    (void)state;
    static char text[CHAT_CONTENT_MAX + 200];
    char one[64];
    size_t n = (size_t)snprintf(text, sizeof text, "{\"title\":\"");
    memset(text + n, 'a', CHAT_TITLE_MAX);
    memcpy(text + n + CHAT_TITLE_MAX, "\"}", 3);
    ask(&ann, "POST", at(""), text);
    says("reply 200 ");
    memcpy(text + n + CHAT_TITLE_MAX, "a\"}", 4);
    ask(&ann, "POST", at(""), text);
    says("string_above_max_length");

    n = (size_t)snprintf(text, sizeof text, "{\"settings\":{\"k\":\"");
    size_t fits = CHAT_SETTINGS_MAX - strlen("{\"k\":\"\"}");
    memset(text + n, 'a', fits + 1);
    memcpy(text + n + fits, "\"}}", 4);
    ask(&ann, "POST", at(""), text);
    says("reply 200 ");
    memcpy(text + n + fits, "a\"}}", 5);
    ask(&ann, "POST", at(""), text);
    says("Invalid 'settings': as JSON it has 65537 bytes, at most 65536 are kept.");

    n = (size_t)snprintf(text, sizeof text, "{\"role\":\"user\",\"content\":\"");
    memset(text + n, 'a', CHAT_CONTENT_MAX + 1);
    memcpy(text + n + CHAT_CONTENT_MAX, "\"}", 3);
    ask(&ann, "POST", at("/messages"), text);
    says("reply 200 ");
    memcpy(text + n + CHAT_CONTENT_MAX, "a\"}", 4);
    ask(&ann, "POST", at("/messages"), text);
    says("string_above_max_length");
    store_submit(service.service.store, &(struct store_job){ .run = fill, .done = filled });
    store_wait(service.service.store);
    add(one, "", "user", "the last");
    ask(&ann, "POST", at("/messages"), "{\"role\":\"user\"}");
    says("A chat holds at most 20000 messages; begin a new one.");
}

static void test_isolation(void **state)
{
    (void)state;
    static const struct {
        const char *method, *rest, *body;
    } rows[] = {
        { "GET", "", "" },
        { "POST", "", "{\"title\":\"mine\"}" },
        { "DELETE", "", "" },
        { "POST", "/messages", "{\"role\":\"user\"}" },
        { "POST", "/messages/msg_1", "{\"content\":\"x\"}" },
        { "DELETE", "/messages/msg_1", "" },
    };
    char one[64];
    add(one, "", "user", "secret");
    ask(&ann, "GET", at(""), "");
    char *before = mem_strndup(last, strlen(last));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < 2; k++) {
            ask(&others[k], rows[i].method, at(rows[i].rest), rows[i].body);
            says("reply 404 {\"error\":{\"message\":\"Chat with id 'chat_");
        }
    ask(&others[0], "GET", "/v1/tiro/chats?search=secret", "");
    says("\"data\":[]");
    assert_string_equal(ask(&ann, "GET", at(""), ""), before);
    mem_free(before);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list_and_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_isolation, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
