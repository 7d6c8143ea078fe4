/* Conversations over fake calls with a real store: what each operation answers, what is refused, and
 * that another's conversation looks exactly like one that is not there. */
#include "unit/test.h"

#include "unit/api/fake_store.h"

#include <stdio.h>

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal others[] = {
    { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") }, /* another tenant */
    { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") }, /* another project */
};
static const struct principal colleague = { SLICE("t1"), SLICE("p1"), SLICE("u2"), SLICE("k2") };

static struct fake_service service;
static char last[64 << 10]; /* what the last call answered */

static uint64_t fake_wall_ns(void)
{
    return 1700000000ull * 1000000000u;
}

static void fake_random(void *buf, size_t len)
{
    static unsigned char n;
    memset(buf, n++ % 26 + 10, len); /* Ids of one letter: a, b, c ... */
}

static const char *ask(const struct principal *who, const char *method, const char *path,
                       const char *body)
{
    struct fake f;
    fake_ask(&f, &service, who, method, path, body);
    assert_true(f.over);
    (void)snprintf(last, sizeof last, "%s", buf_str(&f.trace));
    fake_release(&f);
    return last;
}

/* The first id with this prefix in the last answer. */
static void take_id(char ret[64], const char *prefix)
{
    const char *at = strstr(last, prefix);
    assert_non_null(at);
    size_t n = strcspn(at, "\"");
    assert_true(n < 64);
    memcpy(ret, at, n);
    ret[n] = '\0';
}

static void says(const char *part)
{
    if (!strstr(last, part)) fail_msg("'%s' is not in: %s", part, last);
}

static void says_not(const char *part)
{
    if (strstr(last, part)) fail_msg("'%s' is in: %s", part, last);
}

static char conversation[64], path[200];

static const char *at(const char *rest)
{
    (void)snprintf(path, sizeof path, "/v1/conversations/%s%s", conversation, rest);
    return path;
}

static int setup(void **state)
{
    (void)state;
    fake_service_open(&service);
    seams.wall_ns = fake_wall_ns;
    seams.random = fake_random;
    ask(&ann, "POST", "/v1/conversations",
        "{\"metadata\":{\"topic\":\"tea\"},\"items\":[{\"role\":\"user\",\"content\":\"one\"}]}");
    take_id(conversation, "conv_");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    seams = seams_real;
    fake_service_close(&service);
    return 0;
}

static void test_life(void **state)
{
    (void)state;
    char expected[300];
    (void)snprintf(expected, sizeof expected,
                   "reply 200 {\"id\":\"%s\",\"object\":\"conversation\",\"created_at\":1700000000,"
                   "\"metadata\":{\"topic\":\"tea\"}}\n",
                   conversation);
    assert_string_equal(last, expected);
    assert_string_equal(ask(&ann, "GET", at(""), ""), expected);
    assert_string_equal(ask(&colleague, "GET", at(""), ""), expected); /* Of the same project. */
    ask(&ann, "POST", at(""), "{\"metadata\":{\"topic\":\"coffee\"}}");
    says("\"metadata\":{\"topic\":\"coffee\"}}");
    ask(&ann, "GET", at(""), "");
    says("\"metadata\":{\"topic\":\"coffee\"}}");
    ask(&ann, "DELETE", at(""), "");
    says("\"object\":\"conversation.deleted\",\"deleted\":true}");
    ask(&ann, "GET", at(""), "");
    says("reply 404 ");
    says("not found.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}");
    ask(&ann, "POST", "/v1/conversations", "{}");
    says("\"metadata\":{}}");
}

static void test_shapes_of_items(void **state)
{
    (void)state;
    static const struct {
        const char *given, *kept;
    } rows[] = {
        { "{\"role\":\"user\",\"content\":\"Hi\"}",
          "\"type\":\"message\",\"status\":\"completed\",\"role\":\"user\",\"content\":[{\"type\":"
          "\"input_text\",\"text\":\"Hi\"}]}" },
        { "{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"Yes\",\"phase\":"
          "\"commentary\"}",
          "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Yes\","
          "\"annotations\":[],\"logprobs\":[]}],\"phase\":\"commentary\"}" },
        { "{\"id\":\"msg_own\",\"role\":\"assistant\",\"status\":\"incomplete\",\"content\":[{"
          "\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[]},{\"type\":\"refusal\","
          "\"refusal\":\"No\"}]}",
          "{\"id\":\"msg_own\",\"type\":\"message\",\"status\":\"incomplete\",\"role\":"
          "\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],"
          "\"logprobs\":[]},{\"type\":\"refusal\",\"refusal\":\"No\"}]}" },
        { "{\"role\":\"developer\",\"content\":[{\"type\":\"input_image\",\"file_id\":\"file-1\"},"
          "{\"type\":\"input_file\",\"file_id\":\"file-2\"}]}",
          "\"content\":[{\"type\":\"input_image\",\"file_id\":\"file-1\",\"detail\":\"auto\"},{"
          "\"type\":\"input_file\",\"file_id\":\"file-2\"}]}" },
        { "{\"type\":\"function_call\",\"call_id\":\"call_1\",\"name\":\"f\",\"arguments\":\"{}\"}",
          "\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_1\",\"name\":"
          "\"f\",\"arguments\":\"{}\"}" },
        { "{\"type\":\"function_call_output\",\"call_id\":\"call_1\",\"output\":\"7\"}",
          "\"type\":\"function_call_output\",\"status\":\"completed\",\"call_id\":\"call_1\","
          "\"output\":\"7\"}" },
        { "{\"type\":\"custom_tool_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":"
          "\"input_text\",\"text\":\"7\"}]}",
          "\"output\":[{\"type\":\"input_text\",\"text\":\"7\"}]}" },
        { "{\"type\":\"custom_tool_call\",\"call_id\":\"c\",\"name\":\"n\",\"input\":\"x\"}",
          "\"call_id\":\"c\",\"name\":\"n\",\"input\":\"x\"}" },
        { "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"s\"}],"
          "\"content\":[{\"type\":\"reasoning_text\",\"text\":\"t\"}]}",
          "\"summary\":[{\"type\":\"summary_text\",\"text\":\"s\"}],\"content\":[{\"type\":"
          "\"reasoning_text\",\"text\":\"t\"}]}" },
        { "{\"type\":\"compaction\",\"encrypted_content\":\"e\"}",
          "\"type\":\"compaction\",\"encrypted_content\":\"e\"}" },
        { "{\"type\":\"file_search_call\",\"queries\":[\"q\"]}",
          "\"type\":\"file_search_call\",\"status\":\"completed\",\"queries\":[\"q\"],\"results\":"
          "null}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[600];
        (void)snprintf(body, sizeof body, "{\"items\":[%s]}", rows[i].given);
        ask(&ann, "POST", at("/items"), body);
        says("reply 200 {\"object\":\"list\",\"data\":[{\"id\":\"");
        says(rows[i].kept);
        says("\"has_more\":false}");
    }
    ask(&ann, "GET", at("/items?limit=100&order=asc"), "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) says(rows[i].kept);
}

static void test_items_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *items, *param;
    } rows[] = {
        { "{}", "\"items\"" },
        { "[7]", "\"items[0]\"" },
        { "[{\"content\":\"x\"}]", "\"items[0].role\"" },
        { "[{\"role\":\"tool\",\"content\":\"x\"}]", "\"items[0].role\"" },
        { "[{\"role\":\"user\"}]", "\"items[0].content\"" },
        { "[{\"role\":\"user\",\"content\":7}]", "\"items[0].content\"" },
        { "[{\"role\":\"user\",\"content\":[\"x\"]}]", "\"items[0].content[0]\"" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"output_text\",\"text\":\"x\"}]}]",
          "\"items[0].content[0].type\"" },
        { "[{\"role\":\"assistant\",\"content\":[{\"type\":\"input_text\",\"text\":\"x\"}]}]",
          "\"items[0].content[0].type\"" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\"}]}]",
          "\"items[0].content[0].text\"" },
        { "[{\"role\":\"user\",\"content\":\"x\",\"colour\":\"red\"}]", "\"items[0].colour\"" },
        { "[{\"role\":\"user\",\"content\":\"x\",\"id\":\"a/b\"}]", "\"items[0].id\"" },
        { "[{\"type\":\"item_reference\",\"id\":\"msg_1\"}]", "\"items[0].type\"" },
        { "[{\"type\":\"web_search_call\"}]", "\"items[0].type\"" },
        { "[{\"type\":7}]", "\"items[0].type\"" },
        { "[{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}]",
          "\"items[0].call_id\"" },
        { "[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]", "\"items[0].output\"" },
        { "[{\"type\":\"reasoning\"}]", "\"items[0].summary\"" },
        { "[{\"type\":\"file_search_call\",\"queries\":[1]}]", "\"items[0].queries[0]\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[300], param[100];
        (void)snprintf(body, sizeof body, "{\"items\":%s}", rows[i].items);
        (void)snprintf(param, sizeof param, "\"param\":%s,", rows[i].param);
        ask(&ann, "POST", at("/items"), body);
        says("reply 400 ");
        says(param);
    }
    ask(&ann, "GET", at("/items?limit=1"), "");
    says("\"one\"");
    says("\"has_more\":false"); /* Nothing was added. */
}

/* `n` items, 20 of which are allowed. */
static const char *add_n(int n)
{
    char body[4096] = "{\"items\":[";
    for (int i = 0; i < n; i++)
        (void)snprintf(body + strlen(body), sizeof body - strlen(body),
                       "%s{\"id\":\"msg_%d\",\"role\":\"user\",\"content\":\"x\"}", i ? "," : "",
                       i);
    (void)snprintf(body + strlen(body), sizeof body - strlen(body), "]}");
    return ask(&ann, "POST", at("/items"), body);
}

static void test_pages(void **state)
{
    (void)state;
    add_n(21);
    says("reply 400 ");
    says("maximum length 20");
    add_n(20);
    says("reply 200 ");
    says("\"first_id\":\"msg_0\",\"last_id\":\"msg_19\"");
    add_n(1);
    says("reply 409 ");
    says("An item with id 'msg_0' is in '");
    ask(&ann, "GET", at("/items?limit=2"), "");
    says("\"first_id\":\"msg_19\",\"last_id\":\"msg_18\",\"has_more\":true}");
    ask(&ann, "GET", at("/items?limit=2&after=msg_1"), "");
    says("\"first_id\":\"msg_0\"");
    says("\"has_more\":false}");
    ask(&ann, "GET", at("/items?order=asc&limit=2&after=msg_1"), "");
    says("\"first_id\":\"msg_2\",\"last_id\":\"msg_3\",\"has_more\":true}");
    ask(&ann, "GET", at("/items?after=msg_20"), "");
    says("reply 400 ");
    says("\"param\":\"after\"");
    ask(&ann, "GET", at("/items?limit=101"), "");
    says("\"code\":\"integer_above_max_value\"");
    ask(&ann, "GET", at("/items?include[]=everything"), "");
    says("\"param\":\"include[0]\"");
}

static void test_one_item(void **state)
{
    (void)state;
    add_n(2);
    ask(&ann, "GET", at("/items/msg_1"), "");
    says("reply 200 {\"id\":\"msg_1\",\"type\":\"message\",");
    ask(&ann, "DELETE", at("/items/msg_1"), "");
    says("\"object\":\"conversation\",");
    ask(&ann, "GET", at("/items/msg_1"), "");
    says("reply 404 {\"error\":{\"message\":\"Item with id 'msg_1' not found.\"");
    ask(&ann, "DELETE", at("/items/msg_1"), "");
    says("reply 404 ");
    ask(&ann, "GET", at("/items/msg_0"), "");
    says("reply 200 ");
}

static void test_include(void **state)
{
    (void)state;
    ask(&ann, "POST", at("/items"),
        "{\"items\":[{\"id\":\"fs_1\",\"type\":\"file_search_call\",\"queries\":[],\"results\":[{"
        "\"text\":\"found\"}]},{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],"
        "\"encrypted_content\":\"sealed\"},{\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[{"
        "\"type\":\"output_text\",\"text\":\"t\",\"logprobs\":[{\"token\":\"t\",\"logprob\":-1,"
        "\"bytes\":[],\"top_logprobs\":[]}]}]}]}");
    says("\"logprobs\":[]");
    says_not("sealed");
    says_not("found");
    ask(&ann, "GET", at("/items?include[]=file_search_call.results"), "");
    says("found");
    says_not("sealed");
    says("\"logprobs\":[]");
    ask(&ann, "GET", at("/items/rs_1?include=reasoning.encrypted_content"), "");
    says("sealed");
    ask(&ann, "GET", at("/items/rs_1"), "");
    says_not("sealed");
    ask(&ann, "GET", at("/items/msg_1?include[]=message.output_text.logprobs"), "");
    says("\"logprob\":-1");
}

static void test_metadata_limits(void **state)
{
    (void)state;
    char body[2048] = "{\"metadata\":{";
    for (int i = 0; i < 17; i++)
        (void)snprintf(body + strlen(body), sizeof body - strlen(body), "%s\"k%d\":\"v\"",
                       i ? "," : "", i);
    (void)snprintf(body + strlen(body), sizeof body - strlen(body), "}}");
    ask(&ann, "POST", "/v1/conversations", body);
    says("reply 400 ");
    says("at most 16 properties");
    char *cut = strstr(body, ",\"k16\"");
    memcpy(cut, "}}", 3);
    ask(&ann, "POST", "/v1/conversations", body);
    says("reply 200 ");
    for (int n = 512; n <= 513; n++) { /* Of a character of two bytes. */
        (void)snprintf(body, sizeof body, "{\"metadata\":{\"k\":\"");
        for (int i = 0; i < n; i++)
            (void)snprintf(body + strlen(body), sizeof body - strlen(body), "\xc3\xa9");
        (void)snprintf(body + strlen(body), sizeof body - strlen(body), "\"}}");
        ask(&ann, "POST", "/v1/conversations", body);
        says(n == 512 ? "reply 200 " : "\"param\":\"metadata.k\"");
    }
    for (int n = 64; n <= 65; n++) {
        (void)snprintf(body, sizeof body, "{\"metadata\":{\"%0*d\":\"\"}}", n, 0);
        ask(&ann, "POST", "/v1/conversations", body);
        says(n == 64 ? "reply 200 " : "reply 400 ");
    }
    ask(&ann, "POST", "/v1/conversations", "{\"metadata\":{\"k\":1}}");
    says("\"code\":\"invalid_type\"");
}

/* What is another's answers to the letter as what never was. */
static void test_isolation(void **state)
{
    (void)state;
    static const struct {
        const char *method, *rest, *body;
    } rows[] = {
        { "GET", "", "" },
        { "POST", "", "{\"metadata\":{}}" },
        { "DELETE", "", "" },
        { "GET", "/items", "" },
        { "GET", "/items?after=msg_1", "" },
        { "POST", "/items", "{\"items\":[{\"role\":\"user\",\"content\":\"x\"}]}" },
        { "GET", "/items/msg_1", "" },
        { "DELETE", "/items/msg_1", "" },
    };
    static char theirs[sizeof last], before[sizeof last];
    ask(&ann, "POST", at("/items"),
        "{\"items\":[{\"id\":\"msg_1\",\"role\":\"user\",\"content\":\"secret\"}]}");
    (void)snprintf(before, sizeof before, "%s", ask(&ann, "GET", at("/items"), ""));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t k = 0; k < 2; k++) {
            ask(&others[k], rows[i].method, at(rows[i].rest), rows[i].body);
            (void)snprintf(theirs, sizeof theirs, "%s", last);
            says("reply 404 ");
            /* The same id where it never was: a server without it. */
            struct fake_service full = service;
            fake_service_open(&service);
            ask(&others[k], rows[i].method, at(rows[i].rest), rows[i].body);
            fake_service_close(&service);
            service = full;
            assert_string_equal(last, theirs);
        }
    }
    assert_string_equal(ask(&ann, "GET", at("/items"), ""), before);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shapes_of_items, setup, teardown),
        cmocka_unit_test_setup_teardown(test_items_that_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_item, setup, teardown),
        cmocka_unit_test_setup_teardown(test_include, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metadata_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_isolation, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
