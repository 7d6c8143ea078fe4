/* Any bytes as JSON: read within the limits or refused. What was read is what jansson's own reader
 * gives (which accepts all that we do). It is written; that reads back,
 * and from then on values stay the same (the first time, 1.5e3 may become the integer 1500, and
 * -0.0 then 0). */
#include "base/json.h"

#include <assert.h>

static json_t *read_written(const json_t *value)
{
    struct buf out;
    struct json_writer w;
    struct err err = { 0 };
    json_t *root = NULL;
    buf_init(&out, 64 << 20);
    json_writer_init(&w, &out);
    json_value(&w, value);
    assert(!out.failed);
    if (json_read(&root, buf_slice(&out), &json_limits_file, "the copy", &err) < 0)
        assert(!"what was written does not read back");
    buf_release(&out);
    return root;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { .ptr = (const char *)data, .len = size };
    json_t *root = NULL;
    struct err err = { 0 };
    if (json_read(&root, text, &json_limits_request, "the body", &err) < 0) {
        assert(!root && (err.code == ERR_JSON || err.code == ERR_TOO_LARGE) && err.text[0]);
        return 0;
    }
    json_t *theirs = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    assert(json_equal(root, theirs));
    json_decref(theirs);
    json_t *first = read_written(root), *second = read_written(first);
    json_t *third = read_written(second);
    assert(json_equal(second, third));
    json_decref(third);
    json_decref(second);
    json_decref(first);
    json_decref(root);
    return 0;
}
