/* GET /v1/tiro/keys: one's own API keys. */
#include "api/people.h"

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    return tokens_write(w, db, c->stored.principal.user, "key", SLICE(""), err);
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

static const struct field key[] = {
    ANSWER("id", STRING, .help = "key_..."),
    ANSWER("object", STRING, .help = "tiro.api_key"),
    ANSWER("name", STRING, .help = "What it is for."),
    ANSWER("hint", STRING, .help = "Its beginning and end: sk-tiro-…abcd"),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("seen_at", INT, .help = "Unix seconds, when it was used last; 0: never."),
    FIELDS_END,
};
static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = key, .help = "The one used last first."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_keys = {
    .method = "GET",
    .path = "/v1/tiro/keys",
    .handle = handle,
    .name = "Keys",
    .tag = "People",
    .summary = "One's own API keys.",
    .response = response,
};
