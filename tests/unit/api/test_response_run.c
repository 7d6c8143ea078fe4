/* Responses as their owner sees them: the server's tools, runs that are made again, references,
 * cancelling. What clients see is in cases/responses*.test. */
#include "unit/test.h"

#include "api/response_input.h"
#include "api/response_run.h"
#include "api/server_tool.h"
#include "unit/api/fake_events.h"

#include <stdio.h>

enum { EVENTS_MAX = 200, EVENT_BYTES_MAX = 4096 };

/* ---- A tool that looks things up when it is told to ---- */

struct server_tool_call {
    struct server_tool_options o;
    char arguments[100];
};

static struct server_tool_call *looking; /* the one that runs */
static int n_cancelled;
static bool lookup_fails;

static int lookup_begin(struct server_tool_call **ret, const struct server_tool_options *options,
                        struct err *err)
{
    assert_null(looking);
    if (lookup_fails) return err_set(err, ERR_OVERLOADED, "The shelf is closed.");
    looking = calloc(1, sizeof *looking);
    assert_non_null(looking);
    looking->o = *options;
    (void)snprintf(looking->arguments, sizeof looking->arguments, "%.*s",
                   SLICE_FMT(options->arguments));
    *ret = looking;
    return 0;
}

static void lookup_cancel(struct server_tool_call *call)
{
    assert_ptr_equal(call, looking);
    free(call);
    looking = NULL;
    n_cancelled++;
}

/* The whole text cites each source. */
static int lookup_annotate(json_t *to, struct slice text, const json_t *sources, struct err *err)
{
    (void)err;
    if (text.len == 0) return 0;
    return json_array_append_new(to, json_pack("{s:s, s:O, s:s, s:i}", "type", "file_citation",
                                               "file_id", sources, "filename", "f.txt", "index",
                                               (int)text.len - 1));
}

static int lookup_recall(struct slice *ret_arguments, struct slice *ret_text, const json_t *item,
                         struct arena *arena, struct err *err)
{
    (void)arena;
    (void)err;
    *ret_arguments = SLICE("{\"again\":true}");
    *ret_text = fake_get_str(item, "note");
    return 0;
}

struct lookup_req {
    struct field_string shelf;
};

static const struct field lookup_fields[] = {
    FIELD_STRING(struct lookup_req, shelf, .required = true, .help = "Where."),
    FIELDS_END,
};

static int lookup_check(const void *req, const char *path, struct err *err)
{
    const struct lookup_req *r = req;
    if (r->shelf.value.len) return 0;
    return err_param(err, ERR_INVALID_VALUE, path, "No shelf.");
}

static const char *const phases[] = { "in_progress", "searching", NULL };
static const struct server_tool lookup = {
    .type = "lookup",
    .item_type = "lookup_call",
    .id_prefix = "lu_",
    .fields = lookup_fields,
    .size = sizeof(struct lookup_req),
    .phases = phases,
    .begun = "\"queries\":[],\"results\":null",
    .name = "lookup",
    .description = "Looks things up.",
    .parameters = "{\"type\":\"object\"}",
    .extra = "results",
    .include = "lookup_call.results",
    .check = lookup_check,
    .begin = lookup_begin,
    .cancel = lookup_cancel,
    .annotate = lookup_annotate,
    .recall = lookup_recall,
};

/* Instead of the build's. */
const struct server_tool *const server_tool_registry[] = { &lookup, NULL };
const size_t server_tool_registry_len = 1;

/* What the test itself needs does not fail. */
static struct seams calm(void)
{
    struct seams torn = seams;
    seams.alloc = seams_real.alloc;
    seams.realloc = seams_real.realloc;
    return torn;
}

static void found(const char *text)
{
    struct server_tool_call *call = looking;
    struct seams torn = calm();
    json_t *item = json_pack("{s:[s], s:[s]}", "queries", call->arguments, "results", text);
    json_t *sources = json_string("file-1");
    seams = torn;
    struct err err = { 0 };
    const struct server_tool_result result = { .text = slice_of(text),
                                               .item = item,
                                               .sources = sources };
    looking = NULL;
    call->o.done(call->o.user, &result, &err);
    json_decref(item);
    json_decref(sources);
    free(call);
}

/* ---- An owner ---- */

struct owner {
    struct fake fake;
    struct response_run *run;
    struct {
        uint64_t number;
        char type[80], json[EVENT_BYTES_MAX];
    } events[EVENTS_MAX];
    int n_events, n_flushes;
    char status[20], body[EVENT_BYTES_MAX], error[200];
    struct call_stats stats;
    json_t *output;
    bool drop_in_flush;
};

