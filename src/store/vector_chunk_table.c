#include "store/vector_chunk_table.h"

#define CHUNK_COLUMNS "c.seq, c.file_seq, c.number, c.from_byte, c.to_byte, c.text, c.vector"

int vector_chunk_add(struct db *db, const struct vector_file *file, const struct vector_chunk *c,
                     struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO vector_chunks(store_seq, file_seq, number, from_byte, to_byte, "
                     "text, vector) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     DB_ARGS(DB_INT(file->store_seq), DB_INT(file->seq), DB_INT(c->number),
                             DB_INT(c->from_byte), DB_INT(c->to_byte), DB_TEXT(c->text),
                             DB_BYTES(c->vector)),
                     err);
    return rc < 0 ? rc : 0;
}

int vector_chunk_clear(struct db *db, int64_t file_seq, struct err *err)
{
    int rc = db_exec(db, "DELETE FROM vector_chunks WHERE file_seq = ?1", DB_ARGS(DB_INT(file_seq)),
                     err);
    return rc < 0 ? rc : 0;
}

int vector_chunk_of_store(struct db_rows *ret, struct db *db, int64_t store_seq, int64_t after,
                          int limit, struct err *err)
{
    return db_query(ret, db,
                    "SELECT " CHUNK_COLUMNS " FROM vector_chunks c "
                    "WHERE c.store_seq = ?1 AND c.seq > ?2 AND EXISTS "
                    "(SELECT 1 FROM vector_files f WHERE f.seq = c.file_seq AND f.status < 2) "
                    "ORDER BY c.seq LIMIT ?3",
                    DB_ARGS(DB_INT(store_seq), DB_INT(after), DB_INT(limit)), err);
}

int vector_chunk_of_file(struct db_rows *ret, struct db *db, int64_t file_seq, struct err *err)
{
    return db_query(ret, db,
                    "SELECT " CHUNK_COLUMNS " FROM vector_chunks c WHERE c.file_seq = ?1 "
                    "ORDER BY c.number",
                    DB_ARGS(DB_INT(file_seq)), err);
}

void vector_chunk_read(struct vector_chunk *ret, const struct db_rows *rows)
{
    *ret = (struct vector_chunk){
        .seq = db_int(rows, 0),
        .file_seq = db_int(rows, 1),
        .number = (uint32_t)db_int(rows, 2),
        .from_byte = db_int(rows, 3),
        .to_byte = db_int(rows, 4),
        .text = db_text(rows, 5),
        .vector = db_text(rows, 6),
    };
}

int vector_chunk_find(bool *ret_found, struct vector_chunk *ret, struct vector_file *ret_file,
                      struct db *db, int64_t store_seq, int64_t file_seq, uint32_t number,
                      struct arena *arena, struct err *err)
{
    struct db_rows rows;
    *ret_found = false;
    TRY(db_query(&rows, db,
                 "SELECT f.id, f.filename, f.attributes, c.from_byte, c.to_byte, c.text "
                 "FROM vector_chunks c JOIN vector_files f ON f.seq = c.file_seq "
                 "WHERE c.file_seq = ?1 AND c.number = ?2 AND f.store_seq = ?3 AND f.status = 1",
                 DB_ARGS(DB_INT(file_seq), DB_INT(number), DB_INT(store_seq)), err));
    int rc = db_next(&rows, err);
    if (rc <= 0) return rc;
    *ret_found = true;
    *ret_file = (struct vector_file){ .seq = file_seq,
                                      .store_seq = store_seq,
                                      .status = VECTOR_COMPLETED,
                                      .id = arena_slice(arena, db_text(&rows, 0)),
                                      .filename = arena_slice(arena, db_text(&rows, 1)),
                                      .attributes = arena_slice(arena, db_text(&rows, 2)) };
    *ret = (struct vector_chunk){ .file_seq = file_seq,
                                  .number = number,
                                  .from_byte = db_int(&rows, 3),
                                  .to_byte = db_int(&rows, 4),
                                  .text = arena_slice(arena, db_text(&rows, 5)) };
    db_rows_close(&rows);
    return arena_check(arena, "the results", err);
}

static int first_purge(int64_t *ret_seq, struct vector_purge *ret, struct db *db, struct err *err)
{
    struct db_rows rows;
    *ret_seq = 0;
    *ret = (struct vector_purge){ 0 };
    TRY(db_query(&rows, db,
                 "SELECT seq, store_seq, file_seq FROM vector_purges ORDER BY seq LIMIT 1",
                 DB_NO_ARGS, err));
    int rc = db_next(&rows, err);
    if (rc <= 0) return rc;
    *ret_seq = db_int(&rows, 0);
    ret->store_seq = db_int(&rows, 1);
    ret->file_seq = db_int(&rows, 2);
    db_rows_close(&rows);
    return 0;
}

int vector_purge_some(struct vector_purge *ret, struct db *db, int limit, struct err *err)
{
    int64_t seq;
    TRY(first_purge(&seq, ret, db, err));
    if (seq == 0) return 0;
    int n = db_exec(db,
                    "DELETE FROM vector_chunks WHERE seq IN (SELECT seq FROM vector_chunks "
                    "WHERE file_seq = ?1 ORDER BY number LIMIT ?2)",
                    DB_ARGS(DB_INT(ret->file_seq), DB_INT(limit)), err);
    TRY(n);
    ret->finished = n < limit;
    if (!ret->finished) return 0;
    int rc = db_exec(db, "DELETE FROM vector_purges WHERE seq = ?1", DB_ARGS(DB_INT(seq)), err);
    return rc < 0 ? rc : 0;
}
