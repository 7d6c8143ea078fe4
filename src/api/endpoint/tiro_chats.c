/* GET /v1/tiro/chats: the chats, also those that hold a text. */
#include "api/chats.h"
#include "api/reply.h"

enum { LIMIT_MAX = 100 };

struct list_chats_req {
    struct field_int limit;
    struct field_string after, search, folder_id;
    struct field_bool archived;
};

static const struct field query[] = {
    FIELD_INT(struct list_chats_req, limit, .range = { 1, LIMIT_MAX }, .def = "50",
              .help = "The most chats of a page."),
    FIELD_STRING(struct list_chats_req, after, .len_max = CHATS_ID_MAX,
                 .help = "The last chat of the page before."),
    FIELD_STRING(struct list_chats_req, search, .len_min = 1, .len_max = CHAT_QUERY_MAX,
                 .help = "Only those with this text in their title or messages."),
    FIELD_STRING(struct list_chats_req, folder_id, .len_min = 1, .len_max = CHATS_ID_MAX,
                 .help = "Only those of this folder; none: those that are in no folder."),
    FIELD_BOOL(struct list_chats_req, archived, .def = "false", .help = "Those put aside."),
    FIELDS_END,
};

struct list_chats {
    struct chats_call call;
    struct chat_listing listing;
};

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return chat_list(w, db, &c->stored.principal, &((struct list_chats *)c)->listing, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct list_chats_req *req = request;
    struct list_chats *list = chats_call_new(call, sizeof *list, err);
    if (!list) return -ERR_NO_MEMORY;
    list->listing = (struct chat_listing){
        .after = chats_keep(&list->call, &req->after),
        .search = chats_keep(&list->call, &req->search),
        .archived = req->archived.value,
        .limit = (int)req->limit.value,
    };
    struct slice *folder = &list->listing.folder_id;
    *folder = chats_keep(&list->call, &req->folder_id);
    if (slice_is(*folder, "none")) *folder = SLICE("");
    return chats_call_begin(&list->call, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = chats_chat_answer,
           .help = "The pinned first, then by their last change. Each with `snippet`: with a "
                   "search, the beginning of a message that holds the text; else null."),
    ANSWER("has_more", BOOL, .help = "Whether there is a next page."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_chats = {
    .method = "GET",
    .path = "/v1/tiro/chats",
    .query = query,
    .size = sizeof(struct list_chats_req),
    .handle = handle,
    .name = "ChatList",
    .tag = "Chats",
    .summary = "The chats kept on this server, or those in which a text stands.",
    .response = response,
};
