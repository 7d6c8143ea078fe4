/* POST /v1/tiro/sign_in/passkey: a passkey becomes a session. */
#include "api/people.h"

struct passkey_req {
    struct field_string credential, challenge, client_data, authenticator_data, signature;
};

static const struct field fields[] = {
    FIELD_STRING(struct passkey_req, credential, .required = true, .len_max = PASSKEY_TEXT_MAX,
                 .help = "The credential's id, base64url."),
    FIELD_STRING(struct passkey_req, challenge, .required = true, .len_max = 64,
                 .help = "Of the options, base64url."),
    FIELD_STRING(struct passkey_req, client_data, .required = true, .len_max = PASSKEY_TEXT_MAX,
                 .help = "response.clientDataJSON, base64url."),
    FIELD_STRING(struct passkey_req, authenticator_data, .required = true,
                 .len_max = PASSKEY_TEXT_MAX, .help = "response.authenticatorData, base64url."),
    FIELD_STRING(struct passkey_req, signature, .required = true, .len_max = PASSKEY_TEXT_MAX,
                 .help = "response.signature, base64url."),
    FIELDS_END,
};

struct sign_in {
    struct people_call call; /* first */
    struct people_session session;
    struct passkey_site site;
    struct passkey_sent sent;
    struct slice challenge, credential;
};

static int refused(struct err *err)
{
    return err_set(err, ERR_SIGN_IN,
                   "This passkey is not known here. Sign in with the password, then add it anew.");
}

static int check(struct passkey_row *row, struct sign_in *s, struct db *db, struct err *err)
{
    int64_t count;
    struct arena *arena = &s->call.stored.arena;
    int rc = passkey_find(row, db, s->credential, arena, err);
    if (rc == -ERR_NOT_FOUND) return refused(err);
    TRY(rc);
    if (!slice_eq(row->site, s->site.rp_id)) return refused(err);
    TRY(passkey_verify(&count, &s->site, s->challenge, row->public_key, &s->sent, arena, err));
    /* One that counts and has not counted on was copied. */
    if ((count || row->sign_count) && count <= row->sign_count)
        return err_set(err, ERR_SIGN_IN,
                       "This passkey was used elsewhere: it may have been copied. Sign in with the "
                       "password, and delete it.");
    row->sign_count = count;
    return 0;
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct sign_in *s = (struct sign_in *)c;
    struct passkey_row row;
    struct person_row person;
    TRY(check(&row, s, db, err));
    TRY(passkey_used(db, row.id, row.sign_count, c->now, err));
    TRY(person_find(&person, db, row.user, &c->stored.arena, err));
    if (!slice_is(person.state, "active"))
        return err_set(err, ERR_PERMISSION, "This account is not active.");
    TRY(people_session_begin(c, db, &s->session, &person, err));
    return people_answer_person(c, &person, err);
}

static int fill(struct sign_in *s, struct call *call, const struct passkey_req *req,
                struct err *err)
{
    struct arena *arena = &s->call.stored.arena;
    struct passkey_site site;
    TRY(people_site(&site, call, err));
    s->challenge = passkey_bytes(req->challenge.value, arena);
    if (!people_take_challenge(s->call.people, s->challenge, SLICE("")))
        return err_param(err, ERR_INVALID_VALUE, "challenge",
                         "The challenge is not known, or is too old: ask for new options.");
    s->site.rp_id = arena_slice(arena, site.rp_id);
    s->site.origin = arena_slice(arena, site.origin);
    s->credential = arena_slice(arena, req->credential.value);
    s->sent.client_data = arena_slice(arena, req->client_data.value);
    s->sent.authenticator_data = arena_slice(arena, req->authenticator_data.value);
    s->sent.signature = arena_slice(arena, req->signature.value);
    people_session_draw(&s->session, &s->call);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    TRY(people_keep_caller(call, err));
    if (!people_may_try(call, &attempts_of_address, call->caller.address)) return 0;
    struct sign_in *s = people_call_new(call, sizeof *s, err);
    if (!s) return -ERR_NO_MEMORY;
    int rc = fill(s, call, request, err);
    if (rc == 0) return people_change(&s->call, run, err);
    stored_free(&s->call.stored);
    return rc;
}

const struct endpoint endpoint_tiro_sign_in_passkey = {
    .method = "POST",
    .path = "/v1/tiro/sign_in/passkey",
    .open = true,
    .fields = fields,
    .size = sizeof(struct passkey_req),
    .handle = handle,
    .name = "SignInPasskey",
    .tag = "People",
    .summary = "Begins a session by a passkey: the answer sets its cookie.",
    .response = people_user_answer,
};
