#include "api/file_object.h"

#include "api/reply.h"
#include "base/seam.h"

static const char *const anchors[] = { "created_at", NULL };

const struct field file_expiry_fields[] = {
    FIELD_ENUM(struct file_expiry_req, anchor, .required = true, .names = anchors,
               .help = "What the time counts from."),
    FIELD_INT(struct file_expiry_req, seconds, .required = true,
              .range = { FILE_SECONDS_MIN, FILE_SECONDS_MAX },
              .help = "How long after it the file is deleted."),
    FIELDS_END,
};

const char *const file_purposes[] = { "assistants", "batch", "fine-tune", "vision",
                                      "user_data",  "evals", NULL };
static const char *const answered_purposes[] = {
    "assistants", "assistants_output", "batch", "batch_output", "fine-tune", "fine-tune-results",
    "vision",     "user_data",         "evals", NULL,
};
static const char *const objects[] = { "file", NULL };
static const char *const statuses[] = { "uploaded", "processed", "error", NULL };

const struct field file_answer[] = {
    ANSWER("id", STRING, .help = "What it is called in other requests."),
    ANSWER("object", ENUM, .names = objects, .help = "file"),
    ANSWER("bytes", INT, .help = "Its size."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER_MAYBE("expires_at", INT, .help = "Unix seconds; absent when it stays."),
    ANSWER("filename", STRING, .help = "As it was sent, without folders."),
    ANSWER("purpose", ENUM, .names = answered_purposes, .help = "What it is for."),
    ANSWER("status", ENUM, .names = statuses, .deprecated = true, .help = "processed"),
    FIELDS_END,
};

const struct field file_deleted_answer[] = {
    ANSWER("id", STRING, .help = "Of the file."),
    ANSWER("object", ENUM, .names = objects, .help = "file"),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};

int64_t file_now(void)
{
    return (int64_t)(wall_ns() / 1000000000u);
}

int64_t file_end(int64_t now, int purpose, const struct file_expiry_req *expiry)
{
    if (expiry) return now + expiry->seconds.value;
    return purpose == FILE_BATCH ? now + FILE_SECONDS_MAX : 0;
}

struct file_row file_row_new(struct slice sha256, uint64_t bytes, struct slice filename,
                             struct slice purpose, int64_t now, int64_t expires_at,
                             struct arena *arena)
{
    char id[REPLY_ID_MAX];
    reply_id(id, "file-");
    return (struct file_row){ .id = arena_slice(arena, slice_of(id)),
                              .filename = arena_slice(arena, filename),
                              .purpose = arena_slice(arena, purpose),
                              .sha256 = arena_slice(arena, sha256),
                              .status = SLICE("processed"),
                              .bytes = bytes,
                              .created_at = now,
                              .expires_at = expires_at };
}

void file_object_write(struct json_writer *w, const struct file_row *row)
{
    json_object_begin(w);
    json_key(w, "id");
    json_slice(w, row->id);
    json_key(w, "object");
    json_str(w, "file");
    json_key(w, "bytes");
    json_uint(w, row->bytes);
    json_key(w, "created_at");
    json_int(w, row->created_at);
    if (row->expires_at) {
        json_key(w, "expires_at");
        json_int(w, row->expires_at);
    }
    json_key(w, "filename");
    json_slice(w, row->filename);
    json_key(w, "purpose");
    json_slice(w, row->purpose);
    json_key(w, "status");
    json_slice(w, row->status);
    json_object_end(w);
}

int file_object_text(struct slice *ret, const struct file_row *row, struct arena *arena,
                     struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, FILE_ANSWER_MAX);
    json_writer_init(&w, &out);
    file_object_write(&w, row);
    return field_keep_text(ret, &out, arena, err);
}
