/* POST /v1/tiro/users/{user_id}: another role, or signed out and kept out. */
#include "api/people.h"

struct user_req {
    struct field_enum role, state;
};

static const char *const roles[] = { "member", "owner", NULL };
static const char *const states[] = { "active", "disabled", NULL };

static const struct field fields[] = {
    FIELD_ENUM(struct user_req, role, .names = roles, .help = "What they may do."),
    FIELD_ENUM(struct user_req, state, .names = states, .help = "Whether they may sign in."),
    FIELDS_END,
};

struct update {
    struct people_call call; /* first */
    struct person_change change;
};

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct update *u = (struct update *)c;
    struct person_row person;
    TRY(person_find(&person, db, c->id, &c->stored.arena, err));
    if (slice_is(person.state, "leaving"))
        return err_set(err, ERR_PERMISSION, "This account is being deleted.");
    TRY(person_update(db, c->id, &u->change, err));
    TRY(person_check_owner_left(db, err));
    if (u->change.state.ptr && slice_is(u->change.state, "disabled"))
        TRY(sessions_end(db, c->id, SLICE(""), err));
    TRY(person_find(&person, db, c->id, &c->stored.arena, err));
    return people_answer_person(c, &person, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct user_req *req = request;
    TRY(people_check_owner(call, err));
    struct update *u = people_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    if (req->role.given) u->change.role = slice_of(roles[req->role.value]);
    if (req->state.given) u->change.state = slice_of(states[req->state.value]);
    return people_change(&u->call, run, err);
}

const struct endpoint endpoint_tiro_user_update = {
    .method = "POST",
    .path = "/v1/tiro/users/{user_id}",
    .fields = fields,
    .size = sizeof(struct user_req),
    .handle = handle,
    .name = "UserUpdate",
    .tag = "People",
    .summary = "Changes what a person may do, or keeps them out. For owners.",
    .response = people_user_answer,
};
