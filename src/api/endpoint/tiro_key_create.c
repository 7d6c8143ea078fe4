/* POST /v1/tiro/keys: an API key of one's own, shown this once. */
#include "api/people.h"

#include "api/reply.h"

#include <stdio.h>

struct key_req {
    struct field_string name;
};

static const struct field fields[] = {
    FIELD_STRING(struct key_req, name, .required = true, .len_min = 1, .len_max = PEOPLE_NAME_MAX,
                 .help = "What it is for."),
    FIELDS_END,
};

enum { HINT_TAIL = 4 };

struct create {
    struct people_call call; /* first */
    char id[REPLY_ID_MAX], token[PEOPLE_TOKEN_SIZE], hash[PEOPLE_HASH_SIZE], hint[32];
    struct slice name;
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
    json_str(w, "tiro.api_key");
    json_key(w, "name");
    json_slice(w, k->name);
    json_key(w, "hint");
    json_str(w, k->hint);
    json_key(w, "key");
    json_str(w, k->token);
    json_key(w, "created_at");
    json_int(w, c->now);
    json_object_end(w);
    return 0;
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct create *k = (struct create *)c;
    struct token_row row = { .id = slice_of(k->id),
                             .user = c->stored.principal.user,
                             .kind = SLICE("key"),
                             .hash = slice_of(k->hash),
                             .name = k->name,
                             .hint = slice_of(k->hint),
                             .created_at = c->now };
    TRY(token_add(db, &c->stored.principal, &row, err));
    return people_answer(c, write, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct key_req *req = request;
    TRY(people_check_session(call, err));
    struct create *k = people_call_new(call, sizeof *k, err);
    if (!k) return -ERR_NO_MEMORY;
    reply_id(k->id, "key_");
    people_draw(k->token, PEOPLE_KEY_PREFIX);
    people_hash(k->hash, slice_of(k->token));
    (void)snprintf(k->hint, sizeof k->hint, PEOPLE_KEY_PREFIX "…%s",
                   k->token + strlen(k->token) - HINT_TAIL); /* It fits. */
    k->name = arena_slice(&k->call.stored.arena, req->name.value);
    return people_change(&k->call, run, err);
}

static const struct field response[] = {
    ANSWER("id", STRING, .help = "key_..."),
    ANSWER("object", STRING, .help = "tiro.api_key"),
    ANSWER("name", STRING, .help = "What it is for."),
    ANSWER("hint", STRING, .help = "Its beginning and end."),
    ANSWER("key", STRING, .help = "The key: shown this once."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_key_create = {
    .method = "POST",
    .path = "/v1/tiro/keys",
    .fields = fields,
    .size = sizeof(struct key_req),
    .handle = handle,
    .name = "KeyCreate",
    .tag = "People",
    .summary = "Makes an API key for programs of one's own.",
    .response = response,
};
