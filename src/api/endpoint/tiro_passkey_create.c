/* POST /v1/tiro/passkeys: a passkey that a browser has made. */
#include "api/people.h"

#include "api/reply.h"

struct passkey_req {
    struct field_string name, challenge, client_data, authenticator_data, public_key;
};

static const struct field fields[] = {
    FIELD_STRING(struct passkey_req, name, .len_max = PEOPLE_NAME_MAX, .def = "\"Passkey\"",
                 .help = "What to call it."),
    FIELD_STRING(struct passkey_req, challenge, .required = true, .len_max = 64,
                 .help = "Of the options, base64url."),
    FIELD_STRING(struct passkey_req, client_data, .required = true, .len_max = PASSKEY_TEXT_MAX,
                 .help = "response.clientDataJSON, base64url."),
    FIELD_STRING(struct passkey_req, authenticator_data, .required = true,
                 .len_max = PASSKEY_TEXT_MAX,
                 .help = "response.getAuthenticatorData(), base64url."),
    FIELD_STRING(struct passkey_req, public_key, .required = true, .len_max = PASSKEY_TEXT_MAX,
                 .help = "response.getPublicKey(), base64url."),
    FIELDS_END,
};

struct create {
    struct people_call call; /* first */
    char id[REPLY_ID_MAX];
    struct passkey_row row;
};

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    struct create *k = (struct create *)c;
    (void)db;
    (void)err;
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, k->id);
    json_key(w, "object");
    json_str(w, "tiro.passkey");
    json_key(w, "name");
    json_slice(w, k->row.name);
    json_key(w, "site");
    json_slice(w, k->row.site);
    json_key(w, "created_at");
    json_int(w, c->now);
    json_object_end(w);
    return 0;
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct create *k = (struct create *)c;
    k->row.user = c->stored.principal.user;
    TRY(passkey_add(db, &c->stored.principal, &k->row, err));
    return people_answer(c, write, db, err);
}

static int fill(struct create *k, struct call *call, const struct passkey_req *req, struct err *err)
{
    struct arena *arena = &k->call.stored.arena;
    struct passkey_site site;
    struct passkey_made made;
    struct passkey_sent sent = { .client_data = req->client_data.value,
                                 .authenticator_data = req->authenticator_data.value,
                                 .public_key = req->public_key.value };
    struct slice challenge = passkey_bytes(req->challenge.value, arena);
    TRY(people_site(&site, call, err));
    if (!people_take_challenge(k->call.people, challenge, call->principal.user))
        return err_param(err, ERR_INVALID_VALUE, "challenge",
                         "The challenge is not known, or is too old: ask for new options.");
    TRY(passkey_read_new(&made, &site, challenge, &sent, arena, err));
    reply_id(k->id, "passkey_");
    k->row = (struct passkey_row){ .id = slice_of(k->id),
                                   .credential = made.credential,
                                   .site = arena_slice(arena, site.rp_id),
                                   .public_key = made.public_key,
                                   .name = arena_slice(arena, req->name.value),
                                   .sign_count = made.sign_count,
                                   .created_at = k->call.now };
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    TRY(people_check_session(call, err));
    struct create *k = people_call_new(call, sizeof *k, err);
    if (!k) return -ERR_NO_MEMORY;
    int rc = fill(k, call, request, err);
    if (rc == 0) return people_read_only(&k->call, run, err);
    stored_free(&k->call.stored);
    return rc;
}

static const struct field response[] = {
    ANSWER("id", STRING, .help = "passkey_..."),
    ANSWER("object", STRING, .help = "tiro.passkey"),
    ANSWER("name", STRING, .help = "What its person calls it."),
    ANSWER("site", STRING, .help = "The host name where it is good."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_passkey_create = {
    .method = "POST",
    .path = "/v1/tiro/passkeys",
    .fields = fields,
    .size = sizeof(struct passkey_req),
    .handle = handle,
    .name = "PasskeyCreate",
    .tag = "People",
    .summary = "Keeps a passkey that a browser has made.",
    .response = response,
};
