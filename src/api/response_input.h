/* response_input - the items a response is made from, and their way into a conversation.
 *
 *     TRY(response_items_read(&items, req->input.value, response_id, err));     with ids
 *     TRY(response_messages_fill(&message, &(struct response_messages){ ... }, err));
 *
 * Items are messages, calls of tools and their results, thoughts, and references to items by id.
 * What the model or this server cannot take is refused by name, with the place
 * ("input[2].content[0].type").
 */
#ifndef TIRO_API_RESPONSE_INPUT_H
#define TIRO_API_RESPONSE_INPUT_H

#include "api/backend.h"
#include "api/response_tools.h"

extern const char response_input_schema[];

/* `input`, a string or an array, as a list of items in the shape in which they are listed: each
 * with an id (its own, or one drawn from `of` and its number), type and status, contents as lists.
 * References stay. A new reference; what is not an item is left for response_messages_fill. */
int response_items_read(json_t **ret, const json_t *input, struct slice of,
                        struct err *err) MUST_USE;

/* The ids that the references in `input` name, in order, for their owner to find the items. */
int response_references(struct slice **ret, size_t *ret_n, const json_t *input, struct arena *arena,
                        struct err *err) MUST_USE;

/* Puts the items in the places of the references to them, as far as they are there. */
int response_items_resolve(json_t *items, const json_t *history, const json_t *referenced,
                           struct err *err) MUST_USE;

struct response_messages {
    struct slice instructions;
    bool has_instructions;
    const json_t *history;    /* items before; NULL: none */
    const json_t *input;      /* as response_items_read made it */
    const json_t *referenced; /* items that references in the input may name, beside history */
    bool stored;              /* for the text of the error about one that is not there */
    const struct response_tools *tools;
    const struct backend_model *model;
};

/* Fills ret->messages. Structs lie in `arena`, strings there or in the items. */
int response_messages_fill(struct msg_request *ret, const struct response_messages *from,
                           struct arena *arena, struct err *err) MUST_USE;
/* The worker knows a chat: the place of its error is put back to where it stands here. */
void response_place_error(struct err *err);

#endif
