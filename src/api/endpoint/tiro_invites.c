/* GET /v1/tiro/invites: invitations that nobody has used yet. */
#include "api/people.h"

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    return links_write(w, db, c->now, err);
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_answer_list(c, write, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_owner(call, err));
    struct people_call *c = people_call_new(call, sizeof *c, err);
    return c ? people_read_only(c, run, err) : -ERR_NO_MEMORY;
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = people_invite_answer, .help = "The newest first."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_invites = {
    .method = "GET",
    .path = "/v1/tiro/invites",
    .handle = handle,
    .name = "Invites",
    .tag = "People",
    .summary = "Invitations that nobody has used yet. For owners.",
    .response = response,
};
