/* POST /v1/tiro/sign_out: the session of this browser ends. */
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
    if (!c) return -ERR_NO_MEMORY;
    c->id = arena_slice(&c->stored.arena, call->caller.session);
    c->cookie = people_cookie_end(c, people_is_secure(call));
    return people_change(c, run, err);
}

const struct endpoint endpoint_tiro_sign_out = {
    .method = "POST",
    .path = "/v1/tiro/sign_out",
    .handle = handle,
    .name = "SignOut",
    .tag = "People",
    .summary = "Ends this session.",
    .response = people_deleted_answer,
};
