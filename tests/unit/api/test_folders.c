/* Folders over fake calls with a real store: what they hold, which chats are in them and what
 * becomes of those, the limits, and that another's folder looks like one that is not there. */
#include "unit/api/asking.h"

#include "store/folder_table.h"

static char folder[64], chat[64], path[256], body[1024];

static const char *at(const char *rest)
{
    (void)snprintf(path, sizeof path, "/v1/tiro/folders/%s%s", folder, rest);
    return path;
}

static const char *at_chat(void)
{
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s", chat);
    return path;
}

static const char *in_folder(const char *title)
{
    (void)snprintf(body, sizeof body, "{\"title\":\"%s\",\"folder_id\":\"%s\"}", title, folder);
    return body;
}

static int setup(void **state)
{
    (void)asking_setup(state);
    ask(&ann, "POST", "/v1/tiro/folders",
        "{\"name\":\"Rivers\",\"instructions\":\"Be wet.\",\"settings\":{\"k\":1}}");
    take(folder, "folder_");
    return 0;
}

static void test_life(void **state)
{
    (void)state;
    says("\"object\":\"tiro.folder\",\"name\":\"Rivers\",\"instructions\":\"Be wet.\","
         "\"vector_store_id\":\"\",\"settings\":{\"k\":1},\"n_chats\":0,"
         "\"created_at\":1700000000,\"updated_at\":1700000000}");
    now_s++;
    ask(&ann, "POST", at(""), "{\"name\":\"Lakes\",\"vector_store_id\":\"vs_1\"}");
    says(
        "\"name\":\"Lakes\",\"instructions\":\"Be wet.\",\"vector_store_id\":\"vs_1\","
        "\"settings\":{\"k\":1},\"n_chats\":0,\"created_at\":1700000000,\"updated_at\":1700000001");
    ask(&ann, "POST", at(""), "{\"instructions\":\"\",\"settings\":{},\"vector_store_id\":\"\"}");
    ask(&ann, "GET", at(""), "");
    says("\"instructions\":\"\",\"vector_store_id\":\"\",\"settings\":{}");
    ask(&ann, "POST", "/v1/tiro/folders", "{\"name\":\"bays\"}");
    ask(&ann, "GET", "/v1/tiro/folders", "");
    assert_true(strstr(last, "bays") < strstr(last, "Lakes")); /* By name, whatever the case. */
    says("\"has_more\":false");
    ask(&ann, "DELETE", at(""), "");
    says("\"object\":\"tiro.folder.deleted\",\"deleted\":true}");
    ask(&ann, "GET", at(""), "");
    says("reply 404 ");
    says("Folder with id 'folder_");
    ask(&ann, "POST", "/v1/tiro/folders", "{\"instructions\":\"x\"}");
    says("Missing required parameter: 'name'.");
}

static void test_chats(void **state)
{
    (void)state;
    ask(&ann, "POST", "/v1/tiro/chats", in_folder("Tea"));
    says("\"folder_id\":\"folder_");
    take(chat, "chat_");
    ask(&ann, "POST", "/v1/tiro/chats", "{\"title\":\"Coffee\"}");
    says("\"folder_id\":\"\"");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats?folder_id=%s", folder);
    ask(&ann, "GET", path, "");
    says("Tea");
    says_not("Coffee");
    ask(&ann, "GET", "/v1/tiro/chats?folder_id=none", "");
    says("Coffee");
    says_not("Tea");
    ask(&ann, "GET", "/v1/tiro/chats?search=e", ""); /* In all of them, and it says where. */
    says("Coffee");
    says("\"title\":\"Tea\",\"folder_id\":\"folder_");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats?search=tea&folder_id=%s", folder);
    ask(&ann, "GET", path, "");
    says("Tea");
    ask(&ann, "GET", at(""), "");
    says("\"n_chats\":1");
    /* Out, and in again. */
    ask(&ann, "POST", at_chat(), "{\"folder_id\":\"\"}");
    says("\"folder_id\":\"\"");
    ask(&ann, "POST", at_chat(), in_folder("Tea"));
    says("\"folder_id\":\"folder_");
    ask(&ann, "POST", at_chat(), "{\"folder_id\":\"folder_none\"}");
    says("reply 404 {\"error\":{\"message\":\"Folder with id 'folder_none' not found.");
    ask(&ann, "POST", "/v1/tiro/chats", "{\"folder_id\":\"folder_none\"}");
    says("reply 404 ");
}

