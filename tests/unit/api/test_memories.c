/* What is remembered, presets and preferences over fake calls with a real store. */
#include "unit/api/asking.h"

#include "store/memory_table.h"
#include "store/preset_table.h"

static char id[64], path[256];

static const char *at(const char *place)
{
    (void)snprintf(path, sizeof path, "/v1/tiro/%s/%s", place, id);
    return path;
}

static void test_memory(void **state)
{
    (void)state;
    ask(&ann, "GET", "/v1/tiro/memory", "");
    says("{\"object\":\"tiro.memory\",\"enabled\":true,\"bytes_max\":8000,\"data\":[],"
         "\"instructions\":\"\"}");
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"Likes\\ntea.\"}");
    take(id, "mem_");
    says("\"object\":\"tiro.memory.entry\",\"text\":\"Likes\\ntea.\",\"origin\":\"user\","
         "\"created_at\":1700000000,\"updated_at\":1700000000}");
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"Lives by a river.\"}");
    ask(&ann, "GET", "/v1/tiro/memory", "");
    says("\"instructions\":\"What you know of the user, from earlier:\\n- Likes tea.\\n"
         "- Lives by a river.\\n\"}");
    /* What is there is not added twice. */
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"Likes\\ntea.\"}");
    says(id);
    now_s++;
    ask(&ann, "POST", at("memory"), "{\"text\":\"Likes coffee.\"}");
    says("\"text\":\"Likes coffee.\",\"origin\":\"user\",\"created_at\":1700000000,"
         "\"updated_at\":1700000001}");
    ask(&ann, "POST", "/v1/tiro/preferences", "{\"memory\":false}");
    ask(&ann, "GET", "/v1/tiro/memory", "");
    says("\"enabled\":false");
    says("Likes coffee.");
    says("\"instructions\":\"\"}");
    ask(&ann, "DELETE", at("memory"), "");
    says("\"object\":\"tiro.memory.entry.deleted\",\"deleted\":true}");
    ask(&ann, "DELETE", at("memory"), "");
    says("Memory with id 'mem_");
    ask(&ann, "POST", at("memory"), "{\"text\":\"x\"}");
    says("reply 404 ");
}

static void test_memory_limits(void **state)
{
    (void)state;
    char text[MEMORY_TEXT_MAX + 100];
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"\"}");
    says("string_below_min_length");
    ask(&ann, "POST", "/v1/tiro/memory",
        letters(text, sizeof text, "{\"text\":\"", MEMORY_TEXT_MAX + 1, "\"}"));
    says("string_above_max_length");
    for (int i = 0; i < MEMORY_BYTES_MAX / MEMORY_TEXT_MAX; i++) {
        char begin[32];
        (void)snprintf(begin, sizeof begin, "{\"text\":\"%02d", i);
        ask(&ann, "POST", "/v1/tiro/memory",
            letters(text, sizeof text, begin, MEMORY_TEXT_MAX - 2, "\"}"));
        says("reply 200 ");
    }
    take(id, "mem_");
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"x\"}");
    says("The memory holds at most 8000 bytes, since all of it is read with every chat; 8000 are "
         "taken and this has 1. Delete or shorten some of it.");
    /* Its own room is free when it is changed. */
    ask(&ann, "POST", at("memory"),
        letters(text, sizeof text, "{\"text\":\"", MEMORY_TEXT_MAX, "\"}"));
    says("reply 200 ");
    ask(&ann, "POST", at("memory"), "{\"text\":\"short\"}");
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"x\"}");
    says("reply 200 ");
    ask(&others[0], "POST", "/v1/tiro/memory", "{\"text\":\"mine\"}"); /* Has a room of its own. */
    says("reply 200 ");
}

static void test_many_memories(void **state)
{
    (void)state;
    fill_table("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
               "INSERT INTO memories(" OWNER_NAMES ", id, text, n_bytes, origin, created_at, "
               "updated_at) SELECT 't1', 'p1', 'u1', 'k1', 'm' || i, 'y' || i, 1, 'user', 0, 0 "
               "FROM n",
               MEMORIES_MAX);
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"a\"}");
    says("reply 200 ");
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"b\"}");
    says("There are 200 memories already");
}