static struct owner *owner_new(void)
{
    struct owner *o = calloc(1, sizeof *o);
    assert_non_null(o);
    fake_init(&o->fake);
    looking = NULL;
    n_cancelled = 0;
    lookup_fails = false;
    return o;
}

static void owner_free(struct owner *o)
{
    assert_null(o->run); /* Else it leaks. */
    json_decref(o->output);
    fake_release(&o->fake);
    free(o);
}

static void on_event(void *user, uint64_t number, const char *type, struct slice json)
{
    struct owner *o = user;
    assert_true(o->n_events < EVENTS_MAX && json.len < EVENT_BYTES_MAX);
    o->events[o->n_events].number = number;
    (void)snprintf(o->events[o->n_events].type, 80, "%s", type);
    memcpy(o->events[o->n_events++].json, json.ptr, json.len);
}

static void on_flush(void *user)
{
    struct owner *o = user;
    o->n_flushes++;
    if (!o->drop_in_flush) return;
    response_run_drop(o->run);
    o->run = NULL;
}

static void on_end(void *user, const struct response_result *result)
{
    struct owner *o = user;
    (void)snprintf(o->status, sizeof o->status, "%s", result->status);
    (void)snprintf(o->body, sizeof o->body, "%.*s", SLICE_FMT(result->body));
    if (result->error) (void)snprintf(o->error, sizeof o->error, "%.190s", result->error->text);
    struct seams torn = calm();
    o->output = json_deep_copy(result->output);
    seams = torn;
    o->stats = result->stats;
    o->run = NULL;
}

static const struct response_run_ops ops = { .event = on_event, .flush = on_flush, .end = on_end };

struct more {
    const json_t *history;
    uint64_t events_from;
};

static int begin(struct owner *o, const char *request, struct more more, struct err *err)
{
    const struct principal principal = { .tenant = SLICE("t1") };
    const struct response_run_options options = {
        .service = o->fake.service,
        .principal = &principal,
        .request = slice_of(request),
        .history = more.history,
        .stored = true,
        .id = SLICE("resp_1"),
        .created_at = 1700000000,
        .seed = 5,
        .events_from = more.events_from,
        .ops = &ops,
        .user = o,
    };
    return response_run_begin(&o->run, &options, err);
}

static struct owner *begun(const char *request, uint64_t events_from)
{
    struct owner *o = owner_new();
    struct err err = { 0 };
    if (begin(o, request, (struct more){ .events_from = events_from }, &err) < 0)
        fail_msg("%s", err.text);
    return o;
}

static void say(struct owner *o, const char *event)
{
    struct seams torn = calm();
    json_t *value = json_loads(event, 0, NULL);
    assert_non_null(value);
    seams = torn;
    fake_event(&o->fake, value);
    json_decref(value);
}

/* The types in order, "response." left out, separated by spaces. */
static void check_types(const struct owner *o, int from, const char *expected)
{
    char all[8192];
    size_t at = 0;
    for (int i = from; i < o->n_events; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i > from ? " " : "",
                               o->events[i].type + strlen("response."));
    assert_string_equal(all, expected);
    for (int i = 1; i < o->n_events; i++)
        assert_int_equal(o->events[i].number, o->events[i - 1].number + 1);
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("no %s in %s", part, text);
}

static void check_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) fail_msg("%s is in %s", part, text);
}

#define LOOKUP "{\"type\":\"lookup\",\"shelf\":\"s\"}"
#define CALL \
    "{\"tool\":{\"index\":0,\"call_id\":\"call_w\",\"name\":\"lookup\",\"arguments\":\"{}\"}}"
#define CALLED                                                                                   \
    "{\"done\":{\"prompt\":5,\"cached\":2,\"completion\":3,\"reason\":\"tool_calls\",\"final\":" \
    "true}}"

/* ---- The server's tools ---- */

static void play_lookup(struct owner *o)
{
    say(o, "{\"token\":{\"text\":\"Let me see.\"}}");
    say(o, CALL);
    say(o, CALLED);
    assert_non_null(looking);
    assert_string_equal(looking->arguments, "{}");
    found("It is blue.");
    say(o, "{\"token\":{\"h\":1,\"text\":\"Blue.\"}}");
    say(o, "{\"done\":{\"h\":1,\"prompt\":9,\"cached\":5,\"completion\":2,\"final\":true}}");
}

