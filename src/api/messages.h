/* messages - the conversation of a chat request: its field table, and its way into a msg_request.
 *
 * Roles, kinds of parts and tool calls that the model cannot take are refused by name here, with
 * the place ("messages[2].content[0].type").
 */
#ifndef TIRO_API_MESSAGES_H
#define TIRO_API_MESSAGES_H

#include "api/backend.h"
#include "api/field.h"

struct message_req {
    struct field_enum role;
    struct field_content content; /* of struct part_req */
    struct field_string name, tool_call_id, refusal;
    struct field_objects tool_calls; /* of struct tool_call_req */
    struct field_json annotations, audio, function_call;
};

extern const struct field message_fields[];

/* Fills ret->messages; structs lie in `arena`, strings in the request's document. */
int messages_fill(struct msg_request *ret, const struct field_objects *messages,
                  const struct backend_model *model, struct arena *arena, struct err *err) MUST_USE;

#endif
