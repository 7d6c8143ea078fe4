/* GET /v1/tiro/presets: all presets. */
#include "api/presets.h"

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return preset_list(w, db, &c->stored.principal, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = presets_answer, .help = "By name; at most 200."),
    ANSWER("has_more", BOOL, .help = "false"),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_presets = {
    .method = "GET",
    .path = "/v1/tiro/presets",
    .handle = handle,
    .name = "PresetList",
    .tag = "Presets",
    .summary = "All presets.",
    .response = response,
};