static void test_a_server_tool(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP "],"
                            "\"tool_choice\":\"required\",\"max_output_tokens\":100}",
                            0);
    play_lookup(o);
    assert_string_equal(o->status, "completed");
    check_types(o, 0,
                "created in_progress output_item.added content_part.added output_text.delta "
                "output_text.done content_part.done output_item.done output_item.added "
                "lookup_call.in_progress lookup_call.searching lookup_call.completed "
                "output_item.done output_item.added content_part.added output_text.delta "
                "output_text.annotation.added output_text.done content_part.done "
                "output_item.done completed");
    const char *trace = buf_str(&o->fake.trace);
    check_has(trace, "\"name\":\"lookup\"");
    check_has(trace, "\"tool_choice\":\"required\"");
    /* The second turn is told of the call and its result, has fewer tokens left, and need not
     * call. */
    const char *second = strstr(trace, "submit 1");
    assert_non_null(second);
    check_has(second,
              "{\"role\":\"assistant\",\"parts\":[\"Let me see.\"],\"tool_calls\":[\"call_");
    check_has(second, "\"lookup\",\"{}\"]},{\"role\":\"tool\",\"parts\":[\"It is blue.\"]");
    check_has(second, "\"max_tokens\":97");
    check_lacks(second, "tool_choice");
    /* All turns are counted; what was not asked for is null. */
    check_has(o->body, "\"input_tokens\":14,");
    check_has(o->body, "\"cached_tokens\":7,");
    check_has(o->body, "\"output_tokens\":5,");
    check_has(o->body, "\"queries\":[\"{}\"],\"results\":null");
    assert_int_equal(o->stats.completion_tokens, 5);
    assert_int_equal(json_array_size(o->output), 3);
    const json_t *last = json_array_get(o->output, 2);
    check_has(fake_get_str(json_array_get(o->output, 1), "id").ptr, "lu_");
    assert_int_equal(json_array_size(json_object_get(
                         json_array_get(json_object_get(last, "content"), 0), "annotations")),
                     1);
    owner_free(o);
}

static void test_results_that_are_asked_for(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP "],"
                            "\"include\":[\"lookup_call.results\"]}",
                            0);
    play_lookup(o);
    check_has(o->body, "\"results\":[\"It is blue.\"]");
    owner_free(o);
}

static void test_a_tool_that_fails(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP "]}", 0);
    lookup_fails = true;
    say(o, CALL);
    say(o, CALLED);
    check_types(o, 2,
                "output_item.added lookup_call.in_progress lookup_call.searching "
                "output_item.done");
    check_has(o->events[o->n_events - 1].json, "\"status\":\"failed\",\"queries\":[]");
    check_has(buf_str(&o->fake.trace), "\"parts\":[\"The shelf is closed.\"]");
    say(o, "{\"done\":{\"h\":1,\"prompt\":9,\"completion\":2,\"final\":true}}");
    assert_string_equal(o->status, "completed");
    owner_free(o);
}

static void test_no_more_than_max_tool_calls(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP
                            ",{\"type\":\"function\",\"name\":\"f\"}],\"max_tool_calls\":1}",
                            0);
    say(o, CALL);
    say(o,
        "{\"tool\":{\"index\":1,\"call_id\":\"call_v\",\"name\":\"lookup\",\"arguments\":\"{\"}}");
    say(o, "{\"tool\":{\"index\":1,\"arguments\":\"}\"}}");
    say(o, CALLED);
    found("One.");
    assert_null(looking); /* The second is ignored. */
    const char *second = strstr(buf_str(&o->fake.trace), "submit 1");
    check_has(second, "\"tool_names\":[\"f\"]");
    check_lacks(strstr(second, "\"parts\":[\"One.\"]"), "\"role\":\"tool\"");
    say(o, "{\"done\":{\"h\":1,\"prompt\":9,\"completion\":2,\"final\":true}}");
    assert_string_equal(o->status, "completed");
    assert_int_equal(json_array_size(o->output), 1);
    owner_free(o);

    o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP "],\"max_tool_calls\":1}",
              0);
    say(o, CALL);
    say(o, CALLED);
    found("One.");
    check_has(strstr(buf_str(&o->fake.trace), "submit 1"), "\"tool_choice\":\"none\"");
    say(o, "{\"done\":{\"h\":1,\"prompt\":9,\"completion\":2,\"final\":true}}");
    owner_free(o);
}

