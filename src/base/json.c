#include "base/json.h"

#include "base/json_build.h"
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
    return json_build(ret, text, what, err);
}
