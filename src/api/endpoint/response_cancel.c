/* POST /v1/responses/{response_id}/cancel: only of one in the background; a second time it answers
 * with the object as it ended. */
#include "api/endpoint.h"
#include "api/response_answer.h"
#include "api/responses.h"
#include "api/stored.h"
#include "store/response_table.h"

struct cancel {
    struct stored stored; /* first */
    struct slice id;
    struct response_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct cancel *c = (struct cancel *)stored;
    TRY(response_find(&c->row, db, &stored->principal, c->id, &stored->arena, err));
    if (c->row.background) return 0;
    return err_set(err, ERR_INVALID_VALUE,
                   "Cannot cancel a synchronous response: it ends when its client hangs up.");
}

static int answer(struct stored *stored, struct err *err)
{
    const struct cancel *c = (const struct cancel *)stored;
    struct call *call = stored->call;
    int rc = responses_cancel(call, c->id, err);
    if (rc == 0) call->ops->reply(call, 200, "application/json", c->row.body);
    return rc < 0 ? rc : 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct cancel *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->id = arena_slice(&c->stored.arena, call->id);
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_response_cancel = {
    .method = "POST",
    .path = "/v1/responses/{response_id}/cancel",
    .dialect = DIALECT_RESPONSES,
    .handle = handle,
    .name = "ResponseCancel",
    .tag = "Responses",
    .summary = "Cancel a response in the background.",
    .response = response_answer_fields,
};