/* The client's own calls end the response, once the server's are done. */
static void test_calls_of_both(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP
                            ",{\"type\":\"function\",\"name\":\"f\"}]}",
                            0);
    say(o, CALL);
    say(o, "{\"tool\":{\"index\":1,\"call_id\":\"call_v\",\"name\":\"f\",\"arguments\":\"{}\"}}");
    say(o, CALLED);
    found("One.");
    assert_string_equal(o->status, "completed");
    assert_int_equal(o->fake.n_handles, 1);
    assert_int_equal(json_array_size(o->output), 2);
    owner_free(o);
}

static void test_the_tokens_are_spent(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP
                            "],\"max_output_tokens\":16}",
                            0);
    say(o, CALL);
    say(o, "{\"done\":{\"prompt\":5,\"completion\":16,\"reason\":\"tool_calls\",\"final\":true}}");
    found("One.");
    assert_string_equal(o->status, "incomplete");
    check_has(o->body, "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}");
    owner_free(o);
}

/* A model that calls forever is not let to. */
static void test_turns_end(void **state)
{
    (void)state;
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP "]}", 0);
    int n = 0;
    char event[300];
    for (; o->run && n < 60; n++) {
        (void)snprintf(event, sizeof event,
                       "{\"tool\":{\"h\":%d,\"index\":0,\"call_id\":\"c\",\"name\":\"lookup\","
                       "\"arguments\":\"{}\"}}",
                       n);
        say(o, event);
        (void)snprintf(
            event, sizeof event,
            "{\"done\":{\"h\":%d,\"prompt\":1,\"completion\":1,\"reason\":\"tool_calls\","
            "\"final\":true}}",
            n);
        say(o, event);
        if (!looking) break;
        found("More.");
    }
    assert_int_equal(n, 31);
    check_has(strstr(buf_str(&o->fake.trace), "submit 31"), "\"tool_choice\":\"none\"");
    if (o->run) response_run_drop(o->run);
    o->run = NULL;
    owner_free(o);
}

