#include "api/response_history.h"

#include "api/compaction.h"
#include "api/field.h"
#include "base/checksum.h"
#include "base/json.h"
#include "store/conversation_table.h"
#include "store/response_table.h"

enum { QUOTE_MAX = 100 };

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

/* ---- References and compactions ---- */

/* {"type":"item_reference","id"}, or the id alone. */
static bool is_reference(const json_t *item)
{
    const char *type = json_string_value(json_object_get(item, "type"));
    if (type) return strcmp(type, "item_reference") == 0;
    return json_object_get(item, "id") && !json_object_get(item, "role");
}

bool response_input_is_indirect(const json_t *input)
{
    for (size_t i = 0; i < json_array_size(input); i++) {
        const json_t *item = json_array_get(input, i);
        if (is_reference(item) || compaction_is(item)) return true;
    }
    return false;
}

static int append_referenced(json_t *to, const json_t *reference, const struct response_source *s,
                             struct err *err)
{
    const json_t *id = json_object_get(reference, "id");
    struct slice text, name = { json_string_value(id), json_string_length(id) };
    json_t *item;
    if (!name.ptr)
        return err_param(err, ERR_MISSING_PARAMETER, "input", "An item reference has no 'id'.");
    TRY(response_find_item(&text, s->db, s->owner, name, s->arena, err));
    TRY(json_read(&item, text, &json_limits_file, "an item", err));
    return json_array_append_new(to, item) < 0 ? no_memory(err) : 0;
}

static int append_all(json_t *to, const json_t *items, const struct response_source *s,
                      struct err *err)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        if (compaction_is(item))
            TRY(compaction_open(to, item, s->key, s->owner, s->arena, err));
        else if (is_reference(item))
            TRY(append_referenced(to, item, s, err));
        else if (json_array_append(to, item) < 0)
            return no_memory(err);
    }
    return 0;
}

int response_input_resolve(struct slice *ret, const struct response_source *source,
                           struct slice request, struct err *err)
{
    json_t *root, *resolved = json_array();
    if (!resolved) return no_memory(err);
    int rc = json_read(&root, request, &json_limits_request, "the request", err);
    if (rc < 0) {
        json_decref(resolved);
        return rc;
    }
    const json_t *input = json_object_get(root, "input");
    rc = append_all(resolved, input, source, err);
    if (rc == 0 && json_is_array(input) && json_object_set(root, "input", resolved) < 0)
        rc = no_memory(err);
    if (rc == 0) rc = field_json_text(ret, root, source->arena, err);
    json_decref(resolved);
    json_decref(root);
    return rc;
}

/* ---- Chains and conversations ---- */

static int append_list(json_t *to, const struct response_source *s, struct slice of,
                       enum items_part part, struct err *err)
{
    TRY(items_read(to, s->db, s->owner, &(struct items_list){ of, part }, err));
    if (json_array_size(to) <= ITEMS_READ_MAX) return 0;
    return err_set(err, ERR_LIMIT, "What comes before this response has more than %d items.",
                   ITEMS_READ_MAX);
}

static int append_conversation(json_t *to, const struct response_source *s, struct slice id,
                               uint64_t n_max, struct err *err)
{
    struct conversation_row row;
    TRY(conversation_find(&row, s->db, s->owner, id, s->arena, err));
    TRY(append_list(to, s, id, ITEMS_CONVERSATION, err));
    while (json_array_size(to) > n_max)
        if (json_array_remove(to, json_array_size(to) - 1) < 0) return no_memory(err);
    return 0;
}

static int find_link(struct response_link *ret, const struct response_source *s, struct slice id,
                     struct err *err)
{
    int len = (int)(id.len < QUOTE_MAX ? id.len : QUOTE_MAX);
    int rc = response_find_link(ret, s->db, s->owner, id, s->arena, err);
    if (rc == -ERR_NOT_FOUND)
        return err_param(err, ERR_PREVIOUS_NOT_FOUND, "previous_response_id",
                         "Previous response with id '%.*s' not found.", len, id.ptr);
    if (rc == 0 && ret->unfinished)
        return err_param(err, ERR_INVALID_VALUE, "previous_response_id",
                         "Previous response with id '%.*s' has not ended yet.", len, id.ptr);
    return rc;
}

/* From the newest to the oldest for the ids, and back for the items. */
static int append_chain(json_t *to, const struct response_source *s, struct slice previous_id,
                        struct err *err)
{
    struct slice *ids = ARENA_NEWS(s->arena, RESPONSE_CHAIN_MAX, struct slice);
    struct response_link link = { .previous_id = previous_id };
    size_t n = 0;
    if (!ids) return arena_check(s->arena, "the request", err);
    while (link.previous_id.ptr) {
        if (n == RESPONSE_CHAIN_MAX)
            return err_param(err, ERR_LIMIT, "previous_response_id",
                             "More than %d responses stand before this one; begin a new chain, or "
                             "use a conversation.",
                             RESPONSE_CHAIN_MAX);
        ids[n++] = link.previous_id;
        TRY(find_link(&link, s, ids[n - 1], err));
    }
    if (link.conversation_id.ptr)
        TRY(append_conversation(to, s, link.conversation_id, link.history_items, err));
    while (n-- > 0) {
        TRY(append_list(to, s, ids[n], ITEMS_INPUT, err));
        TRY(append_list(to, s, ids[n], ITEMS_OUTPUT, err));
    }
    return 0;
}

/* Over the items as they are stored. */
static int sum_up(uint64_t *ret, const json_t *items, struct err *err)
{
    struct buf text;
    struct json_writer w;
    uint64_t sum = 0;
    buf_init(&text, FIELD_TEXT_MAX);
    for (size_t i = 0; i < json_array_size(items) && !text.failed; i++) {
        buf_reset(&text);
        json_writer_init(&w, &text);
        json_value(&w, json_array_get(items, i));
        sum = checksum64(sum, buf_str(&text), text.len);
    }
    int rc = buf_check(&text, "an item", err);
    buf_release(&text);
    *ret = sum;
    return rc;
}

static int read_stored(json_t *to, const struct response_source *s, struct slice previous_id,
                       struct slice conversation_id, uint64_t n_max, struct err *err)
{
    if (previous_id.ptr) return append_chain(to, s, previous_id, err);
    if (conversation_id.ptr) return append_conversation(to, s, conversation_id, n_max, err);
    return 0;
}

int response_history_read(struct response_history *ret, const struct response_source *source,
                          struct slice previous_id, struct slice conversation_id, uint64_t n_max,
                          struct err *err)
{
    json_t *stored = json_array(), *items = json_array();
    struct response_history history = { .items = items };
    int rc = stored && items ? 0 : no_memory(err);
    if (rc == 0) rc = read_stored(stored, source, previous_id, conversation_id, n_max, err);
    if (rc == 0) rc = sum_up(&history.sum, stored, err);
    history.n = json_array_size(stored);
    if (rc == 0) rc = append_all(items, stored, source, err);
    json_decref(stored);
    if (rc == 0)
        *ret = history;
    else
        json_decref(items);
    return rc;
}
