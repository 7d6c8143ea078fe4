#include "api/deletion.h"

#include "api/reply.h"
#include "api/stored.h"

struct deletion {
    struct stored stored; /* first */
    struct slice id;
    int (*erase)(struct db *db, const struct principal *owner, struct slice id, struct err *err);
    const char *object;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct deletion *d = (struct deletion *)stored;
    return d->erase(db, &stored->principal, d->id, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct deletion *d = (struct deletion *)stored;
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_write_deleted(&w, d->id, d->object);
    call_json(stored->call, &out);
    buf_release(&out);
    return 0;
}

int deletion_begin(struct call *call,
                   int (*erase)(struct db *db, const struct principal *owner, struct slice id,
                                struct err *err),
                   const char *object, struct err *err)
{
    struct deletion *d = stored_new(call, sizeof *d, err);
    if (!d) return -ERR_NO_MEMORY;
    d->stored.job.erases = true;
    d->id = arena_slice(&d->stored.arena, call->id);
    d->erase = erase;
    d->object = object;
    return stored_begin(&d->stored, run, answer, err);
}

const struct field deletion_answer[] = {
    ANSWER("id", STRING, .help = "Of what was deleted."),
    ANSWER("object", STRING, .help = "What it was."),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};
