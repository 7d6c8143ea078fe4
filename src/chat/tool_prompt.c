#include "chat/tool_prompt.h"

#include "base/json.h"
#include "base/seam.h"

enum {
    SHORT_ID = 9,
    TEXT_MAX = 1 << 30, /* Never reached: frames are shorter, and the arena's limit is lower. */
};

struct rewriting {
    struct arena *arena;
    const struct chat_request *request;
    const struct tool_prompt_facts *facts;
    json_t *tools;       /* Of the request; NULL: none */
    struct buf text;     /* Of one message. */
    bool calls, results; /* Are not shown by the template. */
    bool failed;         /* No memory for a text */
};

static bool is_result(const struct chat_message *m)
{
    return slice_is(m->role, "tool") || slice_is(m->role, "function");
}

static bool is_system(const struct chat_message *m)
{
    return slice_is(m->role, "system") || slice_is(m->role, "developer");
}

static bool has_content(const struct chat_message *m)
{
    return m->n_parts || m->content.len;
}

static void add_content(struct buf *b, const struct chat_message *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        if (i) buf_add_char(b, '\n');
        buf_add_slice(b, m->parts[i].text);
    }
    if (!m->n_parts) buf_add_slice(b, m->content);
}

/* What was written to w->text. */
static struct slice take(struct rewriting *w)
{
    w->failed = w->failed || w->text.failed;
    return arena_slice(w->arena, buf_slice(&w->text));
}

/* That as the whole content of a message. */
static void set_content(struct rewriting *w, struct chat_message *m)
{
    m->content = take(w);
    m->parts = NULL;
    m->n_parts = 0;
}

/* ---- Tools ---- */

/* {"type": "function", "function": {...}} in place of a custom tool. */
static json_t *as_function(const json_t *custom)
{
    json_t *f = json_pack("{s:O?, s:O?}", "name", json_object_get(custom, "name"), "description",
                          json_object_get(custom, "description"));
    json_t *parameters = json_pack("{s:s, s:{s:{s:s}}, s:[s]}", "type", "object", "properties",
                                   "input", "type", "string", "required", "input");
    if (!f || !parameters || json_object_set(f, "parameters", parameters) < 0) {
        json_decref(f);
        f = NULL;
    }
    json_decref(parameters);
    return f ? json_pack("{s:s, s:o}", "type", "function", "function", f) : NULL;
}

static const json_t *custom_of(const json_t *tool)
{
    const json_t *body = json_object_get(tool, "custom");
    const char *type = json_string_value(json_object_get(tool, "type"));
    return type && strcmp(type, "custom") == 0 && json_is_object(body) ? body : NULL;
}

static bool is_custom(const struct rewriting *w, struct slice name)
{
    for (size_t i = 0; i < json_array_size(w->tools); i++) {
        const json_t *v = json_object_get(custom_of(json_array_get(w->tools, i)), "name");
        struct slice s = { json_string_value(v), json_string_length(v) };
        if (s.ptr && slice_eq(s, name)) return true;
    }
    return false;
}

static int read_tools(struct rewriting *w, struct err *err)
{
    if (!w->request->tools.len) return 0;
    TRY(json_read(&w->tools, w->request->tools, &json_limits_request, "tools", err));
    if (!json_is_array(w->tools))
        return err_param(err, ERR_INVALID_TYPE, "tools", "tools must be an array");
    return 0;
}

/* The tools with functions in place of custom ones. */
static int put_functions(struct rewriting *w, struct chat_request *ret, struct err *err)
{
    struct json_writer json;
    json_t *functions = json_array();
    bool custom = false, failed = !functions;
    for (size_t i = 0; !failed && i < json_array_size(w->tools); i++) {
        json_t *tool = json_array_get(w->tools, i);
        const json_t *body = custom_of(tool);
        custom = custom || body;
        failed = json_array_append_new(functions, body ? as_function(body) : json_incref(tool)) < 0;
    }
    if (failed) {
        json_decref(functions);
        return err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
    }
    json_decref(w->tools);
    w->tools = functions;
    if (!custom) return 0;
    buf_reset(&w->text);
    json_writer_init(&json, &w->text);
    json_value(&json, functions);
    ret->tools = take(w);
    return 0;
}

