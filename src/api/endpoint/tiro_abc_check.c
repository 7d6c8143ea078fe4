/* POST /v1/tiro/abc/check: whether music in ABC notation adds up, and where it does not. */
#include "api/abc_report.h"
#include "api/endpoint.h"
#include "api/reply.h"

struct abc_check_req {
    struct field_string abc;
};

static const struct field fields[] = {
    FIELD_STRING(struct abc_check_req, abc, .required = true, .len_min = 1, .len_max = ABC_TEXT_MAX,
                 .help = "One or more tunes in ABC notation 2.1."),
    FIELDS_END,
};

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct abc_check_req *req = request;
    struct abc_report *report = arena_alloc(call->scratch, sizeof *report);
    if (!report) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    TRY(abc_check(report, req->abc.value, err));
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "tiro.abc.check");
    abc_report_write(&w, report);
    json_object_end(&w);
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

const struct endpoint endpoint_tiro_abc_check = {
    .method = "POST",
    .path = "/v1/tiro/abc/check",
    .fields = fields,
    .size = sizeof(struct abc_check_req),
    .handle = handle,
    .name = "AbcCheck",
    .tag = "Music",
    .summary = "Finds bars that do not add up, wrong headers and impossible lengths in music.",
    .response = abc_report_fields,
};
