/* Every allocation of a request fails once, and from then on: each time the call still ends in one
 * answer that is whole, or waits for a model that was asked; nothing leaks (ASan). */
#include "unit/test.h"

#include "unit/api/fake_events.h"
#include "unit/api/fake_responses.h"

#include <stdio.h>

struct scenario {
    const char *path, *body;
    const char *events[4]; /* NULL ends them early */
};

static const struct scenario scenarios[] = {
    { "/v1/chat/completions",
      "{\"model\":\"small\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"Hi\"}]}],\"stop\":[\"a\"],\"logit_bias\":{\"1\":2},\"logprobs\":true}",
      { "{\"token\":{\"text\":\"a\",\"logprobs\":[{\"bytes\":\"a\",\"logprob\":-1}]}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"final\":true}}" } },
    { "/v1/chat/completions",
      "{\"model\":\"small\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":true,"
      "\"stream_options\":{\"include_usage\":true}}",
      { "{\"token\":{\"text\":\"a\"}}", "{\"flush\":{}}", "{\"token\":{\"text\":\"b\"}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"final\":true}}" } },
    { "/v1/chat/completions",
      "{\"model\":\"tools\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\","
      "\"type\":\"custom\",\"custom\":{\"name\":\"old\",\"input\":\"a\"}}]}],\"tools\":[{\"type\":"
      "\"custom\",\"custom\":{\"name\":\"t\"}},{\"type\":\"function\",\"function\":{\"name\":"
      "\"f\",\"parameters\":{\"type\":\"object\"}}}],\"tool_choice\":{\"type\":\"allowed_tools\","
      "\"allowed_tools\":{\"mode\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":"
      "{\"name\":\"f\"}}]}}}",
      { "{\"tool\":{\"call_id\":\"c1\",\"name\":\"f\"}}", "{\"tool\":{\"arguments\":\"{}\"}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"reason\":\"tool_calls\",\"final\":true}}" } },
    { "/v1/chat/completions",
      "{\"model\":\"thinker\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":"
      "true,"
      "\"functions\":[{\"name\":\"f\"}],\"reasoning_effort\":\"low\",\"structured_outputs\":"
      "{\"choice\":[\"a\"]}}",
      { "{\"token\":{\"text\":\"a\",\"reasoning\":true}}",
        "{\"tool\":{\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":\"{}\"}}", "{\"flush\":{}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"reason\":\"tool_calls\",\"final\":true}}" } },
    { "/v1/completions",
      "{\"model\":\"small\",\"prompt\":[[1,2],[3]],\"logprobs\":1,\"stop\":\"x\"}",
      { "{\"token\":{\"text\":\"a\",\"logprobs\":[{\"bytes\":\"a\",\"logprob\":-1}]}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"final\":true}}",
        "{\"done\":{\"h\":1,\"prompt\":1,\"completion\":1,\"final\":true}}" } },
    { "/v1/messages",
      "{\"model\":\"tools\",\"max_tokens\":9,\"system\":\"S\",\"messages\":[{\"role\":"
      "\"assistant\","
      "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]},{\"role\":"
      "\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"x\"}]}],"
      "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}],\"output_config\":"
      "{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}}",
      { "{\"token\":{\"text\":\"a\"}}",
        "{\"tool\":{\"call_id\":\"call_1\",\"name\":\"f\",\"arguments\":\"{}\"}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"reason\":\"tool_calls\",\"final\":true}}" } },
    { "/v1/messages",
      "{\"model\":\"thinker\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}"
      "],"
      "\"stream\":true,\"stop_sequences\":[\"x\"],\"thinking\":{\"type\":\"adaptive\"}}",
      { "{\"token\":{\"text\":\"a\",\"reasoning\":true}}", "{\"flush\":{}}",
        "{\"token\":{\"text\":\"b\"}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"stop\":\"x\",\"final\":true}}" } },
    { "/v1/responses",
      "{\"model\":\"thinker\",\"input\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"type\":"
      "\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"},{\"type\":"
      "\"function_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":\"input_text\","
      "\"text\":\"r\"}]}],\"instructions\":\"I\",\"tools\":[{\"type\":\"function\",\"name\":"
      "\"f\"},{\"type\":\"custom\",\"name\":\"c\"}],\"tool_choice\":{\"type\":\"function\","
      "\"name\":\"f\"},\"include\":[\"message.output_text.logprobs\"]}",
      { "{\"token\":{\"text\":\"a\",\"reasoning\":true}}",
        "{\"token\":{\"text\":\"a\",\"logprobs\":[{\"bytes\":\"a\",\"logprob\":-1}]}}",
        "{\"tool\":{\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":\"{}\"}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"reason\":\"tool_calls\",\"final\":true}}" } },
    { "/v1/responses",
      "{\"model\":\"small\",\"input\":\"Hi\",\"stream\":true,\"text\":{\"format\":{\"type\":"
      "\"json_schema\",\"name\":\"n\",\"schema\":{}}},\"metadata\":{\"a\":\"b\"}}",
      { "{\"token\":{\"text\":\"a\"}}", "{\"flush\":{}}", "{\"token\":{\"text\":\"b\"}}",
        "{\"done\":{\"prompt\":1,\"completion\":1,\"final\":true}}" } },
    { "/v1/responses",
      "{\"model\":\"small\",\"truncation\":\"auto\",\"input\":[{\"role\":\"user\","
      "\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"}]}",
      { "{\"error\":{\"code\":\"CONTEXT_LENGTH\",\"text\":\"x\"}}",
        "{\"encoded\":{\"h\":1,\"n\":1}}", "{\"token\":{\"h\":2,\"text\":\"b\"}}",
        "{\"done\":{\"h\":2,\"prompt\":1,\"completion\":1,\"final\":true}}" } },
    { "/v1/messages/count_tokens",
      "{\"model\":\"tools\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"a\"}]}]}",
      { "{\"encoded\":{\"n\":3}}" } },
    { "/v1/embeddings",
      "{\"model\":\"vectors\",\"input\":[\"a\",\"b\"]}",
      { "{\"embedding\":{\"h\":1,\"prompt\":1,\"floats\":[1,2]}}",
        "{\"embedding\":{\"h\":0,\"prompt\":1,\"floats\":[1,2]}}" } },
    { "/v1/tiro/abc/check", "{\"abc\":\"X:1\\nT:t\\nK:C\\nC|(D\"}", { NULL } },
    { "/v1/tiro/abc/grammar",
      "{\"metre\":\"2/4\",\"unit\":4,\"keys\":[\"G\",\"D\"],\"title\":\"t\",\"plain\":true}",
      { NULL } },
    { "/v1/models", "", { NULL } },
    { "/openapi.json", "", { NULL } },
};

