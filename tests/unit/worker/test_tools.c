/* Tools, thoughts and held answers through a whole worker over a tiny model of random weights: only
 * the grammar can make these answers good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/worker/tiny_models.h"
#include "unit/worker/worker_client.h"

enum { IDS = 16, CHOICES = 4, SEEN_MAX = 4096 };

struct choice_seen {
    char content[SEEN_MAX], reasoning[SEEN_MAX], calls[SEEN_MAX]; /* "0:f({})" */
    char ids[8][64];
    int n_calls, n_logprobs, done;
    uint32_t reason;
};

struct request_seen {
    struct choice_seen choices[CHOICES];
    bool over;
    uint32_t code;
    char param[128], error[512];
};

static struct request_seen seen[IDS];
static char tools_model[] = "/tmp/tiro-tools-XXXXXX";
static char think_model[] = "/tmp/tiro-think-XXXXXX";
static struct worker_client client;

#define CONFIG(template) "{\"eos_token\":\"<|endoftext|>\",\"chat_template\":\"" template "\"}"

static int make_models(void **state)
{
    (void)state;
    make_model(tools_model, "llama/gqa", tiny_tokenizer_json,
               CONFIG("{# <tool_call> #}{% if tools %}{{ tools[0].function.name }}{% endif %}"
                      "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}"
                      "{{ c.function.name }}{% endfor %}{% endfor %}:"));
    make_model(think_model, "llama/gqa", tiny_tokenizer_json,
               CONFIG("{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}"
                      "{% if think %}<think>{% endif %}"));
    return 0;
}

static int remove_models(void **state)
{
    (void)state;
    remove_model(tools_model);
    remove_model(think_model);
    return 0;
}

/* ---- Talking ---- */

static void append(char *to, struct slice s)
{
    size_t len = strlen(to);
    assert_true(len + s.len < SEEN_MAX);
    if (s.len) memcpy(to + len, s.ptr, s.len);
    to[len + s.len] = '\0';
}

static struct choice_seen *choice_of(uint64_t id, uint32_t choice)
{
    assert_true(id < IDS && choice < CHOICES && !seen[id].over);
    return &seen[id].choices[choice];
}

static void note_token(const struct msg_token *m)
{
    struct choice_seen *c = choice_of(m->id, m->choice);
    assert_false(c->done);
    append(m->reasoning ? c->reasoning : c->content, m->text);
    c->n_logprobs += (int)m->n_logprobs;
}

static void note_delta(const struct msg_tool_delta *m)
{
    struct choice_seen *c = choice_of(m->id, m->choice);
    char head[80];
    assert_false(c->done);
    if (m->name.len) {
        assert_int_equal(m->index, c->n_calls);
        assert_true(m->call_id.len == 29 && slice_starts(m->call_id, SLICE("call_")));
        assert_int_equal(m->arguments.len, 0);
        for (int i = 0; i < c->n_calls; i++) assert_false(slice_is(m->call_id, c->ids[i]));
        assert_true(c->n_calls < 8);
        snprintf(c->ids[c->n_calls], sizeof c->ids[0], "%.*s", SLICE_FMT(m->call_id));
        snprintf(head, sizeof head, "%s%d:%.*s ", c->n_calls ? " " : "", (int)m->index,
                 SLICE_FMT(m->name));
        append(c->calls, slice_of(head));
        c->n_calls++;
    }
    assert_int_equal(m->index, c->n_calls - 1);
    assert_true(m->name.len || m->call_id.len == 0);
    append(c->calls, m->arguments);
}

static void note(const struct message_any *any)
{
    const struct msg_done *d = any->body;
    const struct msg_error *e = any->body;
    switch (any->kind) {
    case MSG_COUNTED: break;
    case MSG_TOKEN: note_token(any->body); break;
    case MSG_TOOL_DELTA: note_delta(any->body); break;
    case MSG_DONE:
        choice_of(d->id, d->choice)->reason = d->finish_reason;
        seen[d->id].choices[d->choice].done++;
        seen[d->id].over = d->final;
        break;
    case MSG_ERROR:
        assert_true(e->id < IDS);
        seen[e->id].over = true;
        seen[e->id].code = e->code;
        snprintf(seen[e->id].param, sizeof seen[0].param, "%.*s", SLICE_FMT(e->param));
        snprintf(seen[e->id].error, sizeof seen[0].error, "%.*s", SLICE_FMT(e->text));
        break;
    default: fail_msg("message of kind %d", any->kind);
    }
}

