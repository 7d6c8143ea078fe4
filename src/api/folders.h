/* folders - what the endpoints below /v1/tiro/folders share. */
#ifndef TIRO_API_FOLDERS_H
#define TIRO_API_FOLDERS_H

#include "api/chats.h"
#include "store/folder_table.h"

/* Of the body that makes or changes one. */
struct folder_req {
    struct field_string name, instructions, vector_store_id;
    struct field_json settings;
};

extern const struct field folders_fields[], folders_answer[];

struct folder_call {
    struct chats_call call; /* its chat_id is the folder's */
    struct folder_change change;
    char id[48]; /* of a new one */
};

/* A call with what the request says; NULL with *err set. */
struct folder_call *folders_call_new(struct call *call, const struct folder_req *req,
                                     const char *no_settings, struct err *err);
/* The folder as it is now. */
int folders_answer_folder(struct chats_call *c, struct db *db, struct err *err) MUST_USE;

#endif
