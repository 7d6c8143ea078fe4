/* GET /v1/tiro/shared/{token}: what a link shows to whoever has it. It reads the copy alone. */
#include "api/shares.h"

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return share_read(w, db, c->chat_id, c->now, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    /* Of errors, too. */
    call->ops->header(call, "cache-control", "no-store");
    call->ops->header(call, "referrer-policy", "no-referrer");
    call->ops->header(call, "x-robots-tag", "noindex, nofollow");
    return chats_begin(call, false, run, err);
}

static const struct field message[] = {
    ANSWER("role", STRING, .help = "user or assistant"),
    ANSWER("content", STRING, .help = "Its text."),
    ANSWER("model", STRING, .help = "Which model wrote it; \"\": none."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.shared"),
    ANSWER("title", STRING, .help = "The chat's, when it was shared."),
    ANSWER("created_at", INT, .help = "Unix seconds, of the sharing."),
    ANSWER("expires_at", INT, .help = "Unix seconds."),
    ANSWER("messages", OBJECTS, .fields = message, .help = "The branch, from its beginning."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_shared = {
    .method = "GET",
    .path = "/v1/tiro/shared/{token}",
    .open = true,
    .handle = handle,
    .name = "Shared",
    .tag = "Sharing",
    .summary = "What a shared link shows; no key is needed. 404 for all others alike.",
    .response = response,
};
