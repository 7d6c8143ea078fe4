/* DELETE /v1/tiro/users/{user_id}: an account and all that is its person's. */
#include "api/leaving.h"

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_owner(call, err));
    if (slice_eq(call->id, call->principal.user))
        return err_set(err, ERR_PERMISSION, "For your own account there is DELETE /v1/tiro/me.");
    return leaving_begin(call, call->id, false, err);
}

const struct endpoint endpoint_tiro_user_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/users/{user_id}",
    .handle = handle,
    .name = "UserDelete",
    .tag = "People",
    .summary = "Deletes an account and all that is its person's. For owners.",
    .response = people_deleted_answer,
};