static void test_memory_isolation(void **state)
{
    (void)state;
    ask(&ann, "POST", "/v1/tiro/memory", "{\"text\":\"secret\"}");
    take(id, "mem_");
    for (size_t k = 0; k < 2; k++) {
        ask(&others[k], "GET", "/v1/tiro/memory", "");
        says_not("secret");
        ask(&others[k], "POST", at("memory"), "{\"text\":\"x\"}");
        says("reply 404 ");
        ask(&others[k], "DELETE", at("memory"), "");
        says("reply 404 ");
        ask(&others[k], "POST", "/v1/tiro/memory", "{\"text\":\"secret\"}");
        says_not(id); /* The same words, another's. */
    }
}

static void test_preferences(void **state)
{
    (void)state;
    ask(&ann, "GET", "/v1/tiro/preferences", "");
    says("{\"object\":\"tiro.preferences\",\"memory\":true,\"remember\":false,\"titles\":true}");
    ask(&ann, "POST", "/v1/tiro/preferences", "{\"remember\":true,\"titles\":false}");
    says("\"memory\":true,\"remember\":true,\"titles\":false");
    ask(&ann, "POST", "/v1/tiro/preferences", "{\"titles\":true}");
    says("\"memory\":true,\"remember\":true,\"titles\":true");
    ask(&others[1], "GET", "/v1/tiro/preferences", "");
    says("\"remember\":false");
    ask(&ann, "POST", "/v1/tiro/preferences", "{\"other\":true}");
    says("unknown_parameter");
}

static void test_presets(void **state)
{
    (void)state;
    static char text[PRESET_SETTINGS_MAX + 200];
    ask(&ann, "POST", "/v1/tiro/presets", "{\"name\":\"Terse\",\"settings\":{\"temperature\":0}}");
    take(id, "preset_");
    says("\"object\":\"tiro.preset\",\"name\":\"Terse\",\"settings\":{\"temperature\":0},"
         "\"created_at\":1700000000,\"updated_at\":1700000000}");
    now_s++;
    ask(&ann, "POST", at("presets"), "{\"name\":\"Calm\"}");
    says("\"name\":\"Calm\",\"settings\":{\"temperature\":0},\"created_at\":1700000000,"
         "\"updated_at\":1700000001}");
    ask(&ann, "POST", "/v1/tiro/presets", "{\"name\":\"bold\"}");
    ask(&ann, "GET", "/v1/tiro/presets", "");
    assert_true(strstr(last, "bold") < strstr(last, "Calm"));
    ask(&ann, "GET", at("presets"), "");
    says("\"name\":\"Calm\"");
    for (size_t k = 0; k < 2; k++) {
        ask(&others[k], "GET", at("presets"), "");
        says("reply 404 ");
        ask(&others[k], "POST", at("presets"), "{\"name\":\"x\"}");
        says("reply 404 ");
        ask(&others[k], "DELETE", at("presets"), "");
        says("reply 404 ");
        ask(&others[k], "GET", "/v1/tiro/presets", "");
        says("\"data\":[]");
    }
    size_t fits = PRESET_SETTINGS_MAX - strlen("{\"k\":\"\"}");
    ask(&ann, "POST", at("presets"),
        letters(text, sizeof text, "{\"settings\":{\"k\":\"", fits, "\"}}"));
    says("reply 200 ");
    ask(&ann, "POST", at("presets"),
        letters(text, sizeof text, "{\"settings\":{\"k\":\"", fits + 1, "\"}}"));
    says("Invalid 'settings'");
    ask(&ann, "POST", at("presets"),
        letters(text, sizeof text, "{\"name\":\"", PRESET_NAME_MAX + 1, "\"}"));
    says("string_above_max_length");
    ask(&ann, "DELETE", at("presets"), "");
    says("\"object\":\"tiro.preset.deleted\"");
    ask(&ann, "GET", at("presets"), "");
    says("Preset with id 'preset_");
    ask(&ann, "POST", "/v1/tiro/presets", "{\"settings\":{}}");
    says("Missing required parameter: 'name'.");
}

static void test_many_presets(void **state)
{
    (void)state;
    fill_table("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
               "INSERT INTO presets(" OWNER_NAMES ", id, name, settings, created_at, updated_at) "
               "SELECT 't1', 'p1', 'u1', 'k1', 'p' || i, 'n', '{}', 0, 0 FROM n",
               PRESETS_MAX);
    ask(&ann, "POST", "/v1/tiro/presets", "{\"name\":\"a\"}");
    says("reply 200 ");
    ask(&ann, "POST", "/v1/tiro/presets", "{\"name\":\"b\"}");
    says("There are 200 presets already");
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_memory_limits, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_many_memories, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_memory_isolation, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_preferences, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_presets, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_many_presets, asking_setup, asking_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
