/* POST /v1/tiro/presets/{preset_id}: its name or settings. */
#include "api/presets.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct preset_call *p = (struct preset_call *)stored;
    TRY(preset_update(db, &stored->principal, &p->row, err));
    return presets_answer_preset(&p->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    struct preset_call *p = presets_call_new(call, request, NULL, err);
    if (!p) return -err->code;
    p->call.stored.job.erases = true; /* What it was before. */
    return chats_call_begin(&p->call, run, err);
}

const struct endpoint endpoint_tiro_preset_update = {
    .method = "POST",
    .path = "/v1/tiro/presets/{preset_id}",
    .fields = presets_fields,
    .size = sizeof(struct preset_req),
    .handle = handle,
    .name = "PresetUpdate",
    .tag = "Presets",
    .summary = "Changes what is given and leaves the rest.",
    .response = presets_answer,
};
