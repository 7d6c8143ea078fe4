#include "api/upload_object.h"

static const char *const objects[] = { "upload", NULL };
static const char *const statuses[] = { "pending", "completed", "cancelled", "expired", NULL };

const struct field upload_answer[] = {
    ANSWER("id", STRING, .help = "What it is called in other requests."),
    ANSWER("object", ENUM, .names = objects, .help = "upload"),
    ANSWER("bytes", INT, .help = "How many there will be."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("expires_at", INT, .help = "Unix seconds; until then it must be completed."),
    ANSWER("filename", STRING, .help = "Of the file that it becomes."),
    ANSWER("purpose", STRING, .help = "Likewise."),
    ANSWER("status", ENUM, .names = statuses, .help = "Where it stands."),
    ANSWER_MAYBE("file", OBJECT, .fields = file_answer, .help = "The file, once it is completed."),
    FIELDS_END,
};

int upload_object_text(struct slice *ret, const struct upload_row *row, const struct file_row *file,
                       struct arena *arena, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, FILE_ANSWER_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "id");
    json_slice(&w, row->id);
    json_key(&w, "object");
    json_str(&w, "upload");
    json_key(&w, "bytes");
    json_uint(&w, row->bytes);
    json_key(&w, "created_at");
    json_int(&w, row->created_at);
    json_key(&w, "expires_at");
    json_int(&w, row->expires_at);
    json_key(&w, "filename");
    json_slice(&w, row->filename);
    json_key(&w, "purpose");
    json_slice(&w, row->purpose);
    json_key(&w, "status");
    json_slice(&w, row->status);
    if (file) {
        json_key(&w, "file");
        file_object_write(&w, file);
    }
    json_object_end(&w);
    return field_keep_text(ret, &out, arena, err);
}
