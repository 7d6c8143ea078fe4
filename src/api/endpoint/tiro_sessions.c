/* GET /v1/tiro/sessions: where one is signed in. */
#include "api/people.h"

struct sessions {
    struct people_call call; /* first */
    struct slice current;
};

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    return tokens_write(w, db, c->stored.principal.user, "session", ((struct sessions *)c)->current,
                        err);
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_answer_list(c, write, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_session(call, err));
    struct sessions *s = people_call_new(call, sizeof *s, err);
    if (!s) return -ERR_NO_MEMORY;
    s->current = arena_slice(&s->call.stored.arena, call->caller.session);
    return people_read_only(&s->call, run, err);
}

static const struct field session[] = {
    ANSWER("id", STRING, .help = "session_..."),
    ANSWER("object", STRING, .help = "tiro.session"),
    ANSWER("browser", STRING, .help = "What the browser calls itself."),
    ANSWER("address", STRING, .help = "Where it signed in from."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("seen_at", INT, .help = "Unix seconds, to within five minutes."),
    ANSWER("current", BOOL, .help = "It is the one that asks."),
    FIELDS_END,
};
static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = session, .help = "The one seen last first."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_sessions = {
    .method = "GET",
    .path = "/v1/tiro/sessions",
    .handle = handle,
    .name = "Sessions",
    .tag = "People",
    .summary = "Where one is signed in.",
    .response = response,
};
