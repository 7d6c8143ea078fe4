/* POST /v1/tiro/chats/{chat_id}/shares: a link to a copy of one branch. */
#include "api/reply.h"
#include "api/shares.h"

struct create_share_req {
    struct field_string leaf_id;
    struct field_int expires_in;
};

static const struct field fields[] = {
    FIELD_STRING(struct create_share_req, leaf_id, .len_min = 1, .len_max = CHATS_ID_MAX,
                 .help = "The last message of the branch; if absent, of the one that is shown."),
    FIELD_INT(struct create_share_req, expires_in,
              .range = { SHARE_SECONDS_MIN, SHARE_SECONDS_MAX }, .def = "604800",
              .help = "Seconds until the link ends: a week, if absent."),
    FIELDS_END,
};

struct create_share {
    struct chats_call call;
    char id[REPLY_ID_MAX], token[SHARE_TOKEN_SIZE];
    struct share_row row;
};

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    struct create_share *s = (struct create_share *)c;
    json_object_begin(w);
    TRY(share_write_keys(w, db, &c->stored.principal, s->row.id, err));
    json_member_slice(w, "token", slice_of(s->token));
    json_object_end(w);
    return 0;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create_share *s = (struct create_share *)stored;
    struct share_row row = s->row;
    struct chat_row chat;
    TRY(chat_find(&chat, db, &stored->principal, s->call.chat_id, &stored->arena, err));
    row.chat_id = chat.id;
    row.title = chat.title;
    if (!row.leaf_id.ptr) row.leaf_id = chat.leaf_id;
    TRY(share_add(db, &stored->principal, &row, err));
    return chats_answer_written(&s->call, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_share_req *req = request;
    struct create_share *s = chats_call_new(call, sizeof *s, err);
    if (!s) return -ERR_NO_MEMORY;
    reply_id(s->id, "share_");
    share_token_make(s->token);
    s->row = (struct share_row){
        .id = slice_of(s->id),
        .leaf_id = chats_keep(&s->call, &req->leaf_id),
        .created_at = s->call.now,
        .expires_at = s->call.now + req->expires_in.value,
    };
    share_token_hash(s->row.token_hash, slice_of(s->token));
    call->ops->header(call, "cache-control", "no-store");
    return chats_call_begin(&s->call, run, err);
}

static const struct field response[] = {
    { .kind = FIELD_KIND_INCLUDE, .name = "", .fields = shares_answer },
    ANSWER("token", STRING,
           .help = "What GET /v1/tiro/shared/{token} takes. It is shown this once: only its hash "
                   "is kept."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_share_create = {
    .method = "POST",
    .path = "/v1/tiro/chats/{chat_id}/shares",
    .fields = fields,
    .size = sizeof(struct create_share_req),
    .handle = handle,
    .name = "ShareCreate",
    .tag = "Sharing",
    .summary = "Shares a branch as it is now: its texts and models, not files, thoughts or "
               "instructions.",
    .response = response,
};
