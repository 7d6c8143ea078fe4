#include "api/chats.h"

#include "api/reply.h"
#include "base/seam.h"

void *chats_call_new(struct call *call, size_t size, struct err *err)
{
    struct chats_call *c = stored_new(call, size, err);
    if (!c) return NULL;
    c->chat_id = arena_slice(&c->stored.arena, call->id);
    c->message_id = arena_slice(&c->stored.arena, call->sub_id);
    c->now = (int64_t)(wall_ns() / 1000000000u);
    return c;
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct chats_call *c = (struct chats_call *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", c->answer);
    return 0;
}

int chats_call_begin(struct chats_call *c,
                     int (*run)(struct stored *stored, struct db *db, struct err *err),
                     struct err *err)
{
    return stored_begin(&c->stored, run, answer, err);
}

int chats_begin(struct call *call, bool erases,
                int (*run)(struct stored *stored, struct db *db, struct err *err), struct err *err)
{
    struct chats_call *c = chats_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->stored.job.erases = erases;
    return chats_call_begin(c, run, err);
}

struct slice chats_keep(struct chats_call *c, const struct field_string *field)
{
    return field->given ? arena_slice(&c->stored.arena, field->value) : (struct slice){ 0 };
}

int chats_keep_object(struct slice *ret, struct chats_call *c, const struct field_json *field,
                      const char *name, size_t len_max, const char *fallback, struct err *err)
{
    if (!field->given) {
        *ret = slice_of(fallback); /* NULL: an empty one without a pointer. */
        return 0;
    }
    TRY(field_json_text(ret, field->value, &c->stored.arena, err));
    if (ret->len <= len_max) return 0;
    return err_param(err, ERR_STRING_TOO_LONG, name,
                     "Invalid '%s': as JSON it has %zu bytes, at most %zu are kept.", name,
                     ret->len, len_max);
}

int chats_answer_deleted(struct chats_call *c, struct slice id, const char *object, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_write_deleted(&w, id, object);
    return field_keep_text(&c->answer, &out, &c->stored.arena, err);
}

int chats_answer_written(struct chats_call *c, struct db *db,
                         int (*write)(struct json_writer *w, struct chats_call *c, struct db *db,
                                      struct err *err),
                         struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    int rc = write(&w, c, db, err);
    if (rc == 0) return field_keep_text(&c->answer, &out, &c->stored.arena, err);
    buf_release(&out);
    return rc;
}

static int write_chat(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    struct chat_row row;
    TRY(chat_find(&row, db, &c->stored.principal, c->chat_id, &c->stored.arena, err));
    chat_write(w, &row);
    return 0;
}

int chats_answer_chat(struct chats_call *c, struct db *db, struct err *err)
{
    return chats_answer_written(c, db, write_chat, err);
}

const struct field chats_chat_answer[] = {
    ANSWER("id", STRING, .help = "chat_..."),
    ANSWER("object", STRING, .help = "tiro.chat"),
    ANSWER("title", STRING, .help = "What the list shows."),
    ANSWER("folder_id", STRING, .help = "The folder it is in; \"\": none."),
    ANSWER("leaf_id", STRING, .help = "The last message of the branch that is shown; \"\": none."),
    ANSWER("settings", JSON, .types = FIELD_TYPE_OBJECT,
           .help = "Model, instructions, sampling: the client's own."),
    ANSWER("pinned", BOOL, .help = "Stands first in the list."),
    ANSWER("archived", BOOL, .help = "Stands in the archive only."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("updated_at", INT, .help = "Unix seconds, of the last change of anything in it."),
    FIELDS_END,
};

const struct field chats_message_answer[] = {
    ANSWER("id", STRING, .help = "msg_..."),
    ANSWER("object", STRING, .help = "tiro.chat.message"),
    ANSWER("parent_id", STRING, .help = "The message it answers; \"\": it is a first one."),
    ANSWER("role", STRING, .help = "user or assistant"),
    ANSWER("content", STRING, .help = "Its text."),
    ANSWER("model", STRING, .help = "Which model wrote it; \"\": none."),
    ANSWER("response_id", STRING,
           .help = "The response that makes it, while it is being made; \"\": none."),
    ANSWER("details", JSON, .types = FIELD_TYPE_OBJECT,
           .help = "What the client shows besides: thoughts, usage, times."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct field chats_deleted_answer[] = {
    ANSWER("id", STRING, .help = "What was deleted."),
    ANSWER("object", STRING, .help = "tiro.chat.deleted and the like."),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};