static void test_refused_tools(void **state)
{
    (void)state;
    static const struct {
        const char *tools, *param;
    } cases[] = {
        { "[{\"type\":\"lookup\"}]", "tools[0].shelf" },
        { "[{\"type\":\"lookup\",\"shelf\":\"\"}]", "tools[0]" },
        { "[{\"type\":\"lookup\",\"shelf\":\"s\",\"x\":1}]", "tools[0].x" },
        { "[" LOOKUP "," LOOKUP "]", "tools[1]" },
        { "[" LOOKUP ",{\"type\":\"function\",\"name\":\"lookup\"}]", "tools[1].name" },
        { "[{\"type\":\"find\"}]", "tools[0].type" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct owner *o = owner_new();
        struct err err = { 0 };
        char request[300];
        (void)snprintf(request, sizeof request,
                       "{\"model\":\"tools\",\"input\":\"x\",\"tools\":%s}", cases[i].tools);
        assert_true(begin(o, request, (struct more){ 0 }, &err) < 0);
        assert_string_equal(err.param, cases[i].param);
        assert_int_equal(o->n_events, 0);
        owner_free(o);
    }
}

/* ---- Made again ---- */

static const char again[] = "{\"model\":\"tools\",\"input\":\"Hi\",\"tools\":[" LOOKUP
                            "],\"stream\":true}";

static void test_made_again_it_is_the_same(void **state)
{
    (void)state;
    struct owner *whole = begun(again, 0);
    play_lookup(whole);
    for (uint64_t from = 0; from <= (uint64_t)whole->n_events; from++) {
        struct owner *o = begun(again, from);
        play_lookup(o);
        assert_int_equal(o->n_events, whole->n_events - (int)from);
        for (int i = 0; i < o->n_events; i++) {
            assert_int_equal(o->events[i].number, from + (uint64_t)i);
            assert_string_equal(o->events[i].json, whole->events[from + (uint64_t)i].json);
        }
        assert_string_equal(o->body, whole->body);
        owner_free(o);
    }
    owner_free(whole);
}

/* A worker dies at every place of both turns: nothing is told twice, and nothing else. */
static void test_a_worker_dies(void **state)
{
    (void)state;
    static const char *const first[] = { "{\"token\":{\"text\":\"Let me \"}}",
                                         "{\"token\":{\"text\":\"see.\"}}", CALL };
    static const char *const second[] = { "{\"token\":{\"h\":1,\"text\":\"Bl\"}}",
                                          "{\"token\":{\"h\":1,\"text\":\"ue.\"}}" };
    struct owner *whole = NULL;
    for (int died = -1; died <= 5; died++) {
        struct owner *o = begun(again, 0);
        for (int i = 0; i < 3; i++) {
            say(o, first[i]);
            if (i != died) continue;
            say(o, "{\"restart\":{}}");
            for (int j = 0; j <= i; j++) say(o, first[j]);
        }
        say(o, CALLED);
        found("It is blue.");
        for (int i = 0; i < 2; i++) {
            say(o, second[i]);
            if (i + 3 != died) continue;
            say(o, "{\"restart\":{\"h\":1}}");
            for (int j = 0; j <= i; j++) say(o, second[j]);
        }
        if (died == 5) say(o, "{\"restart\":{\"h\":1}}");
        if (died == 5) say(o, second[0]);
        if (died == 5) say(o, second[1]);
        say(o, "{\"done\":{\"h\":1,\"prompt\":9,\"completion\":2,\"final\":true}}");
        if (!whole) {
            whole = o;
            continue;
        }
        assert_int_equal(o->n_events, whole->n_events);
        for (int i = 0; i < o->n_events; i++)
            assert_string_equal(o->events[i].json, whole->events[i].json);
        assert_string_equal(o->body, whole->body);
        owner_free(o);
    }
    owner_free(whole);
}

/* ---- Too long ---- */

#define TOO_LONG(h) "{\"error\":{\"h\":" #h ",\"code\":\"CONTEXT_LENGTH\",\"text\":\"too long\"}}"

/* The messages of the n-th submission are these. */
static void check_messages(const struct owner *o, int n, const char *kind, const char *messages)
{
    char begin[20], whole[2000];
    (void)snprintf(begin, sizeof begin, "submit %d tools ", n);
    const char *line = strstr(buf_str(&o->fake.trace), begin);
    assert_non_null(line);
    (void)snprintf(whole, sizeof whole, "%.*s", (int)strcspn(line, "\n"), line);
    check_has(whole, kind);
    check_has(whole, messages);
}

#define SAID_A "{\"role\":\"user\",\"parts\":[\"a\"]}"
#define SAID_B "{\"role\":\"assistant\",\"parts\":[\"b\"]}"
#define SAID_C "{\"role\":\"user\",\"parts\":[\"c\"]}"

static struct owner *begun_to_cut(void)
{
    return begun("{\"model\":\"tools\",\"truncation\":\"auto\",\"tools\":[" LOOKUP "],\"input\":["
                 "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},"
                 "{\"role\":\"user\",\"content\":\"c\"}]}",
                 0);
}

/* Results make the second and third turns too long: the oldest messages go, then the first call
 * with its result. What is told is as if nothing had happened. */
static void test_results_that_are_too_long(void **state)
{
    (void)state;
    struct owner *o = begun_to_cut();
    say(o, CALL);
    say(o, CALLED);
    found("long");
    int n_events = o->n_events;
    say(o, TOO_LONG(1));
    check_messages(o, 2, "tokenize", "\"messages\":[" SAID_C ",{\"role\":\"assistant\"");
    say(o, "{\"encoded\":{\"h\":2,\"n\":1000}}");
    check_messages(o, 3, "tokenize", "\"messages\":[" SAID_B "," SAID_C ",{\"role\":");
    say(o, "{\"encoded\":{\"h\":3,\"n\":4096}}"); /* No room for an answer. */
    assert_int_equal(o->n_events, n_events);
    check_messages(o, 4, "chat", "\"messages\":[" SAID_C ",{\"role\":\"assistant\"");
    say(o, "{\"tool\":{\"h\":4,\"index\":0,\"call_id\":\"w\",\"name\":\"lookup\",\"arguments\":"
           "\"{}\"}}");
    say(o, "{\"done\":{\"h\":4,\"prompt\":7,\"cached\":2,\"completion\":3,\"reason\":"
           "\"tool_calls\",\"final\":true}}");
    found("longer");
    say(o, TOO_LONG(5));
    check_messages(o, 6, "tokenize", "\"parts\":[\"longer\"]");
    say(o, "{\"encoded\":{\"h\":6,\"n\":4000}}");
    say(o, "{\"encoded\":{\"h\":7,\"n\":4000}}");
    check_messages(o, 8, "chat", "\"messages\":[" SAID_C ",{\"role\":\"assistant\"");
    check_messages(o, 8, "chat", "\"parts\":[\"longer\"]");
    assert_null(strstr(strstr(buf_str(&o->fake.trace), "submit 8 "), "\"long\""));
    say(o, "{\"token\":{\"h\":8,\"text\":\"So.\"}}");
    say(o, "{\"done\":{\"h\":8,\"prompt\":9,\"cached\":5,\"completion\":2,\"final\":true}}");
    assert_string_equal(o->status, "completed");
    check_types(o, n_events,
                "output_item.added lookup_call.in_progress lookup_call.searching "
                "lookup_call.completed output_item.done output_item.added content_part.added "
                "output_text.delta output_text.annotation.added output_text.annotation.added "
                "output_text.done content_part.done output_item.done completed");
    assert_int_equal(o->stats.prompt_tokens, 5 + 7 + 9); /* What was only counted is not booked. */
    assert_int_equal(o->stats.completion_tokens, 3 + 3 + 2);
    owner_free(o);
}

/* The last result stays with its call, and so does what the user said: they do not fit. */
static void test_a_result_that_never_fits(void **state)
{
    (void)state;
    struct owner *o = begun_to_cut();
    say(o, CALL);
    say(o, CALLED);
    found("very long");
    say(o, TOO_LONG(1));
    check_messages(o, 2, "tokenize", "\"messages\":[" SAID_C ",{\"role\":\"assistant\"");
    say(o, "{\"encoded\":{\"h\":2,\"n\":5000}}");
    assert_string_equal(o->status, "failed");
    assert_string_equal(o->error, "too long");
    check_has(o->body, "\"code\":\"invalid_prompt\"");
    check_has(o->body, "\"type\":\"lookup_call\""); /* What was told stays. */
    assert_int_equal(o->stats.prompt_tokens, 5);
    owner_free(o);
    o = begun("{\"model\":\"tools\",\"truncation\":\"auto\",\"tools\":[" LOOKUP "],\"input\":"
              "\"Hi\"}",
              0);
    say(o, CALL);
    say(o, CALLED);
    found("very long");
    say(o, TOO_LONG(1)); /* There is nothing to leave out. */
    assert_string_equal(o->status, "failed");
    owner_free(o);
    o = begun("{\"model\":\"tools\",\"tools\":[" LOOKUP "],\"input\":\"Hi\"}", 0);
    say(o, CALL);
    say(o, CALLED);
    found("very long");
    say(o, TOO_LONG(1)); /* It was not asked for. */
    assert_string_equal(o->status, "failed");
    owner_free(o);
}

/* Calls that the client brought with their results: the earlier go before the last do. */
static void test_earlier_calls_may_go(void **state)
{
    (void)state;
    struct owner *o = begun(
        "{\"model\":\"tools\",\"truncation\":\"auto\",\"instructions\":\"I\",\"input\":["
        "{\"role\":\"user\",\"content\":\"c\"},"
        "{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"f\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":\"one\"},"
        "{\"type\":\"function_call\",\"call_id\":\"2\",\"name\":\"f\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"2\",\"output\":\"two\"}]}",
        0);
    say(o, TOO_LONG(0));
    say(o, "{\"encoded\":{\"h\":1,\"n\":3000}}");
    say(o, "{\"encoded\":{\"h\":2,\"n\":3000}}");
    check_messages(o, 3, "chat",
                   "\"messages\":[{\"role\":\"system\",\"parts\":[\"I\"]}," SAID_C
                   ",{\"role\":\"assistant\",\"parts\":[],\"tool_calls\":[\"2\",\"f\",\"{}\"]},"
                   "{\"role\":\"tool\",\"parts\":[\"two\"],\"tool_call_id\":\"2\"}]");
    say(o, "{\"done\":{\"h\":3,\"prompt\":9,\"completion\":2,\"final\":true}}");
    assert_string_equal(o->status, "completed");
    owner_free(o);
}

/* ---- Items ---- */

static void test_history_and_references(void **state)
{
    (void)state;
    struct owner *o = owner_new();
    struct err err = { 0 };
    json_t *history = json_loads(
        "[{\"type\":\"message\",\"id\":\"msg_b\",\"role\":\"assistant\",\"status\":\"completed\","
        "\"content\":[{\"type\":\"output_text\",\"text\":\"other\",\"annotations\":[],"
        "\"logprobs\":[]}]},"
        "{\"type\":\"message\",\"id\":\"msg_a\",\"role\":\"user\",\"status\":\"completed\","
        "\"content\":[{\"type\":\"input_text\",\"text\":\"old\"}]},"
        "{\"type\":\"lookup_call\",\"id\":\"lu_1\",\"status\":\"completed\",\"note\":\"noted\"}]",
        0, NULL);
    const struct more more = { .history = history };
    int rc = begin(o,
                   "{\"model\":\"tools\",\"tools\":[" LOOKUP "],\"instructions\":\"I\",\"input\":["
                   "{\"type\":\"item_reference\",\"id\":\"msg_b\"},{\"id\":\"msg_a\"},"
                   "{\"role\":\"user\",\"content\":\"new\"}]}",
                   more, &err);
    if (rc < 0) fail_msg("%s", err.text);
    check_has(buf_str(&o->fake.trace),
              "\"messages\":[{\"role\":\"system\",\"parts\":[\"I\"]},{\"role\":\"assistant\","
              "\"parts\":[\"other\"]},{\"role\":\"user\",\"parts\":[\"old\"]},{\"role\":"
              "\"assistant\",\"parts\":[],\"tool_calls\":[\"lu_1\",\"lookup\","
              "\"{\\\"again\\\":true}\"]},{\"role\":\"tool\",\"parts\":[\"noted\"],"
              "\"tool_call_id\":\"lu_1\"},{\"role\":\"assistant\",\"parts\":[\"other\"]},{\"role\":"
              "\"user\",\"parts\":[\"old\"]},{\"role\":\"user\",\"parts\":[\"new\"]}]");
    json_t *input;
    assert_int_equal(response_run_input(&input, o->run, &err), 0);
    assert_int_equal(json_array_size(input), 3);
    assert_true(json_equal(json_array_get(input, 0), json_array_get(history, 0)));
    assert_true(json_equal(json_array_get(input, 1), json_array_get(history, 1)));
    const json_t *own = json_array_get(input, 2);
    check_has(fake_get_str(own, "id").ptr, "msg_");
    assert_string_equal(fake_get_str(own, "status").ptr, "completed");
    assert_int_equal(json_array_size(json_object_get(own, "content")), 1);
    json_decref(input);
    response_run_drop(o->run);
    o->run = NULL;
    assert_true(begin(o, "{\"model\":\"tools\",\"input\":[{\"id\":\"msg_c\"}]}", more, &err) < 0);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.text, "Item with id 'msg_c' not found.");
    json_decref(history);
    owner_free(o);
}

