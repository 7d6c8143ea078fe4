#include "base/json.h"

#include "base/json_scan.h"
#include "base/seam.h"

#include <assert.h>

const struct json_limits json_limits_request = { .size_max = 4u << 20,
                                                 .depth_max = 64,
                                                 .nodes_max = 100000 };
const struct json_limits json_limits_file = { .size_max = 64u << 20,
                                              .depth_max = 64,
                                              .nodes_max = 8000000 };

void json_init(void)
{
    json_set_alloc_funcs(mem_alloc, mem_free);
}

int json_read(json_t **ret, struct slice text, const struct json_limits *limits, const char *what,
              struct err *err)
{
    TRY(json_scan(text, limits, what, err));
    json_error_t why;
    /* jansson refuses integers beyond 64 bits and reals beyond a double, as we want. */
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!root) {
        if (json_error_code(&why) == json_error_out_of_memory)
            return err_set(err, ERR_NO_MEMORY, "no memory to read %s", what);
        return err_set(err, ERR_JSON, "%s is not valid JSON: %s at line %d, column %d", what,
                       why.text, why.line, why.column);
    }
    *ret = root;
    return 0;
}
