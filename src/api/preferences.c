#include "api/preferences.h"

#include "store/owned.h"
#include "store/preference_table.h"

const struct field preferences_answer[] = {
    ANSWER("object", STRING, .help = "tiro.preferences"),
#define X(name, def, words) ANSWER(#name, BOOL, .help = words),
    PREFERENCES(X)
#undef X
        FIELDS_END,
};

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    struct preferences p;
    TRY(preferences_read(&p, db, &c->stored.principal, err));
    json_object_begin(w);
    json_member_slice(w, "object", SLICE("tiro.preferences"));
#define X(name, def, words) \
    json_key(w, #name);     \
    json_bool(w, p.name);
    PREFERENCES(X)
#undef X
    json_object_end(w);
    return 0;
}

int preferences_answer_all(struct chats_call *c, struct db *db, struct err *err)
{
    return chats_answer_written(c, db, write, err);
}
