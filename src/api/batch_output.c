#include "api/batch_output.h"

#include "api/batch_line.h"
#include "api/reply.h"
#include "base/json.h"
#include "base/seam.h"
#include "store/blob.h"
#include "store/file_table.h"

#include <assert.h>

enum { ROWS_MAX = 1000, CHUNK_MAX = 256 << 20 };

/* One of the two files. */
struct output_file {
    struct blob_writer *writer; /* NULL: nothing to be written so far, or finished */
    struct buf chunk;           /* of this step */
    uint64_t written;           /* by the steps before */
    struct blob blob;           /* finished, when its bytes are not 0 */
    char id[REPLY_ID_MAX];
};

struct batch_output {
    const char *data_dir;
    char *id; /* the batch's */
    struct output_file output, error;
    int64_t after, reached; /* lines: written by the steps before, and by this one */
};

/* ---- Lines ---- */

static enum batch_status outcome(const struct batch_row *row, bool input_gone)
{
    if (row->status == BATCH_CANCELLING) return BATCH_CANCELLED;
    if (row->n_completed + row->n_failed >= row->n_total) return BATCH_COMPLETED;
    return input_gone ? BATCH_FAILED : BATCH_EXPIRED;
}

/* Why a line has not run. */
static void write_not_run(struct json_writer *w, enum batch_status how)
{
    static const char *const codes[BATCH_STATUSES][2] = {
        [BATCH_EXPIRED] = { "batch_expired", "This request could not be executed before the "
                                             "completion window expired." },
        [BATCH_CANCELLED] = { "batch_cancelled",
                              "This request had not run when the batch was cancelled." },
        [BATCH_FAILED] = { "file_not_found",
                           "This request had not run when the batch's input file was deleted." },
    };
    assert(codes[how][0]);
    json_object_begin(w);
    json_key(w, "code");
    json_str(w, codes[how][0]);
    json_key(w, "message");
    json_str(w, codes[how][1]);
    json_object_end(w);
}

static void write_response(struct json_writer *w, const struct batch_line_row *line)
{
    json_object_begin(w);
    json_key(w, "status_code");
    json_int(w, line->status);
    json_key(w, "request_id");
    json_slice(w, line->request_id);
    json_key(w, "body");
    json_raw(w, line->body);
    json_object_end(w);
}

static void write_line(struct buf *out, struct slice batch_id, const struct batch_line_row *line,
                       enum batch_status how)
{
    char id[BATCH_REQUEST_ID_SIZE];
    bool ran = line->state != BATCH_LINE_WAITING;
    struct json_writer w;
    batch_line_request_id(id, batch_id, line->custom_id);
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "id");
    json_str(&w, id);
    json_key(&w, "custom_id");
    json_slice(&w, line->custom_id);
    json_key(&w, "response");
    if (ran)
        write_response(&w, line);
    else
        json_null_value(&w);
    json_key(&w, "error");
    if (ran)
        json_null_value(&w);
    else
        write_not_run(&w, how);
    json_object_end(&w);
    buf_add_char(out, '\n');
}

/* Some lines into the chunks; 0: there were none left. */
static int read_lines(struct batch_output *o, struct db *db, enum batch_status how, struct err *err)
{
    struct db_rows rows;
    struct slice id = slice_of(o->id);
    int n = 0, rc = 0;
    buf_reset(&o->output.chunk);
    buf_reset(&o->error.chunk);
    TRY(batch_lines_query(&rows, db, id, o->after, false, ROWS_MAX, err));
    while (o->output.chunk.len + o->error.chunk.len < BATCH_OUTPUT_STEP_BYTES &&
           (rc = db_next(&rows, err)) > 0) {
        struct batch_line_row line;
        batch_line_from_row(&line, &rows);
        write_line(line.state == BATCH_LINE_COMPLETED ? &o->output.chunk : &o->error.chunk, id,
                   &line, how);
        o->reached = line.line;
        n++;
    }
    db_rows_close(&rows);
    return rc < 0 ? rc : n;
}

/* ---- Files ---- */

/* What an earlier try of this step has written already stands there. */
static int write_chunk(struct batch_output *o, struct output_file *f, struct err *err)
{
    if (f->chunk.failed) return err_set(err, ERR_NO_MEMORY, "no memory for a batch's files");
    if (!f->chunk.len) return 0;
    if (!f->writer) TRY(blob_open(&f->writer, o->data_dir, err));
    if (blob_written(f->writer) != f->written) return 0;
    return blob_write(f->writer, buf_slice(&f->chunk), err);
}