static uint32_t start(const char *path, const char *tool_format)
{
    memset(seen, 0, sizeof seen);
    worker_client_open(&client, "text");
    struct message_any any = worker_client_next(&client);
    assert_int_equal(any.kind, MSG_HELLO);
    struct msg_load load = { .path = slice_of(path),
                             .name = SLICE("tiny"),
                             .n_threads = 1,
                             .tool_format = slice_of(tool_format),
                             .log_level = SLICE("off") };
    worker_client_send(&client, MSG_LOAD, &load);
    do any = worker_client_next(&client);
    while (any.kind == MSG_PROGRESS);
    if (any.kind == MSG_ERROR) return 0;
    assert_int_equal(any.kind, MSG_READY);
    return ((struct msg_ready *)any.body)->capabilities;
}

static void quit(void)
{
    assert_int_equal(worker_client_quit(&client, note), 0);
}

static struct msg_part part = { .text = SLICE("go") };
static struct msg_chat message = { .role = SLICE("user"), .parts = &part, .n_parts = 1 };

static const char tools[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":"
    "{\"name\":\"g\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[1,22]}},"
    "\"required\":[\"a\"],\"additionalProperties\":false},\"strict\":true}}]";

static struct msg_request chat(uint64_t id)
{
    struct msg_request q = { .id = id,
                             .principal = { .tenant = SLICE("default") },
                             .kind = REQUEST_CHAT,
                             .messages = &message,
                             .n_messages = 1,
                             .n = 1,
                             .sampling = MSG_SAMPLING_DEFAULT };
    q.sampling.has_seed = true;
    q.sampling.seed = id;
    return q;
}

static struct request_seen *ask(struct msg_request q)
{
    worker_client_send(&client, MSG_REQUEST, &q);
    while (!seen[q.id].over) {
        struct message_any any = worker_client_next(&client);
        if (any.kind == 0) fail_msg("the worker ended before request %d did", (int)q.id);
        note(&any);
    }
    return &seen[q.id];
}

/* ---- Tests ---- */

static void test_required(void **state)
{
    (void)state;
    uint32_t caps = start(tools_model, "");
    assert_true(caps & CAP_TOOLS);
    assert_false(caps & CAP_THINKING);
    struct msg_request q = chat(1);
    q.tools = SLICE(tools);
    q.tool_choice = TOOL_CHOICE_REQUIRED;
    q.one_tool_call = true;
    q.n = 3;
    q.logprobs = true;
    struct request_seen *s = ask(q);
    for (int i = 0; i < 3; i++) {
        struct choice_seen *c = &s->choices[i];
        assert_int_equal(c->reason, FINISH_TOOL_CALLS);
        assert_int_equal(c->n_calls, 1);
        assert_int_equal(c->n_logprobs, 0);
        assert_string_equal(c->content, "");
        bool good = !strcmp(c->calls, "0:f {}") || !strcmp(c->calls, "0:g {\"a\": 1}") ||
                    !strcmp(c->calls, "0:g {\"a\": 22}");
        if (!good) fail_msg("%s", c->calls);
    }
    /* Only those that may be called. */
    struct slice name = SLICE("g");
    q.id = 2;
    q.n = 1;
    q.tool_names = &name;
    q.n_tool_names = 1;
    assert_true(strncmp(ask(q)->choices[0].calls, "0:g {\"a\": ", 10) == 0);
    /* Cut: what there is of the call was told. */
    q.id = 3;
    q.has_max_tokens = true;
    q.max_tokens = 46;
    s = ask(q);
    assert_int_equal(s->choices[0].reason, FINISH_LENGTH);
    assert_true(strncmp("0:g {\"a\": 22}", s->choices[0].calls, strlen(s->choices[0].calls)) == 0);
    quit();
}

static void test_none_and_auto(void **state)
{
    (void)state;
    start(tools_model, "hermes");
    struct msg_request q = chat(1);
    q.tools = SLICE(tools);
    q.tool_choice = TOOL_CHOICE_NONE;
    q.has_max_tokens = true;
    q.max_tokens = 30;
    q.logprobs = true;
    struct request_seen *s = ask(q);
    assert_int_equal(s->choices[0].n_calls, 0);
    assert_true(strlen(s->choices[0].content) > 0);
    /* A call or a choice: the random model has no other way. */
    q = chat(2);
    q.tools = SLICE(tools);
    q.logprobs = true;
    q.grammar_kind = GRAMMAR_CHOICE;
    q.grammar = SLICE("[\"yes\",\"no\"]");
    s = ask(q);
    struct choice_seen *c = &s->choices[0];
    if (c->n_calls) {
        assert_int_equal(c->reason, FINISH_TOOL_CALLS);
    } else {
        assert_true(!strcmp(c->content, "yes") || !strcmp(c->content, "no"));
        assert_int_equal(c->reason, FINISH_STOP);
        assert_int_equal(c->n_logprobs, strlen(c->content)); /* A byte is a token. */
    }
    /* Cancelled in the middle. */
    q = chat(3);
    q.tools = SLICE(tools);
    q.tool_choice = TOOL_CHOICE_REQUIRED;
    worker_client_send(&client, MSG_REQUEST, &q);
    worker_client_send(&client, MSG_CANCEL, &(struct msg_cancel){ 3 });
    q = chat(4);
    q.grammar_kind = GRAMMAR_CHOICE;
    q.grammar = SLICE("[\"yes\"]");
    assert_string_equal(ask(q)->choices[0].content, "yes");
    quit();
}

static void test_held(void **state)
{
    (void)state;
    static const struct {
        uint32_t kind;
        const char *grammar, *answer;
    } cases[] = {
        { GRAMMAR_CHOICE, "[\"only this\"]", "only this" },
        { GRAMMAR_REGEX, "ab{3}c", "abbbc" },
        { GRAMMAR_EBNF, "root ::= \"x\" y\ny ::= \"z\"", "xz" },
        { GRAMMAR_JSON_SCHEMA, "{\"const\":{\"a\":[1,null]}}", "{\"a\": [1, null]}" },
    };
    start(tools_model, "auto");
    for (uint64_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) { /* Again: from the cache. */
        struct msg_request q = chat(i + 1);
        q.grammar_kind = cases[i % 4].kind;
        q.grammar = slice_of(cases[i % 4].grammar);
        if (i % 2) {
            q.kind = REQUEST_PROMPT;
            q.n_messages = 0;
            q.prompt = SLICE("say");
        }
        struct request_seen *s = ask(q);
        if (s->code) fail_msg("%s", s->error);
        assert_string_equal(s->choices[0].content, cases[i % 4].answer);
        assert_int_equal(s->choices[0].reason, FINISH_STOP);
    }
    quit();
}

static void refused(struct msg_request q, const char *param, const char *text)
{
    struct request_seen *s = ask(q);
    assert_true(err_is_callers((enum err_code)s->code));
    assert_string_equal(s->param, param);
    if (!strstr(s->error, text)) fail_msg("%s", s->error);
}

static void test_refusals(void **state)
{
    (void)state;
    start(tools_model, "");
    struct msg_request q = chat(1);
    q.tools = SLICE("[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":"
                    "\"array\"}}}]");
    refused(q, "tools[0].function.parameters", "Invalid schema for function 'f': schema must be");
    q.id = 2;
    q.tools = SLICE("[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]");
    refused(q, "tools[0].function.name", "does not match pattern");
    q = chat(3);
    q.grammar_kind = GRAMMAR_JSON_SCHEMA;
    q.grammar_strict = true;
    q.grammar = SLICE("{\"type\":\"object\",\"properties\":{}}");
    q.grammar_param = SLICE("response_format 'x'");
    refused(q, "response_format", "Invalid schema for response_format 'x': In context=()");
    q.id = 4;
    q.grammar = SLICE("{");
    refused(q, "response_format", "the schema");
    q.id = 5;
    q.grammar_kind = GRAMMAR_CHOICE;
    q.grammar = SLICE("[1]");
    q.grammar_param = SLICE("guided_choice");
    refused(q, "guided_choice", "one string or more");
    q.id = 6;
    q.grammar_kind = GRAMMAR_EBNF;
    q.grammar = SLICE("root ::= nothing");
    q.grammar_param = SLICE("grammar");
    refused(q, "grammar", "nothing");
    q.id = 7;
    q.grammar = SLICE("root ::= \"ok\"");
    assert_string_equal(ask(q)->choices[0].content, "ok");
    quit();
}

static void test_thoughts(void **state)
{
    (void)state;
    uint32_t caps = start(think_model, "");
    assert_true((caps & CAP_THINKING) && (caps & CAP_TOOLS));
    /* Left in its thoughts, a random model never comes out of them. */
    struct msg_request q = chat(1);
    q.template_args = SLICE("{\"think\": true}");
    q.has_max_tokens = true;
    q.max_tokens = 40;
    q.grammar_kind = GRAMMAR_CHOICE;
    q.grammar = SLICE("[\"yes\"]");
    struct request_seen *s = ask(q);
    assert_string_equal(s->choices[0].content, "");
    assert_true(strlen(s->choices[0].reasoning) > 0);
    assert_int_equal(s->choices[0].reason, FINISH_LENGTH);
    /* One that may think or answer. */
    q = chat(2);
    q.has_max_tokens = true;
    q.max_tokens = 40;
    q.grammar_kind = GRAMMAR_CHOICE;
    q.grammar = SLICE("[\"yes\"]");
    s = ask(q);
    assert_true(!strcmp(s->choices[0].content, "yes") || strlen(s->choices[0].reasoning) > 0);
    quit();
}

static void test_unknown_format(void **state)
{
    (void)state;
    assert_int_equal(start(tools_model, "morse"), 0);
    assert_int_equal(worker_client_close(&client), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_required), cmocka_unit_test(test_none_and_auto),
        cmocka_unit_test(test_held),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_thoughts), cmocka_unit_test(test_unknown_format),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
