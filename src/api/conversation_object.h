/* conversation_object - a conversation as the API shows it. */
#ifndef TIRO_API_CONVERSATION_OBJECT_H
#define TIRO_API_CONVERSATION_OBJECT_H

#include "api/call.h"
#include "api/field.h"
#include "store/conversation_table.h"

/* Answers the call with it. */
void conversation_object_answer(struct call *call, const struct conversation_row *row);

extern const struct field conversation_answer[];

#endif
