/* Each limit on both sides: the greatest that is allowed reaches the model, one more is refused
 * with its field and code. */
#include "unit/test.h"

#include "unit/api/fake.h"

#include <stdio.h>

enum { BODY_MAX = 5 << 20 };

/* Sends `head`, n times `item` with commas, and `tail`; %zu in an item is its number. */
static void request(struct fake *f, const char *path, const char *head, const char *item, size_t n,
                    const char *tail)
{
    struct buf body;
    buf_init(&body, BODY_MAX);
    buf_add_str(&body, head);
    for (size_t i = 0; i < n; i++) {
        const char *number = strstr(item, "%zu");
        if (i) buf_add_char(&body, ',');
        buf_add(&body, item, number ? (size_t)(number - item) : strlen(item));
        if (number) buf_printf(&body, "%zu%s", i, number + strlen("%zu"));
    }
    buf_add_str(&body, tail);
    assert_false(body.failed);
    fake_init(f);
    f->trace.max = 8 << 20;
    fake_request(f, "POST", path, buf_slice(&body));
    buf_release(&body);
}

#define CHAT            "/v1/chat/completions"
#define MESSAGES        "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
#define MESSAGES_URL    "/v1/messages"
#define MESSAGE_HEAD(f) "{\"model\":\"tools\",\"max_tokens\":1," MESSAGES ",\"" f "\":"
#define CHAT_HEAD(f)    "{\"model\":\"small\"," MESSAGES ",\"" f "\":"

static const struct limit {
    const char *path, *head, *item, *tail;
    size_t max;
    const char *param, *code; /* code NULL: Anthropic's, which has no field for either */
} limits[] = {
    { CHAT, CHAT_HEAD("logit_bias") "{", "\"%zu\":1", "}}", 1024, "logit_bias",
      "array_above_max_length" },
    { CHAT, CHAT_HEAD("stop") "[", "\"s\"", "]}", 16, "stop", "array_above_max_length" },
    { CHAT, "{\"model\":\"small\",\"messages\":[", "{\"role\":\"user\",\"content\":\"x\"}", "]}",
      4096, "messages", "array_above_max_length" },
    { CHAT, "{\"model\":\"small\",\"messages\":[{\"role\":\"user\",\"content\":[",
      "{\"type\":\"text\",\"text\":\"x\"}", "]}]}", 4096, "messages[0].content",
      "array_above_max_length" },
    { CHAT, "{\"model\":\"tools\"," MESSAGES ",\"tools\":[",
      "{\"type\":\"function\",\"function\":{\"name\":\"f%zu\"}}", "]}", 128, "tools",
      "array_above_max_length" },
    { CHAT, "{\"model\":\"tools\"," MESSAGES ",\"functions\":[", "{\"name\":\"f%zu\"}", "]}", 128,
      "functions", "array_above_max_length" },
    { CHAT,
      "{\"model\":\"tools\"," MESSAGES ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
      "\"f\"}}],\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\","
      "\"tools\":[",
      "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}", "]}}}", 128,
      "tool_choice.allowed_tools.tools", "array_above_max_length" },
    { CHAT, "{\"model\":\"tools\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[",
      "{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}",
      "]}]}", 128, "messages[0].tool_calls", "array_above_max_length" },
    { MESSAGES_URL, MESSAGE_HEAD("stop_sequences") "[", "\"s\"", "]}", 16, "stop_sequences", NULL },
    { MESSAGES_URL, MESSAGE_HEAD("tools") "[", "{\"name\":\"f%zu\",\"input_schema\":{}}", "]}", 128,
      "tools", NULL },
    { MESSAGES_URL, "{\"model\":\"tools\",\"max_tokens\":1,\"messages\":[",
      "{\"role\":\"user\",\"content\":\"x\"}", "]}", 4096, "messages", NULL },
    { MESSAGES_URL, "{\"model\":\"tools\",\"max_tokens\":1,\"system\":\"s\",\"messages\":[",
      "{\"role\":\"user\",\"content\":\"x\"}", "]}", 4095, "messages", NULL },
    { MESSAGES_URL,
      "{\"model\":\"tools\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[",
      "{\"type\":\"tool_result\",\"tool_use_id\":\"t\"}", "]},{\"role\":\"user\",\"content\":[]}]}",
      4095, "messages", NULL },
    { MESSAGES_URL,
      "{\"model\":\"tools\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[",
      "{\"type\":\"text\",\"text\":\"x\"}", "]}]}", 4096, "messages[0].content", NULL },
    { "/v1/completions", "{\"model\":\"small\",\"prompt\":[", "\"p%zu\"", "]}", 512, "prompt",
      "array_above_max_length" },
    { "/v1/embeddings", "{\"model\":\"vectors\",\"input\":[", "\"p%zu\"", "]}", 2048, "input",
      "array_above_max_length" },
};

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct limit *l = &limits[i];
        struct fake f;
        request(&f, l->path, l->head, l->item, l->max, l->tail);
        if (f.n_handles == 0) fail_msg("%s: %zu were refused: %s", l->param, l->max, f.trace.ptr);
        fake_release(&f);

        char expected[200];
        if (l->code)
            (void)snprintf(expected, sizeof expected, "\"param\":\"%s\",\"code\":\"%s\"", l->param,
                           l->code);
        else
            (void)snprintf(expected, sizeof expected, "Invalid '%s': ", l->param);
        request(&f, l->path, l->head, l->item, l->max + 1, l->tail);
        assert_true(f.over && f.n_handles == 0);
        assert_non_null(strstr(f.trace.ptr, "reply 400 "));
        if (!strstr(f.trace.ptr, expected)) fail_msg("%s: %s", l->param, f.trace.ptr);
        fake_release(&f);
    }
}