static void test_its_chats_stay(void **state)
{
    (void)state;
    ask(&ann, "POST", "/v1/tiro/chats", in_folder("Tea"));
    take(chat, "chat_");
    ask(&ann, "DELETE", at("?chats=keep"), "");
    ask(&ann, "GET", at_chat(), "");
    says("\"title\":\"Tea\",\"folder_id\":\"\"");
}

static void test_its_chats_go(void **state)
{
    (void)state;
    char token[64];
    ask(&ann, "POST", "/v1/tiro/chats", in_folder("Tea"));
    take(chat, "chat_");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s/messages", chat);
    ask(&ann, "POST", path, "{\"role\":\"user\",\"content\":\"hot\"}");
    (void)snprintf(path, sizeof path, "/v1/tiro/chats/%s/shares", chat);
    ask(&ann, "POST", path, "{}");
    take(token, strstr(last, "\"token\":\"") + 9);
    ask(&ann, "DELETE", at("?chats=burn"), "");
    says("reply 400 ");
    ask(&ann, "DELETE", at("?chats=delete"), "");
    says("reply 200 ");
    ask(&ann, "GET", at_chat(), "");
    says("reply 404 ");
    (void)snprintf(path, sizeof path, "/v1/tiro/shared/%s", token);
    ask(&ann, "GET", path, "");
    says("reply 404 ");
}

static void test_limits(void **state)
{
    (void)state;
    static char text[FOLDER_SETTINGS_MAX + 200];
    ask(&ann, "POST", at(""), letters(text, sizeof text, "{\"name\":\"", FOLDER_NAME_MAX, "\"}"));
    says("reply 200 ");
    ask(&ann, "POST", at(""),
        letters(text, sizeof text, "{\"name\":\"", FOLDER_NAME_MAX + 1, "\"}"));
    says("string_above_max_length");
    ask(&ann, "POST", at(""), "{\"name\":\"\"}");
    says("string_below_min_length");
    ask(&ann, "POST", at(""),
        letters(text, sizeof text, "{\"instructions\":\"", FOLDER_INSTRUCTIONS_MAX, "\"}"));
    says("reply 200 ");
    ask(&ann, "POST", at(""),
        letters(text, sizeof text, "{\"instructions\":\"", FOLDER_INSTRUCTIONS_MAX + 1, "\"}"));
    says("string_above_max_length");
    size_t fits = FOLDER_SETTINGS_MAX - strlen("{\"k\":\"\"}");
    ask(&ann, "POST", at(""), letters(text, sizeof text, "{\"settings\":{\"k\":\"", fits, "\"}}"));
    says("reply 200 ");
    ask(&ann, "POST", at(""),
        letters(text, sizeof text, "{\"settings\":{\"k\":\"", fits + 1, "\"}}"));
    says("Invalid 'settings': as JSON it has 65537 bytes, at most 65536 are kept.");
    fill_table("WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
               "INSERT INTO folders(" OWNER_NAMES ", id, name, instructions, vector_store_id, "
               "settings, created_at, updated_at) SELECT 't1', 'p1', 'u1', 'k1', 'f' || i, 'n', "
               "'', '', '{}', 0, 0 FROM n",
               FOLDERS_MAX);
    ask(&ann, "POST", "/v1/tiro/folders", "{\"name\":\"The last\"}");
    says("reply 200 ");
    ask(&ann, "POST", "/v1/tiro/folders", "{\"name\":\"One too many\"}");
    says("There are 200 folders already, the most there can be; delete some.");
}

static void test_isolation(void **state)
{
    (void)state;
    static const struct {
        const char *method, *body;
    } rows[] = { { "GET", "" }, { "POST", "{\"name\":\"mine\"}" }, { "DELETE", "" } };
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            ask(&others[k], rows[i].method, at(""), rows[i].body);
            says("reply 404 {\"error\":{\"message\":\"Folder with id 'folder_");
        }
        ask(&others[k], "GET", "/v1/tiro/folders", "");
        says("\"data\":[]");
        /* Nor can a chat be put in it. */
        ask(&others[k], "POST", "/v1/tiro/chats", in_folder("Mine"));
        says("reply 404 ");
    }
    ask(&ann, "GET", at(""), "");
    says("\"name\":\"Rivers\"");
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_chats, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_its_chats_stay, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_its_chats_go, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_isolation, setup, asking_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
