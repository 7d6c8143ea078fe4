/* DELETE /v1/tiro/me: one's account and all that is one's own. */
#include "api/leaving.h"

struct delete_req {
    struct field_string login;
};

static const struct field fields[] = {
    FIELD_STRING(struct delete_req, login, .required = true, .len_max = 256,
                 .help = "One's own, so that it is no mistake."),
    FIELDS_END,
};

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct delete_req *req = request;
    TRY(people_check_session(call, err));
    const struct person_row *me = people_active(call->service->people, call->principal.user);
    if (!me || !slice_eq_nocase(me->login, req->login.value))
        return err_param(err, ERR_INVALID_VALUE, "login",
                         "This is not the name that you signed in with; nothing was deleted.");
    return leaving_begin(call, me->id, true, err);
}

const struct endpoint endpoint_tiro_me_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/me",
    .query = fields,
    .size = sizeof(struct delete_req),
    .handle = handle,
    .name = "MeDelete",
    .tag = "People",
    .summary = "Deletes one's account and all that is one's own. When the answer is there, it is "
               "gone.",
    .response = people_deleted_answer,
};
