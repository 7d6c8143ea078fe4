/* POST /v1/tiro/join/look: what a one-time link is for; it stays good. */
#include "api/people.h"

struct look_req {
    struct field_string token;
};

static const struct field fields[] = {
    FIELD_STRING(struct look_req, token, .required = true, .len_min = 1,
                 .len_max = PEOPLE_TOKEN_SIZE, .help = "The last part of the link."),
    FIELDS_END,
};

struct look {
    struct people_call call; /* first */
    char hash[PEOPLE_HASH_SIZE];
};

static int write_look(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    struct look *l = (struct look *)c;
    struct link_row link;
    struct person_row person = { .login = SLICE("") };
    TRY(link_find(&link, db, slice_of(l->hash), c->now, &c->stored.arena, err));
    if (link.for_id.len) TRY(person_find(&person, db, link.for_id, &c->stored.arena, err));
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "tiro.link");
    json_key(w, "kind");
    json_slice(w, link.kind);
    json_key(w, "role");
    json_slice(w, link.role);
    json_key(w, "login");
    json_slice(w, person.login);
    json_key(w, "expires_at");
    json_int(w, link.expires_at);
    json_object_end(w);
    return 0;
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_answer(c, write_look, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct look_req *req = request;
    TRY(people_keep_caller(call, err));
    if (!people_may_try(call, &attempts_of_address, call->caller.address)) return 0;
    struct look *l = people_call_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    people_hash(l->hash, req->token.value);
    return people_read_only(&l->call, run, err);
}

static const char *const kinds[] = { "owner", "invite", "reset", NULL };
static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.link"),
    ANSWER("kind", ENUM, .names = kinds, .help = "What it makes: the owner, a person, a password."),
    ANSWER("role", STRING, .help = "What who comes by it will be."),
    ANSWER("login", STRING, .help = "Of a reset: whose password it is; else \"\"."),
    ANSWER("expires_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_join_look = {
    .method = "POST",
    .path = "/v1/tiro/join/look",
    .open = true,
    .fields = fields,
    .size = sizeof(struct look_req),
    .handle = handle,
    .name = "JoinLook",
    .tag = "People",
    .summary = "What a one-time link is for.",
    .response = response,
};
