/* messages - the conversation of a chat request: its field table, and its way into a msg_request.
 *
 * Roles, kinds of parts and tool calls that the model cannot take are refused by name here, with
 * the place ("messages[2].content[0].type").
 */
#ifndef TIRO_API_MESSAGES_H
#define TIRO_API_MESSAGES_H

#include "api/backend.h"
#include "api/field.h"
#include "api/tools.h"

struct message_req {
    struct field_enum role;
    struct field_content content; /* of struct part_req */
    struct field_string name, tool_call_id, refusal, reasoning_content;
    struct field_objects tool_calls;   /* of struct tool_call_req */
    struct field_object function_call; /* struct function_req */
    struct field_json annotations, audio;
};

extern const struct field message_fields[];

/* Whether any part is a file: its text is needed to fill the messages. */
bool messages_have_files(const struct field_objects *messages);
/* Fills ret->messages; structs lie in `arena`, strings there or in the request's document. `tools`:
 * those of the same request. `files`: the texts of its files (api/prompt_files.h); NULL: none. */
int messages_fill(struct msg_request *ret, const struct field_objects *messages,
                  const struct tools *tools, const json_t *files, const struct backend_model *model,
                  struct arena *arena, struct err *err) MUST_USE;
/* The input of an earlier call of a custom tool: as it is for a worker that is told of the tool,
 * else as the arguments of a function. */
int messages_custom_input(struct slice *ret, struct slice name, struct slice input,
                          const struct tools *tools, struct arena *arena, struct err *err) MUST_USE;
/* Whether a text of the conversation has the word "json", which OpenAI wants for json_object. */
bool messages_say_json(const struct msg_request *m);

#endif
