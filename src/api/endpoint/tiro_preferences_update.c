/* POST /v1/tiro/preferences */
#include "api/preferences.h"
#include "store/preference_table.h"

struct update_preferences_req {
#define X(name, def, words) struct field_bool name;
    PREFERENCES(X)
#undef X
};

static const struct field fields[] = {
#define X(name, def, words) FIELD_BOOL(struct update_preferences_req, name, .help = words),
    PREFERENCES(X)
#undef X
        FIELDS_END,
};

struct update_preferences {
    struct chats_call call;
    struct update_preferences_req req; /* has no pointers */
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update_preferences *u = (struct update_preferences *)stored;
    const struct principal *owner = &stored->principal;
#define X(name, def, words) \
    if (u->req.name.given) TRY(preference_set(db, owner, #name, u->req.name.value, err));
    PREFERENCES(X)
#undef X
    return preferences_answer_all(&u->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_preferences_req *req = request;
    struct update_preferences *u = chats_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    u->req = *req;
    return chats_call_begin(&u->call, run, err);
}

const struct endpoint endpoint_tiro_preferences_update = {
    .method = "POST",
    .path = "/v1/tiro/preferences",
    .fields = fields,
    .size = sizeof(struct update_preferences_req),
    .handle = handle,
    .name = "PreferencesUpdate",
    .tag = "Memory",
    .summary = "Changes what is given and leaves the rest.",
    .response = preferences_answer,
};
