/* GET /v1/tiro/shares: the links that still show something. */
#include "api/shares.h"

struct list_shares_req {
    struct field_string chat_id;
};

static const struct field query[] = {
    FIELD_STRING(struct list_shares_req, chat_id, .len_min = 1, .len_max = CHATS_ID_MAX,
                 .help = "Only those to this chat."),
    FIELDS_END,
};

struct list_call {
    struct chats_call c; /* first */
    struct slice chat_id;
};

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    struct slice chat_id = ((struct list_call *)c)->chat_id;
    return share_list(w, db, &c->stored.principal, chat_id, c->now, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct list_shares_req *req = request;
    struct list_call *l = (struct list_call *)chats_call_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    l->chat_id = chats_keep(&l->c, &req->chat_id);
    return chats_call_begin(&l->c, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = shares_answer,
           .help = "The newest first; at most 500. Their tokens are not kept."),
    ANSWER("has_more", BOOL, .help = "false"),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_shares = {
    .method = "GET",
    .path = "/v1/tiro/shares",
    .query = query,
    .size = sizeof(struct list_shares_req),
    .handle = handle,
    .name = "ShareList",
    .tag = "Sharing",
    .summary = "The links that have not ended.",
    .response = response,
};
