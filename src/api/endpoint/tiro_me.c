/* GET /v1/tiro/me: who is asking, or what there is to do to be somebody. */
#include "api/people.h"

#include "api/reply.h"

static const char *const ways[] = { "nobody", "local", "key", "session", NULL };

static void write_me(struct json_writer *w, const struct call *call,
                     const struct person_row *person)
{
    bool owner = people_have_owner(call->service->people);
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "tiro.me");
    json_key(w, "signed_in");
    json_str(w, ways[call->caller.by]);
    json_key(w, "owner");
    json_bool(w, call->caller.owner);
    json_key(w, "people");
    json_bool(w, owner);
    json_key(w, "guarded");
    json_bool(w, call->caller.guarded);
    json_key(w, "setup");
    json_bool(w, call->caller.guarded && !owner && !call->caller.keyed);
    json_key(w, "user");
    if (person)
        person_write(w, person);
    else
        json_null_value(w);
    json_object_end(w);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct people *p = call->service->people;
    if (!p) return err_set(err, ERR_NOT_FOUND, "This server knows no people.");
    bool named = call->caller.by == CALLER_SESSION || call->caller.by == CALLER_KEY;
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    write_me(&w, call, named ? people_active(p, call->principal.user) : NULL);
    call->ops->header(call, "Cache-Control", "no-store");
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.me"),
    ANSWER("signed_in", ENUM, .names = ways,
           .help = "session: by signing in; key: an API key; local: the machine's own user, who "
                   "needs neither; nobody."),
    ANSWER("owner", BOOL, .help = "May do what concerns everybody."),
    ANSWER("people", BOOL, .help = "This server has people: somebody can sign in."),
    ANSWER("guarded", BOOL, .help = "Who shows nothing is nobody."),
    ANSWER("setup", BOOL, .help = "Nobody can use it before its first owner has come."),
    ANSWER("user", OBJECT, .fields = people_user_answer, .nullable = true,
           .help = "The person; null: there is none."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_me = {
    .method = "GET",
    .path = "/v1/tiro/me",
    .open = true,
    .handle = handle,
    .name = "Me",
    .tag = "People",
    .summary = "Who is asking.",
    .response = response,
};
