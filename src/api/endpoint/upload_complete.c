/* POST /v1/uploads/{upload_id}/complete: the parts, in this order, become a file. */
#include "api/endpoint.h"
#include "api/stored.h"
#include "api/upload_join.h"

#include <inttypes.h>

enum { MD5_LEN = 32, PART_ID_MAX = 128 };

struct upload_complete_req {
    struct field_strings part_ids;
    struct field_string md5;
};

static const struct field fields[] = {
    FIELD_STRINGS(struct upload_complete_req, part_ids, .required = true,
                  .len_max = UPLOAD_PARTS_MAX, .item_len_max = PART_ID_MAX,
                  .help = "The parts, in the order of their bytes."),
    FIELD_STRING(struct upload_complete_req, md5, .len_min = MD5_LEN, .len_max = MD5_LEN,
                 .help = "Of all the bytes, in hexadecimal: then they are checked."),
    FIELDS_END,
};

struct completion {
    struct stored stored;
    struct slice id, md5;   /* md5.ptr NULL: none */
    struct slice *part_ids; /* n of them */
    size_t n_parts;
    struct upload_row upload;
    struct upload_part *parts;
};

static int find_parts(struct completion *c, struct db *db, struct err *err)
{
    struct arena *arena = &c->stored.arena;
    uint64_t bytes = 0;
    c->parts = ARENA_NEWS(arena, c->n_parts, struct upload_part);
    TRY(arena_check(arena, "the request", err));
    for (size_t i = 0; i < c->n_parts; i++) {
        TRY(upload_find_part(&c->parts[i], db, &c->stored.principal, c->id, c->part_ids[i], arena,
                             err));
        bytes += c->parts[i].bytes;
    }
    if (bytes == c->upload.bytes) return 0;
    return err_param(err, ERR_INVALID_VALUE, "part_ids",
                     "Invalid 'part_ids': the parts have %" PRIu64
                     " bytes together; the upload was to have %" PRIu64 ".",
                     bytes, c->upload.bytes);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct completion *c = (struct completion *)stored;
    TRY(upload_find_pending(&c->upload, db, &stored->principal, c->id, &stored->arena, err));
    return find_parts(c, db, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct completion *c = (struct completion *)stored;
    return upload_join(stored->call, &c->upload, c->parts, c->n_parts, c->md5, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct upload_complete_req *req = request;
    struct completion *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    struct arena *arena = &c->stored.arena;
    c->id = arena_slice(arena, call->id);
    if (req->md5.given) c->md5 = arena_slice(arena, req->md5.value);
    c->n_parts = req->part_ids.n;
    c->part_ids = ARENA_NEWS(arena, c->n_parts, struct slice);
    for (size_t i = 0; c->part_ids && i < c->n_parts; i++)
        c->part_ids[i] = arena_slice(arena, req->part_ids.items[i]);
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_upload_complete = {
    .method = "POST",
    .path = "/v1/uploads/{upload_id}/complete",
    .fields = fields,
    .size = sizeof(struct upload_complete_req),
    .handle = handle,
    .name = "CompletedUpload",
    .tag = "Uploads",
    .summary = "Make a file of the parts.",
    .response = upload_answer,
};
