/* tools - what the model may call: tools and tool_choice, or functions and function_call of old.
 *
 *     FIELD_INCLUDE(struct chat_req, tools, tools_fields),
 *     ...
 *     TRY(tools_fill(&message, &tools, &req->tools, model, call, err));
 *
 * The tools go to the worker as one JSON text, which knows only the newer shape; `struct tools` is
 * what is needed to read the history and to write the answer. Errors name the place:
 * tools[1].function.name.
 */
#ifndef TIRO_API_TOOLS_H
#define TIRO_API_TOOLS_H

#include "api/backend.h"
#include "api/field.h"

enum { TOOL_NAME_MAX = 64 };

struct tools_req {
    struct field_objects tools; /* of struct tool_req */
    struct field_json tool_choice;
    struct field_bool parallel_tool_calls;
    struct field_objects functions; /* of struct function_req */
    struct field_json function_call;
};

extern const struct field tools_fields[];

struct tools {
    struct slice
        *custom; /* names of custom tools that the worker is told of; in the call's arena */
    uint32_t n_custom;
    bool named;  /* the one to call was named: the answer then ends with "stop" */
    bool legacy; /* functions: the answer has function_call */
};

int tools_fill(struct msg_request *ret, struct tools *ret_tools, const struct tools_req *req,
               const struct backend_model *model, const struct call *call,
               struct err *err) MUST_USE;
bool tools_is_custom(const struct tools *tools, struct slice name);

/* For other dialects: tools without the table above. */
struct tool_function {
    struct slice name, description;
    const json_t *parameters; /* NULL: none */
    bool strict;
};
void tool_function_write(struct json_writer *w, const struct tool_function *f);
struct tool_custom {
    struct slice name, description;
    const char *syntax; /* "lark", "regex"; NULL: any text */
    struct slice definition;
};
void tool_custom_write(struct json_writer *w, const struct tool_custom *c);
/* "Unsupported parameter" for a model that has no tools. */
int tools_check_model(const struct backend_model *model, const char *param,
                      struct err *err) MUST_USE;

#endif
