#include "api/people_link.h"

#include "api/reply.h"

#include <stdio.h>

struct people_link *people_link_new(struct call *call, int64_t seconds, struct err *err)
{
    struct people_link *l = people_call_new(call, sizeof *l, err);
    if (!l) return NULL;
    reply_id(l->id, "invite_");
    people_draw(l->token, "");
    people_hash(l->hash, slice_of(l->token));
    l->row = (struct link_row){ .id = slice_of(l->id),
                                .hash = slice_of(l->hash),
                                .for_id = SLICE(""),
                                .note = SLICE(""),
                                .created_at = l->call.now,
                                .expires_at = l->call.now + seconds };
    return l;
}

static int write_link(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    struct people_link *l = (struct people_link *)c;
    char path[PEOPLE_TOKEN_SIZE + 16];
    (void)db;
    (void)err;
    (void)snprintf(path, sizeof path, "/#/%s/%s",
                   slice_is(l->row.kind, "owner") ? "setup" : "invite", l->token); /* It fits. */
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, l->id);
    json_key(w, "object");
    json_str(w, "tiro.link");
    json_key(w, "token");
    json_str(w, l->token);
    json_key(w, "path");
    json_str(w, path);
    json_key(w, "expires_at");
    json_int(w, l->row.expires_at);
    json_object_end(w);
    return 0;
}

int people_link_add(struct people_link *l, struct db *db, struct err *err)
{
    TRY(link_add(db, &l->call.stored.principal, &l->row, err));
    return people_answer(&l->call, write_link, db, err);
}
