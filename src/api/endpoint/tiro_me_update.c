/* POST /v1/tiro/me: another name, or another password, which ends all other sessions. */
#include "api/people.h"

#include "base/seam.h"

struct me_req {
    struct field_string name, current_password, password;
};

static const struct field fields[] = {
    FIELD_STRING(struct me_req, name, .len_max = PEOPLE_NAME_MAX, .help = "What to be called."),
    FIELD_STRING(struct me_req, current_password, .len_max = PEOPLE_PASSWORD_MAX,
                 .help = "With a new password: the one so far."),
    FIELD_STRING(struct me_req, password, .len_max = PEOPLE_PASSWORD_MAX,
                 .help = "A new password of at least 10 characters."),
    FIELDS_END,
};

/* In the call's arena, while passwords are checked and hashed. */
struct asked {
    struct slice name, password, login; /* ptr NULL: stays */
};

struct update {
    struct people_call call; /* first */
    struct slice name, password, session;
};

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct update *u = (struct update *)c;
    struct slice user = c->stored.principal.user;
    struct person_row person;
    struct person_change change = { .name = u->name, .password = u->password };
    TRY(person_update(db, user, &change, err));
    if (u->password.ptr) TRY(sessions_end(db, user, u->session, err));
    TRY(person_find(&person, db, user, &c->stored.arena, err));
    return people_answer_person(c, &person, err);
}

static int update(struct call *call, const struct asked *asked, struct slice hash, struct err *err)
{
    struct update *u = people_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    struct arena *arena = &u->call.stored.arena;
    if (asked->name.ptr) u->name = arena_slice(arena, asked->name);
    if (hash.ptr) u->password = arena_slice(arena, hash);
    u->session = arena_slice(arena, call->caller.session);
    return people_change(&u->call, run, err);
}

static int hashed(struct call *call, const struct password_result *result, void *user,
                  struct err *err)
{
    return update(call, user, result->hash, err);
}

static int checked(struct call *call, const struct password_result *result, void *user,
                   struct err *err)
{
    struct asked *asked = user;
    struct people *p = call->service->people;
    if (!result->good)
        return err_param(err, ERR_PERMISSION, "current_password",
                         "This is not the password so far.");
    attempts_give_back(people_attempts(p), &attempts_of_account, asked->login, now_ns());
    return password_hash(people_passwords(p), call, asked->password, hashed, asked, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct me_req *req = request;
    struct asked *asked = ARENA_NEW(call->arena, struct asked);
    TRY(people_check_session(call, err));
    TRY(people_keep_caller(call, err));
    if (!asked) return arena_check(call->arena, "the request", err);
    struct people *p = call->service->people;
    const struct person_row *person = people_active(p, call->principal.user);
    if (!person) return err_set(err, ERR_PERMISSION, "This account is not active.");
    if (req->name.given) asked->name = arena_slice(call->arena, req->name.value);
    if (!req->password.given) return update(call, asked, (struct slice){ 0 }, err);
    TRY(people_check_password(req->password.value, "password", err));
    asked->password = arena_slice(call->arena, req->password.value);
    asked->login = arena_slice(call->arena, person->login);
    if (!people_may_try(call, &attempts_of_account, asked->login)) return 0;
    return password_check(people_passwords(p), call, req->current_password.value, person->password,
                          checked, asked, err);
}

const struct endpoint endpoint_tiro_me_update = {
    .method = "POST",
    .path = "/v1/tiro/me",
    .fields = fields,
    .size = sizeof(struct me_req),
    .handle = handle,
    .name = "MeUpdate",
    .tag = "People",
    .summary = "Changes one's own name or password.",
    .response = people_user_answer,
};
