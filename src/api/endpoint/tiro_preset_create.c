/* POST /v1/tiro/presets: a new preset. */
#include "api/presets.h"
#include "api/reply.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct preset_call *p = (struct preset_call *)stored;
    TRY(preset_add(db, &stored->principal, &p->row, err));
    return presets_answer_preset(&p->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct preset_req *req = request;
    if (!req->name.given) return field_missing("name", err);
    struct preset_call *p = presets_call_new(call, req, "{}", err);
    if (!p) return -err->code;
    _Static_assert(sizeof p->id == REPLY_ID_MAX, "an id fits");
    reply_id(p->id, "preset_");
    p->call.chat_id = p->row.id = slice_of(p->id);
    return chats_call_begin(&p->call, run, err);
}

const struct endpoint endpoint_tiro_preset_create = {
    .method = "POST",
    .path = "/v1/tiro/presets",
    .fields = presets_fields,
    .size = sizeof(struct preset_req),
    .handle = handle,
    .name = "PresetCreate",
    .tag = "Presets",
    .summary = "Keeps settings of chats under a name, which it must have.",
    .response = presets_answer,
};
