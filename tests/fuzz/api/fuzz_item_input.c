/* Any JSON as an item of a conversation: refused with a text, or kept as JSON that is taken again
 * as it stands, and shown with and without all that include asks for. */
#include "api/item_input.h"
#include "api/item_view.h"
#include "base/seam.h"

#include <assert.h>

enum { ARENA_MAX = 16 << 20, INCLUDE_ALL = 0xff };

static json_t *one_of(struct slice text)
{
    json_t *value = NULL, *list;
    struct err err = { 0 };
    if (json_read(&value, text, &json_limits_request, "the item", &err) < 0) return NULL;
    list = json_array();
    if (!list || json_array_append_new(list, value) < 0) abort();
    return list;
}

static void check_view(const struct item_row *row, unsigned include)
{
    struct buf out;
    struct json_writer w;
    struct err err = { 0 };
    json_t *shown;
    buf_init(&out, 16 << 20);
    json_writer_init(&w, &out);
    int rc = item_view_write(&w, row->type, row->body, include, &err);
    assert(rc == 0 && !out.failed);
    rc = json_read(&shown, buf_slice(&out), &json_limits_request, "the view", &err);
    assert(rc == 0);
    json_decref(shown);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct err err = { 0 };
    struct item_row *row, *again;
    json_t *list = one_of((struct slice){ (const char *)data, size });
    if (!list) return 0;
    arena_init(&arena, ARENA_MAX);
    if (item_input_rows(&row, list, "items", &arena, &err) < 0) {
        assert(err.code && err.text[0]);
    } else {
        json_t *kept = one_of(row->body);
        assert(kept);
        int rc = item_input_rows(&again, kept, "items", &arena, &err);
        assert(rc == 0 && slice_eq(row->body, again->body) && slice_eq(row->id, again->id));
        check_view(row, 0);
        check_view(row, INCLUDE_ALL);
        json_decref(kept);
    }
    json_decref(list);
    arena_release(&arena);
    return 0;
}
