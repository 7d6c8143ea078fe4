/* DELETE /v1/tiro/passkeys/{passkey_id} */
#include "api/people.h"

static int run(struct people_call *c, struct db *db, struct err *err)
{
    TRY(passkey_delete(db, c->stored.principal.user, c->id, err));
    return people_answer_deleted(c, c->id, "tiro.passkey.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_session(call, err));
    struct people_call *c = people_call_new(call, sizeof *c, err);
    return c ? people_read_only(c, run, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_tiro_passkey_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/passkeys/{passkey_id}",
    .handle = handle,
    .name = "PasskeyDelete",
    .tag = "People",
    .summary = "Deletes a passkey of one's own.",
    .response = people_deleted_answer,
};
