/* batch_output - the files of a batch that is over, from the answers in its rows.
 *
 * In steps, as jobs of the store: the rows do not change any more, so a file that a crash broke off
 * is written again, with the same bytes. The files' rows, the batch's and its last status are one
 * transaction. Lines stand in the order of the input.
 */
#ifndef TIRO_API_BATCH_OUTPUT_H
#define TIRO_API_BATCH_OUTPUT_H

#include "store/batch_table.h"

enum { BATCH_OUTPUT_STEP_BYTES = 1 << 20 }; /* Read at a time, and the rest of a line. */

struct batch_output;

/* `id` is copied; nothing is touched. */
int batch_output_open(struct batch_output **ret, struct slice id, const char *data_dir,
                      struct err *err) MUST_USE;
/* NULL is fine. Files that are not finished are dropped. */
void batch_output_close(struct batch_output *o);
/* The next step; 1: that was the last, the batch is over. `input_gone`: lines that have not run
 * cannot, for their file has been deleted. For store_job.run: called again without
 * batch_output_stepped between, it does the same again. */
int batch_output_step(struct batch_output *o, struct db *db, bool input_gone, int64_t now,
                      struct arena *arena, struct err *err) MUST_USE;
/* The transaction of the last step is on disk. */
void batch_output_stepped(struct batch_output *o);

#endif
