/* Any bytes as JSON: read within the limits or refused; what was read is written and read again to
 * the same value. */
#include "base/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { .ptr = (const char *)data, .len = size };
    json_t *root = NULL, *again = NULL;
    struct err err = { 0 };
    if (json_read(&root, text, &json_limits_request, "the body", &err) < 0) {
        assert(!root && err.code != ERR_NONE && err.text[0]);
        return 0;
    }
    struct buf out;
    struct json_writer w;
    buf_init(&out, 64 << 20);
    json_writer_init(&w, &out);
    json_value(&w, root);
    assert(!out.failed);
    if (json_read(&again, buf_slice(&out), &json_limits_file, "the copy", &err) < 0)
        assert(!"what was written does not read back");
    assert(json_equal(root, again));
    json_decref(again);
    json_decref(root);
    buf_release(&out);
    return 0;
}
