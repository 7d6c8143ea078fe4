/* batch_validation - a batch's input file, read line by line into its rows.
 *
 * In steps, each a part of some transaction: what a step has read is in the row with its lines, and
 * the next one, of this process or a later one, goes on behind it. A file of 200 MB is never in
 * memory, and no step takes long. On the store's thread.
 */
#ifndef TIRO_API_BATCH_VALIDATION_H
#define TIRO_API_BATCH_VALIDATION_H

#include "api/batch_line.h"
#include "store/batch_table.h"

enum {
    BATCH_ERRORS_MAX = 100,       /* Then the rest is not looked at. */
    BATCH_STEP_BYTES = 256 << 10, /* Read at a time, but for a longer line. */
};

enum batch_found {
    BATCH_FOUND_MORE,  /* There is more to read. */
    BATCH_FOUND_GOOD,  /* All of it is good; the batch is still validating. */
    BATCH_FOUND_BAD,   /* The batch has failed. */
    BATCH_FOUND_OTHER, /* It does not validate (any more). */
};

/* *row is the batch as it is after it, in the arena. */
int batch_validate(enum batch_found *ret, struct batch_row *row, struct db *db,
                   const char *data_dir, struct slice id, int64_t now, struct arena *arena,
                   struct err *err) MUST_USE;
/* Ends the validation: a good one with `problem` NULL, or with what is wrong after all. */
int batch_validation_end(struct db *db, struct slice id, const struct batch_problem *problem,
                         int64_t now, struct arena *arena, struct err *err) MUST_USE;

#endif