static int allocs_left; /* until one fails; below 0: those after it fail too, if `forever` */
static bool forever;

static bool fails(void)
{
    allocs_left--;
    return allocs_left == 0 || (forever && allocs_left < 0);
}

static void *torn_alloc(size_t size)
{
    return fails() ? NULL : seams_real.alloc(size);
}

static void *torn_realloc(void *ptr, size_t size)
{
    return fails() ? NULL : seams_real.realloc(ptr, size);
}

enum { EVENTS_MAX = 4, TRACE_ROOM = 1 << 20 };

static void check_answer(const struct fake *f)
{
    /* Either "reply STATUS {...}" or a stream that ends with [DONE], message_stop or an error. */
    const char *trace = buf_str(&f->trace);
    const char *reply = strstr(trace, "reply ");
    assert_true(reply || strstr(trace, "\nend\n"));
    if (reply) {
        int status = (int)strtol(reply + strlen("reply "), NULL, 10);
        if (status != 200 && status != 503) fail_msg("%s", trace);
        assert_null(strstr(trace, "begin\n"));
    } else {
        assert_true(strstr(trace, "[DONE]") || strstr(trace, "message_stop") ||
                    strstr(trace, "event: response.completed") || strstr(trace, "\"error\""));
    }
}

/* Runs the scenario with the k-th allocation failing; true when so many were not needed. */
static bool play(const struct scenario *s, int k)
{
    struct fake f;
    struct fake_service service;
    bool stores = strcmp(s->path, "/v1/responses") == 0;
    json_t *events[EVENTS_MAX] = { 0 };
    for (int i = 0; i < EVENTS_MAX && s->events[i]; i++)
        events[i] = json_loads(s->events[i], 0, NULL);
    fake_init(&f);
    if (stores) {
        fake_responses_open(&service, "sqlite::memory:");
        service.service.backend = &f.backend;
        f.service = &service.service;
    }
    assert_non_null(buf_reserve(&f.trace, TRACE_ROOM)); /* The fake's own notes do not fail. */
    allocs_left = k;
    seams.alloc = torn_alloc;
    seams.realloc = torn_realloc;
    fake_request(&f, s->body[0] ? "POST" : "GET", s->path, slice_of(s->body));
    if (stores) fake_catch_up(&service);
    for (int i = 0; i < EVENTS_MAX && events[i]; i++) {
        const json_t *body = json_object_iter_value(json_object_iter(events[i]));
        size_t h = fake_get_u32(body, "h");
        if (!f.over && h < f.n_handles && f.handles[h].live) fake_event(&f, events[i]);
        if (stores) fake_catch_up(&service);
    }
    bool unused = allocs_left > 0;
    seams = seams_real;
    assert_true(f.over);
    assert_false(f.trace.failed);
    check_answer(&f);
    if (stores) fake_responses_close(&service);
    fake_release(&f);
    for (int i = 0; i < EVENTS_MAX; i++) json_decref(events[i]);
    return unused;
}

static void torture(const struct scenario *s, bool all_after)
{
    int k = 1;
    forever = all_after;
    while (!play(s, k)) k++;
    assert_true(k > 1);
}

static void test_one_allocation_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) torture(&scenarios[i], false);
}

static void test_all_allocations_from_one_on_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) torture(&scenarios[i], true);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_allocation_fails),
        cmocka_unit_test(test_all_allocations_from_one_on_fail),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_data_dir_remove();
    return n_failed;
}
