/* POST /v1/batches: a file of requests, to be run when the models have nothing else to do. */
#include "api/batch_line.h"
#include "api/batch_object.h"
#include "api/endpoint.h"
#include "api/metadata.h"
#include "api/reply.h"
#include "api/runner/batches.h"
#include "api/stored.h"
#include "base/seam.h"
#include "store/file_table.h"

enum {
    WINDOW_SECONDS = 24 * 3600,
    OUTPUT_SECONDS_MIN = 3600,
    OUTPUT_SECONDS_MAX = 30 * 24 * 3600,
    ID_MAX = 128,
};

static const char *const endpoints[] = { "/v1/responses", "/v1/chat/completions", "/v1/embeddings",
                                         "/v1/completions", NULL };
static const char *const windows[] = { "24h", NULL };
static const char *const anchors[] = { "created_at", NULL };

struct expires_req {
    struct field_enum anchor;
    struct field_int seconds;
};

struct create_req {
    struct field_string input_file_id;
    struct field_enum endpoint, completion_window;
    struct field_json metadata;
    struct field_object output_expires_after; /* struct expires_req */
};

static const struct field expires_fields[] = {
    FIELD_ENUM(struct expires_req, anchor, .names = anchors, .required = true,
               .help = "When the file was made."),
    FIELD_INT(struct expires_req, seconds, .required = true,
              .range = { OUTPUT_SECONDS_MIN, OUTPUT_SECONDS_MAX }, .help = "So long after it."),
    FIELDS_END,
};

static const struct field fields[] = {
    FIELD_STRING(
        struct create_req, input_file_id, .required = true, .len_min = 1, .len_max = ID_MAX,
        .help = "A file of purpose batch: JSON lines of {custom_id, method, url, body}, up "
                "to 50,000 and 200 MB, all for one model."),
    FIELD_ENUM(struct create_req, endpoint, .names = endpoints, .required = true,
               .help = "The url of every line."),
    FIELD_ENUM(struct create_req, completion_window, .names = windows, .required = true,
               .help = "What has not run by then does not run."),
    FIELD_JSON(struct create_req, metadata, .types = FIELD_TYPE_OBJECT, .schema = metadata_schema,
               .help = "Up to 16 pairs of strings of your own."),
    FIELD_OBJECT(struct create_req, output_expires_after, .fields = expires_fields,
                 .size = sizeof(struct expires_req),
                 .help = "When the files it writes are deleted; without it, never."),
    FIELDS_END,
};

struct create {
    struct stored stored; /* first */
    struct batch_row row;
    struct slice body;
    char id[REPLY_ID_MAX];
};

static int check_file(const struct file_row *file, struct err *err)
{
    if (!slice_is(file->purpose, "batch"))
        return err_param(err, ERR_INVALID_VALUE, "input_file_id",
                         "Invalid 'input_file_id': the file's purpose is '%.*s'. Expected 'batch'.",
                         (int)(file->purpose.len < 60 ? file->purpose.len : 60), file->purpose.ptr);
    if (file->bytes <= BATCH_INPUT_BYTES_MAX) return 0;
    return err_param(err, ERR_INVALID_VALUE, "input_file_id",
                     "Invalid 'input_file_id': the file has %llu bytes. Expected at most %d.",
                     (unsigned long long)file->bytes, BATCH_INPUT_BYTES_MAX);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create *c = (struct create *)stored;
    struct file_row file;
    struct batch_row *row = &c->row;
    TRY(file_find(&file, db, &stored->principal, row->input_file_id, &stored->arena, err));
    TRY(check_file(&file, err));
    row->sha256 = file.sha256;
    row->bytes = file.bytes;
    row->owner = stored->principal;
    TRY(batch_add(db, row, err));
    return batch_object_text(&c->body, row, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct create *c = (struct create *)stored;
    struct call *call = stored->call;
    (void)err;
    batches_tell(call->service);
    call->ops->reply(call, 200, "application/json", c->body);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_req *req = request;
    const struct expires_req *expires = req->output_expires_after.value;
    struct slice metadata;
    TRY(metadata_fill(&metadata, req->metadata.value, "metadata", call->scratch, err));
    struct create *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    int64_t now = (int64_t)(wall_ns() / 1000000000u);
    reply_id(c->id, "batch_");
    c->row = (struct batch_row){
        .id = slice_of(c->id),
        .endpoint = slice_of(endpoints[req->endpoint.value]),
        .input_file_id = arena_slice(&c->stored.arena, req->input_file_id.value),
        .metadata = arena_slice(&c->stored.arena, metadata),
        .at = { [BATCH_VALIDATING] = now },
        .expires_at = now + WINDOW_SECONDS,
        .output_seconds = expires ? expires->seconds.value : 0,
    };
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_batches_create = {
    .method = "POST",
    .path = "/v1/batches",
    .fields = fields,
    .size = sizeof(struct create_req),
    .handle = handle,
    .name = "Batch",
    .tag = "Batches",
    .summary = "Run a file of requests in what the models have left; the answers become a file.",
    .response = batch_answer,
};
