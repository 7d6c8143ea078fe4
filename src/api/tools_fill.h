/* tools_fill - what tools.c and tool_choice.c share while they read one request. */
#ifndef TIRO_API_TOOLS_FILL_H
#define TIRO_API_TOOLS_FILL_H

#include "api/tools.h"

struct tools_fill {
    struct msg_request *message;
    struct tools *tools;
    const struct tools_req *req;
    const struct call *call;
    struct slice *names; /* n of them, as they stand in the request */
    bool *is_custom;     /* (n) */
    size_t n;
    struct err *err;
};

extern const char *const tool_types[]; /* "function", "custom" */
extern const char tool_choice_schema[], function_call_schema[];

/* tool_choice, and function_call of old, once the names are known. */
int tools_choose(struct tools_fill *f) MUST_USE;
int tools_choose_legacy(struct tools_fill *f) MUST_USE;

#endif
