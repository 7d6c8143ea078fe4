#include "chat/prompt.h"

#include "base/json.h"
#include "base/seam.h"
#include "base/utf8.h"
#include "chat/jinja/render.h"
#include "chat/reasoning.h"
#include "chat/tool_prompt.h"
#include "models/checkpoint.h"

struct chat {
    struct template *plain, *with_tools; /* with_tools: NULL unless the file names one for tools. */
    const struct tokenizer *tokenizer;
    char *source, *bos, *eos; /* Owned. */
    size_t source_len;
    struct chat_caps caps;
    struct arena arena; /* Of the texts in: */
    struct tool_style style;
    struct thinking thinking;
    bool developer; /* The template knows that role. */
};

enum { CHAT_MARKS_MAX = 64 << 10 }; /* Bytes of all marks of one model. */

/* What one rendering needs to build its messages. */
struct building {
    const struct chat_request *request;
    bool parts;   /* Content as a list of parts. */
    json_t *keep; /* An array of what was parsed on the way: values point into it. */
};

static int put_text(struct render *r, struct dict *d, const char *key, struct slice text)
{
    struct value k, v;
    if (!utf8_valid(text.ptr, text.len)) return render_fail(r, "%s is not valid UTF-8", key);
    TRY(value_string(r, &k, slice_of(key), true));
    TRY(value_string(r, &v, text, false));
    return dict_put(r, d, k, v);
}

static int put(struct render *r, struct dict *d, const char *key, struct value v)
{
    struct value k;
    TRY(value_string(r, &k, slice_of(key), true));
    return dict_put(r, d, k, v);
}

/* Arguments are JSON text in the API and an object in templates; what is no object stays text. */
static int arguments(struct render *r, struct value *ret, struct slice text, json_t *keep)
{
    json_t *json = NULL;
    if (!utf8_valid(text.ptr, text.len))
        return render_fail(r, "the arguments of a tool call are not valid UTF-8");
    int rc = json_read(&json, text, &json_limits_request, "the arguments", NULL);
    if (rc < 0 || !json_is_object(json)) {
        if (rc == 0) json_decref(json);
        return value_string(r, ret, text, false);
    }
    if (json_array_append_new(keep, json) < 0) return render_memory(r);
    return value_from_json(r, ret, json, false);
}

static int tool_call(struct render *r, struct value *ret, const struct chat_tool_call *call,
                     json_t *keep)
{
    struct value function, args;
    TRY(value_dict(r, &function, 2));
    TRY(put_text(r, function.dict, "name", call->name));
    TRY(arguments(r, &args, call->arguments, keep));
    TRY(put(r, function.dict, "arguments", args));
    TRY(value_dict(r, ret, 3));
    if (call->id.ptr) TRY(put_text(r, ret->dict, "id", call->id));
    TRY(put_text(r, ret->dict, "type", SLICE("function")));
    return put(r, ret->dict, "function", function);
}

/* Parts as a list for templates that want one, else their texts joined by newlines. */
static int content(struct render *r, struct value *ret, const struct chat_message *m, bool as_parts)
{
    const struct chat_part whole = { SLICE("text"), m->content };
    const struct chat_part *parts = m->n_parts ? m->parts : &whole;
    size_t n = m->n_parts ? m->n_parts : 1;
    *ret = value_none();
    if (!m->n_parts && !m->content.ptr) return 0;
    for (size_t i = 0; i < n; i++)
        if (!utf8_valid(parts[i].text.ptr, parts[i].text.len))
            return render_fail(r, "the content of a message is not valid UTF-8");
    if (!as_parts && n == 1) return value_string(r, ret, parts[0].text, false);
    if (!as_parts) {
        struct text t;
        text_init(&t, r);
        for (size_t i = 0; i < n; i++) {
            if (i) text_add(&t, "\n", 1, false);
            text_add_slice(&t, parts[i].text, false);
        }
        return text_value(&t, ret);
    }
    TRY(value_list(r, ret, KIND_LIST, n));
    for (size_t i = 0; i < n; i++) {
        struct value *part = &ret->list->items[i];
        TRY(value_dict(r, part, 2));
        TRY(put_text(r, part->dict, "type", parts[i].type));
        TRY(put_text(r, part->dict, "text", parts[i].text));
    }
    return 0;
}