/* ---- Calls ---- */

/* The template takes ids of 9 letters and digits: others become some, always the same. */
static struct slice short_id(struct rewriting *w, struct slice id)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    char text[SHORT_ID];
    bool good = id.len == SHORT_ID;
    for (size_t i = 0; i < id.len; i++) {
        good = good && strchr(digits, id.ptr[i]) && id.ptr[i];
        hash = (hash ^ (unsigned char)id.ptr[i]) * UINT64_C(0x100000001b3);
    }
    if (good || !id.ptr) return id;
    for (int i = 0; i < SHORT_ID; i++, hash /= sizeof digits - 1)
        text[i] = digits[hash % (sizeof digits - 1)];
    return arena_slice(w->arena, (struct slice){ text, SHORT_ID });
}

/* {"input": "..."} */
static struct slice input_json(struct rewriting *w, struct slice input)
{
    struct json_writer json;
    buf_reset(&w->text);
    json_writer_init(&json, &w->text);
    json_object_begin(&json);
    json_key(&json, "input");
    json_slice(&json, input);
    json_object_end(&json);
    return take(w);
}

static void rewrite_calls(struct rewriting *w, struct chat_message *m)
{
    struct chat_tool_call *calls = ARENA_NEWS(w->arena, m->n_tool_calls, struct chat_tool_call);
    for (size_t i = 0; calls && i < m->n_tool_calls; i++) {
        calls[i] = m->tool_calls[i];
        if (w->facts->format->short_ids) calls[i].id = short_id(w, calls[i].id);
        if (is_custom(w, calls[i].name)) calls[i].arguments = input_json(w, calls[i].arguments);
    }
    m->tool_calls = calls;
}

/* Calls as the model wrote them, in the text. */
static void write_calls(struct rewriting *w, struct chat_message *m)
{
    const struct tool_format *f = w->facts->format;
    const struct tool_writing *t = &f->writing;
    buf_reset(&w->text);
    add_content(&w->text, m);
    if (has_content(m)) buf_add_char(&w->text, '\n');
    if (t->begin) buf_add_str(&w->text, t->begin);
    if (t->list) buf_add_char(&w->text, '[');
    for (size_t i = 0; i < m->n_tool_calls; i++) {
        if (i) buf_add_str(&w->text, t->list ? ", " : t->separator ? t->separator : "\n");
        tool_call_write(&w->text, f, m->tool_calls[i].name, m->tool_calls[i].arguments);
    }
    if (t->list) buf_add_char(&w->text, ']');
    if (t->end) buf_add_str(&w->text, t->end);
    m->tool_calls = NULL;
    m->n_tool_calls = 0;
    set_content(w, m);
}

/* ---- Messages ---- */

/* Results and what the user says to them are one message: many templates want turns. Returns how
 * many messages that were. */
static size_t write_results(struct rewriting *w, struct chat_message *ret,
                            const struct chat_message *m, size_t n)
{
    const struct tool_format *f = w->facts->format;
    size_t i = 0;
    buf_reset(&w->text);
    for (; i < n && (is_result(&m[i]) || slice_is(m[i].role, "user")); i++) {
        if (i) buf_add_char(&w->text, '\n');
        if (is_result(&m[i]) && f->result_begin) buf_add_str(&w->text, f->result_begin);
        add_content(&w->text, &m[i]);
        if (is_result(&m[i]) && f->result_end) buf_add_str(&w->text, f->result_end);
    }
    *ret = (struct chat_message){ .role = SLICE("user") };
    set_content(w, ret);
    return i;
}

static void rewrite_message(struct rewriting *w, struct chat_message *m)
{
    if (slice_is(m->role, "developer") && !w->facts->developer) m->role = SLICE("system");
    if (is_result(m)) m->role = SLICE("tool");
    if (m->n_tool_calls) rewrite_calls(w, m);
    if (m->n_tool_calls && w->calls) write_calls(w, m);
    if (w->facts->format->short_ids) m->tool_call_id = short_id(w, m->tool_call_id);
}

