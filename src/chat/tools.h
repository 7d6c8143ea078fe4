/* tools - the tools of a request, read from its JSON.
 *
 *     struct tool_list *list;
 *     TRY(tool_list_open(&list, json, names, n_names, err));
 *     ... list->tools[0 .. list->n) ...
 *     tool_list_close(list);
 *
 * In OpenAI's shape: {"type": "function", "function": {name, description, parameters, strict}}, or
 * {"type": "custom", "custom": {name, description, format}}, whose input is a text. Errors name the
 * field as the API does: tools[0].function.name.
 *
 * Immutable once open.
 */
#ifndef TIRO_CHAT_TOOLS_H
#define TIRO_CHAT_TOOLS_H

#include "base/err.h"
#include "base/slice.h"

#include <jansson.h>

enum {
    TOOLS_MAX = 128,
    TOOL_NAME_MAX = 64, /* Bytes; as the API says. */
};

/* What the input of a custom tool is held to. */
enum tool_input { TOOL_INPUT_TEXT, TOOL_INPUT_REGEX, TOOL_INPUT_GRAMMAR };

struct tool {
    struct slice name;        /* Of a-z A-Z 0-9 _ - */
    const json_t *definition; /* As the request has it. */
    const json_t *parameters; /* NULL: it takes none. */
    bool strict, custom;
    bool callable; /* tool_choice allows it. */
    enum tool_input input;
    struct slice pattern; /* Of TOOL_INPUT_REGEX and _GRAMMAR. */
};

struct tool_list {
    json_t *json;
    struct tool *tools; /* n of them, in order. */
    size_t n;
};

/* `names` (n_names of them; 0: all): the only ones that may be called. *ret is NULL when the list
 * is empty. */
int tool_list_open(struct tool_list **ret, struct slice json, const struct slice *names,
                   size_t n_names, struct err *err) MUST_USE;
void tool_list_close(struct tool_list *list); /* NULL is fine. */
/* NULL: none has that name. */
const struct tool *tool_list_find(const struct tool_list *list, struct slice name);

#endif
