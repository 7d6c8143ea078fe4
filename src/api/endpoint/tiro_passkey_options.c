/* POST /v1/tiro/passkeys/options: what a browser needs to make a passkey. */
#include "api/people.h"

struct options {
    struct people_call call; /* first */
    struct slice site, challenge, handle;
};

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    struct options *o = (struct options *)c;
    struct person_row person;
    TRY(person_find(&person, db, c->stored.principal.user, &c->stored.arena, err));
    json_object_begin(w);
    json_key(w, "challenge");
    json_slice(w, o->challenge);
    json_key(w, "site");
    json_slice(w, o->site);
    json_key(w, "user_handle");
    json_slice(w, o->handle);
    json_key(w, "login");
    json_slice(w, person.login);
    json_key(w, "name");
    json_slice(w, person.name);
    json_object_end(w);
    return 0;
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_answer(c, write, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    unsigned char challenge[PASSKEY_CHALLENGE_BYTES];
    struct passkey_site site;
    TRY(people_check_session(call, err));
    TRY(people_site(&site, call, err));
    struct options *o = people_call_new(call, sizeof *o, err);
    if (!o) return -ERR_NO_MEMORY;
    struct arena *arena = &o->call.stored.arena;
    people_challenge(o->call.people, challenge, call->principal.user);
    o->challenge = passkey_text((struct slice){ (char *)challenge, sizeof challenge }, arena);
    o->handle = passkey_text(call->principal.user, arena);
    o->site = arena_slice(arena, site.rp_id);
    return people_read_only(&o->call, run, err);
}

static const struct field response[] = {
    ANSWER("challenge", STRING, .help = "base64url; good once, for five minutes."),
    ANSWER("site", STRING, .help = "The host name that it will be bound to."),
    ANSWER("user_handle", STRING, .help = "base64url"),
    ANSWER("login", STRING, .help = "What one signs in with."),
    ANSWER("name", STRING, .help = "What one is called."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_passkey_options = {
    .method = "POST",
    .path = "/v1/tiro/passkeys/options",
    .handle = handle,
    .name = "PasskeyOptions",
    .tag = "People",
    .summary = "What a browser needs to make a passkey.",
    .response = response,
};