/* How to call, for a model whose template does not say it. */
static void write_definitions(struct rewriting *w, struct buf *b)
{
    const struct tool_format *f = w->facts->format;
    struct json_writer json;
    buf_add_str(b, "You can call functions. Their definitions, one a line:\n");
    for (size_t i = 0; i < json_array_size(w->tools); i++) {
        const json_t *tool = json_array_get(w->tools, i);
        const json_t *body = json_object_get(tool, "function");
        json_writer_init(&json, b);
        json_value(&json, body ? body : tool);
        buf_add_char(b, '\n');
    }
    buf_add_str(b, "\nTo call functions, answer with nothing but this, once for each call:\n");
    tool_call_write(b, f, SLICE("NAME"), SLICE("{\"ARGUMENT\": VALUE}"));
    buf_add_str(b,
                "\nTheir results come in the next message. Without need of a function, answer in "
                "plain words.");
}

/* Into the system message, or the first there is. Room for one more message is there. */
static void put_definitions(struct rewriting *w, struct chat_request *ret,
                            struct chat_message *messages)
{
    bool has_system = ret->n_messages && is_system(&messages[0]);
    bool into = has_system || (!w->facts->caps->system && ret->n_messages);
    if (!into) {
        memmove(messages + 1, messages, ret->n_messages * sizeof *messages);
        messages[0] = (struct chat_message){ .role = SLICE("system") };
        ret->n_messages++;
    }
    buf_reset(&w->text);
    if (has_system) add_content(&w->text, &messages[0]);
    if (has_system && has_content(&messages[0])) buf_add_str(&w->text, "\n\n");
    write_definitions(w, &w->text);
    if (into && !has_system) {
        buf_add_str(&w->text, "\n\n");
        add_content(&w->text, &messages[0]);
    }
    set_content(w, &messages[0]);
}

static int rewrite(struct rewriting *w, struct chat_request *ret, struct err *err)
{
    const struct chat_request *q = w->request;
    struct chat_message *messages = ARENA_NEWS(w->arena, q->n_messages + 1, struct chat_message);
    TRY(arena_check(w->arena, "a prompt", err));
    TRY(read_tools(w, err));
    size_t n = 0;
    for (size_t i = 0; i < q->n_messages; n++) {
        if (w->results && is_result(&q->messages[i])) {
            i += write_results(w, &messages[n], &q->messages[i], q->n_messages - i);
            continue;
        }
        messages[n] = q->messages[i++];
        rewrite_message(w, &messages[n]);
    }
    ret->messages = messages;
    ret->n_messages = n;
    if (w->tools) TRY(put_functions(w, ret, err));
    if (w->tools && w->facts->format->ours) {
        if (json_array_size(w->tools)) put_definitions(w, ret, messages);
        ret->tools = (struct slice){ 0 };
    }
    if (w->failed) return err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
    return arena_check(w->arena, "a prompt", err);
}

static bool is_plain(const struct chat_request *q)
{
    bool plain = !q->tools.len;
    for (size_t i = 0; plain && i < q->n_messages; i++)
        plain = !q->messages[i].n_tool_calls && !is_result(&q->messages[i]) &&
                !slice_is(q->messages[i].role, "developer");
    return plain;
}

int tool_prompt(struct chat_request *ret, struct arena *a, const struct chat_request *request,
                const struct tool_prompt_facts *facts, struct err *err)
{
    bool ours = facts->format->ours && request->tools.len;
    struct rewriting w = { .arena = a,
                           .request = request,
                           .facts = facts,
                           .calls = ours || !facts->caps->tool_calls,
                           .results = ours || !facts->caps->tool_results };
    *ret = *request;
    if (is_plain(request)) return 0;
    buf_init(&w.text, TEXT_MAX);
    int rc = rewrite(&w, ret, err);
    buf_release(&w.text);
    json_decref(w.tools);
    return rc;
}
