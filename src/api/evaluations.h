/* evaluations - what the endpoints below /v1/tiro/evaluations share.
 *
 * An evaluation is an exam that a model sits: questions of a file (src/eval), asked by the runner
 * of the same name (api/runner/evaluations.c), each result kept as it comes, and a report at the
 * end. Programs that a model wrote are judged by the client that asked for them (`tiro eval`),
 * which has walls for them; this server runs none.
 */
#ifndef TIRO_API_EVALUATIONS_H
#define TIRO_API_EVALUATIONS_H

#include "api/endpoint.h"
#include "api/stored.h"
#include "eval/result.h"
#include "store/evaluation_table.h"

enum {
    EVALUATIONS_ID_MAX = 64,
    EVALUATION_OUTPUT_MAX = 4000, /* of a program that failed */
};

struct ledger_row;

struct evaluations_call {
    struct stored stored;
    struct slice id, number; /* of the path */
    int64_t now;             /* unix seconds */
    struct slice answer;     /* what run made */
};

void *evaluations_call_new(struct call *call, size_t size, struct err *err);
/* Runs, and answers 200 with `answer`. */
int evaluations_call_begin(struct evaluations_call *c,
                           int (*run)(struct stored *stored, struct db *db, struct err *err),
                           struct err *err) MUST_USE;
/* As that, and lets the runner look: there is something to do. */
int evaluations_call_begin_work(struct evaluations_call *c,
                                int (*run)(struct stored *stored, struct db *db, struct err *err),
                                struct err *err) MUST_USE;
/* The evaluation as it is now. */
int evaluations_answer(struct evaluations_call *c, struct db *db, struct err *err) MUST_USE;

/* Writes down what came of an item; with the last, the report, and it is completed. `used` goes to
 * the ledger; NULL: nothing was used. */
int evaluations_save(struct db *db, const struct principal *owner, struct slice id,
                     const struct evaluation_item *item, const struct ledger_row *used, int64_t now,
                     struct err *err) MUST_USE;
/* The result as JSON text in the arena. */
int evaluations_result_text(struct slice *ret, const struct eval_result *result,
                            struct arena *arena, struct err *err) MUST_USE;
/* The question of a row. */
int evaluations_question(struct eval_item *ret, struct slice question, struct arena *arena,
                         struct err *err) MUST_USE;

extern const struct field evaluations_answer_fields[], evaluations_item_fields[];

#endif
