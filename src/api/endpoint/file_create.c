/* POST /v1/files: a form with one file, which goes to disk as it arrives. */
#include "api/file_object.h"
#include "api/incoming.h"

struct file_create_req {
    struct field_json file;
    struct field_enum purpose;
    struct field_object expires_after;
};

static const struct field fields[] = {
    FIELD_JSON(struct file_create_req, file, .required = true, .types = FIELD_TYPE_STRING,
               .schema = "{\"type\":\"string\",\"format\":\"binary\"}",
               .help = "The bytes, at most 512 MB, in a part of the form with a file name."),
    FIELD_ENUM(struct file_create_req, purpose, .required = true, .names = file_purposes,
               .help = "What the file is for."),
    FIELD_OBJECT(
        struct file_create_req, expires_after, .fields = file_expiry_fields,
        .size = sizeof(struct file_expiry_req),
        .help = "When it is deleted. Files for batches live 30 days, others until they are "
                "deleted."),
    FIELDS_END,
};

static int add(struct slice *ret, const struct incoming_row *in, struct db *db, struct err *err)
{
    const struct file_create_req *req = in->req;
    int64_t now = file_now();
    struct file_row row = file_row_new(slice_of(in->blob.sha256), in->blob.bytes, in->filename,
                                       slice_of(file_purposes[req->purpose.value]), now,
                                       file_end(now, req->purpose.value, req->expires_after.value),
                                       in->arena);
    TRY(arena_check(in->arena, "the file", err));
    TRY(file_add(db, in->owner, &row, err));
    return file_object_text(ret, &row, in->arena, err);
}

static const struct incoming_kind kind = {
    .file = "file",
    .bytes_max = FILE_BYTES_MAX,
    .fields = fields,
    .size = sizeof(struct file_create_req),
    .add = add,
};

static int begin(struct call *call, struct err *err)
{
    return incoming_begin(call, &kind, err);
}

static const struct endpoint_body body = {
    .bytes_max = INCOMING_BODY_MAX(FILE_BYTES_MAX),
    .begin = begin,
    .piece = incoming_piece,
    .end = incoming_end,
};

const struct endpoint endpoint_file_create = {
    .method = "POST",
    .path = "/v1/files",
    .fields = fields,
    .size = sizeof(struct file_create_req),
    .body = &body,
    .name = "File",
    .tag = "Files",
    .summary = "Send a file, to be used in other requests.",
    .response = file_answer,
};
