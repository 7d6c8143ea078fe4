/* memories - what the endpoints below /v1/tiro/memory share. */
#ifndef TIRO_API_MEMORIES_H
#define TIRO_API_MEMORIES_H

#include "api/chats.h"
#include "store/memory_table.h"

extern const struct field memories_answer[];

struct memory_call {
    struct chats_call call; /* its chat_id is the entry's */
    struct memory_row row;
    char id[48]; /* of a new one */
};

/* A call with the text; NULL with *err set. */
struct memory_call *memories_call_new(struct call *call, const struct field_string *text,
                                      struct err *err);

#endif
