/* POST /v1/tiro/abc/check: whether music in ABC notation adds up, and where it does not. */
#include "api/abc_check.h"
#include "api/endpoint.h"
#include "api/reply.h"
#include "base/seam.h"

struct abc_check_req {
    struct field_string abc;
};

static const struct field fields[] = {
    FIELD_STRING(struct abc_check_req, abc, .required = true, .len_min = 1, .len_max = ABC_TEXT_MAX,
                 .help = "One or more tunes in ABC notation 2.1."),
    FIELDS_END,
};

static void write_issue(struct json_writer *w, const struct abc_issue *issue)
{
    json_object_begin(w);
    json_key(w, "kind");
    json_str(w, abc_issue_kind_name(issue->kind));
    json_key(w, "line");
    json_uint(w, issue->line);
    json_key(w, "column");
    json_uint(w, issue->column);
    json_key(w, "bar");
    if (issue->bar)
        json_uint(w, issue->bar);
    else
        json_null_value(w);
    json_key(w, "voice");
    json_str(w, issue->voice[0] ? issue->voice : NULL);
    json_key(w, "message");
    json_slice(w, slice_of(issue->text));
    json_object_end(w);
}

static void write_count(struct json_writer *w, const char *name, uint32_t n)
{
    json_key(w, name);
    json_uint(w, n);
}

static void write_report(struct json_writer *w, const struct abc_report *r)
{
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "tiro.abc.check");
    json_key(w, "ok");
    json_bool(w, r->n_issues == 0);
    write_count(w, "tunes", r->n_tunes);
    write_count(w, "voices", r->n_voices);
    write_count(w, "bars", r->n_bars);
    write_count(w, "notes", r->n_notes);
    json_key(w, "issues");
    json_array_begin(w);
    for (uint32_t i = 0; i < r->n_issues; i++) write_issue(w, &r->issues[i]);
    json_array_end(w);
    write_count(w, "issues_left_out", r->n_left_out);
    json_object_end(w);
}

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
    write_report(&w, report);
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

static const struct field issue_answer[] = {
    ANSWER("kind", STRING, .help = "header, bar, length or syntax"),
    ANSWER("line", INT, .help = "Of the text, from 1."),
    ANSWER("column", INT, .help = "In bytes, from 1."),
    ANSWER("bar", INT, .nullable = true, .help = "Of its voice, from 1."),
    ANSWER("voice", STRING, .nullable = true, .help = "Where there are several."),
    ANSWER("message", STRING,
           .help = "What is wrong, for a person or for the model that mends it."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.abc.check"),
    ANSWER("ok", BOOL, .help = "Nothing is wrong."),
    ANSWER("tunes", INT, .help = "How many there are."),
    ANSWER("voices", INT, .help = "With notes, of all tunes together."),
    ANSWER("bars", INT, .help = "With notes or rests."),
    ANSWER("notes", INT, .help = "Those of chords counted one by one."),
    ANSWER("issues", OBJECTS, .fields = issue_answer, .help = "In the order of the text."),
    ANSWER("issues_left_out", INT, .help = "Those beyond the first hundred."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_abc_check = {
    .method = "POST",
    .path = "/v1/tiro/abc/check",
    .fields = fields,
    .size = sizeof(struct abc_check_req),
    .handle = handle,
    .name = "AbcCheck",
    .tag = "Music",
    .summary = "Finds bars that do not add up, wrong headers and impossible lengths in music.",
    .response = response,
};
