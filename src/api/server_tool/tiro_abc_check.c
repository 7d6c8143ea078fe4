/* tiro_abc_check, an extension: the model has its music checked before it answers, and is told
 * which bars do not add up. */
#include "api/abc_report.h"
#include "api/server_tool.h"
#include "base/seam.h"

enum { TOLD_BYTES_MAX = 64 << 10, ITEM_BYTES_MAX = 2 << 20 };

struct server_tool_call {
    struct server_tool_options o;
    struct service_timer *timer; /* the answer is not given from inside begin */
    struct abc_report report;
    json_t *abc;
};

static const struct field fields[] = { FIELDS_END };

static void release(struct server_tool_call *call)
{
    json_decref(call->abc);
    mem_free(call);
}

static void cancel(struct server_tool_call *call)
{
    call->o.service->ops->timer_cancel(call->o.service, call->timer);
    release(call);
}

static int make_item(json_t **ret, const struct server_tool_call *call, struct err *err)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, ITEM_BYTES_MAX);
    json_writer_init(&w, &text);
    json_object_begin(&w);
    json_key(&w, "abc");
    json_value(&w, call->abc);
    abc_report_write(&w, &call->report);
    json_object_end(&w);
    int rc = buf_check(&text, "the check", err);
    if (rc == 0) rc = json_read(ret, buf_slice(&text), &json_limits_request, "the check", err);
    buf_release(&text);
    return rc;
}

static void on_timer(void *user)
{
    struct server_tool_call *call = user;
    struct err err = { 0 };
    json_t *item = NULL;
    struct buf text;
    buf_init(&text, TOLD_BYTES_MAX);
    abc_report_tell(&text, &call->report);
    int rc = buf_check(&text, "the check", &err);
    if (rc == 0) rc = make_item(&item, call, &err);
    const struct server_tool_result result = { .text = buf_slice(&text), .item = item };
    call->o.done(call->o.user, rc == 0 ? &result : NULL, &err);
    json_decref(item);
    buf_release(&text);
    release(call);
}

static int check(struct server_tool_call *call, struct err *err)
{
    json_t *arguments;
    TRY(json_read(&arguments, call->o.arguments, &json_limits_request, "the arguments", err));
    call->abc = json_incref(json_object_get(arguments, "abc"));
    json_decref(arguments);
    struct slice abc = { json_string_value(call->abc), json_string_length(call->abc) };
    if (abc.len == 0) return err_set(err, ERR_INVALID_VALUE, "The model checked no music.");
    TRY(abc_check(&call->report, abc, err));
    call->timer = call->o.service->ops->timer(call->o.service, 0, on_timer, call);
    return call->timer ? 0 : err_set(err, ERR_NO_MEMORY, "There is no memory for the check.");
}

static int begin(struct server_tool_call **ret, const struct server_tool_options *options,
                 struct err *err)
{
    struct server_tool_call *call = mem_calloc(1, sizeof *call);
    if (!call) return err_set(err, ERR_NO_MEMORY, "There is no memory for the check.");
    call->o = *options;
    int rc = check(call, err);
    if (rc < 0)
        release(call);
    else
        *ret = call;
    return rc;
}

static int recall(struct slice *ret_arguments, struct slice *ret_text, const json_t *item,
                  struct arena *arena, struct err *err)
{
    const json_t *abc = json_object_get(item, "abc");
    struct slice tune = { json_string_value(abc), json_string_length(abc) };
    struct abc_report *report = arena_alloc(arena, sizeof *report);
    struct buf out;
    struct json_writer w;
    TRY(arena_check(arena, "the request", err));
    buf_init(&out, FIELD_TEXT_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "abc");
    json_slice(&w, tune.ptr ? tune : SLICE(""));
    json_object_end(&w);
    TRY(field_keep_text(ret_arguments, &out, arena, err));
    TRY(abc_check(report, tune, err)); /* The same text has the same issues. */
    buf_init(&out, FIELD_TEXT_MAX);
    abc_report_tell(&out, report);
    return field_keep_text(ret_text, &out, arena, err);
}

static const char *const phases[] = { "in_progress", "checking", NULL };

const struct server_tool server_tool_tiro_abc_check = {
    .type = "tiro_abc_check",
    .item_type = "tiro_abc_check_call",
    .id_prefix = "abc_",
    .fields = fields,
    .phases = phases,
    .begun = "\"abc\":null,\"ok\":null,\"tunes\":null,\"voices\":null,\"bars\":null,"
             "\"notes\":null,\"headers\":null,\"issues\":null,\"issues_left_out\":null",
    .name = "check_music",
    .description = "Checks music in ABC notation: says which bars do not add up and what else is "
                   "wrong, with line and column. Use it for every tune before you answer with it, "
                   "and again after you have mended it.",
    .parameters =
        "{\"type\":\"object\",\"properties\":{\"abc\":{\"type\":\"string\","
        "\"description\":\"The whole tune, from X: on, each field on a line of its own.\","
        "\"pattern\":\"^X:[0-9]{1,6}\\n([A-Za-z]:[^\\n]*\\n){1,30}[^\\n]+(\\n[^\\n]*)*$\"}},"
        "\"required\":[\"abc\"],\"additionalProperties\":false}",
    .begin = begin,
    .cancel = cancel,
    .recall = recall,
};