static int message(struct render *r, struct value *ret, const struct chat_message *m,
                   const struct building *b)
{
    struct value v;
    TRY(value_dict(r, ret, 5));
    TRY(put_text(r, ret->dict, "role", m->role));
    TRY(content(r, &v, m, b->parts));
    TRY(put(r, ret->dict, "content", v));
    if (m->name.ptr) TRY(put_text(r, ret->dict, "name", m->name));
    if (m->tool_call_id.ptr) TRY(put_text(r, ret->dict, "tool_call_id", m->tool_call_id));
    if (m->n_tool_calls == 0) return 0;
    TRY(value_list(r, &v, KIND_LIST, m->n_tool_calls));
    for (size_t i = 0; i < m->n_tool_calls; i++)
        TRY(tool_call(r, &v.list->items[i], &m->tool_calls[i], b->keep));
    return put(r, ret->dict, "tool_calls", v);
}

static int messages(struct render *r, struct value *ret, const void *data)
{
    const struct building *b = data;
    TRY(value_list(r, ret, KIND_LIST, b->request->n_messages));
    for (size_t i = 0; i < b->request->n_messages; i++)
        TRY(message(r, &ret->list->items[i], &b->request->messages[i], b));
    return 0;
}

/* The names that a request sets itself; none of its kwargs may. */
static const char *const reserved[] = {
    "messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token", NULL
};

static int check_kwargs(const json_t *kwargs, struct err *err)
{
    if (!json_is_object(kwargs))
        return err_param(err, ERR_INVALID_TYPE, "chat_template_kwargs",
                         "chat_template_kwargs must be an object");
    for (size_t i = 0; reserved[i]; i++)
        if (json_object_get(kwargs, reserved[i]))
            return err_param(err, ERR_INVALID_VALUE, "chat_template_kwargs",
                             "chat_template_kwargs may not set '%s'", reserved[i]);
    return 0;
}

/* Parsed JSON of a request. */
struct parsed {
    json_t *tools, *kwargs, *keep;
};

static int parse(struct parsed *p, const struct chat_request *request, struct err *err)
{
    p->keep = json_array();
    if (!p->keep) return err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
    if (request->tools.len) {
        TRY(json_read(&p->tools, request->tools, &json_limits_request, "tools", err));
        if (!json_is_array(p->tools))
            return err_param(err, ERR_INVALID_TYPE, "tools", "tools must be an array");
        if (json_array_size(p->tools) == 0) {
            json_decref(p->tools);
            p->tools = NULL;
        }
    }
    if (request->kwargs.len) {
        TRY(json_read(&p->kwargs, request->kwargs, &json_limits_request, "chat_template_kwargs",
                      err));
        TRY(check_kwargs(p->kwargs, err));
    }
    return 0;
}

static int render(const struct chat *chat, struct template_output *out,
                  const struct chat_request *request, bool as_parts, struct err *err)
{
    enum { VARS_OWN = 6 };
    struct building b = { .request = request, .parts = as_parts };
    struct parsed p = { 0 };
    struct template_var *vars = NULL;
    int rc = parse(&p, request, err);
    if (rc < 0) goto done;
    b.keep = p.keep;
    vars = mem_calloc(VARS_OWN + json_object_size(p.kwargs), sizeof *vars);
    if (!vars) {
        rc = err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
        goto done;
    }
    size_t n = 0;
    vars[n++] = (struct template_var){ .name = "messages", .make = messages, .data = &b };
    vars[n++] = (struct template_var){ .name = "tools", .json = p.tools };
    vars[n++] = (struct template_var){ .name = "documents" };
    vars[n++] = (struct template_var){
        .name = "add_generation_prompt",
        .json = request->add_generation_prompt ? json_true() : json_false(), /* Static, shared. */
    };
    if (chat->bos)
        vars[n++] = (struct template_var){ .name = "bos_token",
                                           .text = slice_of(chat->bos),
                                           .trusted = true };
    if (chat->eos)
        vars[n++] = (struct template_var){ .name = "eos_token",
                                           .text = slice_of(chat->eos),
                                           .trusted = true };
    const char *key;
    json_t *value;
    json_object_foreach(p.kwargs, key, value)
    {
        vars[n++] = (struct template_var){ .name = key, .json = value };
    }
    const struct template *t = p.tools && chat->with_tools ? chat->with_tools : chat->plain;
    rc = template_render(t, out, vars, n, &(struct template_options){ .now_ns = request->now_ns },
                         err);
done:
    mem_free(vars);
    json_decref(p.tools);
    json_decref(p.kwargs);
    json_decref(p.keep);
    return rc;
}

int chat_render(const struct chat *chat, struct template_output *out,
                const struct chat_request *request, struct err *err)
{
    if (request->n_messages > CHAT_MESSAGES_MAX)
        return err_param(err, ERR_ARRAY_TOO_LONG, "messages", "more than %d messages",
                         CHAT_MESSAGES_MAX);
    struct arena arena;
    struct chat_request shown;
    struct tool_prompt_facts facts = { .format = chat->style.format,
                                       .caps = &chat->caps,
                                       .developer = chat->developer };
    arena_init(&arena, CHAT_REWRITE_BYTES_MAX);
    int rc = tool_prompt(&shown, &arena, request, &facts, err);
    if (rc == 0) rc = render(chat, out, &shown, chat->caps.parts, err);
    arena_release(&arena);
    return rc;
}