/* ---- Stopping, and how it stands ---- */

static void test_bodies_on_the_way(void **state)
{
    (void)state;
    struct arena arena;
    struct err err = { 0 };
    struct slice body;
    arena_init(&arena, 1 << 20);
    struct owner *o = begun("{\"model\":\"tools\",\"input\":\"Hi\",\"background\":true,"
                            "\"conversation\":\"conv_1\"}",
                            0);
    check_types(o, 0, "created queued in_progress");
    check_has(o->events[0].json, "\"status\":\"queued\"");
    check_has(o->events[1].json, "\"status\":\"queued\"");
    check_has(o->events[2].json, "\"status\":\"in_progress\"");
    check_has(o->events[0].json, "\"conversation\":{\"id\":\"conv_1\"}");
    check_has(o->events[0].json, "\"store\":true");
    say(o, "{\"counted\":{\"prompt\":7,\"cached\":3}}");
    say(o, "{\"token\":{\"text\":\"He\",\"n_tokens\":1}}");
    assert_int_equal(response_run_body(&body, o->run, &arena, &err), 0);
    check_has(body.ptr, "\"status\":\"in_progress\"");
    check_has(body.ptr, "\"text\":\"He\"");
    check_has(body.ptr, "\"usage\":null");
    assert_int_equal(response_run_stats(o->run).prompt_tokens, 7);
    assert_int_equal(response_run_stats(o->run).completion_tokens, 1);
    assert_int_equal(response_run_cancel(o->run, &body, &arena, &err), 0);
    o->run = NULL;
    check_has(body.ptr, "\"status\":\"cancelled\"");
    check_has(body.ptr, "\"status\":\"incomplete\"");
    check_has(body.ptr, "\"input_tokens\":7,");
    assert_string_equal(o->status, ""); /* No op was called. */
    assert_false(o->fake.handles[0].live);
    arena_release(&arena);
    owner_free(o);
}

