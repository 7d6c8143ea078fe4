/* POST /v1/tiro/join: a one-time link becomes an account, or a new password of one. */
#include "api/people.h"

#include "api/reply.h"

struct join_req {
    struct field_string token, login, name, password;
};

static const struct field fields[] = {
    FIELD_STRING(struct join_req, token, .required = true, .len_min = 1,
                 .len_max = PEOPLE_TOKEN_SIZE, .help = "The last part of the link."),
    FIELD_STRING(struct join_req, login, .len_max = 256, .def = "\"\"",
                 .help = "A name to sign in with; not for a link that resets a password."),
    FIELD_STRING(struct join_req, name, .len_max = PEOPLE_NAME_MAX, .def = "\"\"",
                 .help = "What to be called; the login, if absent."),
    FIELD_STRING(struct join_req, password, .required = true, .len_max = PEOPLE_PASSWORD_MAX,
                 .help = "A password of at least 10 characters."),
    FIELDS_END,
};

/* In the call's arena, while the password is hashed. */
struct asked {
    struct slice token, login, name;
};

struct join {
    struct people_call call; /* first */
    struct people_session session;
    char id[REPLY_ID_MAX], hash[PEOPLE_HASH_SIZE];
    struct slice login, name, password;
};

/* Of the first owner: the project where everything is that was made before. */
static int project_of(struct slice *ret, struct db *db, const struct join *j,
                      const struct link_row *link, struct err *err)
{
    int64_t n;
    *ret = slice_of(j->id);
    if (!slice_is(link->kind, "owner")) return 0;
    TRY(db_one_int(&n, 0, db,
                   "SELECT COUNT(*) FROM people WHERE role = 'owner' AND state = 'active'",
                   DB_NO_ARGS, err));
    if (n) return err_set(err, ERR_EXISTS, "This server has an owner already: ask them.");
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM people WHERE project_id = 'default'",
                   DB_NO_ARGS, err));
    if (n == 0) *ret = SLICE("default");
    return 0;
}

static int add_person(struct person_row *ret, struct join *j, struct db *db,
                      const struct link_row *link, struct err *err)
{
    struct person_row row = { .id = slice_of(j->id),
                              .login = j->login,
                              .name = j->name,
                              .role = link->role,
                              .state = SLICE("active"),
                              .password = j->password,
                              .created_at = j->call.now };
    if (j->login.len == 0)
        return err_param(err, ERR_MISSING_PARAMETER, "login", "Choose a name to sign in with.");
    TRY(project_of(&row.project, db, j, link, err));
    TRY(person_add(db, &row, err));
    *ret = row;
    return 0;
}

/* Whoever knew the old one is signed out. */
static int reset_password(struct person_row *ret, struct join *j, struct db *db,
                          const struct link_row *link, struct err *err)
{
    struct person_change change = { .password = j->password };
    TRY(person_find(ret, db, link->for_id, &j->call.stored.arena, err));
    if (!slice_is(ret->state, "active"))
        return err_set(err, ERR_PERMISSION, "This account is not active.");
    TRY(sessions_end(db, ret->id, SLICE(""), err));
    return person_update(db, ret->id, &change, err);
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct join *j = (struct join *)c;
    struct link_row link;
    struct person_row person;
    TRY(link_find(&link, db, slice_of(j->hash), c->now, &c->stored.arena, err));
    TRY(link_delete(db, link.id, err));
    if (slice_is(link.kind, "reset"))
        TRY(reset_password(&person, j, db, &link, err));
    else
        TRY(add_person(&person, j, db, &link, err));
    TRY(people_session_begin(c, db, &j->session, &person, err));
    return people_answer_person(c, &person, err);
}

static int hashed(struct call *call, const struct password_result *result, void *user,
                  struct err *err)
{
    struct asked *asked = user;
    struct join *j = people_call_new(call, sizeof *j, err);
    if (!j) return -ERR_NO_MEMORY;
    struct arena *arena = &j->call.stored.arena;
    people_session_draw(&j->session, &j->call);
    people_hash(j->hash, asked->token);
    reply_id(j->id, "user_");
    j->login = arena_slice(arena, asked->login);
    j->name = arena_slice(arena, asked->name.len ? asked->name : asked->login);
    j->password = arena_slice(arena, result->hash);
    return people_change(&j->call, run, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct join_req *req = request;
    struct asked *asked = ARENA_NEW(call->arena, struct asked);
    TRY(people_keep_caller(call, err));
    if (!asked) return arena_check(call->arena, "the request", err);
    if (!people_may_try(call, &attempts_of_address, call->caller.address)) return 0;
    if (req->login.value.len) TRY(people_login(&asked->login, req->login.value, call->arena, err));
    TRY(people_check_password(req->password.value, "password", err));
    asked->token = arena_slice(call->arena, req->token.value);
    asked->name = arena_slice(call->arena, req->name.value);
    return password_hash(people_passwords(call->service->people), call, req->password.value, hashed,
                         asked, err);
}

const struct endpoint endpoint_tiro_join = {
    .method = "POST",
    .path = "/v1/tiro/join",
    .open = true,
    .fields = fields,
    .size = sizeof(struct join_req),
    .handle = handle,
    .name = "Join",
    .tag = "People",
    .summary = "Uses up a link: of the first owner, an invitation, or of a forgotten password.",
    .response = people_user_answer,
};
