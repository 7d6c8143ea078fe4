/* POST /v1/tiro/invites: a link by which one person joins. */
#include "api/people_link.h"

struct invite_req {
    struct field_enum role;
    struct field_string note;
};

static const char *const roles[] = { "member", "owner", NULL };

static const struct field fields[] = {
    FIELD_ENUM(struct invite_req, role, .names = roles, .def = "\"member\"",
               .help = "What who comes by it will be."),
    FIELD_STRING(struct invite_req, note, .len_max = PEOPLE_NOTE_MAX, .def = "\"\"",
                 .help = "For whom it is."),
    FIELDS_END,
};

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_link_add((struct people_link *)c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct invite_req *req = request;
    TRY(people_check_owner(call, err));
    struct people_link *l = people_link_new(call, PEOPLE_INVITE_S, err);
    if (!l) return -ERR_NO_MEMORY;
    l->row.kind = SLICE("invite");
    l->row.role = slice_of(roles[req->role.value]);
    l->row.note = arena_slice(&l->call.stored.arena, req->note.value);
    return people_change(&l->call, run, err);
}

const struct endpoint endpoint_tiro_invite_create = {
    .method = "POST",
    .path = "/v1/tiro/invites",
    .fields = fields,
    .size = sizeof(struct invite_req),
    .handle = handle,
    .name = "InviteCreate",
    .tag = "People",
    .summary = "Makes a link by which one person joins, once, within seven days. For owners.",
    .response = people_link_answer,
};
