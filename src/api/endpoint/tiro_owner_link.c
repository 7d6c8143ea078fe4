/* POST /v1/tiro/owner_link: the link by which the first owner comes, anew. */
#include "api/people_link.h"

static int run(struct people_call *c, struct db *db, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db,
                   "SELECT COUNT(*) FROM people WHERE role = 'owner' AND state = 'active'",
                   DB_NO_ARGS, err));
    if (n)
        return err_set(err, ERR_EXISTS,
                       "This server has an owner already: 'tiro people' shows who, and "
                       "'tiro people reset NAME' makes a link for a new password.");
    return people_link_add((struct people_link *)c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    if (call->caller.by != CALLER_LOCAL)
        return err_set(err, ERR_PERMISSION, "This is for the machine itself: 'tiro people link'.");
    TRY(people_check_page(call, err));
    struct people_link *l = people_link_new(call, PEOPLE_OWNER_LINK_S, err);
    if (!l) return -ERR_NO_MEMORY;
    l->row.kind = l->row.role = SLICE("owner");
    return people_change(&l->call, run, err);
}

const struct endpoint endpoint_tiro_owner_link = {
    .method = "POST",
    .path = "/v1/tiro/owner_link",
    .handle = handle,
    .name = "OwnerLink",
    .tag = "People",
    .summary = "Makes the one-time link for the first owner, in place of the last. Only on the "
               "machine itself.",
    .response = people_link_answer,
};