static const struct number {
    const char *path, *head;
    const char *allowed[2], *refused[2]; /* the least and the greatest; just beyond */
} numbers[] = {
    { CHAT, CHAT_HEAD("temperature"), { "0", "2" }, { "-0.001", "2.001" } },
    { CHAT, CHAT_HEAD("top_p"), { "0", "1" }, { "-0.1", "1.1" } },
    { CHAT, CHAT_HEAD("frequency_penalty"), { "-2", "2" }, { "-2.1", "2.1" } },
    { CHAT, CHAT_HEAD("presence_penalty"), { "-2", "2.0" }, { "-3", "3" } },
    { CHAT, CHAT_HEAD("n"), { "1", "8" }, { "0", "9" } },
    { CHAT, CHAT_HEAD("max_tokens"), { "1", "2048" }, { "0", "2049" } },
    { CHAT, CHAT_HEAD("max_completion_tokens"), { "1", "2048" }, { "0", "4294967297" } },
    { CHAT, CHAT_HEAD("logprobs") "true,\"top_logprobs\":", { "0", "20" }, { "-1", "21" } },
    { CHAT,
      CHAT_HEAD("seed"),
      { "-9223372036854775808", "9223372036854775807" },
      { "-9223372036854775809", "1e3" } },
    { CHAT, CHAT_HEAD("min_p"), { "0", "1" }, { "-1", "2" } },
    { CHAT, CHAT_HEAD("typical_p"), { "0", "1" }, { "-1", "2" } },
    { CHAT, CHAT_HEAD("top_k"), { "0", "1000000" }, { "-1", "1000001" } },
    { CHAT, CHAT_HEAD("repetition_penalty"), { "0.01", "10" }, { "0", "10.1" } },
    { "/v1/completions",
      "{\"model\":\"small\",\"prompt\":\"x\",\"logprobs\":",
      { "0", "5" },
      { "-1", "6" } },
    { "/v1/completions",
      "{\"model\":\"small\",\"prompt\":\"x\",\"best_of\":",
      { "1", "8" },
      { "0", "9" } },
    { "/v1/completions",
      "{\"model\":\"small\",\"prompt\":\"x\",\"max_tokens\":",
      { "0", "2048" },
      { "-1", "2049" } },
    { "/v1/completions",
      "{\"model\":\"small\",\"prompt\":[",
      { "0],\"n\":1", "49151],\"n\":1" },
      { "-1],\"n\":1", "49152],\"n\":1" } },
    { MESSAGES_URL, MESSAGE_HEAD("temperature"), { "0", "1" }, { "-0.1", "1.001" } },
    { MESSAGES_URL, MESSAGE_HEAD("top_p"), { "0", "1" }, { "-0.1", "1.001" } },
    { MESSAGES_URL, MESSAGE_HEAD("top_k"), { "0", "1000000" }, { "-1", "1000001" } },
    { MESSAGES_URL,
      "{\"model\":\"tools\"," MESSAGES ",\"max_tokens\":",
      { "1", "4096" },
      { "0", "4097" } },
    { "/v1/embeddings",
      "{\"model\":\"vectors\",\"input\":\"x\",\"dimensions\":",
      { "1", "4" },
      { "0", "5" } },
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct number *n = &numbers[i];
        for (int side = 0; side < 2; side++) {
            struct fake f;
            request(&f, n->path, n->head, n->allowed[side], 1, "}");
            if (f.n_handles != 1) fail_msg("%s%s: %s", n->head, n->allowed[side], f.trace.ptr);
            fake_release(&f);
            request(&f, n->path, n->head, n->refused[side], 1, "}");
            if (f.n_handles || !strstr(f.trace.ptr, "reply 400 "))
                fail_msg("%s%s was accepted", n->head, n->refused[side]);
            fake_release(&f);
        }
    }
}

