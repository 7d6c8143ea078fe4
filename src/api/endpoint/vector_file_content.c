/* GET /v1/vector_stores/{vector_store_id}/files/{file_id}/content: the text that was taken from the
 * file, put together from its chunks. */
#include "api/endpoint.h"
#include "api/vector_object.h"
#include "base/json.h"
#include "store/vector_chunk_table.h"

enum { CONTENT_BYTES_MAX = 64 << 20 };

/* Chunks overlap: of each, what the ones before did not have. */
static int join(struct buf *text, struct db_rows *rows, struct err *err)
{
    struct vector_chunk chunk;
    int64_t end = 0;
    int rc;
    while ((rc = db_next(rows, err)) > 0) {
        vector_chunk_read(&chunk, rows);
        if (chunk.to_byte <= end) continue;
        if (end && chunk.from_byte > end) buf_add_char(text, '\n'); /* Blank space was there. */
        int64_t skip = end > chunk.from_byte ? end - chunk.from_byte : 0;
        buf_add(text, chunk.text.ptr + skip, chunk.text.len - (size_t)skip);
        end = chunk.to_byte;
    }
    return rc;
}

static int write_body(struct vector_work *w, const struct buf *text, struct err *err)
{
    struct buf out;
    struct json_writer json;
    buf_init(&out, CONTENT_BYTES_MAX);
    json_writer_init(&json, &out);
    json_object_begin(&json);
    json_key(&json, "object");
    json_str(&json, "vector_store.file_content.page");
    json_key(&json, "data");
    json_array_begin(&json);
    if (text->len) {
        json_object_begin(&json);
        json_key(&json, "type");
        json_str(&json, "text");
        json_key(&json, "text");
        json_slice(&json, buf_slice(text));
        json_object_end(&json);
    }
    json_array_end(&json);
    json_key(&json, "has_more");
    json_bool(&json, false);
    json_key(&json, "next_page");
    json_null_value(&json);
    json_object_end(&json);
    return field_keep_text(&w->body, &out, &w->stored.arena, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct vector_work *w = (struct vector_work *)stored;
    struct vector_file file;
    struct db_rows rows;
    struct buf text;
    TRY(vector_work_find(w, db, err));
    TRY(vector_file_find(&file, db, &w->store, w->sub_id, &stored->arena, err));
    TRY(vector_chunk_of_file(&rows, db, file.seq, err));
    buf_init(&text, CONTENT_BYTES_MAX);
    int rc = join(&text, &rows, err);
    if (rc == 0) rc = buf_check(&text, "the file's text", err);
    if (rc == 0) rc = write_body(w, &text, err);
    buf_release(&text);
    return rc;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct vector_work *w = vector_work_new(call, sizeof *w, err);
    return w ? vector_work_begin(w, run, NULL, err) : -ERR_NO_MEMORY;
}

static const char *const objects[] = { "vector_store.file_content.page", NULL };

static const struct field part_answer[] = {
    ANSWER("type", STRING, .help = "text"),
    ANSWER("text", STRING, .help = "All of it."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("object", ENUM, .names = objects, .help = "vector_store.file_content.page"),
    ANSWER("data", OBJECTS, .fields = part_answer, .help = "One part, or none."),
    ANSWER("has_more", BOOL, .help = "false"),
    ANSWER("next_page", STRING, .nullable = true, .help = "null"),
    FIELDS_END,
};

const struct endpoint endpoint_vector_file_content = {
    .method = "GET",
    .path = "/v1/vector_stores/{vector_store_id}/files/{file_id}/content",
    .handle = handle,
    .name = "VectorStoreFileContent",
    .tag = "Vector stores",
    .summary = "The text that was taken from a file.",
    .response = response,
};