int chat_prompt(const struct chat *chat, struct tokens *out, const struct chat_request *request,
                bool *ret_thinks, struct err *err)
{
    struct template_output text;
    struct tokenizer_span *spans = NULL;
    template_output_init(&text);
    int rc = chat_render(chat, &text, request, err);
    if (rc == 0) {
        spans = mem_calloc(text.n_spans, sizeof *spans);
        if (!spans) rc = err_set(err, ERR_NO_MEMORY, "no memory for a prompt");
    }
    if (rc == 0) {
        for (size_t i = 0; i < text.n_spans; i++)
            spans[i] = (struct tokenizer_span){ text.spans[i].from, text.spans[i].to };
        struct tokenizer_options options = { .trust = TRUST_SPANS,
                                             .spans = spans,
                                             .n_spans = text.n_spans };
        rc = tokenizer_encode(chat->tokenizer, out, buf_slice(&text.text), &options, err);
    }
    if (rc == 0 && ret_thinks)
        *ret_thinks = thinking_is_open(&chat->thinking, buf_slice(&text.text));
    mem_free(spans);
    template_output_release(&text);
    return rc;
}

/* --- opening: what can this template do? ------------------------------------------------------ */

#define PROBE "TIROPROBE"

/* Whether the probe shows in what `request` renders to; a failure counts as no. */
static bool shows(const struct chat *chat, const struct chat_request *request, bool as_parts,
                  const char *probe)
{
    struct template_output out;
    template_output_init(&out);
    bool found = render(chat, &out, request, as_parts, NULL) == 0 &&
                 slice_find(buf_slice(&out.text), slice_of(probe)) < out.text.len;
    template_output_release(&out);
    return found;
}

static void find_caps(struct chat *chat)
{
    static const char tools[] =
        "[{\"type\":\"function\",\"function\":{\"name\":\"" PROBE "TOOL\",\"description\":\"d\","
        "\"parameters\":{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"string\","
        "\"description\":\"d\"}},\"required\":[\"p\"]}}}]";
    const struct chat_tool_call call = { SLICE("abcdefghi"), SLICE(PROBE "NAME"),
                                         SLICE("{\"p\":\"v\"}") };
    const struct chat_message user = { .role = SLICE("user"), .content = SLICE(PROBE) };
    const struct chat_message system[] = {
        { .role = SLICE("system"), .content = SLICE(PROBE "SYS") }, user
    };
    const struct chat_message calls[] = {
        user,
        { .role = SLICE("assistant"), .tool_calls = &call, .n_tool_calls = 1 },
        { .role = SLICE("tool"),
          .content = SLICE(PROBE "RESULT"),
          .name = SLICE(PROBE "NAME"),
          .tool_call_id = SLICE("abcdefghi") },
    };
    struct chat_request request = { .messages = &user,
                                    .n_messages = 1,
                                    .add_generation_prompt = true };
    struct chat_caps *caps = &chat->caps;
    caps->parts = !shows(chat, &request, false, PROBE) && shows(chat, &request, true, PROBE);
    request.tools = SLICE(tools);
    caps->tools = shows(chat, &request, caps->parts, PROBE "TOOL");
    request.messages = calls;
    request.n_messages = 3;
    caps->tool_calls = shows(chat, &request, caps->parts, PROBE "NAME");
    caps->tool_results = shows(chat, &request, caps->parts, PROBE "RESULT");
    request = (struct chat_request){ .messages = system, .n_messages = 2 };
    caps->system = shows(chat, &request, caps->parts, PROBE "SYS");
}

/* How it calls tools and where it thinks, from the template that tools are shown to. */
static int find_style(struct chat *chat, struct slice source, bool shows_tools, struct err *err)
{
    const struct tool_format *format = tool_format_of(source, shows_tools);
    int rc = tool_style_open(&chat->style, &chat->arena, format, chat->tokenizer);
    if (rc == 0) rc = thinking_find(&chat->thinking, &chat->arena, source, chat->tokenizer);
    if (rc < 0) return err_set(err, ERR_NO_MEMORY, "no memory for a chat template");
    chat->caps.thinking = chat->thinking.close.len || format->channels;
    chat->developer = slice_find(source, SLICE("developer")) < source.len;
    return 0;
}

