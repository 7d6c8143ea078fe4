/* POST /v1/uploads/{upload_id}/parts: a form with some of the bytes. */
#include "api/incoming.h"
#include "api/reply.h"
#include "api/upload_object.h"

struct part_create_req {
    struct field_json data;
};

static const struct field fields[] = {
    FIELD_JSON(struct part_create_req, data, .required = true, .types = FIELD_TYPE_STRING,
               .schema = "{\"type\":\"string\",\"format\":\"binary\"}",
               .help = "The bytes, at most 64 MB, in a part of the form with a file name."),
    FIELDS_END,
};

static int admit(const struct incoming_row *in, struct db *db, struct err *err)
{
    struct upload_row upload;
    return upload_find_pending(&upload, db, in->owner, in->of, in->arena, err);
}

static int write_part(struct slice *ret, const struct incoming_row *in,
                      const struct upload_part *part, int64_t now, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, FILE_ANSWER_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "id");
    json_slice(&w, part->id);
    json_key(&w, "object");
    json_str(&w, "upload.part");
    json_key(&w, "created_at");
    json_int(&w, now);
    json_key(&w, "upload_id");
    json_slice(&w, in->of);
    json_object_end(&w);
    return field_keep_text(ret, &out, in->arena, err);
}

static int add(struct slice *ret, const struct incoming_row *in, struct db *db, struct err *err)
{
    char id[REPLY_ID_MAX];
    int64_t now = file_now();
    TRY(admit(in, db, err)); /* It may have ended meanwhile. */
    reply_id(id, "part_");
    struct upload_part part = { .id = slice_of(id),
                                .sha256 = slice_of(in->blob.sha256),
                                .bytes = in->blob.bytes };
    TRY(upload_add_part(db, in->owner, in->of, &part, now, err));
    return write_part(ret, in, &part, now, err);
}

static const struct incoming_kind kind = {
    .file = "data",
    .bytes_max = UPLOAD_PART_BYTES_MAX,
    .fields = fields,
    .size = sizeof(struct part_create_req),
    .admit = admit,
    .add = add,
};

static int begin(struct call *call, struct err *err)
{
    return incoming_begin(call, &kind, err);
}

static const struct endpoint_body body = {
    .bytes_max = INCOMING_BODY_MAX(UPLOAD_PART_BYTES_MAX),
    .begin = begin,
    .piece = incoming_piece,
    .end = incoming_end,
};

static const char *const objects[] = { "upload.part", NULL };

static const struct field response[] = {
    ANSWER("id", STRING, .help = "For part_ids."),
    ANSWER("object", ENUM, .names = objects, .help = "upload.part"),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("upload_id", STRING, .help = "What it is a part of."),
    FIELDS_END,
};

const struct endpoint endpoint_upload_part_create = {
    .method = "POST",
    .path = "/v1/uploads/{upload_id}/parts",
    .fields = fields,
    .size = sizeof(struct part_create_req),
    .body = &body,
    .name = "UploadPart",
    .tag = "Uploads",
    .summary = "Send a part of a file; parts may come at the same time.",
    .response = response,
};
