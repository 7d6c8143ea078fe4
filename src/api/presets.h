/* presets - what the endpoints below /v1/tiro/presets share. */
#ifndef TIRO_API_PRESETS_H
#define TIRO_API_PRESETS_H

#include "api/chats.h"
#include "store/preset_table.h"

/* Of the body that makes or changes one. */
struct preset_req {
    struct field_string name;
    struct field_json settings;
};

extern const struct field presets_fields[], presets_answer[];

struct preset_call {
    struct chats_call call; /* its chat_id is the preset's */
    struct preset_row row;
    char id[48]; /* of a new one */
};

/* A call with what the request says; NULL with *err set. */
struct preset_call *presets_call_new(struct call *call, const struct preset_req *req,
                                     const char *no_settings, struct err *err);
/* The preset as it is now. */
int presets_answer_preset(struct chats_call *c, struct db *db, struct err *err) MUST_USE;

#endif
