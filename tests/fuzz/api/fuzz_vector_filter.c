/* Any JSON as a filter: refused by name, or steps that leave one answer on a stack. */
#include "api/vector_values.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct err err = { 0 };
    struct msg_filter_step *steps;
    uint32_t n, depth = 0;
    json_t *filter;
    struct slice text = { (const char *)data, size };
    if (json_read(&filter, text, &json_limits_request, "the filter", &err) < 0) return 0;
    arena_init(&arena, 64 << 20);
    if (vector_filter_read(&steps, &n, filter, "filters", &arena, &err) == 0) {
        for (uint32_t i = 0; i < n; i++) {
            bool joins = steps[i].op >= MSG_FILTER_AND;
            if (joins && (steps[i].n_below == 0 || steps[i].n_below > depth)) abort();
            depth = joins ? depth - steps[i].n_below + 1 : depth + 1;
        }
        if (n == 0 || n > MSG_FILTER_STEPS_MAX || depth != 1) abort();
    } else if (!err.code || !err.text[0]) {
        abort();
    }
    arena_release(&arena);
    json_decref(filter);
    return 0;
}
