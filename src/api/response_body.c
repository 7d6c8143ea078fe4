#include "api/response_body.h"

#include "api/field.h"
#include "api/reply.h"
#include "base/json.h"

static int set(json_t *root, const char *status, const char *error)
{
    if (json_object_set_new(root, "status", json_string(status)) < 0) return -ERR_NO_MEMORY;
    if (!error) return 0;
    json_t *e = json_pack("{s:s, s:s}", "code", "server_error", "message", error);
    return json_object_set_new(root, "error", e) < 0 ? -ERR_NO_MEMORY : 0;
}

int response_body_with_status(struct slice *ret, struct slice body, const char *status,
                              const char *error, struct arena *arena, struct err *err)
{
    json_t *root;
    TRY(json_read(&root, body, &json_limits_file, "a response", err));
    int rc = set(root, status, error) < 0
                 ? err_set(err, ERR_NO_MEMORY, "There is no memory for the response.")
                 : field_json_text(ret, root, arena, err);
    json_decref(root);
    return rc;
}

int response_body_output(struct slice *ret, struct slice body, struct arena *arena, struct err *err)
{
    json_t *root;
    TRY(json_read(&root, body, &json_limits_file, "a response", err));
    int rc = field_json_text(ret, json_object_get(root, "output"), arena, err);
    json_decref(root);
    return rc;
}

int response_body_event(struct slice *ret, const char **ret_type, struct slice body,
                        const char *status, uint64_t number, struct arena *arena, struct err *err)
{
    struct buf out;
    struct json_writer w;
    const char *type = arena_printf(arena, "response.%s", status);
    TRY(arena_check(arena, "the event", err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "type");
    json_str(&w, type);
    json_key(&w, "sequence_number");
    json_uint(&w, number);
    json_key(&w, "response");
    json_raw(&w, body);
    json_object_end(&w);
    *ret_type = type;
    return field_keep_text(ret, &out, arena, err);
}
