#include "store/migration.h"
#include "store/owner.h"

/* Numbers of files by their state stand in the rows of stores and batches, and change with the
 * files' in the same transaction: a store may have many files, and lists show all counts. */
#define COUNTS                                                                               \
    "n_in_progress BIGINT NOT NULL, n_completed BIGINT NOT NULL, n_failed BIGINT NOT NULL, " \
    "n_cancelled BIGINT NOT NULL"

const struct migration migration_0007_vector_stores = {
    .number = 7,
    .sql = "CREATE TABLE vector_stores (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", "
           "created_at BIGINT NOT NULL, last_active_at BIGINT NOT NULL, "
           "expires_days BIGINT NOT NULL, expired BIGINT NOT NULL, name TEXT NOT NULL, "
           "description TEXT, metadata TEXT NOT NULL, model TEXT NOT NULL, "
           "dimensions BIGINT NOT NULL, usage_bytes BIGINT NOT NULL, " COUNTS ");"
           "CREATE TABLE vector_file_batches (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, "
           "store_seq BIGINT NOT NULL, created_at BIGINT NOT NULL, cancelled BIGINT NOT NULL, "
           "usage_bytes BIGINT NOT NULL, " COUNTS ");"
           "CREATE TABLE vector_files (seq SERIAL_KEY, store_seq BIGINT NOT NULL, "
           "batch_seq BIGINT NOT NULL, id TEXT NOT NULL, " OWNER_COLUMNS
           ", filename TEXT NOT NULL, "
           "created_at BIGINT NOT NULL, status BIGINT NOT NULL, error_code TEXT, error_text TEXT, "
           "attributes TEXT NOT NULL, chunk_tokens BIGINT NOT NULL, "
           "overlap_tokens BIGINT NOT NULL, usage_bytes BIGINT NOT NULL, UNIQUE (store_seq, id));"
           "CREATE INDEX vector_files_by_status ON vector_files(status, seq);"
           "CREATE INDEX vector_files_by_batch ON vector_files(batch_seq, seq);"
           "CREATE INDEX vector_files_by_id ON vector_files(id);"
           "CREATE TABLE vector_chunks (seq SERIAL_KEY, store_seq BIGINT NOT NULL, "
           "file_seq BIGINT NOT NULL, number BIGINT NOT NULL, from_byte BIGINT NOT NULL, "
           "to_byte BIGINT NOT NULL, text TEXT NOT NULL, vector BYTES NOT NULL, "
           "UNIQUE (file_seq, number));"
           "CREATE INDEX vector_chunks_by_store ON vector_chunks(store_seq, seq);"
           "CREATE TABLE vector_purges (seq SERIAL_KEY, store_seq BIGINT NOT NULL, "
           "file_seq BIGINT NOT NULL);",
};
