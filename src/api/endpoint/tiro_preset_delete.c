/* DELETE /v1/tiro/presets/{preset_id} */
#include "api/presets.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct chats_call *c = (struct chats_call *)stored;
    TRY(preset_delete(db, &stored->principal, c->chat_id, err));
    return chats_answer_deleted(c, c->chat_id, "tiro.preset.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, true, run, err);
}

const struct endpoint endpoint_tiro_preset_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/presets/{preset_id}",
    .handle = handle,
    .name = "PresetDelete",
    .tag = "Presets",
    .summary = "Deletes a preset; chats that it was applied to stay as they are.",
    .response = chats_deleted_answer,
};
