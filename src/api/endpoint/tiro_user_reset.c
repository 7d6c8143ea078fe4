/* POST /v1/tiro/users/{user_id}/reset: a link by which a person sets a new password. */
#include "api/people_link.h"

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct people_link *l = (struct people_link *)c;
    struct person_row person;
    TRY(person_find(&person, db, c->id, &c->stored.arena, err));
    if (!slice_is(person.state, "active"))
        return err_set(err, ERR_PERMISSION, "This account is not active.");
    l->row.role = person.role;
    return people_link_add(l, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_owner(call, err));
    struct people_link *l = people_link_new(call, PEOPLE_RESET_S, err);
    if (!l) return -ERR_NO_MEMORY;
    l->row.kind = SLICE("reset");
    l->row.for_id = l->call.id;
    return people_change(&l->call, run, err);
}

const struct endpoint endpoint_tiro_user_reset = {
    .method = "POST",
    .path = "/v1/tiro/users/{user_id}/reset",
    .handle = handle,
    .name = "UserReset",
    .tag = "People",
    .summary =
        "Makes a link by which a person sets a new password, once, within a day. For owners.",
    .response = people_link_answer,
};
