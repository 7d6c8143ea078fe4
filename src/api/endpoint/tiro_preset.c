/* GET /v1/tiro/presets/{preset_id} */
#include "api/presets.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return presets_answer_preset((struct chats_call *)stored, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

const struct endpoint endpoint_tiro_preset = {
    .method = "GET",
    .path = "/v1/tiro/presets/{preset_id}",
    .handle = handle,
    .name = "Preset",
    .tag = "Presets",
    .summary = "A preset.",
    .response = presets_answer,
};
