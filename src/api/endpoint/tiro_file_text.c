/* GET /v1/tiro/files/{file_id}/text: what is written in a document, read by a decode worker. */
#include "api/endpoint.h"
#include "api/extract.h"
#include "api/file_object.h"
#include "api/stored.h"
#include "base/json.h"
#include "base/seam.h"
#include "base/utf8.h"

enum {
    FILE_TEXT_MAX = 8 << 20,                     /* bytes of text in one answer */
    ANSWER_MAX = 6 * FILE_TEXT_MAX + (64 << 10), /* \u0000 is the longest that a byte becomes */
};

struct file_text_req {
    struct field_int max_bytes;
};

static const struct field query[] = {
    FIELD_INT(struct file_text_req, max_bytes, .range = { 1, FILE_TEXT_MAX }, .def = "1048576",
              .help = "The most bytes of text in the answer; what is longer is cut at a "
                      "character."),
    FIELDS_END,
};

struct find {
    struct stored stored;
    struct slice id;
    size_t bytes_max;
    struct file_row row;
};

/* Until the text is here or the client has left. */
struct reading {
    struct extraction extraction;
    struct call *call;
    size_t bytes_max;
    char *filename; /* in the call's arena, as the id */
};

static void let_go(struct reading *r)
{
    r->call->on_close = NULL;
    r->call->state = NULL;
    mem_free(r);
}

static void write_text(struct json_writer *w, struct call *call, const struct reading *r,
                       struct slice text)
{
    size_t n = text.len;
    if (n > r->bytes_max) n = utf8_complete_len(text.ptr, r->bytes_max);
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "tiro.file.text");
    json_key(w, "file_id");
    json_slice(w, call->id);
    json_key(w, "filename");
    json_str(w, r->filename);
    json_key(w, "text");
    json_slice(w, (struct slice){ text.ptr, n });
    json_key(w, "bytes");
    json_uint(w, text.len);
    json_key(w, "truncated");
    json_bool(w, n < text.len);
    json_object_end(w);
}

/* A scan of a page is a picture: nobody should think that the model has read it. */
static int check_some(struct slice text, const char *format, struct err *err)
{
    if (slice_trim(text).len) return 0;
    if (strcmp(format, "pdf") == 0)
        return err_set(err, ERR_INVALID_VALUE,
                       "The file has no text: its pages are pictures, as of a scanner. Text "
                       "recognition is not built in.");
    return err_set(err, ERR_INVALID_VALUE, "The file is empty: there is no text in it.");
}

static void extracted(struct extraction *x, int rc, struct slice text, const struct err *why)
{
    struct reading *r = (struct reading *)x;
    struct call *call = r->call;
    struct err err = *why;
    struct json_writer w;
    struct buf out;
    if (rc == 0) rc = check_some(text, x->format, &err);
    if (rc < 0) {
        let_go(r);
        call_error(call, &err, 0);
        return;
    }
    buf_init(&out, ANSWER_MAX);
    json_writer_init(&w, &out);
    write_text(&w, call, r, text);
    let_go(r);
    call_json(call, &out);
    buf_release(&out);
}

static void client_left(struct call *call)
{
    struct reading *r = call->state;
    extract_cancel(call->service, &r->extraction);
    let_go(r);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct find *f = (struct find *)stored;
    return file_find(&f->row, db, &stored->principal, f->id, &stored->arena, err);
}

static int begin(struct stored *stored, struct err *err)
{
    const struct find *f = (struct find *)stored;
    const struct file_row *row = &f->row;
    struct call *call = stored->call;
    struct reading *r = mem_calloc(1, sizeof *r);
    if (!r) return err_set(err, ERR_NO_MEMORY, "There is no memory for the file's text.");
    r->call = call;
    r->bytes_max = f->bytes_max;
    r->filename = arena_strndup(call->arena, row->filename.ptr, row->filename.len);
    r->extraction.filename = row->filename;
    r->extraction.done = extracted;
    int rc = arena_check(call->arena, "the file's name", err);
    if (rc == 0 && row->sha256.len >= sizeof r->extraction.sha256)
        rc = err_set(err, ERR_INTERNAL, "a file whose bytes have no name");
    if (rc == 0) {
        memcpy(r->extraction.sha256, row->sha256.ptr, row->sha256.len);
        rc = extract_begin(call->service, &r->extraction, err);
    }
    if (rc < 0) {
        mem_free(r);
        return rc;
    }
    call->state = r;
    call->on_close = client_left;
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct file_text_req *req = request;
    struct find *f = stored_new(call, sizeof *f, err);
    if (!f) return -ERR_NO_MEMORY;
    f->id = arena_slice(&f->stored.arena, call->id);
    f->bytes_max = (size_t)req->max_bytes.value;
    return stored_begin(&f->stored, run, begin, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.file.text"),
    ANSWER("file_id", STRING, .help = "Whose text it is."),
    ANSWER("filename", STRING, .help = "As it was sent; its end says how the file was read."),
    ANSWER("text", STRING, .help = "UTF-8; lines end in \\n."),
    ANSWER("bytes", INT, .help = "Of the whole text."),
    ANSWER("truncated", BOOL, .help = "There is more than max_bytes."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_file_text = {
    .method = "GET",
    .path = "/v1/tiro/files/{file_id}/text",
    .query = query,
    .size = sizeof(struct file_text_req),
    .handle = handle,
    .name = "FileText",
    .tag = "Files",
    .summary = "The text of a document: PDF, DOCX, HTML, or what is text of itself.",
    .response = response,
};
