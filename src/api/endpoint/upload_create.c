/* POST /v1/uploads: a file will come in parts. */
#include "api/endpoint.h"
#include "api/reply.h"
#include "api/service.h"
#include "api/stored.h"
#include "api/upload_object.h"

enum { MIME_TYPE_MAX = 256 };

struct upload_create_req {
    struct field_string filename, mime_type;
    struct field_enum purpose;
    struct field_int bytes;
    struct field_object expires_after;
};

static const struct field fields[] = {
    FIELD_STRING(struct upload_create_req, filename, .required = true, .len_min = 1,
                 .len_max = FILE_NAME_LEN_MAX, .help = "Of the file that it becomes."),
    FIELD_ENUM(struct upload_create_req, purpose, .required = true, .names = file_purposes,
               .help = "What the file is for."),
    FIELD_INT(struct upload_create_req, bytes, .required = true, .range = { 0, UPLOAD_BYTES_MAX },
              .help = "How many there will be in all, at most 8 GB."),
    FIELD_STRING(struct upload_create_req, mime_type, .required = true, .len_max = MIME_TYPE_MAX,
                 .ignored = true, .help = "What a file is shows in its name and its bytes."),
    FIELD_OBJECT(struct upload_create_req, expires_after, .fields = file_expiry_fields,
                 .size = sizeof(struct file_expiry_req),
                 .help = "When the file is deleted. Files for batches live 30 days, others until "
                         "they are deleted."),
    FIELDS_END,
};

struct creation {
    struct stored stored;
    struct upload_row row;
    uint64_t quota;
    struct slice body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct creation *c = (struct creation *)stored;
    TRY(file_check_quota(db, &stored->principal, c->row.bytes, c->quota, err));
    TRY(upload_add(db, &stored->principal, &c->row, err));
    return upload_object_text(&c->body, &c->row, NULL, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json",
                             ((struct creation *)stored)->body);
    return 0;
}

/* Behind the last slash of either kind: no name here is ever a path. */
static struct slice base_name(struct slice s)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == '/' || s.ptr[i - 1] == '\\')
            return (struct slice){ s.ptr + i, s.len - i };
    return s;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct upload_create_req *req = request;
    struct creation *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    struct arena *arena = &c->stored.arena;
    char id[REPLY_ID_MAX];
    reply_id(id, "upload_");
    int64_t now = file_now();
    int64_t end = file_end(now, req->purpose.value, req->expires_after.value);
    c->quota = call->service->file_bytes_max;
    c->row = (struct upload_row){
        .id = arena_slice(arena, slice_of(id)),
        .filename = arena_slice(arena, base_name(req->filename.value)),
        .purpose = slice_of(file_purposes[req->purpose.value]),
        .status = SLICE("pending"),
        .bytes = (uint64_t)req->bytes.value,
        .created_at = now,
        .expires_at = now + UPLOAD_SECONDS,
        .file_seconds = end ? end - now : 0,
    };
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_upload_create = {
    .method = "POST",
    .path = "/v1/uploads",
    .fields = fields,
    .size = sizeof(struct upload_create_req),
    .handle = handle,
    .name = "Upload",
    .tag = "Uploads",
    .summary = "Begin to send a file in parts. It must be completed within an hour.",
    .response = upload_answer,
};
