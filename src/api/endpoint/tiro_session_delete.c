/* DELETE /v1/tiro/sessions/{session_id}: signed out there. */
#include "api/people.h"

static int run(struct people_call *c, struct db *db, struct err *err)
{
    TRY(token_delete(db, c->stored.principal.user, "session", c->id, err));
    return people_answer_deleted(c, c->id, "tiro.session.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_session(call, err));
    struct people_call *c = people_call_new(call, sizeof *c, err);
    return c ? people_change(c, run, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_tiro_session_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/sessions/{session_id}",
    .handle = handle,
    .name = "SessionDelete",
    .tag = "People",
    .summary = "Ends a session of one's own.",
    .response = people_deleted_answer,
};
