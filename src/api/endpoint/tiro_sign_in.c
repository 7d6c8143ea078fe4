/* POST /v1/tiro/sign_in: a name and a password become a session. */
#include "api/people.h"

#include "base/log.h"
#include "base/seam.h"

struct sign_in_req {
    struct field_string login, password;
};

static const struct field fields[] = {
    FIELD_STRING(struct sign_in_req, login, .required = true, .len_max = 256,
                 .help = "The name to sign in with."),
    FIELD_STRING(struct sign_in_req, password, .required = true, .len_max = PEOPLE_PASSWORD_MAX,
                 .help = "The password."),
    FIELDS_END,
};

/* In the call's arena, while the password is checked. */
struct asked {
    struct slice login;
    struct slice id; /* of the person; "": nobody */
};

struct sign_in {
    struct people_call call; /* first */
    struct people_session session;
    struct slice user;
};

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct sign_in *s = (struct sign_in *)c;
    struct person_row person;
    TRY(person_find(&person, db, s->user, &c->stored.arena, err));
    if (!slice_is(person.state, "active"))
        return err_set(err, ERR_PERMISSION, "This account is not active.");
    TRY(people_session_begin(c, db, &s->session, &person, err));
    return people_answer_person(c, &person, err);
}

static int checked(struct call *call, const struct password_result *result, void *user,
                   struct err *err)
{
    struct asked *asked = user;
    /* One answer for all that may be wrong. */
    if (!result->good || !people_active(call->service->people, asked->id)) {
        log_info("a sign-in was refused", LOG_SLICE("address", call->caller.address));
        return err_set(err, ERR_SIGN_IN, "The name or the password is not right.");
    }
    attempts_give_back(people_attempts(call->service->people), &attempts_of_account, asked->login,
                       now_ns());
    struct sign_in *s = people_call_new(call, sizeof *s, err);
    if (!s) return -ERR_NO_MEMORY;
    people_session_draw(&s->session, &s->call);
    s->user = arena_slice(&s->call.stored.arena, asked->id);
    return people_change(&s->call, run, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct sign_in_req *req = request;
    struct asked *asked = ARENA_NEW(call->arena, struct asked);
    struct err why = { 0 };
    TRY(people_keep_caller(call, err));
    if (!asked) return arena_check(call->arena, "the request", err);
    if (people_login(&asked->login, req->login.value, call->arena, &why) < 0)
        asked->login = SLICE(""); /* Nobody's, and said only after the same time. */
    if (!people_may_try(call, &attempts_of_address, call->caller.address) ||
        !people_may_try(call, &attempts_of_account, asked->login))
        return 0;
    const struct person_row *person = people_by_login(call->service->people, asked->login);
    asked->id = person ? arena_slice(call->arena, person->id) : SLICE("");
    return password_check(people_passwords(call->service->people), call, req->password.value,
                          person ? person->password : SLICE(""), checked, asked, err);
}

const struct endpoint endpoint_tiro_sign_in = {
    .method = "POST",
    .path = "/v1/tiro/sign_in",
    .open = true,
    .fields = fields,
    .size = sizeof(struct sign_in_req),
    .handle = handle,
    .name = "SignIn",
    .tag = "People",
    .summary = "Begins a session: the answer sets its cookie.",
    .response = people_user_answer,
};
