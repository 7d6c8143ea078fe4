#include "store/holding.h"

#include "base/seam.h"
#include "store/batch_table.h"

#include <errno.h>

enum { PIECE_BYTES = 256 << 10, ROW_BYTES_MAX = 64 << 20 };

/* ---- Deleting ---- */

int holdings_erase(int64_t *ret_open, struct db *db, const struct principal *owner, struct err *err)
{
    const struct db_value args[] = { OWNED_ARGS(owner) };
    for (size_t i = 0; i < holding_registry_len; i++)
        for (const char *const *sql = holding_registry[i]->erase; *sql; sql++)
            if (db_exec(db, *sql, args, 2, err) < 0)
                return err_context(err, "deleting %s", holding_registry[i]->name);
    return db_one_int(ret_open, 0, db, "SELECT COUNT(*) FROM batches WHERE " OWNED_BY("?1", "?2"),
                      args, 2, err);
}

/* ---- Writing ---- */

struct out {
    int fd;
    struct buf buf;
    struct json_writer w;
};

static int flush(struct out *out, size_t least, struct err *err)
{
    if (out->buf.failed) return err_set(err, ERR_NO_MEMORY, "There is no memory for the export.");
    if (out->buf.len < least) return 0;
    TRY(file_write_all(out->fd, out->buf.ptr, out->buf.len, "the export", err));
    buf_reset(&out->buf);
    return 0;
}

static void write_value(struct json_writer *w, const struct db_rows *rows, int i,
                        enum holding_kind kind)
{
    if (db_is_null(rows, i)) {
        json_null_value(w);
        return;
    }
    switch (kind) {
    case HOLDING_TEXT: json_slice(w, db_text(rows, i)); break;
    case HOLDING_INT: json_int(w, db_int(rows, i)); break;
    case HOLDING_JSON: json_raw(w, db_text(rows, i)); break;
    }
}

static int write_rows(struct out *out, const struct holding *h, struct db_rows *rows,
                      struct err *err)
{
    int rc;
    while ((rc = db_next(rows, err)) > 0) {
        json_object_begin(&out->w);
        for (int i = 0; h->columns[i].name; i++) {
            json_key(&out->w, h->columns[i].name);
            write_value(&out->w, rows, i, h->columns[i].kind);
        }
        json_object_end(&out->w);
        rc = flush(out, PIECE_BYTES, err);
        if (rc < 0) db_rows_close(rows);
        if (rc < 0) return rc;
    }
    return rc;
}

static int write_all(struct out *out, struct db *db, const struct principal *owner, struct err *err)
{
    struct db_rows rows;
    json_object_begin(&out->w);
    json_key(&out->w, "object");
    json_str(&out->w, "tiro.export");
    json_key(&out->w, "project");
    json_slice(&out->w, owner->project);
    for (size_t i = 0; i < holding_registry_len; i++) {
        const struct holding *h = holding_registry[i];
        if (!h->select) continue;
        TRY(db_query(&rows, db, h->select, DB_ARGS(OWNED_ARGS(owner)), err));
        json_key(&out->w, h->name);
        json_array_begin(&out->w);
        TRY(write_rows(out, h, &rows, err));
        json_array_end(&out->w);
    }
    json_object_end(&out->w);
    return flush(out, 1, err);
}

int holdings_write(int fd, struct db *db, const struct principal *owner, struct err *err)
{
    struct out out = { .fd = fd };
    if (seams.ftruncate(fd, 0) < 0) return err_errno(err, errno, "the export");
    buf_init(&out.buf, ROW_BYTES_MAX);
    json_writer_init(&out.w, &out.buf);
    int rc = write_all(&out, db, owner, err);
    buf_release(&out.buf);
    return rc;
}
