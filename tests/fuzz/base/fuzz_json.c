/* Any bytes as JSON: read within the limits or refused; what was read is written, read again
 * and written to the same text (1.5e3 comes back as 1500, an integer). */
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
    struct buf second;
    buf_init(&second, 64 << 20);
    json_writer_init(&w, &second);
    json_value(&w, again);
    assert(slice_eq(buf_slice(&out), buf_slice(&second)));
    buf_release(&second);
    json_decref(again);
    json_decref(root);
    buf_release(&out);
    return 0;
}
