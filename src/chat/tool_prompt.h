/* tool_prompt - the messages of a request as the model's template can show them.
 *
 *     struct chat_request shown;
 *     TRY(tool_prompt(&shown, &arena, request, &facts, err));
 *
 * Where the template knows no tools, their definitions go into the system message, calls into the
 * text of the assistant and results into messages of the user, all as the format writes them. A
 * custom tool becomes a function with one argument, input. The role developer is system, unless the
 * template knows it.
 *
 * What comes out points into the request and the arena.
 */
#ifndef TIRO_CHAT_TOOL_PROMPT_H
#define TIRO_CHAT_TOOL_PROMPT_H

#include "chat/prompt.h"
#include "chat/tool_format.h"

struct tool_prompt_facts {
    const struct tool_format *format;
    const struct chat_caps *caps;
    bool developer; /* The template knows that role. */
};

int tool_prompt(struct chat_request *ret, struct arena *a, const struct chat_request *request,
                const struct tool_prompt_facts *facts, struct err *err) MUST_USE;

#endif