static void test_dropped_while_a_tool_runs(void **state)
{
    (void)state;
    struct owner *o = begun(again, 0);
    say(o, CALL);
    say(o, CALLED);
    assert_non_null(looking);
    response_run_drop(o->run);
    o->run = NULL;
    assert_int_equal(n_cancelled, 1);
    owner_free(o);
}

static void test_dropped_inside_flush(void **state)
{
    (void)state;
    struct owner *o = begun(again, 0);
    say(o, "{\"token\":{\"text\":\"He\"}}");
    o->drop_in_flush = true;
    say(o, "{\"flush\":{}}");
    assert_null(o->run);
    owner_free(o);

    o = begun(again, 0);
    o->drop_in_flush = true;
    say(o, CALL);
    say(o, CALLED);
    assert_int_equal(n_cancelled, 1);
    owner_free(o);
}

static void test_an_error_on_the_way(void **state)
{
    (void)state;
    struct owner *o = begun(again, 0);
    say(o, "{\"token\":{\"text\":\"He\"}}");
    say(o, "{\"error\":{\"code\":\"RATE_LIMIT\",\"text\":\"Slow down.\"}}");
    assert_string_equal(o->status, "failed");
    assert_string_equal(o->error, "Slow down.");
    check_has(o->body, "\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Slow down.\"}");
    check_has(o->body, "\"text\":\"He\"");
    check_types(o, o->n_events - 1, "failed");
    owner_free(o);
}

