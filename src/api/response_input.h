/* response_input - the items a response is made from, and their way into a conversation.
 *
 *     TRY(response_items_read(&items, req->input.value, err));
 *     TRY(response_items_resolve(items, history, stored, err));
 *     TRY(response_messages_fill(&message, &(struct response_messages){ ... }, arena, err));
 *
 * Items are messages, calls of tools and their results, thoughts, and references to items by id.
 * What the model or this server cannot take is refused by name, with the place
 * ("input[2].content[0].type"); what an item may hold is api/item_input.h.
 */
#ifndef TIRO_API_RESPONSE_INPUT_H
#define TIRO_API_RESPONSE_INPUT_H

#include "api/backend.h"
#include "api/response_tools.h"

extern const char response_input_schema[];

/* `input`, a string or an array, as a list of items; a new reference. */
int response_items_read(json_t **ret, const json_t *input, struct err *err) MUST_USE;
/* Puts the items in the places of the references to them. -ERR_NOT_FOUND; `stored`: for its
 * text. */
int response_items_resolve(json_t *items, const json_t *history, bool stored,
                           struct err *err) MUST_USE;
/* The items, filled before, as they are kept and listed: each with an id, its own or one drawn from
 * `of` and its number. A new reference. */
int response_items_shown(json_t **ret, const json_t *items, struct slice of,
                         struct err *err) MUST_USE;

struct response_messages {
    struct slice instructions;
    bool has_instructions;
    const json_t *history; /* items before; NULL: none */
    const json_t *input;   /* without references */
    const json_t *files; /* texts of the files in both (api/prompt_files.h); NULL: there are none */
    const struct response_tools *tools;
    const struct backend_model *model;
};

/* Fills ret->messages. Structs lie in `arena`, strings there or in the items. */
int response_messages_fill(struct msg_request *ret, const struct response_messages *from,
                           struct arena *arena, struct err *err) MUST_USE;
/* The worker knows a chat: the place of its error is put back to where it stands here. */
void response_place_error(struct err *err);

#endif