static int add_file(struct batch_output *o, struct output_file *f, const struct batch_row *batch,
                    const char *what, struct db *db, int64_t now, struct arena *arena,
                    struct err *err)
{
    if (f->writer) {
        struct blob_writer *writer = f->writer;
        f->writer = NULL; /* It ends, whatever comes of it. */
        TRY(blob_finish(&f->blob, writer, err));
    }
    if (!f->blob.bytes) return 0;
    reply_id(f->id, "file-");
    struct file_row row = {
        .id = slice_of(f->id),
        .filename = slice_of(arena_printf(arena, "%s_%s.jsonl", o->id, what)),
        .purpose = SLICE("batch_output"),
        .sha256 = slice_of(f->blob.sha256),
        .status = SLICE("processed"),
        .bytes = f->blob.bytes,
        .created_at = now,
        .expires_at = batch->output_seconds ? now + batch->output_seconds : 0,
    };
    TRY(arena_check(arena, "the batch's files", err));
    return file_add(db, &batch->owner, &row, err);
}

static int finish(struct batch_output *o, struct db *db, const struct batch_row *row,
                  enum batch_status how, int64_t now, struct arena *arena, struct err *err)
{
    TRY(add_file(o, &o->output, row, "output", db, now, arena, err));
    TRY(add_file(o, &o->error, row, "error", db, now, arena, err));
    TRY(batch_set_files(db, row->id,
                        o->output.blob.bytes ? slice_of(o->output.id) : (struct slice){ 0 },
                        o->error.blob.bytes ? slice_of(o->error.id) : (struct slice){ 0 }, err));
    int rc = batch_move(db, row->id, row->status, how, now, err);
    return rc < 0 ? rc : 1;
}

/* ---- Steps ---- */

int batch_output_step(struct batch_output *o, struct db *db, bool input_gone, int64_t now,
                      struct arena *arena, struct err *err)
{
    struct batch_row row;
    TRY(batch_read(&row, db, slice_of(o->id), arena, err));
    if (row.status == BATCH_IN_PROGRESS) {
        TRY(batch_move(db, row.id, BATCH_IN_PROGRESS, BATCH_FINALIZING, now, err));
        row.status = BATCH_FINALIZING;
    }
    if (row.status != BATCH_FINALIZING && row.status != BATCH_CANCELLING) return 1;
    /* Cancelled while it validated: nothing of it was to run. */
    bool began = row.at[BATCH_IN_PROGRESS] != 0;
    enum batch_status how = outcome(&row, input_gone);
    int n = began ? read_lines(o, db, how, err) : 0;
    if (n < 0) return n;
    if (n == 0) return finish(o, db, &row, how, now, arena, err);
    TRY(write_chunk(o, &o->output, err));
    return write_chunk(o, &o->error, err);
}

static void stepped(struct output_file *f)
{
    if (f->writer) f->written = blob_written(f->writer);
}

void batch_output_stepped(struct batch_output *o)
{
    o->after = o->reached;
    stepped(&o->output);
    stepped(&o->error);
}

/* ---- Life ---- */

int batch_output_open(struct batch_output **ret, struct slice id, const char *data_dir,
                      struct err *err)
{
    struct batch_output *o = mem_calloc(1, sizeof *o);
    char *copy = mem_strndup(id.ptr, id.len);
    if (!o || !copy) {
        mem_free(o);
        mem_free(copy);
        return err_set(err, ERR_NO_MEMORY, "no memory for a batch's files");
    }
    o->id = copy;
    o->data_dir = data_dir;
    buf_init(&o->output.chunk, CHUNK_MAX);
    buf_init(&o->error.chunk, CHUNK_MAX);
    *ret = o;
    return 0;
}

void batch_output_close(struct batch_output *o)
{
    if (!o) return;
    blob_abort(o->output.writer);
    blob_abort(o->error.writer);
    if (o->output.blob.bytes) blob_let_go(&o->output.blob);
    if (o->error.blob.bytes) blob_let_go(&o->error.blob);
    buf_release(&o->output.chunk);
    buf_release(&o->error.chunk);
    mem_free(o->id);
    mem_free(o);
}