/* One text of n bytes. */
static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *head, *tail;
        size_t max;
        const char *param;
    } texts[] = {
        { CHAT_HEAD("structured_outputs") "{\"regex\":\"", "\"}}", 1 << 20,
          "structured_outputs.regex" },
        { CHAT_HEAD("structured_outputs") "{\"grammar\":\"", "\"}}", 1 << 20,
          "structured_outputs.grammar" },
    };
    char *text = mem_alloc((1 << 20) + 2);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t more = 0; more < 2; more++) {
            struct fake f;
            memset(text, 'a', texts[i].max + more);
            text[texts[i].max + more] = '\0';
            request(&f, CHAT, texts[i].head, text, 1, texts[i].tail);
            assert_int_equal(f.n_handles, more ? 0 : 1);
            if (more) assert_non_null(strstr(f.trace.ptr, "string_above_max_length"));
            if (more) assert_non_null(strstr(f.trace.ptr, texts[i].param));
            fake_release(&f);
        }
    }
    mem_free(text);
}

static void test_content_type(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool good;
    } cases[] = {
        { "application/json", true },   { "Application/JSON ; charset=utf-8", true },
        { "text/plain", false },        { "", false },
        { "application/jsonx", false }, { "application/x-www-form-urlencoded", false },
    };
    const struct endpoint *ep;
    struct err err = { 0 };
    assert_ok(endpoint_find(&ep, SLICE("POST"), SLICE("/v1/completions"), &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake f;
        fake_init(&f);
        fake_request(&f, "GET", "/v1/models/small", (struct slice){ 0 }); /* fills the call */
        f.over = false;
        buf_reset(&f.trace);
        f.call.path = SLICE("/v1/completions");
        f.call.body = SLICE("{\"model\":\"small\",\"prompt\":\"x\"}");
        f.call.content_type = slice_of(cases[i].type);
        endpoint_run(ep, &f.call);
        assert_true((f.n_handles == 1) == cases[i].good);
        if (!cases[i].good) assert_non_null(strstr(f.trace.ptr, "reply 415 "));
        fake_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
