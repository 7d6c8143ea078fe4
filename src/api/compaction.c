#include "api/compaction.h"

#include "api/field.h"
#include "api/reply.h"
#include "base/json.h"
#include "base/map.h"

static bool type_is(const json_t *item, const char *type)
{
    const char *own = json_string_value(json_object_get(item, "type"));
    return own && strcmp(own, type) == 0;
}

bool compaction_is(const json_t *item)
{
    return type_is(item, "compaction") || type_is(item, "compaction_summary");
}

/* What it is and whose: another project's does not open. */
static struct slice context_of(const struct principal *owner, struct arena *arena)
{
    const char *text = arena_printf(arena, "compaction\n%.*s\n%.*s", SLICE_FMT(owner->tenant),
                                    SLICE_FMT(owner->project));
    return slice_of(text);
}

/* ---- Which items stay ---- */

static bool is_standing(const json_t *item)
{
    const char *role = json_string_value(json_object_get(item, "role"));
    return role && (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0);
}

static struct slice call_id(const json_t *item)
{
    const json_t *id = json_object_get(item, "call_id");
    return (struct slice){ json_string_value(id), json_string_length(id) };
}

/* Drops what belongs to a call of which a part is not kept. */
static int drop_torn(bool *kept, const json_t *items, struct err *err)
{
    struct map gone;
    uint32_t unused;
    size_t n = json_array_size(items);
    int rc = 0;
    map_init(&gone);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct slice id = call_id(json_array_get(items, i));
        if (!kept[i] && id.ptr) rc = map_put(&gone, id, 0);
    }
    for (size_t i = 0; i < n; i++) {
        struct slice id = call_id(json_array_get(items, i));
        if (id.ptr && map_get(&gone, id, &unused)) kept[i] = false;
    }
    map_release(&gone);
    return rc < 0 ? err_set(err, ERR_NO_MEMORY, "There is no memory for the answer.") : 0;
}

/* Bytes of its JSON. */
static int measure(size_t *ret, const json_t *item, struct buf *scratch, struct err *err)
{
    struct json_writer w;
    buf_reset(scratch);
    json_writer_init(&w, scratch);
    json_value(&w, item);
    *ret = scratch->len;
    return buf_check(scratch, "an item", err);
}

static int choose(bool *kept, const json_t *items, size_t room, struct buf *scratch,
                  struct err *err)
{
    size_t n = json_array_size(items), size;
    for (size_t i = 0; i < n; i++) {
        if (!is_standing(json_array_get(items, i))) continue;
        TRY(measure(&size, json_array_get(items, i), scratch, err));
        room -= size < room ? size : room;
        kept[i] = true;
    }
    for (size_t i = n; i-- > 0;) {
        const json_t *item = json_array_get(items, i);
        if (kept[i] || type_is(item, "reasoning")) continue;
        TRY(measure(&size, item, scratch, err));
        if (size > room && i != n - 1) break;
        room -= size < room ? size : room;
        kept[i] = true;
    }
    return drop_torn(kept, items, err);
}

/* The kept ones as a JSON array. */
static int write_kept(struct slice *ret, const json_t *items, size_t room, struct arena *arena,
                      struct err *err)
{
    size_t n = json_array_size(items);
    bool *kept = ARENA_NEWS(arena, n + 1, bool);
    struct buf out;
    struct json_writer w;
    if (!kept) return arena_check(arena, "the items", err);
    buf_init(&out, SEAL_TEXT_MAX);
    int rc = choose(kept, items, room, &out, err);
    buf_reset(&out);
    json_writer_init(&w, &out);
    json_array_begin(&w);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (kept[i]) json_value(&w, json_array_get(items, i));
    json_array_end(&w);
    if (rc == 0) return field_keep_text(ret, &out, arena, err);
    buf_release(&out);
    return rc;
}

int compaction_make(json_t **ret, const json_t *items, size_t room, const struct seal_key *key,
                    const struct principal *owner, struct arena *arena, struct err *err)
{
    char id[REPLY_ID_MAX];
    struct slice plain, sealed, context = context_of(owner, arena);
    if (room > COMPACTION_BYTES_MAX) room = COMPACTION_BYTES_MAX;
    TRY(arena_check(arena, "the items", err));
    TRY(write_kept(&plain, items, room, arena, err));
    TRY(seal_close(&sealed, key, context, plain, arena, err));
    reply_id(id, "cmp_");
    json_t *item = json_pack("{s:s, s:s, s:s%}", "type", "compaction", "id", id,
                             "encrypted_content", sealed.ptr, sealed.len);
    if (!item) return err_set(err, ERR_NO_MEMORY, "There is no memory for the answer.");
    *ret = item;
    return 0;
}

int compaction_open(json_t *to, const json_t *item, const struct seal_key *key,
                    const struct principal *owner, struct arena *arena, struct err *err)
{
    const json_t *content = json_object_get(item, "encrypted_content");
    struct slice sealed = { json_string_value(content), json_string_length(content) };
    struct slice plain, context = context_of(owner, arena);
    json_t *items;
    TRY(arena_check(arena, "the items", err));
    if (!sealed.ptr)
        return err_param(err, ERR_MISSING_PARAMETER, "input",
                         "A compaction item has no 'encrypted_content'.");
    int opened = seal_open(&plain, key, context, sealed, arena, err);
    if (opened < 0 && err) memcpy(err->param, "input", sizeof "input");
    TRY(opened);
    TRY(json_read(&items, plain, &json_limits_file, "a compaction", err));
    int rc = json_array_extend(to, items);
    json_decref(items);
    return rc < 0 ? err_set(err, ERR_NO_MEMORY, "There is no memory for the request.") : 0;
}
