/* GET /v1/tiro/passkeys: one's own passkeys. */
#include "api/people.h"

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    return passkeys_write(w, db, c->stored.principal.user, err);
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_answer_list(c, write, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_session(call, err));
    struct people_call *c = people_call_new(call, sizeof *c, err);
    return c ? people_read_only(c, run, err) : -ERR_NO_MEMORY;
}

static const struct field passkey[] = {
    ANSWER("id", STRING, .help = "passkey_..."),
    ANSWER("object", STRING, .help = "tiro.passkey"),
    ANSWER("name", STRING, .help = "What its person calls it."),
    ANSWER("site", STRING, .help = "The host name where it is good."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("used_at", INT, .help = "Unix seconds, when it signed in last; 0: never."),
    ANSWER("credential", STRING, .help = "The id that its device gave it."),
    FIELDS_END,
};
static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = passkey, .help = "In the order of their making."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_passkeys = {
    .method = "GET",
    .path = "/v1/tiro/passkeys",
    .handle = handle,
    .name = "Passkeys",
    .tag = "People",
    .summary = "One's own passkeys.",
    .response = response,
};
