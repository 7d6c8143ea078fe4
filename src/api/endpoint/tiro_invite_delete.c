/* DELETE /v1/tiro/invites/{invite_id}: it is taken back. */
#include "api/people.h"

static int run(struct people_call *c, struct db *db, struct err *err)
{
    TRY(link_delete(db, c->id, err));
    return people_answer_deleted(c, c->id, "tiro.invite.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_owner(call, err));
    struct people_call *c = people_call_new(call, sizeof *c, err);
    return c ? people_change(c, run, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_tiro_invite_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/invites/{invite_id}",
    .handle = handle,
    .name = "InviteDelete",
    .tag = "People",
    .summary = "Takes an invitation back. For owners.",
    .response = people_deleted_answer,
};
