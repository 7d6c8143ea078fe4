/* GET /v1/tiro/preferences */
#include "api/preferences.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return preferences_answer_all((struct chats_call *)stored, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

const struct endpoint endpoint_tiro_preferences = {
    .method = "GET",
    .path = "/v1/tiro/preferences",
    .handle = handle,
    .name = "Preferences",
    .tag = "Memory",
    .summary = "What you have chosen for all of your chats.",
    .response = preferences_answer,
};