/* ---- No memory ---- */

static int allocs_left;

static void *torn_alloc(size_t size)
{
    return --allocs_left == 0 ? NULL : seams_real.alloc(size);
}

static void *torn_realloc(void *ptr, size_t size)
{
    return --allocs_left == 0 ? NULL : seams_real.realloc(ptr, size);
}

/* The k-th allocation fails: the run is refused, or it ends, and says so. */
static bool torture(int k)
{
    struct owner *o = owner_new();
    struct err err = { 0 };
    assert_non_null(buf_reserve(&o->fake.trace, 100 << 10));
    allocs_left = k;
    seams.alloc = torn_alloc;
    seams.realloc = torn_realloc;
    int rc = begin(o, again, (struct more){ 0 }, &err);
    if (rc < 0) assert_int_equal(err.code, ERR_NO_MEMORY);
    if (o->run) say(o, "{\"token\":{\"text\":\"Let me see.\"}}");
    if (o->run) say(o, "{\"flush\":{}}");
    if (o->run) say(o, CALL);
    if (o->run) say(o, CALLED);
    if (looking) found("It is blue.");
    if (o->run) say(o, "{\"token\":{\"h\":1,\"text\":\"Blue.\"}}");
    if (o->run) say(o, "{\"flush\":{\"h\":1}}");
    if (o->run) say(o, "{\"done\":{\"h\":1,\"prompt\":9,\"completion\":2,\"final\":true}}");
    bool spared = allocs_left > 0;
    seams.alloc = seams_real.alloc;
    seams.realloc = seams_real.realloc;
    assert_null(o->run);
    assert_null(looking);
    if (rc == 0) assert_true(o->status[0]);
    if (spared) assert_string_equal(o->status, "completed");
    for (int i = 1; i < o->n_events; i++)
        assert_int_equal(o->events[i].number, o->events[i - 1].number + 1);
    owner_free(o);
    return spared;
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    int k = 1;
    while (!torture(k)) k++;
    assert_true(k > 50);
}

static uint64_t fixed_time(void)
{
    return UINT64_C(1700000000) * 1000000000;
}

int main(void)
{
    json_init();
    seams.wall_ns = fixed_time;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_tool),
        cmocka_unit_test(test_results_that_are_asked_for),
        cmocka_unit_test(test_a_tool_that_fails),
        cmocka_unit_test(test_no_more_than_max_tool_calls),
        cmocka_unit_test(test_calls_of_both),
        cmocka_unit_test(test_the_tokens_are_spent),
        cmocka_unit_test(test_turns_end),
        cmocka_unit_test(test_refused_tools),
        cmocka_unit_test(test_made_again_it_is_the_same),
        cmocka_unit_test(test_a_worker_dies),
        cmocka_unit_test(test_results_that_are_too_long),
        cmocka_unit_test(test_a_result_that_never_fits),
        cmocka_unit_test(test_earlier_calls_may_go),
        cmocka_unit_test(test_history_and_references),
        cmocka_unit_test(test_bodies_on_the_way),
        cmocka_unit_test(test_dropped_while_a_tool_runs),
        cmocka_unit_test(test_dropped_inside_flush),
        cmocka_unit_test(test_an_error_on_the_way),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
