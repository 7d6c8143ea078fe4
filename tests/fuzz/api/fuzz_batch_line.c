/* Any bytes as a line of a batch's input file: a line whose parts are what it must be, or a problem
 * with a code and a text that may be shown; its body is JSON again. */
#include "api/batch_line.h"
#include "base/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const endpoints[] = { "/v1/completions", "/v1/embeddings", "/v1/responses",
                                             "/v1/chat/completions" };
    if (size < 1) return 0;
    const char *endpoint = endpoints[data[0] % 4];
    struct slice text = { (const char *)data + 1, size - 1 };
    struct batch_line line;
    struct batch_problem problem = { 0 };
    struct arena arena;
    struct slice body;
    struct err err = { 0 };
    int rc = batch_line_read(&line, text, endpoint, &problem);
    if (rc < 0) {
        assert(rc == -ERR_NO_MEMORY || (problem.code && problem.text[0]));
        return 0;
    }
    assert(line.custom_id.len >= 1 && line.custom_id.len <= BATCH_CUSTOM_ID_MAX && line.model.len);
    arena_init(&arena, 32 << 20);
    if (batch_line_body(&body, &line, endpoint, &arena, &err) == 0) {
        json_t *again = json_loadb(body.ptr, body.len, 0, NULL);
        assert(again && !json_is_true(json_object_get(again, "store")));
        json_decref(again);
    }
    arena_release(&arena);
    batch_line_release(&line);
    return 0;
}
