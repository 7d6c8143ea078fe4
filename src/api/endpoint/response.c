/* GET /v1/responses/{response_id}: a stored response as it stands, or its events. */
#include "api/endpoint.h"
#include "api/response_answer.h"
#include "api/responses.h"
#include "api/stored.h"
#include "store/response_table.h"

struct get_req {
    struct field_strings include;
    struct field_bool stream, include_obfuscation;
    struct field_int starting_after;
};

struct get {
    struct stored stored; /* first */
    struct slice id;
    bool stream;
    uint64_t number; /* of the first event */
    struct response_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct get *get = (struct get *)stored;
    return response_find(&get->row, db, &stored->principal, get->id, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct get *get = (struct get *)stored;
    struct call *call = stored->call;
    struct slice body = get->row.body;
    if (get->stream) return responses_stream(call, get->id, get->number, err);
    TRY(responses_body(&body, call->service, get->id, &stored->arena, err));
    call->ops->reply(call, 200, "application/json", body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    const struct get_req *r = req;
    struct get *get = stored_new(call, sizeof *get, err);
    if (!get) return -ERR_NO_MEMORY;
    get->id = arena_slice(&get->stored.arena, call->id);
    get->stream = r->stream.value;
    if (r->starting_after.given) get->number = (uint64_t)r->starting_after.value + 1;
    return stored_begin(&get->stored, run, answer, err);
}

/* clang-format off */
static const struct field query[] = {
    FIELD_STRINGS(struct get_req, include, .ignored = true,
                  .help = "What was asked for when the response was made is in it; nothing else "
                          "can be added now."),
    FIELD_BOOL(struct get_req, stream, .def = "false",
               .help = "Its events instead: those that were, then those that come. They are made "
                       "again when the response has ended a while ago."),
    FIELD_INT(struct get_req, starting_after, .range = { 0, INT32_MAX },
              .help = "With stream: only the events behind the one with this sequence_number."),
    FIELD_BOOL(struct get_req, include_obfuscation, .ignored = true,
               .help = "Padding against guessing text from packet sizes. Accepted; events carry no "
                       "padding yet."),
    FIELDS_END,
};
/* clang-format on */

const struct endpoint endpoint_response = {
    .method = "GET",
    .path = "/v1/responses/{response_id}",
    .query = query,
    .size = sizeof(struct get_req),
    .dialect = DIALECT_RESPONSES,
    .handle = handle,
    .name = "ResponseRetrieve",
    .tag = "Responses",
    .summary = "A stored response as it stands, or its events from anywhere on.",
    .response = response_answer_fields,
    .response_stream = response_event_fields,
};
