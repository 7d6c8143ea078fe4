/* response_tools - what the model of a response may call: `tools` and `tool_choice` in their flat
 * shape. They become the same JSON for the worker as a chat's.
 *
 * Every tool of the request is one of the worker's, at the same place: an error of the worker's
 * about tools[1].function.parameters is one about tools[1].parameters here.
 */
#ifndef TIRO_API_RESPONSE_TOOLS_H
#define TIRO_API_RESPONSE_TOOLS_H

#include "api/response_request.h"
#include "api/server_tool.h"
#include "api/tools.h"

struct response_server_tool {
    const struct server_tool *tool;
    const json_t *config; /* its object in the request */
    bool wants_extra;     /* the client asked for the tool's `extra`; set by the run */
};

/* Lies in the call's arena, but for the configs, which are the request's. */
struct response_tools {
    struct tools client;                 /* names of custom tools */
    struct response_server_tool *server; /* n_server: what the server runs itself */
    uint32_t n_server;
    struct slice *names; /* n_names: of those that clients run */
    uint32_t n_names;
};

extern const char response_tools_schema[], response_tool_choice_schema[];

int response_tools_fill(struct msg_request *ret, struct response_tools *ret_tools,
                        const struct response_prompt_req *req, const struct backend_model *model,
                        const struct call *call, struct err *err) MUST_USE;
/* NULL: it is none of the server's. */
const struct response_server_tool *response_tools_server(const struct response_tools *tools,
                                                         struct slice name);

#endif