static int text_of(char **ret, struct slice s, struct err *err)
{
    if (!s.ptr) return 0;
    *ret = mem_strndup(s.ptr, s.len);
    return *ret ? 0 : err_set(err, ERR_NO_MEMORY, "no memory for a chat template");
}

static int open_sources(struct chat **ret, struct slice plain, struct slice with_tools,
                        struct slice bos, struct slice eos, const struct tokenizer *t,
                        const char *name, struct err *err)
{
    struct chat *chat = mem_calloc(1, sizeof *chat);
    if (!chat) return err_set(err, ERR_NO_MEMORY, "no memory for a chat template");
    arena_init(&chat->arena, CHAT_MARKS_MAX);
    chat->tokenizer = t;
    chat->source_len = plain.len;
    int rc = text_of(&chat->source, plain, err);
    if (rc == 0) rc = text_of(&chat->bos, bos, err);
    if (rc == 0) rc = text_of(&chat->eos, eos, err);
    if (rc == 0) rc = template_compile(&chat->plain, plain, name, err);
    if (rc == 0 && with_tools.ptr) rc = template_compile(&chat->with_tools, with_tools, name, err);
    if (rc == 0) {
        find_caps(chat);
        bool shows = with_tools.ptr || chat->caps.tools;
        rc = find_style(chat, with_tools.ptr ? with_tools : plain, shows, err);
    }
    if (rc < 0) {
        chat_close(chat);
        return rc;
    }
    *ret = chat;
    return 0;
}

int chat_open_source(struct chat **ret, struct slice source, struct slice bos, struct slice eos,
                     const struct tokenizer *t, struct err *err)
{
    return open_sources(ret, source, (struct slice){ 0 }, bos, eos, t, "this model", err);
}

/* The template that serves requests with tools, if the file has one of its own. */
static struct slice tool_template(const struct checkpoint *c)
{
    struct slice found = { 0 };
    struct err ignored;
    if (c->kind == CHECKPOINT_GGUF) {
        if (checkpoint_opt_string(c, &found, "tokenizer.chat_template.tool_use", NULL, &ignored) <
            0)
            found = (struct slice){ 0 };
        return found;
    }
    const json_t *list = json_object_get(c->json[CHECKPOINT_TOKENIZER_CONFIG], "chat_template");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        const json_t *text = json_object_get(entry, "template");
        if (name && strcmp(name, "tool_use") == 0 && json_is_string(text))
            found = (struct slice){ json_string_value(text), json_string_length(text) };
    }
    return found;
}

int chat_open(struct chat **ret, const struct checkpoint *c, const struct tokenizer *t,
              struct err *err)
{
    struct slice source, bos = { 0 }, eos = { 0 };
    if (!checkpoint_chat_template(c, &source))
        return err_set(err, ERR_NOT_FOUND, "%s has no chat template", c->path);
    const struct tokenizer_special *special = tokenizer_special(t);
    if (special->bos != TOKEN_NONE) bos = tokenizer_bytes(t, special->bos);
    if (special->eos != TOKEN_NONE) eos = tokenizer_bytes(t, special->eos);
    return open_sources(ret, source, tool_template(c), bos, eos, t, c->path, err);
}

void chat_close(struct chat *chat)
{
    if (!chat) return;
    template_close(chat->plain);
    template_close(chat->with_tools);
    arena_release(&chat->arena);
    mem_free(chat->source);
    mem_free(chat->bos);
    mem_free(chat->eos);
    mem_free(chat);
}

const struct chat_caps *chat_caps(const struct chat *chat)
{
    return &chat->caps;
}

struct slice chat_source(const struct chat *chat)
{
    return (struct slice){ chat->source, chat->source_len };
}

const struct tool_style *chat_style(const struct chat *chat)
{
    return &chat->style;
}

const struct thinking *chat_thinking(const struct chat *chat)
{
    return &chat->thinking;
}

int chat_set_tool_format(struct chat *chat, struct slice name, struct err *err)
{
    struct tool_style style;
    const struct tool_format *format = tool_format_find(name);
    if (!format) {
        struct buf names;
        buf_init(&names, ERR_TEXT_MAX);
        for (size_t i = 0; i < tool_format_registry_len; i++)
            buf_printf(&names, "%s%s", i ? ", " : "", tool_format_registry[i]->name);
        int rc = err_set(err, ERR_INVALID_VALUE, "unknown tool-call format '%.*s'; there are: %s",
                         SLICE_FMT(name), buf_str(&names));
        buf_release(&names);
        return rc;
    }
    if (tool_style_open(&style, &chat->arena, format, chat->tokenizer) < 0)
        return err_set(err, ERR_NO_MEMORY, "no memory for a tool-call format");
    chat->style = style;
    return 0;
}
