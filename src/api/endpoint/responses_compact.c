/* POST /v1/responses/compact: what still fits of a conversation, in one sealed item
 * (api/compaction.h). */
#include "api/compaction.h"
#include "api/endpoint.h"
#include "api/generation.h"
#include "api/reply.h"
#include "api/response_history.h"
#include "api/responses.h"
#include "api/stored.h"
#include "base/seam.h"

#include <string.h>

enum {
    CONTEXT_DEFAULT = 4096, /* of a model whose worker has not said it yet */
    /* Kept is what takes about half of the context; JSON of text has 3 to 4 bytes a token. */
    ROOM_BYTES_A_TOKEN = 3,
    NS_PER_S = 1000 * 1000 * 1000,
};

struct compact_req {
    struct field_string model, instructions, previous_response_id, prompt_cache_key;
    struct field_json input, prompt_cache_options;
    struct field_string prompt_cache_retention, service_tier;
};

struct compact {
    struct stored stored; /* first */
    struct slice previous_id, request, text;
    struct seal_key key;
    size_t room;
    int64_t created_at;
};

/* ---- The items ---- */

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

static int append_input(json_t *items, const json_t *input, struct err *err)
{
    int rc = 0;
    if (json_is_string(input))
        rc = json_array_append_new(items, json_pack("{s:s, s:s, s:O}", "type", "message", "role",
                                                    "user", "content", input));
    else if (json_is_array(input))
        rc = json_array_extend(items, (json_t *)(uintptr_t)input);
    return rc < 0 ? no_memory(err) : 0;
}

/* What came before, then the input with what it refers to. */
static int gather(json_t *items, struct compact *c, struct db *db, struct err *err)
{
    const struct response_source source = { db, &c->stored.principal, &c->key, &c->stored.arena };
    struct response_history history;
    struct slice resolved;
    json_t *root;
    TRY(response_history_read(&history, &source, c->previous_id, (struct slice){ 0 }, UINT64_MAX,
                              err));
    int rc = json_array_extend(items, history.items) < 0 ? no_memory(err) : 0;
    json_decref(history.items);
    TRY(rc);
    TRY(response_input_resolve(&resolved, &source, c->request, err));
    TRY(json_read(&root, resolved, &json_limits_file, "the request", err));
    rc = append_input(items, json_object_get(root, "input"), err);
    json_decref(root);
    return rc;
}

/* ---- The answer ---- */

/* No model was asked. */
static void write_usage(struct json_writer *w)
{
    json_key(w, "usage");
    json_raw(w, SLICE("{\"input_tokens\":0,\"input_tokens_details\":{\"cached_tokens\":0,"
                      "\"cache_write_tokens\":0},\"output_tokens\":0,\"output_tokens_details\":"
                      "{\"reasoning_tokens\":0},\"total_tokens\":0}"));
}

static int write_answer(struct compact *c, const json_t *item, struct err *err)
{
    char id[REPLY_ID_MAX];
    struct buf out;
    struct json_writer w;
    reply_id(id, "resp_");
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "id");
    json_str(&w, id);
    json_key(&w, "object");
    json_str(&w, "response.compaction");
    json_key(&w, "created_at");
    json_int(&w, c->created_at);
    json_key(&w, "output");
    json_array_begin(&w);
    json_value(&w, item);
    json_array_end(&w);
    write_usage(&w);
    json_object_end(&w);
    return field_keep_text(&c->text, &out, &c->stored.arena, err);
}

static int compact(struct compact *c, const json_t *items, struct err *err)
{
    json_t *item;
    if (json_array_size(items) == 0)
        return err_param(err, ERR_MISSING_PARAMETER, "input",
                         "There is nothing to compact: give 'input' or 'previous_response_id'.");
    TRY(compaction_make(&item, items, c->room, &c->key, &c->stored.principal, &c->stored.arena,
                        err));
    int rc = write_answer(c, item, err);
    json_decref(item);
    return rc;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct compact *c = (struct compact *)stored;
    json_t *items = json_array();
    if (!items) return no_memory(err);
    int rc = gather(items, c, db, err);
    if (rc == 0) rc = compact(c, items, err);
    json_decref(items);
    return rc;
}

static int answer(struct stored *stored, struct err *err)
{
    const struct compact *c = (const struct compact *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", c->text);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    const struct compact_req *r = req;
    const struct backend_model *model;
    const struct seal_key *key;
    TRY(generation_model(&model, call, r->model.value, CAP_CHAT, "answer responses", err));
    TRY(responses_seal_key(&key, call->service, err));
    struct compact *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->key = *key;
    c->room = (size_t)(model->n_ctx ? model->n_ctx : CONTEXT_DEFAULT) / 2 * ROOM_BYTES_A_TOKEN;
    c->created_at = (int64_t)(wall_ns() / NS_PER_S);
    c->request = arena_slice(&c->stored.arena, call->body);
    if (r->previous_response_id.given)
        c->previous_id = arena_slice(&c->stored.arena, r->previous_response_id.value);
    return stored_begin(&c->stored, run, answer, err);
}

/* clang-format off */
static const struct field fields[] = {
    FIELD_STRING(struct compact_req, model, .required = true, .len_min = 1, .len_max = MSG_NAME_MAX,
                 .help = "The model whose context it is to fit."),
    FIELD_JSON(struct compact_req, input, .types = FIELD_TYPE_STRING | FIELD_TYPE_ARRAY,
               .help = "A text or items, as of POST /v1/responses."),
    FIELD_STRING(struct compact_req, previous_response_id, .len_max = MSG_NAME_MAX,
                 .help = "A stored response: what came before it, its input and its output."),
    FIELD_STRING(struct compact_req, instructions, .ignored = true,
                 .help = "Accepted: no model writes a summary, so there is nothing to instruct."),
    FIELD_STRING(struct compact_req, prompt_cache_key, .len_max = 256, .ignored = true,
                 .help = "Accepted: no model is asked."),
    FIELD_STRING(struct compact_req, prompt_cache_retention, .ignored = true, .deprecated = true,
                 .help = "The same."),
    FIELD_JSON(struct compact_req, prompt_cache_options, .types = FIELD_TYPE_OBJECT,
               .ignored = true, .help = "The same."),
    FIELD_STRING(struct compact_req, service_tier, .ignored = true, .help = "The same."),
    FIELDS_END,
};
/* clang-format on */

const struct endpoint endpoint_responses_compact = {
    .method = "POST",
    .path = "/v1/responses/compact",
    .fields = fields,
    .size = sizeof(struct compact_req),
    .handle = handle,
    .name = "ResponseCompaction",
    .tag = "Responses",
    .summary = "The newest of a conversation that fits, sealed into one item to bring back.",
};
