/* input - what is given as a string, a list of strings, token ids, or a list of lists of token ids:
 * `prompt` of completions and `input` of embeddings.
 */
#ifndef TIRO_API_INPUT_H
#define TIRO_API_INPUT_H

#include "api/backend.h"
#include "api/field.h"

struct input {
    struct slice text; /* or: */
    uint32_t *tokens;  /* n_tokens of them; NULL: text */
    uint32_t n_tokens;
};

struct input_rules {
    const char *name; /* of the field */
    size_t n_max;     /* items of a list */
    bool empty_text;  /* "" is allowed */
};

/* The items lie where they are valid until the handler returns; when there are more than
 * FAN_WINDOW, so that some are sent later, they and their texts lie in the call's arena. */
int input_read(struct input **ret, uint32_t *ret_n, const json_t *value,
               const struct input_rules *rules, const struct backend_model *model,
               struct call *call, struct err *err) MUST_USE;

extern const char input_schema[]; /* JSON Schema */

#endif
